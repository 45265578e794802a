//! Records of a newer version are refused by name; those from before there were numbers are read.

use domain::ids::{IdempotencyKey, ImportId, IntegrationId, PsaCompanyId};
use serde_json::{Value, json};
use store::StoreError;
use store::decided::Decisions;
use store::journal::Outcomes;
use store::rows::Row;
use store::snapshot::Complete;
use store::snapshot::pages::Pages;
use store::tx::Transaction;

use crate::wire::{Wire, import, lease, now};

fn says_its_schema(item: &Value) -> bool {
    [json!({ "N": "1" }), json!({ "N": "2" })].contains(&item["schema"])
}

#[tokio::test]
async fn every_item_that_is_written_says_its_schema() {
    let wire = Wire::willing();
    let tenant = wire.tenant();
    let lease = lease(&tenant).await;
    tenant
        .start(&import(), Some(&IdempotencyKey::new("night")), now())
        .await
        .unwrap();
    let mut pages = Pages::default();
    pages.add_companies(&[crate::fill::company(1)]).unwrap();
    let (import, checkpoint) = (import(), crate::fill::checkpoint());
    let saved = tenant.save_pages(&lease, &import, &mut pages, &checkpoint, now).await;
    assert!(saved.unwrap().committed());
    let mut draft = tenant.draft(&lease, &import, now()).await.unwrap().unwrap();
    let (row, addresses) = crate::fill::row(1, 3);
    let mut row = Row::new(row);
    draft.add_addresses(&mut row, addresses).unwrap();
    draft.add_rows(vec![row]).unwrap();
    let snapshot = Complete {
        policy: None,
        more: Vec::new(),
    };
    let completed = tenant
        .complete_snapshot(&lease, &import, &mut draft, snapshot, &checkpoint, now)
        .await;
    assert!(completed.unwrap().committed());
    let mut tx = Transaction::new();
    let mapping = crate::fill::company_mapping();
    tenant
        .map_company(&mut tx, &import.integration, None, &mapping)
        .unwrap();
    let _ = tx.commit(&tenant).await.unwrap();
    let company = PsaCompanyId::new("1");
    assert!(tenant.claim_name(&import, (&company, "Acme"), 1, now()).await.unwrap());
    let mut puts = 0;
    for call in wire.calls("PutItem") {
        assert!(says_its_schema(&call["Item"]), "{call}");
        puts += 1;
    }
    for call in wire.calls("TransactWriteItems") {
        for action in call["TransactItems"].as_array().unwrap() {
            if let Some(item) = action["Put"].get("Item") {
                assert!(says_its_schema(item), "{item}");
                puts += 1;
            }
        }
    }
    assert!(puts >= 10, "{puts}");
    for call in wire.calls("PutItem") {
        assert!(says_its_schema(&call["Item"]), "{call}");
    }
    // The lock is made by an update.
    let calls = wire.calls("TransactWriteItems");
    let lock = &calls[0]["TransactItems"][0]["Update"];
    assert!(
        lock["UpdateExpression"].as_str().unwrap().contains("#schema = :schema"),
        "{lock}"
    );
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_refused_by_name() {
    let tenant =
        Wire::holding(json!({ "sk": { "S": "DECISION#RULES#" }, "schema": { "N": "3" }, "import": { "S": "x" } }))
            .tenant();
    let integration = IntegrationId::new("i");
    let mut one_page = Pages::default();
    one_page.add_companies(&[crate::fill::company(1)]).unwrap();
    let standing = Wire::holding(json!({ "sk": { "S": "STANDING" }, "schema": { "N": "3" } })).tenant();
    let refusals = [
        ("standing decisions", standing.standing(&integration).await.map(drop)),
        ("import", tenant.import(&ImportId::new("x")).await.map(drop)),
        ("lock", tenant.decisions(&integration).await.map(drop)),
        ("integration", tenant.integration(&integration).await.map(drop)),
        (
            "index of rows",
            tenant
                .row(&import(), &PsaCompanyId::new("1"), &Decisions::default())
                .await
                .map(drop),
        ),
        ("rules", tenant.decided(&import()).await.map(drop)),
        ("company mapping", tenant.company_mappings(&integration).await.map(drop)),
        (
            "journal",
            tenant
                .chunks(&import(), &PsaCompanyId::new("1"), &Outcomes::default())
                .await
                .map(drop),
        ),
        ("outcomes", tenant.outcomes(&import()).await.map(drop)),
        ("dates", tenant.dates(&integration).await.map(drop)),
        (
            "staged page",
            tenant.pages(&import(), one_page.all_saved()).await.map(drop),
        ),
        (
            "occasion",
            tenant
                .started_by(&integration, &IdempotencyKey::new("night"))
                .await
                .map(drop),
        ),
    ];
    for (kind, refusal) in refusals {
        let known = if ["import", "index of rows", "journal"].contains(&kind) {
            2
        } else {
            1
        };
        let error = refusal.unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { .. }) && error.passes(),
            "{kind}: {error}"
        );
        assert_eq!(
            error.to_string(),
            format!("a newer version of psa-import wrote this {kind} (schema 3, this version reads up to {known})")
        );
    }
}

#[tokio::test]
async fn a_record_from_before_there_were_numbers_is_read() {
    for schema in [json!({}), json!({ "schema": { "N": "1" } })] {
        let mut item = json!({ "import": { "S": "x" } });
        item.as_object_mut()
            .unwrap()
            .extend(schema.as_object().unwrap().clone());
        let found = Wire::holding(item)
            .tenant()
            .started_by(&IntegrationId::new("i"), &IdempotencyKey::new("night"))
            .await;
        assert_eq!(found.unwrap(), Some(ImportId::new("x")));
    }
}
