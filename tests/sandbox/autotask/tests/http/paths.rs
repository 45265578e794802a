use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{answer, everything, start};

#[tokio::test]
async fn neither_case_nor_a_slash_at_the_end_matters() {
    let sandbox = start().await;
    for path in [
        "/atservicesrest/v1.0/companies/0",
        "/ATServicesRest/V1.0/COMPANIES/0/",
        "/AtServicesRest/v1.0/Companies/0",
    ] {
        assert_eq!(
            sandbox.get(&format!("{}{path}", sandbox.origin)).await.1["item"]["id"],
            0,
            "{path}"
        );
    }
    let body = json!({"filter": everything()});
    assert_eq!(sandbox.post("companies/QUERY/", &body).await.0, 200);
    assert_eq!(sandbox.get("Companies/entityInformation/fields/").await.0, 200);
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let sandbox = start().await;
    for path in [
        "Company/query",
        "Contacts",
        "Companies/query/next/more",
        "Companies/x",
        "Tickets/1",
        "",
    ] {
        let (status, body) = sandbox.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(
            body["Message"]
                .as_str()
                .unwrap()
                .starts_with("No HTTP resource was found"),
            "{path}"
        );
    }
    assert_eq!(
        sandbox
            .get(&format!("{}/ATServicesRest/V1.6/Companies/0", sandbox.origin))
            .await
            .0,
        404
    );
    sandbox.switch(json!({"htmlNotFound": true}));
    let (status, body) = sandbox.get("Tickets/1").await;
    assert!(status == 404 && matches!(body, Value::String(html) if html.starts_with("<!DOCTYPE html>")));
}

#[tokio::test]
async fn a_wrong_verb_is_405_with_a_message() {
    let sandbox = start().await;
    let wrong = [
        (Method::DELETE, "Companies/0"),
        (Method::POST, "Companies/0"),
        (Method::POST, "Companies"),
        (Method::GET, "Companies"),
        (Method::PATCH, "Companies"),
        (Method::PUT, "Companies/query"),
        (Method::DELETE, "Companies/query/count"),
        (Method::POST, "Companies/entityInformation"),
        (Method::POST, "ZoneInformation"),
        (Method::PUT, "ThresholdInformation"),
        (Method::POST, "Companies/0/Contacts"),
        (Method::DELETE, "Companies/0/Contacts/30682001"),
    ];
    for (method, path) in wrong {
        let message = format!("The requested resource does not support http method '{method}'.");
        let refused = answer(sandbox.request(method, path)).await;
        assert_eq!(refused, (405, json!({"Message": message})), "{path}");
    }
}

#[tokio::test]
async fn a_url_longer_than_2048_characters_is_404() {
    let sandbox = start().await;
    let path = "Companies/query?search=";
    let url = |length: usize| {
        let filter = r#"{"filter":[{"op":"eq","field":"companyName","value":"x"}]}"#;
        let start = format!("{}/ATServicesRest/V1.0/{path}{filter}", sandbox.origin);
        let start = reqwest::Url::parse(&start).unwrap().to_string();
        format!("{start}{}", "%20".repeat(700))[..length].to_owned()
    };
    let filter_end = url(2_100).find("%20").unwrap();
    let whole = |length: usize| length - (length - filter_end) % 3;
    assert_eq!(sandbox.get(&url(whole(2_048))).await.0, 200);
    let (status, body) = sandbox.get(&url(whole(2_051))).await;
    assert_eq!(status, 404);
    assert!(matches!(body, Value::String(html) if html.contains("404")));
}

#[tokio::test]
async fn a_content_type_may_be_required_by_switch() {
    let sandbox = start().await;
    let path = format!("{}/ATServicesRest/V1.0/Companies/query", sandbox.origin);
    let post = |content_type: &'static str| {
        let request = sandbox.open(Method::POST, &path).header("Content-Type", content_type);
        let request = request
            .header("UserName", sim_autotask::USERNAME)
            .header("Secret", sim_autotask::SECRET);
        let request = request.header("ApiIntegrationCode", sim_autotask::INTEGRATION_CODE);
        answer(request.body(json!({"filter": everything()}).to_string()))
    };
    assert_eq!(post("text/plain").await.0, 200);
    sandbox.switch(json!({"contentTypeRequired": true}));
    assert_eq!(post("text/plain").await.0, 415);
    assert_eq!(post("application/json; charset=utf-8").await.0, 200);
}
