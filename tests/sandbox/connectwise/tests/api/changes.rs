//! Changes that tests make.

use serde_json::{Value, json};
use sim_connectwise::ConnectWise;
use simkit::Simulator;
use simkit::clock::SimClock;
use simkit::msp::{Size, cases};

use crate::support::{serving, small};

#[tokio::test]
async fn a_change_merges_into_the_record_and_stamps_it_by_the_clock() {
    let sim = small().await;
    sim.clock.advance(86_400 * 365);
    let before = sim.company(19_305).await;
    sim.change(json!({"companies": [{"id": 19_305, "name": "Renamed", "status": {"id": 3}, "website": null}]}));
    let after = sim.company(19_305).await;
    assert_eq!(after["name"], "Renamed");
    assert_eq!(after["status"]["name"], "Inactive");
    assert_eq!(after.get("website"), None);
    assert_eq!(
        (&after["city"], &after["identifier"]),
        (&before["city"], &before["identifier"])
    );
    assert_eq!(
        after["_info"]["lastUpdated"].as_str().unwrap()[..13],
        sim.clock.now().to_string()[..13]
    );
    let of_company = sim.contacts_where("company/name = 'Renamed'").await;
    assert_eq!(of_company, sim.contacts_where("company/id = 19305").await);
}

#[tokio::test]
async fn a_time_given_is_kept_as_in_a_merge() {
    let sim = small().await;
    let stamp = sim.company(19_305).await["_info"]["lastUpdated"].clone();
    sim.change(json!({"companies": [{"id": 19_305, "deletedFlag": true, "_info": {"lastUpdated": stamp}}]}));
    let merged = sim.company(19_305).await;
    assert_eq!(
        (&merged["_info"]["lastUpdated"], &merged["deletedFlag"]),
        (&stamp, &json!(true))
    );
    assert_eq!(merged["status"]["name"], "Active");
}

#[tokio::test]
async fn new_records_get_ids_that_were_never_used() {
    let sim = small().await;
    let answer =
        sim.change(json!({"companies": [{"name": "New & Co"}], "contacts": [{"lastName": "A"}, {"id": 70_000}]}));
    let company = answer["companies"][0]["id"].as_i64().unwrap();
    assert_eq!(company, 19_341);
    assert_eq!(sim.company(company).await["status"]["name"], "Active");
    assert!(
        sim.company(company).await["identifier"]
            .as_str()
            .unwrap()
            .starts_with("NewCo")
    );
    let ids: Vec<&Value> = answer["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| &contact["id"])
        .collect();
    assert_eq!(ids, [3_601, 70_000]);
    sim.change(json!({"delete": {"contacts": [70_000], "companies": [company]}}));
    let answer = sim.change(json!({"companies": [{"name": "Newer"}], "contacts": [{}]}));
    assert_eq!(answer["companies"][0]["id"], 19_342);
    assert_eq!(answer["contacts"][0]["id"], 70_001);
}

#[tokio::test]
async fn communication_items_are_replaced_as_a_list_and_completed() {
    let sim = small().await;
    let items = json!([{"value": "Anna@Example.test"}, {"value": "anna@home.test", "communicationType": "Email"},
        {"value": "+31 20", "communicationType": "Phone"}, {"value": "x", "type": {"id": 12}},
        {"id": 91_000, "value": "kept@id.test", "communicationType": "Email", "defaultFlag": true}]);
    sim.change(json!({"contacts": [{"id": 3_100, "communicationItems": items}]}));
    let items = sim.contact(3_100).await["communicationItems"]
        .as_array()
        .unwrap()
        .clone();
    let column = |name: &str| items.iter().map(|item| item[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        column("communicationType"),
        [
            json!("Email"),
            json!("Email"),
            json!("Phone"),
            json!(null),
            json!("Email")
        ]
    );
    assert_eq!(
        column("defaultFlag"),
        [json!(true), json!(false), json!(true), json!(true), json!(true)]
    );
    assert_eq!(items[0]["domain"], "@Example.test");
    assert_eq!(items[0]["type"]["name"], "Email");
    assert_eq!(items[4]["id"], 91_000);
    let fresh: Vec<i64> = items[..4].iter().map(|item| item["id"].as_i64().unwrap()).collect();
    assert!(fresh.windows(2).all(|pair| pair[0] < pair[1]));
    sim.change(json!({"contacts": [{"id": 3_101, "communicationItems": [{"value": "b@x.test"}]}]}));
    assert!(
        sim.contact(3_101).await["communicationItems"][0]["id"]
            .as_i64()
            .unwrap()
            > fresh[3]
    );
}

#[tokio::test]
async fn a_contact_moves_loses_its_company_and_is_removed() {
    let sim = small().await;
    sim.change(json!({"contacts": [{"id": 3_100, "company": {"id": 2}}, {"id": 3_101, "company": null}]}));
    assert_eq!(sim.contact(3_100).await["company"]["name"], cases::OWN);
    assert_eq!(sim.contact(3_101).await.get("company"), None);
    sim.change(json!({"delete": {"contacts": [3_100]}}));
    assert_eq!(sim.get("company/contacts/3100", &[]).await.status, 404);
    assert_eq!(
        sim.get("company/contacts/count", &[]).await.json(),
        json!({"count": 599})
    );
}

#[tokio::test]
async fn a_mistake_names_the_field_and_changes_nothing() {
    let sim = small().await;
    for (changes, named) in [
        (json!({"compnies": []}), "compnies"),
        (
            json!({"companies": [{"name": "A"}, {"id": 19_305, "deletedFlag": "yes"}]}),
            "companies[1].deletedFlag",
        ),
        (
            json!({"companies": [{"name": "A", "types": [{"id": 99}]}]}),
            "companies[0].types[0]",
        ),
        (
            json!({"companies": [{"name": "A", "status": {"id": 99}}]}),
            "companies[0].status",
        ),
        (json!({"companies": [{"name": "x".repeat(51)}]}), "companies[0].name"),
        (json!({"companies": [{"website": "x"}]}), "companies[0].name"),
        (
            json!({"companies": [{"name": "A", "identifier": "YourCompany"}]}),
            "companies[0].identifier: ObjectExists",
        ),
        (json!({"companies": [{"id": "7", "name": "A"}]}), "companies[0].id"),
        (
            json!({"companies": [{"name": "A", "DeletedFlag": true}]}),
            "companies[0].DeletedFlag",
        ),
        (
            json!({"companies": [{"name": "A", "_info": {"lastUpdated": "now"}}]}),
            "companies[0]._info.lastUpdated",
        ),
        (json!({"contacts": [{"company": {"id": 5}}]}), "contacts[0].company.id"),
        (
            json!({"contacts": [{"communicationItems": [{"communicationType": "Email"}]}]}),
            "contacts[0].communicationItems[0].value",
        ),
        (
            json!({"contacts": [{"communicationItems": [{"value": "x", "communicationType": "Pigeon"}]}]}),
            "communicationItems[0].communicationType",
        ),
        (json!({"delete": {"contacts": [5]}}), "delete.contacts"),
        (
            json!({"companies": [{"name": "A"}], "delete": {"companies": [5]}}),
            "delete.companies",
        ),
    ] {
        let error = sim.simulator.change_records(changes).unwrap_err();
        assert!(error.contains(named), "{named}: {error}");
    }
    assert_eq!(
        sim.get("company/companies/count", &[]).await.json(),
        json!({"count": 43})
    );
}

#[tokio::test]
async fn names_may_repeat_unless_switched_and_identifiers_never() {
    let sim = small().await;
    sim.change(json!({"companies": [{"name": cases::OWN, "identifier": "Second"}]}));
    sim.switch(json!({"uniqueNames": true}));
    let again = json!({"companies": [{"name": cases::OWN}]});
    assert_eq!(
        sim.simulator.change_records(again),
        Err("companies[0].name: ObjectExists".to_owned())
    );
    let twice = json!({"companies": [{"name": "A", "identifier": "One"}, {"name": "B", "identifier": "One"}]});
    assert_eq!(
        sim.simulator.change_records(twice),
        Err("companies[1].identifier: ObjectExists".to_owned())
    );
    sim.change(json!({"companies": [{"id": 19_305, "identifier": "Given"}, {"name": "C", "identifier": "Up"}]}));
    sim.change(json!({"companies": [{"id": 19_305, "city": "Gent"}]}));
}

#[tokio::test]
async fn with_a_folder_the_changes_are_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let clock = SimClock::new();
    let first = ConnectWise::open(Size::Small, Some(folder.path()), clock.clone()).unwrap();
    first
        .change_records(json!({"companies": [{"name": "Kept"}], "contacts": [{"id": 3_100, "firstName": "Kept"}]}))
        .unwrap();
    first.change_records(json!({"delete": {"contacts": [3_101]}})).unwrap();
    let sim = serving(
        ConnectWise::open(Size::Small, Some(folder.path()), clock.clone()).unwrap(),
        clock,
    )
    .await;
    assert_eq!(sim.companies_where("name = 'Kept'").await, [19_341]);
    assert_eq!(sim.contact(3_100).await["firstName"], "Kept");
    assert_eq!(sim.get("company/contacts/3101", &[]).await.status, 404);
    assert_eq!(
        sim.change(json!({"companies": [{"name": "Next"}]}))["companies"][0]["id"],
        19_342
    );
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_and_breaks_nothing() {
    let sim = small().await;
    let count = async |list: &str| sim.get(&format!("company/{list}/count"), &[]).await.json()["count"].clone();
    let before = (count("companies").await, count("contacts").await);
    for id in [
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(2_147_483_648_i64),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!("1"),
        json!(true),
        json!([1]),
        json!({}),
    ] {
        let item = json!({"id": id, "value": "a@x.example", "communicationType": "Email"});
        for changes in [
            json!({"companies": [{"name": "New"}, {"id": id, "name": "Odd"}]}),
            json!({"contacts": [{"id": id, "firstName": "Odd"}]}),
            json!({"contacts": [{"firstName": "Odd", "communicationItems": [item]}]}),
        ] {
            let error = sim.simulator.change_records(changes).unwrap_err();
            let named = ["id: a number expected", "from 1 to 2147483647"];
            assert!(
                error.contains("id: ") && named.iter().any(|part| error.contains(part)),
                "{id}: {error}"
            );
        }
        for delete in [json!({"companies": [id]}), json!({"contacts": [id]})] {
            sim.simulator.change_records(json!({"delete": delete})).unwrap_err();
        }
    }
    assert_eq!((count("companies").await, count("contacts").await), before);
    // Without an id, or with null, a record is a new one.
    let last = i64::from(i32::MAX);
    sim.change(json!({
        "companies": [{"id": last, "name": "Last"}, {"name": "New"}, {"id": null, "name": "Newer"}],
        "contacts": [{"id": last, "communicationItems": [{"id": last, "value": "a@x.example"}, {"id": null, "value": "b@x.example"}]}],
    }));
    let all = sim.ids("company/companies", &[]).await;
    assert!(all.is_sorted() && all.contains(&last));
    assert_eq!(
        sim.forward("company/contacts", &[("pageId", "2147483646")]).await.ids(),
        [last]
    );
    assert_eq!(sim.get("company/companytypeassociations", &[]).await.status, 200);
}
