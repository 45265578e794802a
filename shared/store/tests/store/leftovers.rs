//! More items than fit into one transaction: what a run that died has left of them, and what is deleted behind it.

use domain::ids::{IntegrationId, PsaCompanyId};
use serde_json::{Value, json};
use store::snapshot::Complete;
use store::tx::{MAX_ACTIONS, Transaction};

use crate::fill::{checkpoint, company_mapping};
use crate::wire::{Wire, import, lease, now};

/// An empty list, packed.
const EMPTY: &str = "i44FAA==";

/// A wire behind which a query finds items with these sort keys, as far as they begin as asked, and a read what a willing wire answers.
fn finding(keys: Vec<String>) -> Wire {
    let willing = |operation: &str| match operation {
        "UpdateItem" => json!({ "Attributes": { "epoch": { "N": "1" }, "until": { "N": "0" } } }),
        _ => json!({}),
    };
    Wire::new(move |operation, body| {
        if operation != "Query" {
            return (200, willing(operation));
        }
        let prefix = body["ExpressionAttributeValues"][":prefix"]["S"]
            .as_str()
            .unwrap_or("-");
        let found = keys.iter().filter(|key| key.starts_with(prefix));
        let items = found.map(|key| json!({ "pk": { "S": "p" }, "sk": { "S": key }, "data": { "B": EMPTY } }));
        (200, json!({ "Items": items.collect::<Vec<_>>() }))
    })
}

/// The sort keys that all transactions so far have deleted.
fn deleted(wire: &Wire) -> Vec<String> {
    let calls = wire.calls("TransactWriteItems");
    let actions = calls.iter().flat_map(|call| call["TransactItems"].as_array().unwrap());
    let keys = actions.filter_map(|action| action["Delete"]["Key"]["sk"]["S"].as_str());
    keys.map(str::to_owned).collect()
}

/// The sort keys and packed bodies that all transactions so far have written.
fn written(wire: &Wire) -> Vec<(String, String)> {
    let calls = wire.calls("TransactWriteItems");
    let actions = calls.iter().flat_map(|call| call["TransactItems"].as_array().unwrap());
    let items = actions.map(|action| &action["Put"]["Item"]);
    let written = items.filter_map(|item| Some((item["sk"]["S"].as_str()?, item["data"]["B"].as_str()?)));
    written.map(|(key, data)| (key.to_owned(), data.to_owned())).collect()
}

#[tokio::test]
async fn r55_a_snapshot_that_counts_leaves_nothing_of_a_run_that_died() {
    let left = [
        "PEOPLE#000",
        "PEOPLE#001",
        "ORPHANS#0000",
        "FOUND-ABSENT#0003",
        "PLAN#0",
    ];
    let wire = finding(left.map(str::to_owned).to_vec());
    let tenant = wire.tenant();
    let lease = lease(&tenant).await;
    let mut draft = tenant.draft(&lease, &import(), now()).await.unwrap().unwrap();
    // It writes one list anew, and needs none of the others.
    let kept = tenant
        .orphans_actions(&import(), &[crate::fill::Fill::new(1, 5).contact(1, 1)])
        .unwrap();
    let snapshot = Complete {
        policy: None,
        more: kept,
    };
    let completed = tenant
        .complete_snapshot(&lease, &import(), &mut draft, snapshot, &checkpoint(), now)
        .await;
    assert!(completed.unwrap().committed());
    let emptied = written(&wire).into_iter().filter(|(_, data)| data == EMPTY);
    assert_eq!(
        emptied.map(|(key, _)| key).collect::<Vec<_>>(),
        ["PEOPLE#000", "PEOPLE#001"]
    );
    let keys: Vec<String> = written(&wire).into_iter().map(|(key, _)| key).collect();
    for key in ["ORPHANS#0000", "FOUND-ABSENT#0003"] {
        assert_eq!(keys.iter().filter(|written| *written == key).count(), 1, "{keys:?}");
    }
}

#[tokio::test]
async fn r58_a_company_with_very_many_mappings_is_handed_over() {
    const LEAVES: usize = 130;
    let keys = (0..LEAVES).map(|leaf| format!("ADDRESSES#gone#A{leaf:03}~1"));
    let wire = finding(keys.clone().collect());
    let tenant = wire.tenant();
    let (integration, gone) = (IntegrationId::new("i"), PsaCompanyId::new("gone"));
    let mut tx = Transaction::new();
    let mapping = company_mapping();
    let rest = tenant
        .hand_over(&mut tx, &integration, &gone, (None, &mapping))
        .await
        .unwrap();
    assert!(
        tx.len() < MAX_ACTIONS - 10,
        "there is no room for the proof of the lease and the audit trail"
    );
    assert!(tx.commit(&tenant).await.unwrap().committed());
    let mut more = Transaction::new();
    for deletion in rest {
        more.push(deletion).unwrap();
    }
    assert!(more.commit(&tenant).await.unwrap().committed());
    let mut deleted = deleted(&wire);
    deleted.retain(|key| key.starts_with("ADDRESSES#"));
    assert_eq!(deleted, keys.collect::<Vec<_>>());
}

#[tokio::test]
async fn r58_a_company_that_loses_its_mapping_keeps_its_generation() {
    let mapping = json!({
        "company": { "S": "gone" }, "managed": { "S": "c-1" }, "name": { "S": "Gone" }, "generation": { "N": "2" },
    });
    let answer = mapping.clone();
    let wire = Wire::new(move |operation, body| {
        let is_mapping = operation == "GetItem" && body["Key"]["sk"]["S"] == "PSA#gone";
        (
            200,
            if is_mapping {
                json!({ "Item": answer })
            } else {
                json!({})
            },
        )
    });
    let tenant = wire.tenant();
    let (integration, gone) = (IntegrationId::new("i"), PsaCompanyId::new("gone"));
    let mut tx = Transaction::new();
    tx.push(tenant.keep_generation(&integration, &gone).await.unwrap().unwrap())
        .unwrap();
    assert!(tx.commit(&tenant).await.unwrap().committed());
    let calls = wire.calls("TransactWriteItems");
    let written: &Value = &calls[0]["TransactItems"][0]["Put"];
    assert_eq!(written["Item"]["sk"]["S"], "STANDING");
    // Only while nobody else has decided for good.
    assert_eq!(written["ConditionExpression"], "attribute_not_exists(pk)");
    // Kept, it is not written again.
    let item = written["Item"].clone();
    let wire = Wire::new(move |operation, body| {
        let found = match body["Key"]["sk"]["S"].as_str() {
            Some("PSA#gone") => json!({ "Item": mapping }),
            Some("STANDING") => json!({ "Item": item }),
            _ => json!({}),
        };
        (200, if operation == "GetItem" { found } else { json!({}) })
    });
    let tenant = wire.tenant();
    assert!(tenant.keep_generation(&integration, &gone).await.unwrap().is_none());
    assert_eq!(tenant.standing(&integration).await.unwrap().generation(&gone), 3);
}
