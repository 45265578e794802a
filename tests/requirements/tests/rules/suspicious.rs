//! Rule R54: a snapshot that lacks much of what the last finished import had.

use requirements::import::{carry_out, choose_mapped, fetch, fetch_filtered, first_import_of, id, plan, start};
use requirements::stage::{number, sandbox};
use requirements::{Api, PsaKind, Sandbox, for_both, import, psa, unattended};
use serde_json::{Value, json};

use crate::rows::active_customers;

for_both!(
    r54_a_snapshot_that_lacks_much_says_so_and_goes_on,
    r54_only_a_finished_import_is_compared_with,
    r54_what_another_filter_leaves_out_is_not_suspicious,
    r54_addresses_alone_can_be_suspicious_also_unattended,
);

/// What is suspicious about an import.
async fn suspicious(api: &Api, import: &str) -> Option<Value> {
    let now = api.get(&format!("/imports/{import}")).await.unwrap();
    now.get("suspicious").cloned()
}

async fn cancel(api: &Api, import: &str) {
    api.delete(&format!("/imports/{import}")).await.unwrap();
}

/// Imports twelve companies, and deletes five of them in the PSA with their contacts.
pub async fn much_deleted(sandbox: &Sandbox, kind: PsaKind) {
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 12).await;
    for row in &first.chosen[..5] {
        // Contacts that stay without their company would prove hidden rows.
        for contact in psa::contacts(&import::addresses(&ana, &first.import, id(row)).await) {
            psa::delete_contact(sandbox, kind, &contact);
        }
        psa::delete(sandbox, kind, id(row));
    }
}

async fn r54_a_snapshot_that_lacks_much_says_so_and_goes_on(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    much_deleted(&sandbox, kind).await;
    let import = fetch(&ana, kind).await;
    let found = suspicious(&ana, &import).await.unwrap();
    assert_eq!(found["companies"], json!({ "absent": 5, "of": 12 }), "{found}");
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains("5 of 12"), "{detail}");
    assert_eq!(plan(&ana, &import).await["suspicious"], found);
    choose_mapped(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!((&result["suspicious"], &result["state"]), (&found, &json!("done")));
    assert_eq!(suspicious(&ana, &import).await, Some(found));
    // They were not in the last finished import any more.
    let import = fetch(&ana, kind).await;
    assert_eq!(suspicious(&ana, &import).await, None);
    sandbox.stop().await;
}

async fn r54_only_a_finished_import_is_compared_with(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    much_deleted(&sandbox, kind).await;
    for _ in 0..2 {
        let import = fetch(&ana, kind).await;
        assert!(suspicious(&ana, &import).await.is_some());
        cancel(&ana, &import).await;
    }
    sandbox.stop().await;
}

async fn r54_what_another_filter_leaves_out_is_not_suspicious(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 12).await;
    for row in &first.chosen[..6] {
        psa::retype(&sandbox, kind, id(row));
    }
    let filter = active_customers(kind);
    let import = fetch_filtered(&ana, kind, &filter).await;
    assert_eq!(suspicious(&ana, &import).await, None);
    cancel(&ana, &import).await;
    // Who is inactive is left out by a filter that was not there the last time; by the same filter it is absent.
    for row in &first.chosen[6..] {
        psa::deactivate(&sandbox, kind, id(row));
    }
    let import = fetch_filtered(&ana, kind, &filter).await;
    assert_eq!(suspicious(&ana, &import).await, None);
    cancel(&ana, &import).await;
    for row in &first.chosen[6..] {
        psa::reactivate(&sandbox, kind, id(row));
    }
    let import = fetch_filtered(&ana, kind, &filter).await;
    choose_mapped(&ana, &import).await;
    carry_out(&ana, &import).await;
    let rows = import::rows(&ana, &import, "in").await;
    let mapped = rows.iter().filter(|row| row["status"] == "mapped").count();
    for row in &first.chosen[6..] {
        psa::deactivate(&sandbox, kind, id(row));
    }
    let import = fetch_filtered(&ana, kind, &filter).await;
    let found = suspicious(&ana, &import).await.unwrap();
    assert_eq!(found["companies"], json!({ "absent": mapped, "of": mapped }), "{found}");
    sandbox.stop().await;
}

async fn r54_addresses_alone_can_be_suspicious_also_unattended(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let largest = first.chosen.iter().max_by_key(|row| number(&row["addresses"])).unwrap();
    let people = import::addresses(&ana, &first.import, id(largest)).await;
    let mapped: Vec<Value> = people.into_iter().filter(|row| row["status"] == "mapped").collect();
    let contacts = psa::contacts(&mapped);
    for contact in &contacts {
        psa::delete_contact(&sandbox, kind, contact);
    }
    let ended = unattended::unattended(&sandbox, kind, "night").await;
    assert_eq!(ended["state"], "done", "{ended}");
    let found = &ended["suspicious"];
    assert_eq!(found["companies"]["absent"], 0, "{ended}");
    assert_eq!(found["addresses"]["absent"], ended["peopleNotIn"]["count"], "{ended}");
    // Half of a fetch is no import.
    let import = start(&ana, kind, &json!({})).await;
    let now = import::fetched(&ana, &import).await;
    assert_eq!(now.get("suspicious"), None, "{now}");
    sandbox.stop().await;
}
