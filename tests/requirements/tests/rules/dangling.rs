//! Section D: companies whose managed company is gone from the password manager.

use requirements::import::{by_name, carry_out, decide, done, execute, fetch, id, ordinary, planned, row, rows};
use requirements::stage::{sandbox, text};
use requirements::{Api, PsaKind, Sandbox, behind, for_both, managed};
use serde_json::{Value, json};

for_both!(
    r15_a_company_whose_managed_company_is_gone_is_shown_apart,
    r15_without_a_choice_nothing_becomes_of_it,
    r15_it_is_linked_to_the_managed_company_that_is_chosen,
    r15_it_gets_a_new_managed_company_if_asked,
);

/// Imports a company without its people, and has its managed company removed; gives the company's row of the next import.
async fn dangling(sandbox: &Sandbox, ana: &Api, kind: PsaKind) -> (String, Value) {
    let import = fetch(ana, kind).await;
    let company = ordinary(&rows(ana, &import, "in").await)[0].clone();
    decide(ana, &import, id(&company), json!({ "selected": true })).await;
    carry_out(ana, &import).await;
    let made = managed::all(ana).await;
    behind::forget_managed_company(sandbox, id(by_name(&made, text(&company["name"])))).await;
    let import = fetch(ana, kind).await;
    let now = row(ana, &import, id(&company)).await;
    (import, now)
}

async fn r15_a_company_whose_managed_company_is_gone_is_shown_apart(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, company) = dangling(&sandbox, &ana, kind).await;
    assert_eq!((&company["status"], company.get("mapped")), (&json!("dangling"), None));
    assert!(company["lastImported"].is_string());
    let apart = format!("/imports/{import}/companies?tab=in&status=dangling");
    assert_eq!(ana.list(&apart).await.unwrap(), [company]);
    sandbox.stop().await;
}

async fn r15_without_a_choice_nothing_becomes_of_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, company) = dangling(&sandbox, &ana, kind).await;
    let before = managed::all(&ana).await;
    decide(&ana, &import, id(&company), json!({ "selected": true })).await;
    let agreed = execute(&ana, &import).await;
    let item = planned(&agreed, id(&company))[0];
    assert_eq!((&item["action"], &item["reason"]), (&json!("skip"), &json!("dangling")));
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["skipped"], &result["skipped"][0]["code"]),
        (&json!(1), &json!("dangling"))
    );
    assert_eq!(managed::all(&ana).await, before);
    sandbox.stop().await;
}

async fn r15_it_is_linked_to_the_managed_company_that_is_chosen(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, company) = dangling(&sandbox, &ana, kind).await;
    let chosen = managed::add(&ana, "Opvolger").await;
    let decision = json!({ "selected": true, "target": { "existing": chosen } });
    decide(&ana, &import, id(&company), decision).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["linked"], 1);
    let import = fetch(&ana, kind).await;
    let now = row(&ana, &import, id(&company)).await;
    assert_eq!(
        (&now["status"], &now["mapped"]["id"]),
        (&json!("mapped"), &json!(chosen))
    );
    sandbox.stop().await;
}

async fn r15_it_gets_a_new_managed_company_if_asked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, company) = dangling(&sandbox, &ana, kind).await;
    let decision = json!({ "selected": true, "target": { "create": {} } });
    decide(&ana, &import, id(&company), decision).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["created"], 1);
    assert_eq!(managed::named(&ana, text(&company["name"])).await, 1);
    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, id(&company)).await["status"], "mapped");
    sandbox.stop().await;
}
