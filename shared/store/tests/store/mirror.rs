//! What an import knows of the PSA comes to count with its snapshot, and the next one finds it (R77).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::filter::Filter;
use domain::ids::{IntegrationId, PsaContactId, SecretId};
use domain::psa::{PsaCompany, PsaContact, Tables};
use domain::reading::{Connection, LastRead, VERSION};
use serde_json::{Value, json};
use store::snapshot::Complete;
use store::snapshot::mirror::{Difference, Mirror, NewMirror, is_worth_rewriting};
use store::snapshot::pages::Pages;
use store::{StoreError, Tenant};

use crate::fill::{Fill, checkpoint};
use crate::wire::{Wire, import, lease, now};

type Items = Arc<Mutex<BTreeMap<String, Value>>>;

/// A wire that remembers what was put, whatever the conditions.
fn remembering() -> (Wire, Items) {
    let items = Items::default();
    let stored = Arc::clone(&items);
    let wire = Wire::new(move |operation, body| {
        let mut stored = stored.lock().unwrap();
        let found = stored.get(body["Key"]["sk"]["S"].as_str().unwrap_or_default());
        let answer = match operation {
            "UpdateItem" => json!({ "Attributes": { "epoch": { "N": "1" }, "until": { "N": "0" } } }),
            "GetItem" => found.map_or_else(|| json!({}), |item| json!({ "Item": item })),
            "Query" => {
                let prefix = body["ExpressionAttributeValues"][":prefix"]["S"]
                    .as_str()
                    .unwrap_or("-");
                let found = stored.iter().filter(|(key, _)| key.starts_with(prefix));
                json!({ "Items": found.map(|(_, item)| item).collect::<Vec<_>>() })
            }
            _ => {
                let actions = body["TransactItems"].as_array().into_iter().flatten();
                let puts = actions
                    .clone()
                    .map(|action| &action["Put"]["Item"])
                    .chain([&body["Item"]]);
                for item in puts {
                    if let Some(key) = item["sk"]["S"].as_str() {
                        stored.insert(key.to_owned(), item.clone());
                    }
                }
                for action in actions {
                    stored.remove(action["Delete"]["Key"]["sk"]["S"].as_str().unwrap_or_default());
                }
                json!({})
            }
        };
        (200, answer)
    });
    (wire, items)
}

fn keys(items: &Items, prefix: &str) -> Vec<String> {
    let items = items.lock().unwrap();
    items.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
}

fn integration() -> IntegrationId {
    IntegrationId::new("i")
}

fn last() -> LastRead {
    LastRead {
        full_at: now(),
        watermark: Some(now()),
        filter: Filter::default(),
        connection: Connection {
            address: "psa.example".to_owned(),
            company_id: None,
            secret: SecretId::new("s"),
        },
        version: VERSION,
    }
}

fn contacts(pages: &Pages) -> Vec<PsaContact> {
    pages.contacts().flat_map(Result::unwrap).collect()
}

/// Pages of two companies with two contacts each.
fn pages() -> (Vec<PsaCompany>, Vec<PsaContact>, Pages) {
    let mut fill = Fill::new(7, 12);
    let companies: Vec<_> = (0..2).map(|number| fill.company(number)).collect();
    let contacts: Vec<_> = (0..4).map(|number| fill.contact(number, number % 2)).collect();
    let mut pages = Pages::default();
    pages.add_companies(&companies).unwrap();
    for page in contacts.chunks(3) {
        pages.add_contacts(page).unwrap();
    }
    (companies, contacts, pages)
}

/// Completes a snapshot without rows that knows these differences and that much of who is not in.
async fn complete(
    tenant: &Tenant,
    import_number: u64,
    before: Option<&Mirror>,
    differences: &[Difference],
    known: &[&str],
) -> Result<(), StoreError> {
    let mut import = import();
    import.id = domain::ids::ImportId::new(format!("x{import_number}"));
    let lease = lease(tenant).await;
    let mut draft = tenant.draft(&lease, &import, now()).await?.unwrap();
    let (_, _, pages) = pages();
    draft.add_mirror(NewMirror {
        last: last(),
        tables: Tables::default(),
        before,
        pages: &pages,
        differences,
        known,
    })?;
    let snapshot = Complete {
        policy: None,
        more: Vec::new(),
    };
    let completed = tenant
        .complete_snapshot(&lease, &import, &mut draft, snapshot, &checkpoint(), now)
        .await?;
    assert!(completed.committed());
    tenant.expire_last_superseded(&integration()).await
}

async fn mirror(tenant: &Tenant) -> Mirror {
    tenant.mirror(&integration()).await.unwrap().unwrap()
}

#[tokio::test]
async fn r77_the_next_import_finds_what_one_knows() {
    let (wire, _) = remembering();
    let tenant = wire.tenant();
    assert_eq!(tenant.mirror(&integration()).await.unwrap(), None);
    complete(&tenant, 1, None, &[], &["gone"]).await.unwrap();
    let first = mirror(&tenant).await;
    let (companies, all, _) = pages();
    let found = tenant.mirror_pages(&integration(), &first).await.unwrap();
    let of_pages: Vec<_> = found.companies().flat_map(Result::unwrap).collect();
    assert_eq!(of_pages, companies);
    assert_eq!(contacts(&found), all);
    assert!(
        tenant
            .mirror_differences(&integration(), &first)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        tenant.mirror_known::<String>(&integration(), &first).await.unwrap(),
        ["gone"]
    );
    assert_eq!(first.last, last());
}

#[tokio::test]
async fn r77_an_import_without_changes_writes_only_what_names_the_parts() {
    let (wire, items) = remembering();
    let tenant = wire.tenant();
    let gone = [Difference::NoContact(PsaContactId::new("3"))];
    complete(&tenant, 1, None, &gone, &["gone"]).await.unwrap();
    let (first, parts) = (mirror(&tenant).await, keys(&items, "MIRROR#"));
    let puts = wire.calls("PutItem").len();
    complete(&tenant, 2, Some(&first), &gone, &["gone"]).await.unwrap();
    assert_eq!(mirror(&tenant).await, first);
    assert_eq!(wire.calls("PutItem").len(), puts);
    assert_eq!(keys(&items, "MIRROR#"), parts);
}

#[tokio::test]
async fn r77_only_the_list_that_changed_is_written_and_the_old_one_expires() {
    let (wire, items) = remembering();
    let tenant = wire.tenant();
    let none = |id: &str| Difference::NoContact(PsaContactId::new(id));
    complete(&tenant, 1, None, &[none("3")], &["gone"]).await.unwrap();
    let first = mirror(&tenant).await;
    let parts = keys(&items, "MIRROR#");
    complete(&tenant, 2, Some(&first), &[none("2"), none("3")], &["gone"])
        .await
        .unwrap();
    let second = mirror(&tenant).await;
    let new: Vec<String> = keys(&items, "MIRROR#")
        .into_iter()
        .filter(|key| !parts.contains(key))
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert!(new[0].contains("#d#"), "{new:?}");
    let updates = wire.calls("UpdateItem");
    let expired: Vec<&str> = updates
        .iter()
        .filter(|call| call["UpdateExpression"] == "SET expires = :expires")
        .map(|call| call["Key"]["sk"]["S"].as_str().unwrap())
        .collect();
    assert_eq!(expired.len(), 1, "{expired:?}");
    assert!(expired[0].contains("#d#") && parts.contains(&expired[0].to_owned()));
    let found = tenant.mirror_differences(&integration(), &second).await.unwrap();
    assert_eq!(found, [none("2"), none("3")]);
    let (_, all, _) = pages();
    assert_eq!(
        contacts(&tenant.mirror_pages(&integration(), &second).await.unwrap()),
        all
    );
}

#[tokio::test]
async fn r77_a_list_that_lacks_an_item_is_an_error() {
    let (wire, items) = remembering();
    let tenant = wire.tenant();
    complete(&tenant, 1, None, &[], &["gone"]).await.unwrap();
    let first = mirror(&tenant).await;
    let contacts = keys(&items, "MIRROR#").into_iter().rfind(|key| key.contains("#p#"));
    items.lock().unwrap().remove(&contacts.unwrap());
    let error = tenant.mirror_pages(&integration(), &first).await.unwrap_err();
    assert!(matches!(error, StoreError::Shape { .. }), "{error}");
}

#[tokio::test]
async fn r77_what_expired_meanwhile_is_not_built_on() {
    let (wire, items) = remembering();
    let tenant = wire.tenant();
    complete(&tenant, 1, None, &[], &["gone"]).await.unwrap();
    let first = mirror(&tenant).await;
    items.lock().unwrap().remove("STATE#MIRROR");
    let error = complete(&tenant, 2, Some(&first), &[], &["gone"]).await.unwrap_err();
    assert!(matches!(error, StoreError::Contention { .. }), "{error}");
    assert_eq!(tenant.mirror(&integration()).await.unwrap(), None);
}

#[test]
fn r77_pages_are_written_again_when_a_tenth_of_many_rows_differ() {
    for (differences, rows, is_worth) in [(999, 1_000, false), (1_000, 10_000, true), (1_000, 10_011, false)] {
        assert_eq!(
            is_worth_rewriting(differences, rows),
            is_worth,
            "{differences} of {rows}"
        );
    }
}
