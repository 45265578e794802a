//! Section C: the snapshot. It is whole or it does not exist.

use std::collections::BTreeSet;
use std::time::Duration;

use requirements::faults::{COMPANIES, CONTACTS};
use requirements::import::{
    addresses, fetch, fetch_full, fetch_full_failing, fetched, first_import_of, row, rows, select, start,
};
use requirements::stage::{integration, number, quick, sandbox, text};
use requirements::{Api, Options, PsaKind, Sandbox, faults, for_both, import, psa, raw};
use serde_json::{Value, json};

use crate::progress::assert_no_tabs;

for_both!(
    r09_a_page_that_fails_after_retries_fails_the_fetch,
    r09_a_list_that_ends_early_is_not_taken_for_a_whole_one,
    r09_a_page_that_fails_for_a_while_is_asked_for_again,
    r10_contacts_that_come_and_go_between_pages_are_neither_lost_nor_doubled,
    r10_companies_that_come_and_go_between_pages_are_neither_lost_nor_doubled,
    r11_a_fetch_longer_than_one_run_goes_on_in_the_next,
    r12_deleted_and_merged_companies_are_no_companies,
    r12_select_all_leaves_out_the_msp_itself,
);

/// Makes the lists come in several pages: `ConnectWise` with small ones, Autotask, whose pages have a fixed size, with
/// more companies.
fn in_pages(sandbox: &Sandbox, kind: PsaKind) {
    match kind {
        PsaKind::Connectwise => {
            let pages = json!({ "pageCap": 15 });
            sandbox.psas.get(kind).set_switches(pages).unwrap();
        }
        PsaKind::Autotask => {
            let more: Vec<Value> = (0..500)
                .map(|n| json!({ "companyName": format!("Winkel {n:03}") }))
                .collect();
            psa::change(sandbox, kind, json!({ "companies": more }));
        }
    }
}

/// Fetches with faults in force, expecting `code`, no rows, and a free integration.
async fn assert_fails(sandbox: &Sandbox, api: &Api, kind: PsaKind, code: &str) {
    let failed = fetch_full_failing(api, kind).await;
    assert_eq!(failed["error"]["code"], code, "{failed}");
    assert!(!text(&failed["error"]["detail"]).is_empty());
    assert_no_tabs(api, text(&failed["id"]), "failed").await;
    let path = format!("/integrations/{}", integration(api, kind).await);
    assert_eq!(api.get(&path).await.unwrap().get("lock"), None);
    faults::clear(sandbox, kind);
}

/// The mappings are as they were after the first import, and nothing has gone missing.
async fn assert_untouched(api: &Api, kind: PsaKind, imported: &[Value], directory: &Value) {
    let import = fetch(api, kind).await;
    for company in imported {
        assert_eq!(row(api, &import, text(&company["id"])).await["status"], "mapped");
    }
    assert_eq!(rows(api, &import, "not-in").await, Vec::<Value>::new());
    assert_eq!(import::directory(api).await, *directory);
}

async fn r09_a_page_that_fails_after_retries_fails_the_fetch(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let directory = import::directory(&ana).await;
    in_pages(&sandbox, kind);
    let broken_off = (json!({ "truncateAfter": 300 }), "psa_invalid_response");
    let cases = [
        (COMPANIES, 0, broken_off.clone()),
        (COMPANIES, 1, broken_off.clone()),
        (CONTACTS, 0, broken_off.clone()),
        (CONTACTS, 1, broken_off),
        (CONTACTS, 1, (json!({ "status": 503 }), "psa_server_error")),
        (CONTACTS, 1, (json!({ "reset": true }), "psa_unknown_error")),
        (
            CONTACTS,
            1,
            (
                json!({ "status": 200, "body": "<html>Sign in</html>" }),
                "psa_invalid_response",
            ),
        ),
        (
            CONTACTS,
            1,
            (json!({ "status": 200, "body": "{\"items\":" }), "psa_invalid_response"),
        ),
    ];
    for (list, page, (failure, code)) in cases {
        let fault = json!({ "match": { "path": list }, "skip": page, "answer": failure });
        faults::add(&sandbox, kind, &fault);
        assert_fails(&sandbox, &ana, kind, code).await;
    }
    assert_untouched(&ana, kind, &first.chosen, &directory).await;
    sandbox.stop().await;
}

async fn r09_a_list_that_ends_early_is_not_taken_for_a_whole_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let directory = import::directory(&ana).await;
    in_pages(&sandbox, kind);
    let empty = match kind {
        PsaKind::Connectwise => json!([]),
        PsaKind::Autotask => {
            json!({ "items": [], "pageDetails": { "count": 0, "requestCount": 500, "prevPageUrl": null, "nextPageUrl": null } })
        }
    };
    let empty = json!({ "status": 200, "body": empty.to_string() });
    for (list, page) in [(COMPANIES, 0), (COMPANIES, 1), (CONTACTS, 0), (CONTACTS, 1)] {
        let fault = json!({ "match": { "path": list }, "skip": page, "answer": empty });
        faults::add(&sandbox, kind, &fault);
        assert_fails(&sandbox, &ana, kind, "psa_invalid_response").await;
    }
    assert_untouched(&ana, kind, &first.chosen, &directory).await;
    sandbox.stop().await;
}

async fn r09_a_page_that_fails_for_a_while_is_asked_for_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    in_pages(&sandbox, kind);
    let expected = shown(&ana, kind).await;
    for failure in [
        json!({ "truncateAfter": 300 }),
        json!({ "status": 503 }),
        json!({ "reset": true }),
    ] {
        for list in [COMPANIES, CONTACTS] {
            faults::answer_some(&sandbox, kind, list, 1, 2, &failure);
        }
        assert_eq!(shown(&ana, kind).await, expected, "{failure}");
        faults::clear(&sandbox, kind);
    }
    sandbox.stop().await;
}

/// Fetches everything and cancels: what the rows show of the PSA.
async fn shown(api: &Api, kind: PsaKind) -> Vec<Value> {
    let import = fetch_full(api, kind).await;
    let shown = rows(api, &import, "in").await;
    api.delete(&format!("/imports/{import}")).await.unwrap();
    shown
}

/// An ordinary contact: its only address is nobody else's, and its company is there.
fn is_plain(kind: PsaKind, contact: &Value) -> bool {
    let addresses = raw::addresses(kind, contact);
    let ordinary = |address: &String| address.ends_with("@streekziekenhuis-noord.example");
    addresses.len() == 1 && addresses.iter().all(ordinary)
}

async fn r10_contacts_that_come_and_go_between_pages_are_neither_lost_nor_doubled(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    in_pages(&sandbox, kind);
    let contacts = raw::contacts(&sandbox, kind).await;
    let (pages, rows_read) = if kind == PsaKind::Connectwise {
        (20, 300)
    } else {
        (1, 500)
    };
    faults::hold(&sandbox, kind, CONTACTS, pages);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;

    // With pages counted from the start, each of these would shift what is still to come.
    let plain: Vec<usize> = (0..contacts.len())
        .filter(|&at| is_plain(kind, &contacts[at]))
        .collect();
    let (read, unread): (Vec<usize>, Vec<usize>) = plain.into_iter().partition(|&at| at < rows_read);
    let id = |at: usize| contacts[at]["id"].to_string();
    let [gone_after, gone_before] = [id(read[0]), id(unread[0])];
    psa::delete_contact(&sandbox, kind, &gone_after);
    psa::delete_contact(&sandbox, kind, &gone_before);
    let company = raw::company_of(kind, &contacts[unread[1]]);
    let added = psa::add_contact(&sandbox, kind, &company, "nieuw@streekziekenhuis-noord.example");
    psa::change(
        &sandbox,
        kind,
        json!({ "contacts": [{ "id": contacts[unread[1]]["id"], "lastName": "Anders" }] }),
    );
    faults::let_go(&sandbox).await;

    let now = fetched(&ana, &import).await;
    assert_eq!(now["state"], "review", "{now}");
    let shown: Vec<String> = addresses(&ana, &import, &company)
        .await
        .iter()
        .map(|row| psa::split(text(&row["id"])).0.to_owned())
        .collect();
    let of_company = contacts
        .iter()
        .filter(|contact| raw::company_of(kind, contact) == company);
    let stayed = of_company
        .map(|contact| contact["id"].to_string())
        .filter(|id| ![&gone_after, &gone_before].contains(&id));
    let unique: BTreeSet<&String> = shown.iter().collect();
    for contact in stayed.chain([added]) {
        assert!(unique.contains(&contact), "contact {contact} was lost");
    }
    assert!(!unique.contains(&gone_before));
    // One that was read and then deleted is in the snapshot; one deleted before it was read is not; one was added.
    assert_eq!(number(&now["progress"]["contacts"]), 600, "{now}");
    sandbox.stop().await;
}

async fn r10_companies_that_come_and_go_between_pages_are_neither_lost_nor_doubled(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    in_pages(&sandbox, kind);
    let companies = raw::companies(&sandbox, kind).await;
    let there = companies.iter().filter(|company| company["deletedFlag"] != true);
    let mut expected: BTreeSet<String> = there.map(|company| company["id"].to_string()).collect();
    let [read, last] = [
        &companies[if kind == PsaKind::Connectwise { 6 } else { 3 }],
        companies.last().unwrap(),
    ];
    faults::hold(&sandbox, kind, COMPANIES, 1);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;

    assert!(expected.remove(&last["id"].to_string()));
    assert!(expected.contains(&read["id"].to_string()), "it was read before it went");
    psa::delete(&sandbox, kind, &last["id"].to_string());
    psa::delete(&sandbox, kind, &read["id"].to_string());
    expected.insert(psa::add_company(&sandbox, kind, "Nieuwkomer"));
    faults::let_go(&sandbox).await;

    assert_eq!(fetched(&ana, &import).await["state"], "review");
    let rows = rows(&ana, &import, "in").await;
    let shown: BTreeSet<String> = rows.iter().map(|row| text(&row["id"]).to_owned()).collect();
    assert_eq!(shown, expected);
    assert_eq!(rows.len(), shown.len());
    sandbox.stop().await;
}

/// Runs of a worker so far: each is hired with one update outside a transaction.
pub fn runs(sandbox: &Sandbox) -> u64 {
    sandbox
        .spent()
        .operations
        .get("UpdateItem")
        .copied()
        .unwrap_or_default()
}

async fn r11_a_fetch_longer_than_one_run_goes_on_in_the_next(kind: PsaKind) {
    let whole = sandbox().await;
    let before = runs(&whole);
    let expected = contents(&whole.api("ana"), kind).await;
    assert_eq!(runs(&whole) - before, 1);
    whole.stop().await;

    // Five seconds are kept back for handing over, so a run has one: enough for one slow page, not for two.
    let options = Options {
        worker_timeout: Some(Duration::from_secs(6)),
        ..quick()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    for list in [COMPANIES, CONTACTS] {
        faults::answer(&sandbox, kind, list, &json!({ "delayMs": 600 }));
    }
    let before = runs(&sandbox);
    let disturbed = contents(&sandbox.api("ana"), kind).await;
    assert!(runs(&sandbox) - before >= 2, "it took one run only");
    assert_eq!(disturbed, expected);
    sandbox.stop().await;
}

/// All rows with all addresses, without what differs from sandbox to sandbox.
async fn contents(api: &Api, kind: PsaKind) -> Vec<Value> {
    let import = fetch(api, kind).await;
    let mut contents = Vec::new();
    for mut row in rows(api, &import, "in").await {
        let mut people = addresses(api, &import, text(&row["id"])).await;
        row["candidates"] = json!(row["candidates"].as_array().unwrap().len());
        for person in &mut people {
            person["conflict"].take();
        }
        contents.push(json!([row, people]));
    }
    contents
}

async fn r12_deleted_and_merged_companies_are_no_companies(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let before = rows(&ana, &import, "in").await;
    let ordinary = import::ordinary(&before);
    let [deleted, merged, into] = [0, 1, 2].map(|at| text(&ordinary[at]["id"]).to_owned());
    let contacts = psa::contacts(&addresses(&ana, &import, &merged).await);
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    psa::delete(&sandbox, kind, &deleted);
    psa::merge(&sandbox, kind, &merged, &contacts, &into);

    let import = fetch(&ana, kind).await;
    let after = rows(&ana, &import, "in").await;
    let ids = |rows: &[Value]| -> BTreeSet<String> { rows.iter().map(|row| text(&row["id"]).to_owned()).collect() };
    let gone: BTreeSet<String> = ids(&before).difference(&ids(&after)).cloned().collect();
    assert_eq!(gone, BTreeSet::from([deleted, merged]));
    let moved = psa::contacts(&addresses(&ana, &import, &into).await);
    assert!(contacts.iter().all(|contact| moved.contains(contact)));
    if kind == PsaKind::Connectwise {
        // It keeps them in its list.
        let marked = raw::companies(&sandbox, kind).await;
        assert!(marked.iter().filter(|company| company["deletedFlag"] == true).count() > 2);
    }
    sandbox.stop().await;
}

async fn r12_select_all_leaves_out_the_msp_itself(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let own: Vec<Value> = rows(&ana, &import, "in")
        .await
        .into_iter()
        .filter(|row| row["own"] == true)
        .collect();
    let id = if kind == PsaKind::Connectwise { "2" } else { "0" };
    assert_eq!(own.iter().map(|row| text(&row["id"])).collect::<Vec<_>>(), [id]);
    assert_eq!(own[0]["name"], "Noordzee ICT Beheer B.V.");

    let matched = select(&ana, &import, json!({})).await["matched"].as_u64().unwrap();
    let rows = rows(&ana, &import, "in").await;
    for row in &rows {
        // Somebody has to look at an ambiguous row, and at one that the PSA counts as inactive (R69).
        let is_clear = row["own"] == false && row["active"] == true && row["status"] != "ambiguous";
        assert_eq!(row["selected"], is_clear, "{row}");
    }
    assert_eq!(
        matched,
        rows.iter().filter(|row| row["selected"] == true).count() as u64
    );
    sandbox.stop().await;
}
