use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sim_autotask::{company_id, contact_id};
use simkit::Simulator as _;
use simkit::msp::{Size, cases};

use crate::client::{Sandbox, everything, start, start_with};

fn change(sandbox: &Sandbox, changes: Value) -> Value {
    sandbox.simulator.change_records(changes).unwrap()
}

#[tokio::test]
async fn a_known_id_is_changed_field_by_field_and_its_modification_dated() {
    let sandbox = start().await;
    let id = contact_id(60);
    let mut wanted = sandbox.item("Contacts", id).await;
    sandbox.clock.advance(86_400);
    change(
        &sandbox,
        json!({"contacts": [{"id": id, "emailAddress": "new@moved.example", "userDefinedFields": [{"name": "Language", "value": "FRA"}]}]}),
    );
    let now = sandbox.item("Contacts", id).await;
    let modified: Timestamp = now["lastModifiedDate"].as_str().unwrap().parse().unwrap();
    assert!(sandbox.clock.now().duration_since(modified) < SignedDuration::from_mins(1));
    wanted["emailAddress"] = json!("new@moved.example");
    wanted["userDefinedFields"][0]["value"] = json!("FRA");
    wanted["lastModifiedDate"] = now["lastModifiedDate"].clone();
    assert_eq!(now, wanted);
    let found = sandbox
        .ids(
            "Contacts",
            json!([{"op": "eq", "field": "emailAddress", "value": "new@moved.example"}]),
        )
        .await;
    assert_eq!(found, [id]);
}

#[tokio::test]
async fn new_records_get_the_next_id_and_are_found() {
    let sandbox = start().await;
    let made = change(
        &sandbox,
        json!({
            "companies": [{"companyName": "Nieuw B.V."}, {"id": 30_000_000, "companyName": "Eigen nummer"}],
            "contacts": [{"companyID": company_id(41), "firstName": "Nora", "lastName": "Nieuw", "emailAddress": "nora@nieuw.example"}],
        }),
    );
    assert_eq!(made["companies"], json!([company_id(41), 30_000_000]));
    assert_eq!(made["contacts"], json!([contact_id(601)]));
    let company = sandbox.item("Companies", company_id(41)).await;
    assert_eq!(
        (&company["isActive"], &company["companyType"]),
        (&json!(true), &json!(1))
    );
    assert!(company["createDate"].is_string() && company["lastActivityDate"].is_string());
    assert_eq!(sandbox.item("Contacts", contact_id(601)).await["isActive"], 1);
    assert_eq!(sandbox.count("Companies", everything()).await, 42);
    assert_eq!(
        change(&sandbox, json!({"companies": [{"companyName": "Later"}]}))["companies"],
        json!([30_000_001])
    );
}

#[tokio::test]
async fn a_merge_is_a_deletion_and_contacts_that_move() {
    let sandbox = start().await;
    let (source, target) = (company_id(3), company_id(2));
    let moved = sandbox
        .ids("Contacts", json!([{"op": "eq", "field": "companyID", "value": source}]))
        .await;
    let contacts: Vec<_> = moved.iter().map(|id| json!({"id": id, "companyID": target})).collect();
    change(
        &sandbox,
        json!({"contacts": contacts, "delete": {"companies": [source]}}),
    );
    assert_eq!(sandbox.item("Companies", source).await, Value::Null);
    assert_eq!(
        sandbox
            .count(
                "Companies",
                json!([{"op": "eq", "field": "companyName", "value": cases::NAMESAKE}])
            )
            .await,
        1
    );
    let there = sandbox
        .ids("Contacts", json!([{"op": "eq", "field": "companyID", "value": target}]))
        .await;
    assert!(moved.iter().all(|id| there.contains(id)));
    change(&sandbox, json!({"delete": {"contacts": [moved[0]]}}));
    assert_eq!(sandbox.count("Contacts", everything()).await, 599);
}

#[tokio::test]
async fn a_change_that_cannot_be_is_named_and_nothing_of_its_set_happens() {
    let sandbox = start().await;
    let good = json!({"id": company_id(2), "companyName": "Changed"});
    let wrong = [
        (
            json!({"companies": [good, {"id": 0, "colour": "red"}]}),
            "Companies[1].colour: Company has no such field",
        ),
        (
            json!({"companies": [good, {"id": 0, "companyType": "1"}]}),
            "companyType: an integer is needed, not \"1\"",
        ),
        (
            json!({"companies": [good], "contacts": [{"id": contact_id(1), "isActive": true}]}),
            "isActive: 0 or 1 is needed",
        ),
        (
            json!({"companies": [good, {"companyType": 1}]}),
            "companyName: required",
        ),
        (
            json!({"companies": [good], "contacts": [{"firstName": "x"}]}),
            "companyID: required",
        ),
        (
            json!({"companies": [good, {"id": 0, "createDate": "soon"}]}),
            "createDate: a date is needed",
        ),
        (
            json!({"companies": [good, {"id": 0, "companyName": "x".repeat(101)}]}),
            "companyName: longer than 100",
        ),
        (
            json!({"companies": [good, {"id": 0, "userDefinedFields": [{"name": "Colour", "value": null}]}]}),
            "Company has no Colour",
        ),
        (
            json!({"companies": [good], "delete": {"contacts": [1]}}),
            "Contacts has no 1",
        ),
        (
            json!({"companies": [good], "delete": {"companies": [0]}}),
            "own organization",
        ),
        (
            json!({"companies": [good, {"id": 0, "isActive": false}]}),
            "own organization",
        ),
        (json!({"companies": [good], "tickets": []}), "unknown field `tickets`"),
    ];
    for (changes, text) in wrong {
        let error = sandbox.simulator.change_records(changes).unwrap_err();
        assert!(error.contains(text), "{error}");
    }
    assert_eq!(
        sandbox.item("Companies", company_id(2)).await["companyName"],
        cases::NAMESAKE
    );
}

#[tokio::test]
async fn changes_survive_a_restart_with_a_state_folder() {
    let folder = tempfile::tempdir().unwrap();
    let before = start_with(Size::Small, Some(folder.path())).await;
    change(
        &before,
        json!({"companies": [{"companyName": "Blijft"}, {"id": 0, "phone": "+31 1"}], "delete": {"contacts": [contact_id(5)]}}),
    );
    change(
        &before,
        json!({"companies": [{"id": company_id(41), "companyName": "Blijft echt"}]}),
    );
    let shown = async |sandbox: &Sandbox| {
        (
            sandbox.item("Companies", company_id(41)).await,
            sandbox.item("Companies", 0).await,
        )
    };
    let kept = shown(&before).await;
    assert_eq!(kept.0["companyName"], "Blijft echt");
    drop(before);
    let after = start_with(Size::Small, Some(folder.path())).await;
    assert_eq!(shown(&after).await, kept);
    assert_eq!(after.item("Contacts", contact_id(5)).await, Value::Null);
    assert_eq!(
        change(&after, json!({"companies": [{"companyName": "Volgende"}]}))["companies"],
        json!([company_id(42)])
    );
}

#[test]
fn an_unknown_switch_is_refused() {
    let simulator = sim_autotask::Autotask::open(Size::Small, None, simkit::clock::SimClock::new());
    assert_eq!(
        simulator.set_switches(json!({"treads": 4})),
        Err("unknown switch: treads".to_owned())
    );
    assert!(simulator.set_switches(json!({"denied": ["Tickets"]})).is_err());
    assert_eq!(simulator.set_switches(json!({"threads": 4})).unwrap()["threads"], 4);
    assert_eq!(simulator.switches()["threads"], 4);
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_and_breaks_nothing() {
    let sandbox = start().await;
    let (companies, contacts) = (
        sandbox.count("Companies", everything()).await,
        sandbox.count("Contacts", everything()).await,
    );
    for id in [
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(9_007_199_254_740_992_i64),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!("1"),
        json!(null),
        json!(true),
        json!([1]),
        json!({}),
    ] {
        for changes in [
            json!({"companies": [{"companyName": "New"}, {"id": id, "companyName": "Odd"}]}),
            json!({"contacts": [{"id": id, "companyID": 0, "firstName": "Odd"}]}),
        ] {
            let error = sandbox.simulator.change_records(changes).unwrap_err();
            assert!(error.contains("id: a whole number from 0 to"), "{id}: {error}");
        }
        for delete in [json!({"companies": [id]}), json!({"contacts": [id]})] {
            sandbox.simulator.change_records(json!({"delete": delete})).unwrap_err();
        }
    }
    assert_eq!(sandbox.count("Companies", everything()).await, companies);
    assert_eq!(sandbox.count("Contacts", everything()).await, contacts);
    let largest = 9_007_199_254_740_991_i64;
    change(
        &sandbox,
        json!({"companies": [{"id": largest, "companyName": "Last"}, {"id": 1, "companyName": "First"}]}),
    );
    let above = |id: i64| json!([{"op": "gte", "field": "id", "value": id}]);
    assert_eq!(sandbox.ids("Companies", above(largest)).await, [largest]);
    assert_eq!(
        sandbox
            .ids("Companies", json!([{"op": "lt", "field": "id", "value": 5}]))
            .await,
        [0, 1]
    );
    assert_eq!(sandbox.count("Companies", everything()).await, companies + 2);
    change(&sandbox, json!({"companies": [{"companyName": "After the last"}]}));
    assert_eq!(sandbox.count("Companies", everything()).await, companies + 3);
}
