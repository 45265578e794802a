//! Whoever searches in a list asks for it with every letter: it is read again only if it may have changed.

use requirements::import::id;
use requirements::stage::sandbox;
use requirements::{Api, Sandbox, managed};
use serde_json::{Value, json};

/// What was found, and the read units of the search.
async fn found(sandbox: &Sandbox, api: &Api, path: &str) -> (Vec<Value>, f64) {
    let before = sandbox.spent().read_units;
    let found = api.get(path).await.unwrap()["items"].as_array().unwrap().clone();
    (found, sandbox.spent().read_units - before)
}

#[tokio::test]
async fn r25_who_searches_managed_companies_again_reads_them_once() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for number in 0..300 {
        managed::add(&ana, &format!("Filiaal van een lange naam {number:03}")).await;
    }
    let (first, whole) = found(&sandbox, &ana, "/managed-companies?search=fil").await;
    let (again, units) = found(&sandbox, &ana, "/managed-companies?search=filiaal").await;
    assert_eq!(first, again);
    assert!(units <= 1.0 && whole > 3.0, "{whole}, then {units}");
    let (like, units) = found(&sandbox, &ana, "/managed-companies?like=filiaal%20299&limit=1").await;
    assert!(units <= 1.0, "{units}");
    assert_eq!(like[0]["name"], "Filiaal van een lange naam 299");
    // One that was added meanwhile is found.
    let added = managed::add(&ana, "Filiaal van gisteren").await;
    let (found, _) = found(&sandbox, &ana, "/managed-companies?search=GISTEREN").await;
    assert_eq!(found[0]["id"], added.as_str());
    sandbox.stop().await;
}

#[tokio::test]
async fn r29_who_searches_users_again_reads_them_once() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = managed::add(&ana, "Groot").await;
    let path = format!("/managed-companies/{company}/users");
    for number in 0..100 {
        managed::add_user(&ana, &company, &format!("persoon.{number}@groot.example")).await;
    }
    let (first, whole) = found(&sandbox, &ana, &format!("{path}?search=persoon")).await;
    let (again, units) = found(&sandbox, &ana, &format!("{path}?search=Persoon.")).await;
    assert_eq!(first, again);
    assert!(units <= 2.0 && whole > 3.0, "{whole}, then {units}");
    // As they are now: one of them has another address.
    let change = json!({ "address": "anders@groot.example" });
    let one = format!("{path}/{}", id(&first[0]));
    ana.patch(&one, &change).await.unwrap();
    let (found, _) = found(&sandbox, &ana, &format!("{path}?search=anders")).await;
    assert_eq!(found[0]["id"], first[0]["id"]);
    sandbox.stop().await;
}
