//! The audit trail: who changed what, when, before and after.

use std::collections::BTreeSet;

use requirements::import::{
    addresses, carry_out, choose, choose_mapped, fetch, fetch_failing, first_import_of, id, start,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, sandbox, text};
use requirements::unattended::{set_policy, unattended};
use requirements::{Api, PsaKind, behind, faults, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r41_the_trail_says_who_changed_what_when_before_and_after,
    r41_the_trail_names_who_set_up_started_confirmed_and_stopped,
    r41_the_trail_is_read_in_pages_across_months,
    r41_companies_applied_at_once_have_an_entry_each_on_whichever_page,
);

/// The trail of an integration, the newest entry first.
async fn trail(api: &Api, kind: PsaKind) -> Vec<Value> {
    let path = format!("/integrations/{}/audit", integration(api, kind).await);
    api.list(&path).await.unwrap()
}

/// The actions of a trail in the order they were done.
fn actions(trail: &[Value]) -> Vec<&str> {
    trail.iter().rev().map(|entry| text(&entry["action"])).collect()
}

/// The one change of a trail with this action.
fn change<'a>(trail: &'a [Value], action: &str) -> &'a Value {
    let changes = trail.iter().filter_map(|entry| entry["changes"].as_array()).flatten();
    let mut found = changes.filter(|change| change["action"] == action);
    let change = found.next().unwrap_or_else(|| panic!("no {action} in {trail:?}"));
    assert!(found.next().is_none(), "more than one {action}");
    change
}

async fn r41_companies_applied_at_once_have_an_entry_each_on_whichever_page(kind: PsaKind) {
    const COMPANIES: usize = 12;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, COMPANIES).await;
    let path = format!("/integrations/{}/audit", integration(&ana, kind).await);
    let whole = ana.get(&format!("{path}?limit=100")).await.unwrap()["items"].clone();
    let whole = whole.as_array().unwrap();
    let imported = whole.iter().filter(|entry| entry["action"] == "companyImported");
    let mut companies: Vec<&str> = imported.map(|entry| text(&entry["company"]["id"])).collect();
    let mut chosen: Vec<&str> = first.chosen.iter().map(id).collect();
    companies.sort_unstable();
    chosen.sort_unstable();
    assert_eq!(companies, chosen);
    let ids: BTreeSet<&str> = whole.iter().map(id).collect();
    assert_eq!(ids.len(), whole.len(), "{ids:?}");
    for limit in [1, 2, 5, COMPANIES] {
        let (mut read, mut after) = (Vec::new(), String::new());
        loop {
            let page = ana.get(&format!("{path}?limit={limit}{after}")).await.unwrap();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{limit}: {page}");
            read.extend(items.iter().cloned());
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={}", next.replace('/', "%2F"));
        }
        assert_eq!(&read, whole, "pages of {limit}");
    }
    sandbox.stop().await;
}

async fn r41_the_trail_says_who_changed_what_when_before_and_after(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let first = first_import_of(&ana, kind, 1).await;
    let company = &first.chosen[0];
    let all = trail(&ana, kind).await;
    let created = change(&all, "createCompany");
    let made = managed::all(&ana).await;
    let made = made.iter().find(|managed| managed["name"] == company["name"]).unwrap();
    assert_eq!((&created["before"], &created["after"]), (&Value::Null, made));
    // Every user that was created is there, by its id and address.
    let users = managed::users(&ana, id(made)).await;
    let changes = all.iter().find_map(|entry| entry["changes"].as_array()).unwrap();
    for user in &users {
        let entry = changes.iter().find(|change| change["after"]["user"] == user["id"]);
        assert_eq!(entry.unwrap()["after"]["address"], user["address"]);
    }
    assert_eq!(changes.len(), 1 + users.len());

    // Bram carries a new name and a new address over.
    psa::rename(&sandbox, kind, id(company), "Nieuwe Naam");
    let people = addresses(&ana, &first.import, id(company)).await;
    let moved = people.iter().find(|address| address["status"] == "mapped").unwrap();
    psa::change_address(&sandbox, kind, id(moved), "nieuw@elders.example");
    let import = fetch(&bram, kind).await;
    choose_mapped(&bram, &import).await;
    carry_out(&bram, &import).await;
    let all = trail(&ana, kind).await;
    let entry = all.iter().find(|entry| entry["action"] == "companyImported").unwrap();
    assert!(text(&entry["by"]).contains("bram"));
    assert_eq!(entry["import"], import);
    let newest = std::slice::from_ref(entry);
    let renamed = change(newest, "updateCompany");
    assert_eq!(
        (&renamed["before"], &renamed["after"]["name"]),
        (made, &json!("Nieuwe Naam"))
    );
    let of_user = change(newest, "changeAddress");
    assert_eq!(
        (&of_user["before"]["address"], &of_user["after"]["address"]),
        (&moved["address"], &json!("nieuw@elders.example"))
    );
    assert_eq!(entry["changes"].as_array().unwrap().len(), 2);
    let before = trail(&ana, kind).await.len();

    // What changes nothing leaves no change behind.
    let import = fetch(&bram, kind).await;
    choose_mapped(&bram, &import).await;
    carry_out(&bram, &import).await;
    let all = trail(&ana, kind).await;
    assert_eq!(
        actions(&all)[before..],
        ["importStarted", "planConfirmed", "importEnded"]
    );
    sandbox.stop().await;
}

async fn r41_the_trail_names_who_set_up_started_confirmed_and_stopped(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let of = integration(&ana, kind).await;
    let credentials = json!({ "credentials": sandbox.psas.integration(kind)["credentials"] });
    bram.put(&format!("/integrations/{of}/credentials"), &credentials)
        .await
        .unwrap();
    let policy = json!({ "newCompanies": true });
    set_policy(&bram, kind, &policy).await;
    // Ana stops one in review; the PSA fails another; a schedule starts a third.
    let stopped = fetch(&ana, kind).await;
    choose(&ana, &stopped, 1).await;
    ana.delete(&format!("/imports/{stopped}")).await.unwrap();
    faults::answer(&sandbox, kind, faults::CONTACTS, &json!({ "status": 503 }));
    fetch_failing(&bram, kind).await;
    faults::clear(&sandbox, kind);
    set_policy(&bram, kind, &json!({})).await;
    unattended(&sandbox, kind, "monday").await;

    let all = trail(&ana, kind).await;
    assert_eq!(
        actions(&all),
        [
            "integrationAdded",
            "credentialsReplaced",
            "policyReplaced",
            "importStarted",
            "importEnded",
            "importStarted",
            "importEnded",
            "policyReplaced",
            "importStarted",
            "planConfirmed",
            "importEnded",
        ]
    );
    let entries: Vec<&Value> = all.iter().rev().collect();
    let names = ["ana", "bram", "bram", "ana", "ana", "bram", "bram", "bram"];
    for (entry, name) in entries.iter().zip(names) {
        assert!(text(&entry["by"]).contains(name), "{entry}");
    }
    // The integration's own principal is known by the integration's name.
    let integration = ana.get(&format!("/integrations/{of}")).await.unwrap();
    assert!(entries[8..].iter().all(|entry| entry["by"] == integration["name"]));
    assert_eq!(entries[0]["after"]["address"], integration["address"]);
    assert_eq!(
        (
            &entries[2]["before"]["newCompanies"],
            &entries[2]["after"]["newCompanies"]
        ),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&entries[4]["state"], &entries[6]["state"]),
        (&json!("cancelled"), &json!("failed"))
    );
    assert_eq!(entries[6]["error"], "psa_server_error");
    let told = json!(all).to_string();
    for secret in credentials["credentials"].as_object().unwrap().values() {
        assert!(!told.contains(text(secret)), "a credential is in the trail");
    }
    sandbox.stop().await;
}

async fn r41_the_trail_is_read_in_pages_across_months(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let mut imports = Vec::new();
    for _ in 0..3 {
        let import = start(&ana, kind, &json!({})).await;
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        imports.push(import);
        advance(&sandbox, 45 * 24 * 3600).await;
    }
    let whole = trail(&ana, kind).await;
    let started = whole.iter().rev().filter(|entry| entry["action"] == "importStarted");
    assert_eq!(started.map(|entry| text(&entry["import"])).collect::<Vec<_>>(), imports);
    let path = format!("/integrations/{}/audit", integration(&ana, kind).await);
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = ana.get(&format!("{path}?limit=2{after}")).await.unwrap();
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(paged, whole);
    assert!(whole.is_sorted_by(|one, next| text(&one["at"]) >= text(&next["at"])));
    // Behind a moment that is yet to come lies all of it.
    let far = ana
        .get(&format!("{path}?limit=500&after=253402200000000.x"))
        .await
        .unwrap();
    assert_eq!(far["items"], Value::Array(whole));
    let garbage = call(&ana, Method::GET, &format!("{path}?after=garbage"), None).await;
    assert_problem(&garbage, 400, "invalid_request");
    sandbox.stop().await;
}

#[tokio::test]
async fn r41_entries_about_many_people_make_short_pages_and_none_is_left_out() {
    const ENTRIES: usize = 20;
    const PEOPLE: usize = 1_000;
    let (sandbox, kind) = (sandbox().await, PsaKind::Connectwise);
    let ana = sandbox.api("ana");
    let before = trail(&ana, kind).await.len();
    let integration = integration(&ana, kind).await;
    behind::add_to_trail(&sandbox, &integration, ENTRIES, PEOPLE).await;
    let (mut entries, mut after) = (0, String::new());
    loop {
        let page = ana
            .get(&format!("/integrations/{integration}/audit?limit=100{after}"))
            .await
            .unwrap();
        // Lambda answers at most 6 MB.
        assert!(page.to_string().len() < 4_000_000, "{}", page.to_string().len());
        entries += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(entries, before + ENTRIES);
    sandbox.stop().await;
}
