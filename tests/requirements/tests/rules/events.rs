//! What operators are told: each import that ends, stops or is refused is an event.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::ids::{IntegrationId, MspId};
use domain::problem::Code;
use domain::published::PublishedEvent;
use jiff::Timestamp;
use requirements::import::{carry_out, choose, choose_mapped, fetch, fetch_failing, first_import_of};
use requirements::stage::{PATIENCE, advance, integration, number, sandbox, secret_field, text};
use requirements::unattended::{set_policy, trigger, unattended};
use requirements::{PsaKind, Sandbox, faults, for_both};
use serde_json::{Value, json};

use crate::suspicious::much_deleted;

for_both!(
    r97_an_import_that_ends_says_how_and_where_to_look,
    r97_an_import_that_stops_in_review_says_why,
    r97_the_end_of_an_import_has_all_counts_and_whether_it_is_suspicious,
    r97_a_refused_start_says_why_once_however_often_it_is_delivered,
    r97_no_event_has_a_name_an_address_or_a_secret,
    r66_a_review_that_nobody_works_on_is_no_fault_of_ours,
);

/// The details of all events, once there are so many.
async fn events(sandbox: &Sandbox, many: usize) -> Vec<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let events = sandbox.events();
        if events.len() >= many {
            // One too many would come at once.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let events = sandbox.events();
            assert_eq!(events.len(), many, "{events:?}");
            return events.into_iter().map(|event| event["detail"].clone()).collect();
        }
        assert!(Instant::now() < end, "there are not {many}: {events:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn r97_an_import_that_ends_says_how_and_where_to_look(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let cancelled = fetch(&ana, kind).await;
    ana.delete(&format!("/imports/{cancelled}")).await.unwrap();
    faults::answer(&sandbox, kind, faults::CONTACTS, &json!({ "status": 401 }));
    let failed = fetch_failing(&ana, kind).await;
    let [done, stopped, refused] = events(&sandbox, 3).await.try_into().unwrap();
    let ours = integration(&ana, kind).await;

    assert_eq!(
        (&done["what"], &done["state"], &done["code"], &done["cause"]),
        (&json!("ended"), &json!("done"), &json!(""), &json!(""))
    );
    let created = number(&first.result["users"]["created"]) + number(&first.result["companies"]["created"]);
    assert_eq!(done["rows"]["created"], created.to_string());
    assert_eq!((&done["msp"], &done["integration"]), (&json!("noordzee"), &json!(ours)));
    let shown = ana.get(text(&done["look"])).await.unwrap();
    assert_eq!((&shown["id"], &shown["endedAt"]), (&done["import"], &done["at"]));
    assert_eq!(done["unattended"], "false");

    assert_eq!(
        (&stopped["state"], &stopped["import"]),
        (&json!("cancelled"), &json!(cancelled))
    );
    assert_eq!(
        (
            &refused["state"],
            &refused["code"],
            &refused["cause"],
            &refused["import"]
        ),
        (
            &json!("failed"),
            &json!("psa_unauthorized"),
            &json!("customer"),
            &failed["id"]
        )
    );
    let ids: BTreeSet<&str> = [&done, &stopped, &refused].map(|event| text(&event["event"])).into();
    assert_eq!(ids.len(), 3);
    sandbox.stop().await;
}

async fn r97_an_import_that_stops_in_review_says_why(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    set_policy(&ana, kind, &json!({ "newCompanies": true, "newAddresses": true })).await;
    let import = unattended(&sandbox, kind, "night").await;
    let [stopped] = events(&sandbox, 1).await.try_into().unwrap();
    assert_eq!(
        (
            &stopped["what"],
            &stopped["state"],
            &stopped["code"],
            &stopped["unattended"]
        ),
        (
            &json!("stopped"),
            &json!("review"),
            &json!("mass_change"),
            &json!("true")
        )
    );
    assert_eq!(stopped["look"], format!("/imports/{}", text(&import["id"])));
    // Its end is another event.
    ana.delete(text(&stopped["look"])).await.unwrap();
    let both = events(&sandbox, 2).await;
    assert_eq!(
        (&both[1]["what"], &both[1]["state"]),
        (&json!("ended"), &json!("cancelled"))
    );
    sandbox.stop().await;
}

async fn r97_the_end_of_an_import_has_all_counts_and_whether_it_is_suspicious(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    much_deleted(&sandbox, kind).await;
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    choose(&ana, &import, 1).await;
    let result = carry_out(&ana, &import).await;
    let [first, second] = events(&sandbox, 2).await.try_into().unwrap();
    assert_eq!(
        (&first["suspicious"], &second["suspicious"]),
        (&json!("false"), &json!("true"))
    );
    let sum = |fields: &[&str]| -> u64 {
        let of = |rows: &str| {
            fields
                .iter()
                .filter_map(|field| result[rows][field].as_u64())
                .sum::<u64>()
        };
        of("companies") + of("users")
    };
    let expected = json!({
        "created": sum(&["created"]).to_string(),
        "linked": sum(&["linked"]).to_string(),
        "changed": sum(&["updated", "changedAddress"]).to_string(),
        "unchanged": sum(&["unchanged"]).to_string(),
        "skipped": sum(&["skipped"]).to_string(),
        "failed": sum(&["failed"]).to_string(),
    });
    assert_eq!(second["rows"], expected);
    assert!(sum(&["created"]) > 0 && sum(&["unchanged"]) > 0, "{result}");
    sandbox.stop().await;
}

async fn r97_a_refused_start_says_why_once_however_often_it_is_delivered(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    for _ in 0..3 {
        assert_eq!(trigger(&sandbox, kind, "night").await["code"], "integration_locked");
    }
    assert_eq!(
        trigger(&sandbox, kind, "the night after").await["code"],
        "integration_locked"
    );
    let refused = events(&sandbox, 2).await;
    let ours = integration(&ana, kind).await;
    for event in &refused {
        assert_eq!(
            (&event["what"], &event["code"], &event["import"], &event["unattended"]),
            (
                &json!("refused"),
                &json!("integration_locked"),
                &json!(""),
                &json!("true")
            )
        );
        assert_eq!(event["look"], format!("/integrations/{ours}"));
    }
    assert_ne!(refused[0]["event"], refused[1]["event"]);
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    sandbox.stop().await;
}

async fn r97_no_event_has_a_name_an_address_or_a_secret(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    faults::answer(
        &sandbox,
        kind,
        faults::CONTACTS,
        &json!({ "status": 500, "body": "ana@noordzee.example" }),
    );
    unattended(&sandbox, kind, "ana@noordzee.example").await;
    faults::clear(&sandbox, kind);
    let import = fetch(&ana, kind).await;
    trigger(&sandbox, kind, "bram@noordzee.example").await;
    let all = events(&sandbox, 3).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let ours = format!("/integrations/{}", integration(&ana, kind).await);
    let shown = ana.get(&ours).await.unwrap();
    let credentials = &sandbox.psas.integration(kind)["credentials"];
    let said = json!(all).to_string();
    for never in [
        "@",
        text(&shown["name"]),
        text(&shown["address"]),
        text(&first.chosen[0]["name"]),
        text(&credentials[secret_field(kind)]),
    ] {
        assert!(!said.contains(never), "{never}: {said}");
    }
    sandbox.stop().await;
}

async fn r66_a_review_that_nobody_works_on_is_no_fault_of_ours(kind: PsaKind) {
    const LEASE: i64 = 30 * 60;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    // One that an administrator left, and one that stopped at night.
    fetch(&ana, kind).await;
    advance(&sandbox, LEASE + 1).await;
    set_policy(&ana, kind, &json!({ "newCompanies": true, "newAddresses": true })).await;
    unattended(&sandbox, kind, "night").await;
    advance(&sandbox, LEASE + 1).await;
    unattended(&sandbox, kind, "the night after").await;
    let all = events(&sandbox, 4).await;
    let lapsed = all.iter().filter(|event| event["what"] == "ended");
    let lapsed: Vec<_> = lapsed
        .map(|event| (&event["state"], &event["code"], &event["cause"], &event["unattended"]))
        .collect();
    let expected = |unattended| {
        (
            json!("cancelled"),
            json!("review_lapsed"),
            json!("customer"),
            json!(unattended),
        )
    };
    let expected = [expected("false"), expected("true")];
    let expected: Vec<_> = expected
        .iter()
        .map(|(state, code, cause, by)| (state, code, cause, by))
        .collect();
    assert_eq!(lapsed, expected, "{all:?}");
    sandbox.stop().await;
}

/// The pipe carries what is written, and nothing else.
#[tokio::test]
async fn r97_every_field_of_an_event_is_carried_and_documented() {
    let template = local_aws::Template::load().unwrap();
    let (msp, integration) = (MspId::new("m"), IntegrationId::new("i"));
    let event = PublishedEvent::refused("e".to_owned(), msp, integration, Code::Internal, Timestamp::now());
    let image = |value: &str| json!({ "S": value });
    let fields = event.fields();
    let names: BTreeSet<&str> = fields.iter().map(|(name, _)| *name).collect();
    // Each field is its own name here, so that it can be found again.
    let item: serde_json::Map<String, Value> = fields
        .iter()
        .map(|(name, _)| ((*name).to_owned(), image(name)))
        .collect();
    let filled = template
        .events_pipe()
        .template
        .fill(&json!({ "dynamodb": { "NewImage": item } }));
    let mut carried = BTreeSet::new();
    for (name, value) in filled.as_object().unwrap() {
        match value {
            Value::Object(rows) => {
                for (name, value) in rows {
                    assert_eq!(value, name);
                    carried.insert(name.as_str());
                }
            }
            value => {
                assert_eq!(value, name);
                carried.insert(name.as_str());
            }
        }
    }
    assert_eq!(carried, names);
    let page = include_str!("../../../../infra/README.md");
    let page = page
        .split("\n## Events\n")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
