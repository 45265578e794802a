//! One administrator at a time has an integration.

use futures::future::join_all;
use requirements::import::{choose, decide, done, execute, fetch, fetch_failing, fetched, id, rows, start};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, sandbox, text};
use requirements::{Answer, Api, PsaKind, Sandbox, faults, for_both};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r44_the_second_administrator_is_told_who_has_it_since_when_and_until_when,
    r44_use_renews_the_lock,
    r44_the_same_administrator_comes_back_in,
    r44_a_lock_is_free_after_its_lease_and_the_import_that_had_it_is_over,
    r44_the_end_cancelling_and_failing_set_it_free,
    r72_the_holder_who_starts_again_is_led_to_her_own_import,
);

/// A lease of the review, in seconds.
const LEASE: i64 = 30 * 60;

async fn lock(api: &Api, kind: PsaKind) -> Option<Value> {
    let path = format!("/integrations/{}", integration(api, kind).await);
    api.get(&path).await.unwrap().get("lock").cloned()
}

/// Tries to start an import.
async fn try_start(api: &Api, kind: PsaKind) -> Answer {
    let path = format!("/integrations/{}/imports", integration(api, kind).await);
    call(api, Method::POST, &path, Some(&json!({}))).await
}

async fn r44_the_second_administrator_is_told_who_has_it_since_when_and_until_when(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let import = fetch(&ana, kind).await;
    let refused = try_start(&bram, kind).await;
    assert_problem(&refused, 423, "integration_locked");
    let lock = lock(&bram, kind).await.unwrap();
    assert_eq!(refused.body["lockedBy"], lock["holder"]);
    assert_eq!(refused.body["import"], import);
    for field in ["since", "until"] {
        assert_eq!(refused.body[field], lock[field]);
        // People read minutes.
        let at = text(&lock[field]);
        let minute = format!("{} {} UTC", &at[..10], &at[11..16]);
        assert!(text(&refused.body["detail"]).contains(&minute), "{}", refused.body);
    }
    assert!(text(&refused.body["lockedBy"]).contains("ana") && text(&refused.body["detail"]).contains("ana"));

    // He may look, and may not decide, execute or cancel.
    assert_eq!(rows(&bram, &import, "in").await.len(), 40);
    let company = format!(
        "/imports/{import}/companies/{}",
        id(&rows(&bram, &import, "in").await[0])
    );
    let decision = json!({ "version": 1, "selected": true });
    let confirm = json!({ "planHash": "of no plan" });
    for (method, path, body) in [
        (Method::PATCH, company, Some(&decision)),
        (Method::POST, format!("/imports/{import}/execute"), Some(&confirm)),
        (Method::DELETE, format!("/imports/{import}"), None),
    ] {
        assert_problem(&call(&bram, method, &path, body).await, 423, "integration_locked");
    }
    sandbox.stop().await;
}

async fn r44_use_renews_the_lock(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let import = fetch(&ana, kind).await;
    let company = rows(&ana, &import, "in").await[0].clone();
    for selected in [true, false, true] {
        advance(&sandbox, LEASE - 60).await;
        decide(&ana, &import, id(&company), json!({ "selected": selected })).await;
    }
    assert_problem(&try_start(&bram, kind).await, 423, "integration_locked");
    sandbox.stop().await;
}

async fn r44_the_same_administrator_comes_back_in(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    fetch(&ana, kind).await;
    // A new sign-in: all she has is the list of integrations.
    let back = sandbox.api("ana");
    let left = lock(&back, kind).await.unwrap();
    let import = text(&left["import"]);
    choose(&back, import, 1).await;
    // Nobody came in between: she goes on even after the lease has ended, and has it again.
    advance(&sandbox, LEASE + 60).await;
    assert_eq!(lock(&back, kind).await, None);
    execute(&back, import).await;
    assert_eq!(done(&back, import).await["companies"]["created"], 1);
    sandbox.stop().await;
}

async fn r44_a_lock_is_free_after_its_lease_and_the_import_that_had_it_is_over(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let left = fetch(&ana, kind).await;
    let company = rows(&ana, &left, "in").await[0].clone();
    advance(&sandbox, LEASE + 1).await;
    fetch(&bram, kind).await;
    let over = ana.get(&format!("/imports/{left}")).await.unwrap();
    assert_eq!(
        (&over["state"], &over["error"]["code"]),
        (&json!("cancelled"), &json!("review_lapsed"))
    );
    let path = format!("/imports/{left}/companies/{}", id(&company));
    let late = call(
        &ana,
        Method::PATCH,
        &path,
        Some(&json!({ "version": 1, "selected": true })),
    )
    .await;
    assert_problem(&late, 409, "wrong_state");
    sandbox.stop().await;
}

async fn r44_the_end_cancelling_and_failing_set_it_free(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    // Each follows the other at once.
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 1).await;
    execute(&ana, &import).await;
    done(&ana, &import).await;

    let cancelled = fetch(&bram, kind).await;
    bram.delete(&format!("/imports/{cancelled}")).await.unwrap();

    faults::answer(&sandbox, kind, faults::CONTACTS, &json!({ "status": 503 }));
    fetch_failing(&ana, kind).await;
    faults::clear(&sandbox, kind);

    let cancelled = start_held(&sandbox, &bram, kind).await;
    bram.delete(&format!("/imports/{cancelled}")).await.unwrap();
    faults::let_go(&sandbox).await;
    assert_eq!(lock(&ana, kind).await, None);
    fetch(&ana, kind).await;
    assert_eq!(fetched(&bram, &cancelled).await["state"], "cancelled");
    sandbox.stop().await;
}

async fn r72_the_holder_who_starts_again_is_led_to_her_own_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let import = fetch(&ana, kind).await;
    let again = try_start(&sandbox.api("ana"), kind).await;
    assert_problem(&again, 423, "integration_locked");
    assert_eq!(again.body["heldByYou"], true);
    assert_eq!(again.body["import"], import);
    assert!(
        text(&again.body["detail"]).contains("Your own import"),
        "{}",
        again.body
    );
    assert_eq!(try_start(&bram, kind).await.body["heldByYou"], false);

    // She can do what the text says: continue with the import, or cancel it and start again.
    choose(&ana, &import, 1).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    fetch(&ana, kind).await;
    sandbox.stop().await;
}

/// Starts an import that is held in the middle of its fetch.
async fn start_held(sandbox: &Sandbox, api: &Api, kind: PsaKind) -> String {
    faults::forget_requests(sandbox, kind);
    faults::hold(sandbox, kind, faults::CONTACTS, 0);
    let import = start(api, kind, &json!({})).await;
    faults::held(sandbox, kind).await;
    import
}

#[tokio::test]
async fn r45_of_simultaneous_starts_exactly_one_wins() {
    let sandbox = sandbox().await;
    let callers = [sandbox.api("ana"), sandbox.api("bram")];
    let integration = integration(&callers[0], PsaKind::Connectwise).await;
    let path = format!("/integrations/{integration}/imports");
    for _ in 0..3 {
        let body = json!({});
        let starts = (0..64).map(|n| callers[n % 2].call(Method::POST, &path, Some(&body)));
        let answers: Vec<Answer> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
        let (winners, others): (Vec<&Answer>, Vec<_>) =
            answers.iter().partition(|answer| answer.status.as_u16() == 202);
        assert_eq!((winners.len(), others.len()), (1, 63));
        for other in others {
            assert_problem(other, 423, "integration_locked");
            assert_eq!(other.body["lockedBy"], winners[0].body["startedBy"]);
        }
        let import = format!("/imports/{}", id(&winners[0].body));
        // Whose import it is may end it.
        let mut ended = 0;
        for caller in &callers {
            let answer = call(caller, Method::DELETE, &import, None).await;
            ended += u32::from(answer.status.is_success());
        }
        assert_eq!(ended, 1);
    }
    sandbox.stop().await;
}
