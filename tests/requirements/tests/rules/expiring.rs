//! The last snapshot of an integration is kept as long as an import shows it, whatever becomes of the integration (R67).

use requirements::import::{addresses, fetch, first_import_of, id, rows};
use requirements::stage::{advance, integration, sandbox};
use requirements::unattended::{deliver, unattended};
use requirements::{Api, PsaKind, Sandbox, behind, for_both, psa};
use serde_json::json;

use crate::retention::{Item, items};

for_both!(
    r67_the_last_snapshot_expires_when_no_import_shows_it_any_more,
    r67_of_a_removed_integration_the_snapshot_expires_and_nothing_stays,
    r67_a_damaged_snapshot_stops_neither_fetches_nor_its_expiry,
);

const DAY: i64 = 24 * 3_600;

/// The sort keys of an integration's snapshots.
async fn snapshots(sandbox: &Sandbox, integration: &str) -> Vec<String> {
    let of = format!("#SNAPSHOT#{integration}");
    let items = items(sandbox).await.into_iter();
    let items = items.filter(|(_, item)| item["pk"].as_s().unwrap().ends_with(&of));
    items.map(|(_, item)| item["sk"].as_s().unwrap().clone()).collect()
}

async fn sweep(sandbox: &Sandbox) {
    deliver(sandbox, &json!({ "sweep": {} })).await;
}

/// An import, and another one after which somebody is not in; gives the integration.
async fn import_twice(sandbox: &Sandbox, ana: &Api, kind: PsaKind) -> String {
    let first = first_import_of(ana, kind, 2).await;
    let people = addresses(ana, &first.import, id(&first.chosen[0])).await;
    let leaver = people.iter().find(|row| row["selected"] == true).unwrap();
    psa::delete_contact(sandbox, kind, psa::split(id(leaver)).0);
    unattended(sandbox, kind, "at night").await;
    integration(ana, kind).await
}

async fn r67_the_last_snapshot_expires_when_no_import_shows_it_any_more(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let integration = import_twice(&sandbox, &ana, kind).await;
    advance(&sandbox, 10 * DAY).await;
    // Nothing has changed, so this one shows the rows of the one before.
    let later = fetch(&ana, kind).await;
    for days in [4, 6] {
        advance(&sandbox, days * DAY - 60).await;
        sweep(&sandbox).await;
        assert_eq!(rows(&ana, &later, "in").await.len(), 40);
    }
    advance(&sandbox, 4 * DAY + 600).await;
    sweep(&sandbox).await;
    advance(&sandbox, 3 * DAY).await;
    let left = snapshots(&sandbox, &integration).await;
    assert!(
        !left.is_empty() && left.iter().all(|key| key.starts_with("PEOPLE#")),
        "of the results only: {left:?}"
    );
    let again = fetch(&ana, kind).await;
    let mapped = rows(&ana, &again, "in").await;
    assert_eq!(mapped.iter().filter(|row| row["status"] == "mapped").count(), 2);
    assert_eq!(mapped.len(), 40);
    sandbox.stop().await;
}

async fn r67_of_a_removed_integration_the_snapshot_expires_and_nothing_stays(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let integration = import_twice(&sandbox, &ana, kind).await;
    ana.delete(&format!("/integrations/{integration}")).await.unwrap();
    advance(&sandbox, 14 * DAY + 60).await;
    sweep(&sandbox).await;
    advance(&sandbox, 3 * DAY).await;
    let left = snapshots(&sandbox, &integration).await;
    assert!(left.iter().all(|key| key.starts_with("PEOPLE#")), "{left:?}");
    advance(&sandbox, 400 * DAY).await;
    sweep(&sandbox).await;
    let all = items(&sandbox).await.into_iter();
    let left = all.map(|(table, item)| format!("{table} {:?} {:?}", item["pk"], item["sk"]));
    let left: Vec<String> = left.filter(|key| key.contains(&integration)).collect();
    assert_eq!(left, Vec::<String>::new());
    sandbox.stop().await;
}

/// Damages the first chunk of rows of the last snapshot.
async fn damage_rows(sandbox: &Sandbox, integration: &str) {
    let path = format!("#SNAPSHOT#{integration}");
    let mut items = items(sandbox).await.into_iter().map(|(_, item)| item);
    let text = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
    let is_of_rows = |item: &Item| text(item, "pk").ends_with(&path) && text(item, "sk").starts_with("ROWS#");
    let chunk = items.find(|item| is_of_rows(item) && !item.contains_key("expires"));
    behind::damage(sandbox, "ImportsTable", &path, &text(&chunk.unwrap(), "sk"), "data").await;
}

async fn r67_a_damaged_snapshot_stops_neither_fetches_nor_its_expiry(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let integration = import_twice(&sandbox, &ana, kind).await;
    damage_rows(&sandbox, &integration).await;
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    assert_eq!(shown.iter().filter(|row| row["status"] == "mapped").count(), 2);
    assert_eq!(shown.len(), 40);
    for row in &shown {
        addresses(&ana, &import, id(row)).await;
    }
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    damage_rows(&sandbox, &integration).await;
    advance(&sandbox, 14 * DAY + 60).await;
    sweep(&sandbox).await;
    advance(&sandbox, 3 * DAY).await;
    let left = snapshots(&sandbox, &integration).await;
    let is_of_rows = |key: &String| key.starts_with("ROWS#") || key.starts_with("STATE#");
    assert!(!left.iter().any(is_of_rows), "{left:?}");
    sandbox.stop().await;
}
