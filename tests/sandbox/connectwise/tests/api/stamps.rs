//! What the time of a record's last change tells, and what it does not.

use jiff::Timestamp;
use serde_json::{Value, json};
use simkit::Simulator as _;

use crate::support::{Sim, small};

const COMPANY: i64 = 19_305;
const CONTACT: i64 = 3_100;

fn stamp(record: &Value) -> Timestamp {
    record["_info"]["lastUpdated"].as_str().unwrap().parse().unwrap()
}

async fn stamps(sim: &Sim) -> (Timestamp, Timestamp) {
    (stamp(&sim.company(COMPANY).await), stamp(&sim.contact(CONTACT).await))
}

#[tokio::test]
async fn an_edited_item_and_a_merge_may_leave_the_stamp_as_it_is() {
    let sim = small().await;
    sim.switch(json!({"unstampedFields": ["communicationItems", "deletedFlag"]}));
    let before = stamps(&sim).await;
    let items = json!([{"value": "new@x.example", "communicationType": "Email"}]);
    let edit = json!({"companies": [{"id": COMPANY, "deletedFlag": true}],
        "contacts": [{"id": CONTACT, "communicationItems": items}]});
    sim.change(edit.clone());
    assert_eq!(stamps(&sim).await, before);
    assert_eq!(sim.company(COMPANY).await["deletedFlag"], true);
    assert_eq!(
        sim.contact(CONTACT).await["communicationItems"][0]["value"],
        "new@x.example"
    );
    // What else changes is stamped, and so is a new record.
    sim.change(json!({"contacts": [{"id": CONTACT, "communicationItems": items, "firstName": "New"}]}));
    assert!(stamps(&sim).await.1 > before.1);
    let made = sim.change(json!({"contacts": [{"communicationItems": items}]}));
    assert!(stamp(&made["contacts"][0]) > before.1);
    sim.switch(json!({"unstampedFields": []}));
    sim.change(edit);
    assert!(stamps(&sim).await.0 > before.0);
}

#[tokio::test]
async fn a_status_changes_without_a_stamp_on_its_companies() {
    let sim = small().await;
    let flag = async || {
        let rows = sim.get("company/companies/statuses", &[]).await.rows();
        let inactive = rows.iter().filter(|row| row["inactiveFlag"] == true);
        let ids: Vec<_> = inactive.map(|row| row["id"].clone()).collect();
        ids
    };
    let before = stamps(&sim).await;
    assert_eq!(flag().await, [json!(3), json!(4)]);
    sim.switch(json!({"inactiveStatuses": [1]}));
    assert_eq!(flag().await, [json!(1)]);
    assert_eq!(stamps(&sim).await, before);
}

#[tokio::test]
async fn the_clocks_of_stamps_and_of_replies_may_be_off() {
    let sim = small().await;
    sim.clock.advance(3 * 86_400);
    for (clock, date) in [(300, 0), (0, -300), (-300, 300)] {
        sim.switch(json!({"clockSkewSeconds": clock, "dateSkewSeconds": date}));
        sim.change(json!({"contacts": [{"id": CONTACT, "firstName": "New"}]}));
        let answer = sim.get(&format!("company/contacts/{CONTACT}"), &[]).await;
        let off = |time: Timestamp| time.duration_since(sim.clock.now()).as_secs();
        let replied = jiff::fmt::rfc2822::parse(answer.header("date").unwrap()).unwrap();
        assert!((off(stamp(&answer.json())) - clock).abs() < 20, "{clock}");
        assert!((off(replied.timestamp()) - date).abs() < 20, "{date}");
    }
}

#[tokio::test]
async fn changes_may_get_equal_stamps() {
    let sim = small().await;
    sim.switch(json!({"equalStampSeconds": 86_400}));
    sim.change(json!({"companies": [{"id": COMPANY, "city": "Gent"}]}));
    sim.change(json!({"contacts": [{"id": CONTACT, "firstName": "New"}]}));
    let (company, contact) = stamps(&sim).await;
    assert_eq!(company.as_second() % 86_400, 0);
    assert_eq!(company, contact);
}

#[tokio::test]
async fn counts_may_lag_behind_the_rows() {
    let sim = small().await;
    let count = async || sim.get("company/contacts/count", &[]).await.json()["count"].clone();
    sim.switch(json!({"countsLag": true}));
    assert_eq!(count().await, 600);
    sim.change(json!({"delete": {"contacts": [CONTACT]}}));
    assert_eq!(count().await, 600);
    assert_eq!(count().await, 599);
}

#[tokio::test]
async fn what_changed_since_a_moment_is_found_by_a_condition() {
    let sim = small().await;
    let since = sim.clock.now();
    let changed = format!("lastUpdated > [{}]", since.strftime("%Y-%m-%dT%H:%M:%SZ"));
    assert_eq!(sim.companies_where(&changed).await, [] as [i64; 0]);
    sim.clock.advance(60);
    sim.change(
        json!({"companies": [{"id": COMPANY, "deletedFlag": true}], "contacts": [{"id": CONTACT, "firstName": "New"}]}),
    );
    assert_eq!(sim.companies_where(&changed).await, [COMPANY]);
    assert_eq!(sim.contacts_where(&changed).await, [CONTACT]);
    assert!(sim.simulator.set_switches(json!({"inactiveStatuses": "none"})).is_err());
}
