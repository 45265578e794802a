use reqwest::Method;
use serde_json::json;
use sim_autotask::USERNAME;

use crate::client::{answer, property_order, start};

#[tokio::test]
async fn anybody_may_ask_for_the_zone_of_a_user() {
    let sandbox = start().await;
    let path = format!("/atservicesrest/v1.0/zoneInformation?user={USERNAME}");
    let text = sandbox
        .open(Method::GET, &path)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(property_order(&text), ["zoneName", "url", "webUrl", "ci"]);
    let zone: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(zone["url"], format!("{}/ATServicesRest/", sandbox.origin));
    assert!(zone["webUrl"].as_str().unwrap().ends_with('/') && zone["ci"].is_i64());
}

#[tokio::test]
async fn the_user_may_be_percent_encoded() {
    let sandbox = start().await;
    let path = format!(
        "/ATServicesRest/V1.0/ZoneInformation/?user={}",
        USERNAME.replace('@', "%40")
    );
    assert_eq!(answer(sandbox.open(Method::GET, &path)).await.0, 200);
}

#[tokio::test]
async fn an_unknown_user_has_no_zone() {
    let sandbox = start().await;
    for query in ["?user=nobody@nowhere.example", "?user=", ""] {
        let (status, body) =
            answer(sandbox.open(Method::GET, &format!("/atservicesrest/v1.0/zoneInformation{query}"))).await;
        assert_eq!(
            (status, body),
            (500, json!({"errors": ["Zone information could not be determined"]}))
        );
    }
}

#[tokio::test]
async fn a_tenant_that_moved_is_401_here_and_another_url_in_the_zone_answer() {
    let (old, new) = (start().await, start().await);
    old.switch(json!({"wrongZone": true, "zoneUrl": format!("{}/ATServicesRest/", new.origin)}));
    assert_eq!(old.get("Companies/0").await, (401, json!("")));
    let (_, zone) = answer(old.open(
        Method::GET,
        &format!("/atservicesrest/v1.0/zoneInformation?user={USERNAME}"),
    ))
    .await;
    let path = format!("{}V1.0/Companies/0", zone["url"].as_str().unwrap());
    assert_eq!(new.get(&path).await.0, 200);
}

#[tokio::test]
async fn the_versions_need_no_credentials_but_the_version_does() {
    let sandbox = start().await;
    let (status, body) = answer(sandbox.open(Method::GET, "/ATServicesRest/VersionInformation")).await;
    assert_eq!((status, body), (200, json!({"apiVersions": ["1.0"]})));
    assert_eq!(
        answer(sandbox.open(Method::GET, "/ATServicesRest/V1.0/Version"))
            .await
            .0,
        401
    );
    let (status, body) = sandbox.get("Version").await;
    assert_eq!(status, 200);
    for name in ["majorVersion", "minorVersion", "build", "customerType"] {
        assert!(!body[name].is_null(), "{name}");
    }
}
