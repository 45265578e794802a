//! Faults on order, as a client meets them.

use serde_json::{Value, json};
use simkit::Simulator;

use crate::support::{Sim, small};

const CONTACTS: &str = "company/contacts";

fn order(sim: &Sim, fault: Value) {
    sim.simulator.faults().add(serde_json::from_value(fault).unwrap());
}

#[tokio::test]
async fn a_poisoned_record_fails_every_page_it_is_on() {
    let sim = small().await;
    sim.switch(json!({"poisonedContacts": [3_005], "poisonedCompanies": [19_305]}));
    let message = "String was not recognized as a valid Boolean.".to_owned();
    let poisoned = (500, json!("ConnectWiseApi"), message);
    assert_eq!(sim.get(CONTACTS, &[("fields", "id")]).await.error(), poisoned);
    assert_eq!(sim.forward(CONTACTS, &[("pageSize", "5")]).await.error(), poisoned);
    assert_eq!(sim.get("company/companies/19305", &[]).await.error(), poisoned);
    assert_eq!(sim.forward(CONTACTS, &[("pageSize", "4")]).await.status, 200);
    assert_eq!(sim.forward(CONTACTS, &[("pageId", "3005")]).await.status, 200);
    assert_eq!(sim.get("company/contacts/count", &[]).await.status, 200);
}

#[tokio::test]
async fn a_rate_limit_has_its_own_shape() {
    let sim = small().await;
    let body = json!({"error": "ConnectWiseAPI", "message": "Too many requests. Please try again in 30 seconds."});
    order(
        &sim,
        json!({"match": {"path": "/contacts$"}, "times": 1,
        "answer": {"status": 429, "headers": {"Retry-After": "30"}, "body": body.to_string()}}),
    );
    let limited = sim.get(CONTACTS, &[]).await;
    assert_eq!(
        (limited.status, limited.header("retry-after"), limited.json()),
        (429, Some("30"), body)
    );
    assert_eq!(sim.get(CONTACTS, &[]).await.status, 200);
}

#[tokio::test]
async fn broken_connections_and_cut_answers_reach_the_client() {
    let sim = small().await;
    order(
        &sim,
        json!({"match": {"path": "/contacts"}, "times": 1, "answer": {"reset": true}}),
    );
    order(
        &sim,
        json!({"match": {"path": "/companies"}, "answer": {"truncateAfter": 100}}),
    );
    assert!(sim.request(CONTACTS, &[]).send().await.is_err());
    assert_eq!(sim.get(CONTACTS, &[]).await.status, 200);
    let cut = sim.request("company/companies", &[]).send().await.unwrap();
    assert_eq!(cut.status(), 200);
    assert!(cut.text().await.is_err());
    let log = sim.simulator.requests().items();
    let seen: Vec<_> = log
        .iter()
        .map(|request| (request.path.rsplit('/').next().unwrap(), request.status))
        .collect();
    assert!(seen.starts_with(&[("contacts", None)]), "{seen:?}");
    assert!(seen.contains(&("companies", Some(200))));
}
