//! Rows that the PSA hides from the API user, which look as if they were deleted.

use std::collections::BTreeMap;

use requirements::import::{
    addresses, carry_out, choose_all, fetch, fetch_failing, fetch_filtered, fetch_full_failing, first_import_of, id,
    ordinary, rows,
};
use requirements::stage::{advance, number, sandbox, text};
use requirements::unattended::unattended;
use requirements::{Api, PsaKind, Sandbox, for_both, psa};
use serde_json::{Value, json};

use crate::retention::items;

for_both!(
    r53_hidden_companies_fail_the_fetch_and_are_not_reported_as_deleted,
    r53_hidden_contacts_fail_the_fetch,
    r53_a_fetch_that_fails_for_good_saves_no_pages,
    r53_many_contacts_of_hidden_companies_fail_the_fetch,
    r53_a_few_contacts_of_hidden_companies_are_orphans,
);

fn switch(sandbox: &Sandbox, kind: PsaKind, switches: Value) {
    sandbox.psas.get(kind).set_switches(switches).unwrap();
}

/// Hides every company, as this PSA does.
fn hide_companies(kind: PsaKind, hidden: bool) -> Value {
    match (kind, hidden) {
        (PsaKind::Connectwise, _) => json!({ "contactsLoseCompany": hidden }),
        (PsaKind::Autotask, true) => json!({ "restricted": ["Companies"] }),
        (PsaKind::Autotask, false) => json!({ "restricted": [] }),
    }
}

/// Hides every contact.
fn hide_contacts(kind: PsaKind) -> Value {
    match kind {
        PsaKind::Connectwise => json!({ "contactsHidden": true }),
        PsaKind::Autotask => json!({ "restricted": ["Contacts"] }),
    }
}

fn hide_some(companies: &[&str]) -> Value {
    let ids: Vec<u64> = companies.iter().map(|id| id.parse().unwrap()).collect();
    json!({ "hiddenCompanies": ids })
}

/// The failure names the right to these rows.
fn assert_forbidden(import: &Value, right: &str) {
    let error = &import["error"];
    assert_eq!(error["code"], "psa_forbidden", "{import}");
    assert!(text(&error["missingRight"]).contains(right), "{import}");
    assert!(text(&error["detail"]).contains(right), "{import}");
}

const fn companies_right(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "Company Maintenance",
        PsaKind::Autotask => "Companies: view",
    }
}

async fn r53_hidden_companies_fail_the_fetch_and_are_not_reported_as_deleted(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 3).await;
    switch(&sandbox, kind, hide_companies(kind, true));
    // Rights leave no date behind: the next full read finds out.
    advance(&sandbox, 24 * 3_600).await;
    assert_forbidden(&fetch_failing(&ana, kind).await, companies_right(kind));
    let alone = unattended(&sandbox, kind, "at night").await;
    assert_forbidden(&alone, companies_right(kind));

    switch(&sandbox, kind, hide_companies(kind, false));
    let import = fetch(&ana, kind).await;
    assert_eq!(rows(&ana, &import, "not-in").await, Vec::<Value>::new());
    sandbox.stop().await;
}

async fn r53_hidden_contacts_fail_the_fetch(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 1).await;
    switch(&sandbox, kind, hide_contacts(kind));
    assert_forbidden(&fetch_failing(&ana, kind).await, "Contacts");
    sandbox.stop().await;
}

async fn r53_a_fetch_that_fails_for_good_saves_no_pages(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 3).await;
    switch(&sandbox, kind, hide_companies(kind, true));
    assert_forbidden(&fetch_full_failing(&ana, kind).await, companies_right(kind));
    let all = items(&sandbox).await.into_iter();
    let keys = all.map(|(_, item)| item["sk"].as_s().unwrap().clone());
    let saved: Vec<String> = keys.filter(|key| key.starts_with("STAGED#")).collect();
    assert_eq!(saved, Vec::<String>::new());
    sandbox.stop().await;
}

async fn r53_many_contacts_of_hidden_companies_fail_the_fetch(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    let mapped: Vec<&str> = first.chosen.iter().map(id).collect();
    let import = fetch(&ana, kind).await;
    let all = rows(&ana, &import, "in").await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let most: Vec<&str> = all.iter().filter(|row| row["own"] != true).map(id).collect();
    assert!(mapped.iter().all(|company| most.contains(company)));
    switch(&sandbox, kind, hide_some(&most));
    assert_forbidden(&fetch_failing(&ana, kind).await, companies_right(kind));
    sandbox.stop().await;
}

async fn r53_a_few_contacts_of_hidden_companies_are_orphans(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let before = orphans(&ana, &import).await;
    let all = rows(&ana, &import, "in").await;
    let few = ordinary(&all);
    let hidden = few.iter().find(|row| (1..20).contains(&number(&row["addresses"])));
    let hidden = id(hidden.unwrap());
    let contacts = psa::contacts(&addresses(&ana, &import, hidden).await);
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    switch(&sandbox, kind, hide_some(&[hidden]));
    let import = fetch(&ana, kind).await;
    let mut of_hidden = orphans(&ana, &import).await;
    let shown = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(shown["progress"]["orphans"], of_hidden.len());
    of_hidden.retain(|contact, _| !before.contains_key(contact));
    assert!(contacts.iter().all(|contact| of_hidden.contains_key(contact)));
    assert!(of_hidden.values().all(|company| company == hidden), "{of_hidden:?}");

    assert_eq!(rows(&ana, &import, "in").await.len(), all.len() - 1);
    choose_all(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["companies"]["failed"], 0, "{result}");
    sandbox.stop().await;
}

/// Contacts that hang on companies exist, but the filter leaves none of them.
#[tokio::test]
async fn r53_a_filter_that_no_contact_of_a_company_matches_proves_nothing() {
    let kind = PsaKind::Connectwise;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    assert!(number(&first.result["users"]["created"]) > 0, "{}", first.result);
    let filter = json!({ "contactType": ["7"] });
    let import = fetch_filtered(&ana, kind, &filter).await;
    let mut contacts = Vec::new();
    for row in rows(&ana, &import, "in").await {
        contacts.extend(psa::contacts(&addresses(&ana, &import, id(&row)).await));
    }
    assert!(!contacts.is_empty());
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    for contact in contacts {
        psa::delete_contact(&sandbox, kind, &contact);
    }
    psa::change(
        &sandbox,
        kind,
        json!({ "contacts": [{ "id": 900_001, "firstName": "Nobody's", "types": [{ "id": 7 }] }] }),
    );
    let import = fetch_filtered(&ana, kind, &filter).await;
    let shown = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(shown["progress"]["contacts"], 1, "{shown}");
    sandbox.stop().await;
}

/// Without contacts of its own, the MSP's own company proves by itself that companies are hidden.
#[tokio::test]
async fn r53_a_hidden_company_that_every_tenant_has_fails_the_fetch() {
    let kind = PsaKind::Autotask;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let own = rows(&ana, &import, "in").await;
    let own = id(own.iter().find(|row| row["own"] == true).unwrap()).to_owned();
    for contact in psa::contacts(&addresses(&ana, &import, &own).await) {
        psa::delete_contact(&sandbox, kind, &contact);
    }
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let import = fetch(&ana, kind).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    switch(&sandbox, kind, hide_some(&[&own]));
    assert_forbidden(&fetch_failing(&ana, kind).await, companies_right(kind));
    sandbox.stop().await;
}

/// The contacts that are listed as orphans, with the companies that they name.
async fn orphans(api: &Api, import: &str) -> BTreeMap<String, String> {
    let listed = api.list(&format!("/imports/{import}/orphans")).await.unwrap();
    let pair = |orphan: &Value| (text(&orphan["contact"]).to_owned(), text(&orphan["company"]).to_owned());
    listed.iter().map(pair).collect()
}
