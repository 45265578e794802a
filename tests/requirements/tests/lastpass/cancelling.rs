//! An import into LastPass that is cancelled while a row waits leaves nothing behind that a later import makes again (R37, R82, R86).

use std::time::{Duration, Instant};

use requirements::import::{choose, choose_one, done, fetch, plan, row, tick_everybody};
use requirements::lastpass::{self, holds};
use requirements::people::Company;
use requirements::stage::{PATIENCE, advance, number, quick, text};
use requirements::{Api, Options, PsaKind, Sandbox, for_both, psa};
use serde_json::{Value, json};

use crate::creating::assert_once;
use crate::trouble;

for_both!(
    r82_cancelled_while_a_user_waits_nobody_is_made_twice,
    r82_cancelled_while_a_company_waits_nothing_is_made_twice,
    r37_r40_whom_a_dead_run_created_counts_when_cancelled,
    r44_a_cancelled_import_ends_although_lastpass_is_silent,
    r44_a_cancelled_import_does_not_wait_for_a_company_that_was_asked_for,
);

const BERT: &str = "bert@eigen.example";

/// Imports after the cancelled one at most: the first finds out what the cancelled one has done, and the next is planned with it.
const MAX_IMPORTS: usize = 2;

/// Confirms the plan, with an invitation for each new user.
async fn confirm(ana: &Api, import: &str) {
    let agreed = plan(ana, import).await;
    let confirm = json!({ "planHash": agreed["hash"], "confirmMassChange": true, "creation": "invite" });
    let path = format!("/imports/{import}/execute");
    ana.post(&path, &confirm).await.unwrap();
}

/// Carries an import out, with time for what waits; gives the result.
async fn carry_out(sandbox: &Sandbox, ana: &Api, import: &str) -> Value {
    confirm(ana, import).await;
    lastpass::let_pass(sandbox, import, 60).await;
    done(ana, import).await
}

/// Carries an import out, and cancels it once it has asked for one more company or user.
async fn cancelled(sandbox: &Sandbox, ana: &Api, import: &str) {
    let (before, end) = (lastpass::creations(sandbox), Instant::now() + PATIENCE);
    confirm(ana, import).await;
    while lastpass::creations(sandbox) == before {
        assert!(Instant::now() < end, "nothing is asked for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let path = format!("/imports/{import}");
    ana.delete(&path).await.unwrap();
    lastpass::let_pass(sandbox, import, 60).await;
    let now = ana.get(&path).await.unwrap();
    assert_eq!(now["state"], "cancelled", "{now}");
}

async fn r82_cancelled_while_a_user_waits_nobody_is_made_twice(kind: PsaKind) {
    for (answer, listed, mailed) in [
        (json!({ "reset": true }), "readYourWrites", 0),
        (json!({ "loseReply": true }), "fiveSecondsLate", 1),
    ] {
        let sandbox = lastpass::sandbox().await;
        let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
        // One that was just made may not take users yet.
        advance(&sandbox, 600).await;
        psa::add_contact(&sandbox, kind, &company.id, BERT);
        lastpass::set(&sandbox, json!({ "eventualReads": listed }));
        trouble::add(
            &sandbox,
            json!({ "match": { "method": "POST", "path": "/users$" }, "times": 1, "answer": answer }),
        );
        let ticked = async || {
            let import = company.review().await;
            tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
            import
        };
        cancelled(&sandbox, &company.ana, &ticked().await).await;
        assert_eq!(lastpass::mails(&sandbox, "invitation"), mailed);

        for imports in 1.. {
            let result = carry_out(&sandbox, &company.ana, &ticked().await).await;
            let errors = result["errors"].as_array().unwrap();
            if errors.is_empty() {
                break;
            }
            let is_found_out = errors.iter().all(|error| error["code"] == "plan_changed");
            assert!(is_found_out && imports < MAX_IMPORTS, "{result}");
        }
        let addresses: Vec<String> = holds(&sandbox).await.into_values().flatten().collect();
        assert_eq!(addresses.iter().filter(|address| *address == BERT).count(), 1);
        assert_eq!(lastpass::mails(&sandbox, "invitation"), 1, "{listed}");
        company.assert_unchanged().await;
        lastpass::end(sandbox).await;
    }
}

async fn r82_cancelled_while_a_company_waits_nothing_is_made_twice(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    lastpass::set(&sandbox, json!({ "companyCreateDelay": "sixtySeconds" }));
    let import = fetch(&ana, kind).await;
    let chosen = choose(&ana, &import, 1).await;
    cancelled(&sandbox, &ana, &import).await;
    assert_eq!(trouble::asked(&sandbox, "POST", "/managed-companies"), 1);

    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, text(&chosen[0]["id"])).await).await;
    let result = carry_out(&sandbox, &ana, &import).await;
    lastpass::assert_created(&result);
    let created = number(&result["users"]["created"]);
    assert!(created > 0, "{result}");
    assert_once(&holds(&sandbox).await, &chosen);
    assert_eq!(trouble::asked(&sandbox, "POST", "/managed-companies"), 1);
    assert_eq!(lastpass::mails(&sandbox, "invitation") as u64, created);
    lastpass::end(sandbox).await;
}

async fn r44_a_cancelled_import_ends_although_lastpass_is_silent(kind: PsaKind) {
    let sandbox = lastpass::sandbox().await;
    let company = Company::imported(&sandbox, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    advance(&sandbox, 600).await;
    psa::add_contact(&sandbox, kind, &company.id, BERT);
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    // Silent from the first request for a user on.
    let silent = json!({ "status": 503 });
    let post = json!({ "match": { "method": "POST", "path": "/users$" }, "answer": silent });
    trouble::add(&sandbox, post);
    let asked = trouble::asked(&sandbox, "POST", "/users");
    confirm(&company.ana, &import).await;
    let end = Instant::now() + PATIENCE;
    while trouble::asked(&sandbox, "POST", "/users") == asked {
        assert!(Instant::now() < end, "nobody is asked for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    lastpass::answer(&sandbox, &silent);
    trouble::waits(&sandbox, &import, None)
        .await
        .expect("it waits for LastPass");
    company.ana.delete(&format!("/imports/{import}")).await.unwrap();
    advance(&sandbox, 60).await;
    ended(&company.ana, &import).await;
    lastpass::take_all(&sandbox);
    lastpass::end(sandbox).await;
}

/// The result of a cancelled import, once it has ended.
async fn ended(ana: &Api, import: &str) -> Value {
    let (path, end) = (format!("/imports/{import}"), Instant::now() + PATIENCE);
    loop {
        let now = ana.get(&path).await.unwrap();
        if now["state"] == "cancelled" {
            return ana.get(&format!("{path}/result")).await.unwrap();
        }
        assert!(now["state"] == "executing" && Instant::now() < end, "{now}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn r44_a_cancelled_import_does_not_wait_for_a_company_that_was_asked_for(kind: PsaKind) {
    for is_silent in [false, true] {
        let sandbox = lastpass::sandbox().await;
        let ana = sandbox.api("ana");
        lastpass::set(&sandbox, json!({ "companyCreateDelay": "fifteenMinutes" }));
        let import = fetch(&ana, kind).await;
        let chosen = choose(&ana, &import, 1).await;
        let before = lastpass::creations(&sandbox);
        confirm(&ana, &import).await;
        let end = Instant::now() + PATIENCE;
        while lastpass::creations(&sandbox) == before {
            assert!(Instant::now() < end, "nothing is asked for");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        trouble::waits(&sandbox, &import, None).await.expect("it waits");
        if is_silent {
            lastpass::answer(&sandbox, &json!({ "status": 503 }));
        }
        ana.delete(&format!("/imports/{import}")).await.unwrap();
        advance(&sandbox, 60).await;
        let result = ended(&ana, &import).await;
        assert_eq!(result["errors"][0]["code"], "outcome_unknown", "{result}");
        lastpass::take_all(&sandbox);
        advance(&sandbox, 3_600).await;

        let import = fetch(&ana, kind).await;
        choose_one(&ana, &import, &row(&ana, &import, text(&chosen[0]["id"])).await).await;
        lastpass::assert_created(&carry_out(&sandbox, &ana, &import).await);
        assert_once(&holds(&sandbox).await, &chosen);
        assert_eq!(trouble::asked(&sandbox, "POST", "/managed-companies"), 1);
        lastpass::end(sandbox).await;
    }
}

async fn r37_r40_whom_a_dead_run_created_counts_when_cancelled(kind: PsaKind) {
    let state = tempfile::tempdir().unwrap();
    let options = Options {
        state: Some(state.path().to_owned()),
        lastpass: true,
        ..quick()
    };
    let before = Sandbox::start(options.clone()).await.unwrap();
    let company = Company::imported(&before, kind, &[(("Anna", "Bos"), "anna@eigen.example")]).await;
    // One that was just made may not take users yet.
    advance(&before, 600).await;
    psa::add_contact(&before, kind, &company.id, BERT);
    let import = company.review().await;
    tick_everybody(&company.ana, &import, &json!({ "id": company.id })).await;
    // He is created, and the run dies before it hears of it.
    let late = json!({ "bodyDelayMs": 60_000 });
    trouble::add(
        &before,
        json!({ "match": { "method": "POST", "path": "/users$" }, "answer": late }),
    );
    confirm(&company.ana, &import).await;
    let end = Instant::now() + PATIENCE;
    while lastpass::mails(&before, "invitation") == 0 {
        assert!(Instant::now() < end, "nobody is created");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(company);
    before.kill().await;

    let after = Sandbox::start(options).await.unwrap();
    let (ana, path) = (after.api("ana"), format!("/imports/{import}"));
    ana.delete(&path).await.unwrap();
    lastpass::let_pass(&after, &import, 60).await;
    let now = ana.get(&path).await.unwrap();
    assert_eq!(now["state"], "cancelled", "{now}");
    let users = &now["counts"]["users"];
    assert_eq!((&users["created"], &users["skipped"]), (&json!(1), &json!(0)), "{now}");
    lastpass::end(after).await;
}
