//! What the date of a record's last modification tells, and what it does not.

use jiff::Timestamp;
use serde_json::{Value, json};
use sim_autotask::{company_id, contact_id};
use simkit::Simulator as _;
use simkit::msp::Size;

use crate::client::{Sandbox, everything, start, start_with};

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

async fn stamps(sandbox: &Sandbox) -> (Timestamp, Timestamp) {
    let company = sandbox.item("Companies", company_id(5)).await;
    let contact = sandbox.item("Contacts", contact_id(60)).await;
    (
        time(&company["lastTrackedModifiedDateTime"]),
        time(&contact["lastModifiedDate"]),
    )
}

fn change(sandbox: &Sandbox, changes: Value) {
    sandbox.simulator.change_records(changes).unwrap();
}

fn edit() -> Value {
    json!({"companies": [{"id": company_id(5), "isActive": false}],
        "contacts": [{"id": contact_id(60), "emailAddress2": "new@moved.example"}]})
}

#[tokio::test]
async fn some_fields_may_leave_the_date_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = start_with(Size::Small, Some(folder.path())).await;
    sandbox.switch(json!({"unstampedFields": ["isActive", "emailAddress2"]}));
    let before = stamps(&sandbox).await;
    change(&sandbox, edit());
    assert_eq!(stamps(&sandbox).await, before);
    let contact = sandbox.item("Contacts", contact_id(60)).await;
    assert_eq!(contact["emailAddress2"], "new@moved.example");
    // The same after a restart, for which nobody sets the switch.
    drop(sandbox);
    let sandbox = start_with(Size::Small, Some(folder.path())).await;
    assert_eq!(stamps(&sandbox).await, before);
    change(&sandbox, edit());
    let after = stamps(&sandbox).await;
    assert!(after.0 > before.0 && after.1 > before.1);
}

#[tokio::test]
async fn the_clocks_of_stamps_and_of_replies_may_be_off() {
    let sandbox = start().await;
    sandbox.clock.advance(3 * 86_400);
    for (clock, date) in [(300, 0), (0, -300), (-300, 300)] {
        sandbox.switch(json!({"clockSkewSeconds": clock, "dateSkewSeconds": date}));
        change(&sandbox, edit());
        let off = |time: Timestamp| time.duration_since(sandbox.clock.now()).as_secs();
        assert!((off(stamps(&sandbox).await.1) - clock).abs() < 20, "{clock}");
        let request = sandbox.request(reqwest::Method::GET, "ThresholdInformation");
        let reply = request.send().await.unwrap();
        let replied = jiff::fmt::rfc2822::parse(reply.headers()["date"].to_str().unwrap()).unwrap();
        assert!((off(replied.timestamp()) - date).abs() < 20, "{date}");
    }
}

#[tokio::test]
async fn changes_may_get_equal_stamps() {
    let sandbox = start().await;
    sandbox.switch(json!({"equalStampSeconds": 86_400}));
    change(&sandbox, edit());
    let (company, contact) = stamps(&sandbox).await;
    assert_eq!(company.as_second() % 86_400, 0);
    assert_eq!(company, contact);
}

#[tokio::test]
async fn counts_may_lag_behind_the_rows() {
    let sandbox = start().await;
    sandbox.switch(json!({"countsLag": true}));
    assert_eq!(sandbox.count("Contacts", everything()).await, 600);
    change(&sandbox, json!({"delete": {"contacts": [contact_id(60)]}}));
    assert_eq!(sandbox.count("Contacts", everything()).await, 600);
    assert_eq!(sandbox.count("Contacts", everything()).await, 599);
}

#[tokio::test]
async fn what_changed_since_a_moment_is_found_by_a_filter() {
    let sandbox = start().await;
    let since = sandbox.clock.now();
    let filter = |field: &str| json!([{"op": "gt", "field": field, "value": since.to_string()}]);
    let (of_companies, of_contacts) = (filter("lastTrackedModifiedDateTime"), filter("lastModifiedDate"));
    assert_eq!(sandbox.count("Companies", of_companies.clone()).await, 0);
    sandbox.clock.advance(60);
    change(&sandbox, edit());
    assert_eq!(sandbox.ids("Companies", of_companies).await, [company_id(5)]);
    assert_eq!(sandbox.ids("Contacts", of_contacts).await, [contact_id(60)]);
}
