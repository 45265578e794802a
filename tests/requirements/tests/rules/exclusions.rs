//! Companies and people that are excluded for good (R96).

use std::sync::atomic::Ordering;

use futures::future::join_all;
use requirements::import::{
    addresses, carry_out, choose, choose_mapped, choose_one, decide, directory, done, execute, fetch, first_import_of,
    id, ordinary, plan, planned, row, rows, select, tick_everybody,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{PATIENCE, advance, number, sandbox, text};
use requirements::unattended::{set_policy, unattended};
use requirements::{Answer, Api, PsaKind, Sandbox, behind, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::Trouble;
use crate::removal::{connect, path, told};
use crate::survival::far;

for_both!(
    r96_what_is_excluded_is_selected_by_no_rule_and_no_decision,
    r96_an_exclusion_during_a_review_changes_its_plan,
    r96_nobody_ticks_an_excluded_person,
    r96_of_one_address_the_contact_that_is_not_excluded_gets_it,
    r96_a_shared_address_does_not_pass_to_somebody_excluded,
    r96_a_person_imported_before_and_excluded_since_keeps_access,
    r96_unattended_imports_leave_out_what_is_excluded,
    r96_nothing_is_excluded_while_an_import_executes,
    r96_exclusions_at_once_are_all_kept,
    r96_exclusions_come_back_with_their_integration,
);

const WHY: &str = "Een leverancier, geen klant.";

async fn exclude(api: &Api, kind: PsaKind, what: &str) -> Value {
    let path = format!("{}/exclusions/{what}", path(api, kind).await);
    api.put(&path, &json!({ "why": WHY })).await.unwrap()
}

async fn bring_back(api: &Api, kind: PsaKind, what: &str) {
    let path = format!("{}/exclusions/{what}", path(api, kind).await);
    api.delete(&path).await.unwrap();
}

async fn excluded(api: &Api, kind: PsaKind) -> Vec<String> {
    let path = format!("{}/exclusions", path(api, kind).await);
    let all = api.list(&path).await.unwrap();
    let ids = all.iter().map(|one| format!("{}/{}", text(&one["kind"]), id(one)));
    ids.collect()
}

async fn patch(api: &Api, path: &str, version: &Value) -> Answer {
    let decision = json!({ "version": version, "selected": true });
    call(api, Method::PATCH, path, Some(&decision)).await
}

async fn selected(api: &Api, import: &str) -> Vec<String> {
    let rows = rows(api, import, "in").await.into_iter();
    let selected = rows.filter(|row| row["selected"] == true);
    selected.map(|row| id(&row).to_owned()).collect()
}

async fn r96_what_is_excluded_is_selected_by_no_rule_and_no_decision(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let one = id(&ordinary(&rows(&ana, &import, "in").await)[0]).to_owned();
    decide(&ana, &import, &one, json!({ "selected": true })).await;
    let view = exclude(&ana, kind, &format!("companies/{one}")).await;
    assert_eq!(
        (&view["kind"], &view["id"], &view["why"]),
        (&json!("company"), &json!(one), &json!(WHY))
    );
    let matched = number(&select(&ana, &import, json!({})).await["matched"]);
    let chosen = selected(&ana, &import).await;
    assert_eq!((matched, chosen.contains(&one)), (chosen.len() as u64, false));
    let shown = row(&ana, &import, &one).await;
    assert_eq!(
        shown["excluded"],
        json!({ "why": WHY, "by": view["by"], "at": view["at"] })
    );
    let refused = patch(&ana, &format!("/imports/{import}/companies/{one}"), &shown["version"]).await;
    assert_problem(&refused, 409, "not_selectable");
    let only = ana
        .list(&format!("/imports/{import}/companies?tab=in&excluded=true"))
        .await
        .unwrap();
    assert_eq!(only, [shown]);
    let counts = ana.get(&format!("/imports/{import}")).await.unwrap()["excluded"].clone();
    assert_eq!(counts, json!({ "companies": 1, "people": 0 }));
    // What was decided before counts again.
    bring_back(&ana, kind, &format!("companies/{one}")).await;
    assert!(selected(&ana, &import).await.contains(&one));
    assert_eq!(excluded(&ana, kind).await, [""; 0]);
    let gone = format!("{}/exclusions/companies/{one}", path(&ana, kind).await);
    assert_problem(&call(&ana, Method::DELETE, &gone, None).await, 404, "not_found");
    sandbox.stop().await;
}

async fn r96_an_exclusion_during_a_review_changes_its_plan(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let import = fetch(&ana, kind).await;
    let chosen = choose(&ana, &import, 2).await;
    let before = plan(&ana, &import).await;
    let what = format!("companies/{}", id(&chosen[0]));
    // An administrator who does not hold the import does it: an exclusion is the integration's.
    exclude(&bram, kind, &what).await;
    let confirm = json!({ "planHash": before["hash"], "confirmMassChange": true });
    let refused = call(
        &ana,
        Method::POST,
        &format!("/imports/{import}/execute"),
        Some(&confirm),
    )
    .await;
    assert_problem(&refused, 409, "plan_changed");
    let now = plan(&ana, &import).await;
    assert!(planned(&now, id(&chosen[0])).is_empty() && !planned(&now, id(&chosen[1])).is_empty());
    bring_back(&ana, kind, &what).await;
    assert_eq!(plan(&ana, &import).await["hash"], before["hash"]);
    exclude(&ana, kind, &what).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["companies"]["created"], 1, "{result}");
    assert_eq!(managed::named(&ana, text(&chosen[0]["name"])).await, 0);
    // What was decided is shown as it was when the import ended.
    exclude(&ana, kind, &format!("companies/{}", id(&chosen[1]))).await;
    assert!(row(&ana, &import, id(&chosen[1])).await.get("excluded").is_none());
    sandbox.stop().await;
}

/// A company with these people, each with one address.
fn enter(sandbox: &Sandbox, kind: PsaKind, people: &[&str]) -> String {
    let company = psa::add_company(sandbox, kind, "Uitgezonderd");
    psa::add_contacts(sandbox, kind, &company, people);
    company
}

async fn r96_nobody_ticks_an_excluded_person(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = enter(&sandbox, kind, &["scanner@uit.example", "bea@uit.example"]);
    let import = fetch(&ana, kind).await;
    let scanner = row_of(&ana, &import, &company, "scanner@uit.example").await;
    psa::add_address(&sandbox, kind, id(&scanner), "scanner2@uit.example");
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let contact = psa::split(id(&scanner)).0;
    exclude(&ana, kind, &format!("people/{contact}")).await;
    let all = addresses(&ana, &import, &company).await;
    for row in &all {
        let is_scanners = psa::split(id(row)).0 == contact;
        assert_eq!(
            (row.get("excluded").is_some(), &row["selected"]),
            (is_scanners, &json!(!is_scanners)),
            "{row}"
        );
    }
    assert_eq!(all.iter().filter(|row| row.get("excluded").is_some()).count(), 2);
    let at = format!("/imports/{import}/companies/{company}/addresses");
    let refused = patch(&ana, &format!("{at}/{}", id(&scanner)), &all[0]["version"]).await;
    assert_problem(&refused, 409, "not_selectable");
    let body = json!({ "selected": true, "where": {} });
    let matched = ana.post(&format!("{at}/select"), &body).await.unwrap();
    assert_eq!(matched["matched"], 1);
    let page = ana.get(&format!("{at}?excluded=true&counts=true")).await.unwrap();
    assert_eq!(page["counts"]["excluded"], 2);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["users"]["created"], 1, "{result}");
    sandbox.stop().await;
}

async fn row_of(api: &Api, import: &str, company: &str, address: &str) -> Value {
    let all = addresses(api, import, company).await;
    let found = all.into_iter().find(|row| row["address"] == address);
    found.unwrap_or_else(|| panic!("nobody has {address}"))
}

async fn r96_of_one_address_the_contact_that_is_not_excluded_gets_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = enter(&sandbox, kind, &["balie@uit.example", "balie@uit.example"]);
    let import = fetch(&ana, kind).await;
    let shown = row_of(&ana, &import, &company, "balie@uit.example").await;
    exclude(&ana, kind, &format!("people/{}", psa::split(id(&shown)).0)).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let other = row_of(&ana, &import, &company, "balie@uit.example").await;
    assert!(id(&other) != id(&shown) && other.get("excluded").is_none(), "{other}");
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 1);
    sandbox.stop().await;
}

async fn r96_a_shared_address_does_not_pass_to_somebody_excluded(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let desk = "balie@uit.example";
    let company = enter(&sandbox, kind, &[desk; 3]);
    let import = fetch(&ana, kind).await;
    let first = row_of(&ana, &import, &company, desk).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    carry_out(&ana, &import).await;
    // The contact who would have it next is excluded.
    let mover = psa::split(id(&first)).0;
    psa::change_first_address(&sandbox, kind, mover, "weg@uit.example");
    let import = fetch(&ana, kind).await;
    let second = row_of(&ana, &import, &company, desk).await;
    assert_eq!(second["status"], "mapped", "{second}");
    exclude(&ana, kind, &format!("people/{}", psa::split(id(&second)).0)).await;
    let third = row_of(&ana, &import, &company, desk).await;
    assert_ne!(id(&third), id(&second));
    assert_eq!(
        (&third["status"], &third["selected"]),
        (&json!("mapped"), &json!(true)),
        "{third}"
    );
    // With nobody else it is nobody's, and the user stays where it is.
    exclude(&ana, kind, &format!("people/{}", psa::split(id(&third)).0)).await;
    let nobody = row_of(&ana, &import, &company, desk).await;
    assert_eq!(nobody["selected"], false, "{nobody}");
    decide(&ana, &import, &company, json!({ "selected": true })).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["users"]["changedAddress"], 0, "{result}");
    bring_back(&ana, kind, &format!("people/{}", psa::split(id(&third)).0)).await;
    let again = fetch(&ana, kind).await;
    let back = row_of(&ana, &again, &company, desk).await;
    assert_eq!((id(&back), &back["status"]), (id(&third), &json!("mapped")), "{back}");
    sandbox.stop().await;
}

async fn r96_a_person_imported_before_and_excluded_since_keeps_access(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = enter(&sandbox, kind, &["ada@uit.example", "bea@uit.example"]);
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    carry_out(&ana, &import).await;
    let before = directory(&ana).await;
    let ada = row_of(&ana, &import, &company, "ada@uit.example").await;
    let contact = psa::split(id(&ada)).0;
    exclude(&ana, kind, &format!("people/{contact}")).await;
    psa::change_address(&sandbox, kind, id(&ada), "ada.nieuw@uit.example");
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    tick_everybody(&ana, &import, &row(&ana, &import, &company).await).await;
    let plan = plan(&ana, &import).await;
    let items = planned(&plan, &company);
    let hers = items.iter().find(|item| item["address"]["id"] == id(&ada)).unwrap();
    assert_eq!((&hers["action"], &hers["reason"]), (&json!("skip"), &json!("excluded")));
    carry_out(&ana, &import).await;
    assert_eq!(
        directory(&ana).await,
        before,
        "nothing is taken away, and nothing moved"
    );
    // Brought back, the address is carried over as if nothing had been.
    bring_back(&ana, kind, &format!("people/{contact}")).await;
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["changedAddress"], 1);
    sandbox.stop().await;
}

async fn r96_unattended_imports_leave_out_what_is_excluded(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let mapped = id(&first.chosen[0]);
    let new = enter(&sandbox, kind, &["nieuw@uit.example"]);
    exclude(&ana, kind, &format!("companies/{mapped}")).await;
    exclude(&ana, kind, &format!("companies/{new}")).await;
    psa::rename(&sandbox, kind, mapped, "Hernoemd");
    let generous = json!({
        "newCompanies": true, "newAddresses": true, "massChange": { "percent": 100, "atLeast": 100_000 },
    });
    set_policy(&ana, kind, &generous).await;
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let night = unattended(&sandbox, kind, "night").await;
    assert_eq!(night["state"], "done", "{night}");
    for name in ["Hernoemd", "Uitgezonderd"] {
        assert_eq!(managed::named(&ana, name).await, 0, "{name}");
    }
    bring_back(&ana, kind, &format!("companies/{mapped}")).await;
    unattended(&sandbox, kind, "next").await;
    assert_eq!(managed::named(&ana, "Hernoemd").await, 1);
    sandbox.stop().await;
}

async fn r96_nothing_is_excluded_while_an_import_executes(kind: PsaKind) {
    let (options, trouble) = far(Trouble {
        tell_at: 3,
        falls_silent: true,
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let chosen = choose(&ana, &import, 2).await;
    execute(&ana, &import).await;
    tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
    let path = path(&ana, kind).await;
    let at = format!("{path}/exclusions/companies/{}", id(&chosen[1]));
    let refused = call(&ana, Method::PUT, &at, Some(&json!({ "why": WHY }))).await;
    assert_problem(&refused, 423, "integration_locked");
    assert_eq!(refused.body["import"], import);
    trouble.is_silent.store(false, Ordering::SeqCst);
    advance(&sandbox, 1_201).await;
    assert_eq!(done(&ana, &import).await["companies"]["created"], 2);
    exclude(&ana, kind, &format!("companies/{}", id(&chosen[1]))).await;
    sandbox.stop().await;
}

async fn r96_exclusions_at_once_are_all_kept(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    // Before the first import, and then during a review.
    for (from, import) in [(0, false), (4, true)] {
        if import {
            fetch(&ana, kind).await;
        }
        let all = (from..from + 4).map(|number| {
            let ana = &ana;
            async move { exclude(ana, kind, &format!("people/{number}")).await }
        });
        join_all(all).await;
    }
    assert_eq!(excluded(&ana, kind).await.len(), 8);
    // Repeated, since the answer was lost, it is the same; another reason is another entry.
    let path = path(&ana, kind).await;
    let before = told(&ana, &path).await.len();
    let again = exclude(&ana, kind, "people/0").await;
    assert_eq!(exclude(&ana, kind, "people/0").await, again);
    assert_eq!(told(&ana, &path).await.len(), before);
    let other = json!({ "why": "Toch anders.", "name": "Scanner" });
    let changed = ana.put(&format!("{path}/exclusions/people/0"), &other).await.unwrap();
    assert_eq!((&changed["why"], &changed["name"]), (&other["why"], &other["name"]));
    bring_back(&ana, kind, "people/0").await;
    assert_eq!(told(&ana, &path).await[..2], ["broughtBack", "excluded"]);
    let page = ana.get(&format!("{path}/exclusions?kind=company")).await.unwrap();
    assert_eq!(page["items"], json!([]));
    sandbox.stop().await;
}

async fn r96_exclusions_come_back_with_their_integration(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = path(&ana, kind).await;
    exclude(&ana, kind, "companies/12").await;
    let before = ana.list(&format!("{path}/exclusions")).await.unwrap();
    ana.delete(&path).await.unwrap();
    for method in [Method::PUT, Method::DELETE] {
        let body = (method == Method::PUT).then(|| json!({ "why": WHY }));
        let at = format!("{path}/exclusions/companies/12");
        let answer = call(&ana, method, &at, body.as_ref()).await;
        assert_problem(&answer, 404, "integration_not_found");
    }
    let adopted = connect(&sandbox, kind, Some(path.rsplit('/').next().unwrap())).await;
    assert_eq!(adopted.status, 201, "{}", adopted.body);
    assert_eq!(ana.list(&format!("{path}/exclusions")).await.unwrap(), before);
    sandbox.stop().await;
}

#[tokio::test]
async fn r96_as_much_is_excluded_as_fits_and_no_more() {
    let sandbox = sandbox().await;
    let (ana, kind) = (sandbox.api("ana"), PsaKind::Connectwise);
    let path = path(&ana, kind).await;
    let long = json!({ "why": "x".repeat(501) });
    let answer = call(&ana, Method::PUT, &format!("{path}/exclusions/people/1"), Some(&long)).await;
    assert_problem(&answer, 400, "invalid_request");
    assert_eq!(answer.body["errors"][0]["pointer"], "/why");
    // As many as there may be: another reason is taken, another person is not.
    behind::exclude(&sandbox, &path, (0..2_000).map(|_| "kort".to_owned())).await;
    assert_eq!(excluded(&ana, kind).await.len(), 2_000);
    exclude(&ana, kind, "people/7").await;
    let one_more = format!("{path}/exclusions/people/2000");
    let refused = call(&ana, Method::PUT, &one_more, Some(&json!({ "why": WHY }))).await;
    assert_problem(&refused, 422, "limit_exceeded");
    // Reasons that do not pack: fewer fit.
    let long = || (0..500).map(|_| rand::random_range('一'..'鿿')).collect::<String>();
    behind::exclude(&sandbox, &path, (0..280).map(|_| long())).await;
    let mut kept = 280;
    let refused = loop {
        let at = format!("{path}/exclusions/people/{kept}");
        let answer = call(&ana, Method::PUT, &at, Some(&json!({ "why": long() }))).await;
        if answer.status != 200 {
            break answer;
        }
        kept += 1;
    };
    assert_problem(&refused, 422, "limit_exceeded");
    assert_eq!(refused.body["of"], "exclusions");
    assert_eq!(excluded(&ana, kind).await.len(), kept);
    fetch(&ana, kind).await;
    sandbox.stop().await;
}
