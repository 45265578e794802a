//! What LastPass cannot do or does later, and what people have done in it (R83, R84, R85).

use requirements::download::download;
use requirements::import::{carry_out, done, execute, id, plan, planned, row};
use requirements::lastpass::{self, holds};
use requirements::people::Company;
use requirements::stage::{advance, text};
use requirements::{PsaKind, Sandbox, for_both, managed, psa};
use serde_json::{Value, json};

for_both!(
    r83_a_company_that_was_renamed_says_so_before_and_after,
    r84_an_address_that_needs_the_user_is_asked_for_once,
    r83_r84_an_address_that_lastpass_refuses_to_change_is_told,
    r85_a_suspended_company_and_a_disabled_user_are_left_alone,
    r85_who_enrols_with_another_address_says_so_and_is_not_asked,
    r85_a_detached_company_and_a_deleted_user_are_dangling,
    r85_a_company_that_is_forbidden_ends_no_import,
);

const DAY: i64 = 25 * 3_600;
const ANNA: (&str, &str) = ("Anna", "Bos");
const BERT: (&str, &str) = ("Bert", "Vos");
const NEW: &str = "anna@nieuw.example";

/// A company with two people, who have both enrolled.
async fn enrolled(sandbox: &Sandbox, kind: PsaKind) -> Company<'_> {
    let people = [(ANNA, "anna@eigen.example"), (BERT, "bert@eigen.example")];
    let company = Company::imported(sandbox, kind, &people).await;
    for (user, _) in company.users().await {
        change_user(sandbox, &user, json!({ "accountStatus": "enrolled" }));
    }
    advance(sandbox, DAY).await;
    company
}

fn change_user(sandbox: &Sandbox, user: &str, mut change: Value) {
    change["id"] = json!(lastpass::number(user));
    lastpass::change(sandbox, json!({ "users": [change] }));
}

/// The action and reason of a contact in the plan of what was imported before.
async fn planned_of(company: &Company<'_>, contact: usize) -> (String, String) {
    let import = company.review().await;
    let item = company.planned(&import, contact).await.unwrap();
    company.ana.delete(&format!("/imports/{import}")).await.unwrap();
    (text(&item["action"]).to_owned(), text(&item["reason"]).to_owned())
}

fn is(action: &str, reason: &str) -> (String, String) {
    (action.to_owned(), reason.to_owned())
}

async fn r83_a_company_that_was_renamed_says_so_before_and_after(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = enrolled(&sandbox, kind).await;
    psa::rename(&sandbox, kind, &company.id, "Heel anders BV");
    let import = company.review().await;
    let agreed = plan(&company.ana, &import).await;
    let item = planned(&agreed, &company.id)[0];
    assert_eq!(
        (&item["action"], &item["reason"]),
        (&json!("skip"), &json!("cannot_rename"))
    );
    execute(&company.ana, &import).await;
    let result = done(&company.ana, &import).await;
    assert_eq!(result["skipped"][0]["code"], "cannot_rename", "{result}");
    assert!(!text(&result["skipped"][0]["action"]).is_empty());
    let named = holds(&sandbox).await;
    assert!(named.keys().any(|(_, name)| name == "Eigen mensen BV"));

    // Renamed in its console it is as it should be.
    lastpass::change(
        &sandbox,
        json!({ "companies": [{ "id": lastpass::number(&company.managed), "name": "Heel anders BV" }] }),
    );
    let import = company.review().await;
    let agreed = plan(&company.ana, &import).await;
    assert_eq!(planned(&agreed, &company.id)[0]["action"], "unchanged");
    lastpass::end(sandbox).await;
}

async fn r84_an_address_that_needs_the_user_is_asked_for_once(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    lastpass::set(&sandbox, json!({ "patchFields": "pending" }));
    let company = enrolled(&sandbox, kind).await;
    let anna = company.user_of("anna@eigen.example").await;
    company.moves(0, NEW);
    assert_eq!(
        planned_of(&company, 0).await,
        is("changeAddress", "needs_users_agreement")
    );
    let result = company.import().await;
    assert_eq!(result["skipped"][0]["code"], "waits_for_user", "{result}");
    assert_eq!(lastpass::mails(&sandbox, "addressChange"), 1);

    assert_eq!(planned_of(&company, 0).await, is("skip", "waits_for_user"));
    company.import().await;
    advance(&sandbox, DAY).await;
    company.import().await;
    assert_eq!(lastpass::mails(&sandbox, "addressChange"), 1);

    lastpass::change(&sandbox, json!({ "signIn": [lastpass::number(&anna)] }));
    advance(&sandbox, DAY).await;
    company.import().await;
    assert_eq!(planned_of(&company, 0).await.0, "unchanged");
    assert_eq!(company.address_of(&anna).await, NEW);
    assert_eq!(company.users().await.len(), 2);
    lastpass::end(sandbox).await;
}

async fn r83_r84_an_address_that_lastpass_refuses_to_change_is_told(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    lastpass::set(&sandbox, json!({ "patchFields": "refused" }));
    let company = enrolled(&sandbox, kind).await;
    company.moves(0, NEW);
    let import = company.review().await;
    let result = carry_out(&company.ana, &import).await;
    assert_eq!(result["errors"][0]["code"], "address_cannot_change", "{result}");
    let says = text(&result["errors"][0]["directorySays"]);
    assert!(says.contains("The email cannot be changed."), "{result}");
    // The file says it, too (R41).
    let file = download(&sandbox, &format!("/imports/{import}/result"), "text/csv")
        .await
        .text;
    let quoting: Vec<&str> = file.lines().filter(|line| line.contains(says)).collect();
    assert_eq!(quoting.len(), 1, "{file}");
    assert!(quoting[0].contains("address_cannot_change"), "{file}");

    lastpass::set(&sandbox, json!({ "patchFields": "atOnce" }));
    let result = company.import().await;
    assert_eq!(result["users"]["changedAddress"], 1, "{result}");
    assert_eq!(planned_of(&company, 0).await.0, "unchanged");
    // Somebody who has not enrolled cannot be asked.
    let bert = company.user_of("bert@eigen.example").await;
    change_user(&sandbox, &bert, json!({ "accountStatus": "staged" }));
    advance(&sandbox, DAY).await;
    company.moves(1, "bert@nieuw.example");
    assert_eq!(planned_of(&company, 1).await, is("skip", "address_cannot_change"));
    lastpass::end(sandbox).await;
}

async fn r85_a_suspended_company_and_a_disabled_user_are_left_alone(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = enrolled(&sandbox, kind).await;
    let anna = company.user_of("anna@eigen.example").await;
    change_user(&sandbox, &anna, json!({ "accountStatus": "disabled" }));
    advance(&sandbox, DAY).await;
    assert_eq!(planned_of(&company, 0).await, is("skip", "user_disabled"));
    assert_eq!(planned_of(&company, 1).await.0, "unchanged");

    lastpass::change(
        &sandbox,
        json!({ "companies": [{ "id": lastpass::number(&company.managed), "status": "suspended" }] }),
    );
    let import = company.review().await;
    let agreed = plan(&company.ana, &import).await;
    let item = planned(&agreed, &company.id)[0];
    assert_eq!(
        (&item["action"], &item["reason"]),
        (&json!("skip"), &json!("company_suspended"))
    );
    let result = carry_out(&company.ana, &import).await;
    assert_eq!(result["companies"]["failed"], 0, "{result}");
    assert_eq!(company.users().await.len(), 2);
    lastpass::end(sandbox).await;
}

async fn r85_who_enrols_with_another_address_says_so_and_is_not_asked(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    lastpass::set(
        &sandbox,
        json!({ "enrolWithOtherAddress": "on", "patchFields": "pending" }),
    );
    let company = Company::imported(&sandbox, kind, &[(ANNA, "anna@eigen.example")]).await;
    let anna = company.user_of("anna@eigen.example").await;
    // Somebody invites her in the console, and she follows the invitation.
    change_user(&sandbox, &anna, json!({ "accountStatus": "pending-invitation" }));
    lastpass::change(&sandbox, json!({ "accept": [lastpass::number(&anna)] }));
    advance(&sandbox, DAY).await;
    assert_eq!(planned_of(&company, 0).await, is("skip", "user_has_another_address"));
    let result = company.import().await;
    assert_eq!(result["skipped"][0]["code"], "user_has_another_address", "{result}");
    assert!(!text(&result["skipped"][0]["action"]).is_empty());
    let own = "own.anna@eigen.example";
    assert_eq!(company.users().await, [(anna, own.to_owned())]);
    assert_eq!(lastpass::mails(&sandbox, "addressChange"), 0);

    // The PSA is corrected, as the row advises.
    company.moves(0, own);
    company.import().await;
    assert_eq!(planned_of(&company, 0).await.0, "unchanged");
    assert_eq!(company.users().await.len(), 1);
    assert_eq!(lastpass::mails(&sandbox, "addressChange"), 0);
    lastpass::end(sandbox).await;
}

async fn r85_a_detached_company_and_a_deleted_user_are_dangling(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = enrolled(&sandbox, kind).await;
    let anna = company.user_of("anna@eigen.example").await;
    lastpass::change(&sandbox, json!({ "delete": { "users": [lastpass::number(&anna)] } }));
    advance(&sandbox, DAY).await;
    let import = company.review().await;
    let gone = company.row(&import, 0).await.unwrap();
    assert_eq!(gone["status"], "dangling", "{gone}");
    let result = carry_out(&company.ana, &import).await;
    assert_eq!(result["users"]["created"], 0, "nobody asked for it: {result}");

    lastpass::change(
        &sandbox,
        json!({ "delete": { "companies": [lastpass::number(&company.managed)] } }),
    );
    let import = company.review().await;
    assert_eq!(row(&company.ana, &import, &company.id).await["status"], "dangling");
    assert!(
        managed::all(&company.ana)
            .await
            .iter()
            .all(|one| id(one) != company.managed)
    );
    lastpass::end(sandbox).await;
}

async fn r85_a_company_that_is_forbidden_ends_no_import(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    lastpass::set(&sandbox, json!({ "statusForForeignCompany": "forbidden" }));
    let company = enrolled(&sandbox, kind).await;
    psa::add_contact(&sandbox, kind, &company.id, "cora@eigen.example");
    let import = company.review().await;
    requirements::import::tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    // Between the fetch and the execution it is detached.
    lastpass::change(
        &sandbox,
        json!({ "delete": { "companies": [lastpass::number(&company.managed)] } }),
    );
    let result = carry_out(&company.ana, &import).await;
    let failed = result["errors"].as_array().unwrap();
    assert!(
        failed.iter().any(|row| row["code"] == "managed_company_not_found"),
        "{result}"
    );
    lastpass::end(sandbox).await;
}
