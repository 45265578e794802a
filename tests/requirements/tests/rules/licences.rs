//! Licences are the MSP's, and finite.

use std::sync::Arc;

use requirements::import::{choose, directory, done, execute, fetch, plan};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, number, quick, sandbox};
use requirements::{Answer, Api, Options, PsaKind, Sandbox, for_both};
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::{Trouble, remote};

for_both!(
    r46_too_few_licences_refuse_the_whole_import,
    r46_exactly_enough_licences_are_used_up_and_none_is_left_reserved,
    r46_what_is_reserved_is_given_back_when_the_import_is_stopped,
    r46_what_a_confirmation_that_died_set_aside_is_there_for_the_next,
    r46_what_was_set_aside_for_an_import_that_nobody_came_back_to_is_there_for_another,
);

async fn licences(api: &Api) -> Value {
    let licences = api.get("/licences").await.unwrap();
    let of = |name: &str| number(&licences[name]);
    assert_eq!(of("used") + of("reserved") + of("available"), of("total"), "{licences}");
    licences
}

/// An import whose plan needs some licences, and how many; the pool has `spare` more than that.
async fn planned(api: &Api, kind: PsaKind, spare: i64) -> (String, u64) {
    let import = fetch(api, kind).await;
    choose(api, &import, 3).await;
    let shown = plan(api, &import).await["licences"].clone();
    let needed = number(&shown["needed"]);
    assert!(needed > 1);
    let used = number(&licences(api).await["used"]);
    let total = (used + needed).checked_add_signed(spare).unwrap();
    api.put("/licences", &json!({ "total": total })).await.unwrap();
    (import, needed)
}

async fn r46_too_few_licences_refuse_the_whole_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, needed) = planned(&ana, kind, -1).await;
    let before = directory(&ana).await;
    let shown = plan(&ana, &import).await;
    assert_eq!(
        (&shown["licences"]["needed"], &shown["licences"]["available"]),
        (&json!(needed), &json!(needed - 1))
    );
    let confirm = json!({ "planHash": shown["hash"], "confirmMassChange": true });
    let path = format!("/imports/{import}/execute");
    let answer = call(&ana, Method::POST, &path, Some(&confirm)).await;
    assert_problem(&answer, 409, "insufficient_licences");
    assert_eq!(
        (&answer.body["needed"], &answer.body["available"]),
        (&json!(needed), &json!(needed - 1))
    );
    assert_eq!(directory(&ana).await, before);
    assert_eq!(licences(&ana).await["reserved"], 0);
    sandbox.stop().await;
}

async fn r46_exactly_enough_licences_are_used_up_and_none_is_left_reserved(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, needed) = planned(&ana, kind, 0).await;
    execute(&ana, &import).await;
    assert_eq!(done(&ana, &import).await["users"]["created"], needed);
    let after = licences(&ana).await;
    assert_eq!((&after["reserved"], &after["available"]), (&json!(0), &json!(0)));
    sandbox.stop().await;
}

async fn r46_what_is_reserved_is_given_back_when_the_import_is_stopped(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (import, needed) = planned(&ana, kind, 5).await;
    let before = licences(&ana).await;
    // Confirmed, and stopped before a worker has begun.
    sandbox.pause(true).await;
    execute(&ana, &import).await;
    let reserved = licences(&ana).await;
    assert_eq!(
        (&reserved["reserved"], &reserved["available"]),
        (&json!(needed), &json!(5))
    );
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    sandbox.pause(false).await;
    let ended = ana
        .wait(&import, "executing", requirements::stage::PATIENCE, |_| {})
        .await
        .unwrap();
    assert_eq!(ended["state"], "cancelled");
    assert_eq!(licences(&ana).await, before);
    sandbox.stop().await;
}

/// A sandbox in which the next confirmation dies after it has set licences aside.
async fn forgetful() -> Sandbox {
    let trouble = Arc::new(Trouble {
        loses_reservation: true.into(),
        ..Trouble::default()
    });
    let options = Options {
        directory: Some(remote(&trouble)),
        ..quick()
    };
    Sandbox::start(options).await.unwrap()
}

async fn confirm(api: &Api, import: &str) -> Answer {
    let agreed = json!({ "planHash": plan(api, import).await["hash"], "confirmMassChange": true });
    call(api, Method::POST, &format!("/imports/{import}/execute"), Some(&agreed)).await
}

async fn r46_what_a_confirmation_that_died_set_aside_is_there_for_the_next(kind: PsaKind) {
    let sandbox = forgetful().await;
    let ana = sandbox.api("ana");
    let (import, needed) = planned(&ana, kind, 0).await;
    assert_eq!(confirm(&ana, &import).await.status, 500);
    assert_eq!(licences(&ana).await["reserved"], needed);
    assert_eq!(confirm(&ana, &import).await.status, 202);
    assert_eq!(done(&ana, &import).await["users"]["created"], needed);
    assert_eq!(licences(&ana).await["reserved"], 0);
    sandbox.stop().await;
}

async fn r46_what_was_set_aside_for_an_import_that_nobody_came_back_to_is_there_for_another(kind: PsaKind) {
    let sandbox = forgetful().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let other = match kind {
        PsaKind::Connectwise => PsaKind::Autotask,
        PsaKind::Autotask => PsaKind::Connectwise,
    };
    let (left, needed) = planned(&ana, kind, 0).await;
    let (import, needed_too) = planned(&bram, other, 0).await;
    let total = number(&licences(&ana).await["used"]) + needed + needed_too - 1;
    bram.put("/licences", &json!({ "total": total })).await.unwrap();
    assert_eq!(confirm(&ana, &left).await.status, 500);
    // While Ana may still come back, they are hers.
    assert_problem(&confirm(&bram, &import).await, 409, "insufficient_licences");
    assert_eq!(licences(&ana).await["reserved"], needed);
    advance(&sandbox, 31 * 60).await;
    assert_eq!(confirm(&bram, &import).await.status, 202);
    assert_eq!(done(&bram, &import).await["users"]["created"], needed_too);
    let after = licences(&ana).await;
    assert_eq!(
        (&after["reserved"], &after["available"]),
        (&json!(0), &json!(needed - 1))
    );
    // She does come back: her earlier confirmation is ruled out, a new one is not.
    bram.put("/licences", &json!({ "total": total + 1 })).await.unwrap();
    assert_eq!(confirm(&ana, &left).await.status, 202);
    assert_eq!(done(&ana, &left).await["state"], "done");
    assert_eq!(licences(&ana).await["reserved"], 0);
    sandbox.stop().await;
}
