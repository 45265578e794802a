//! A bad night: what does not answer is waited for, so long and no longer (R63). `tests/sandbox/tests/real_time.rs` has nights in real time.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use local_aws::StoreFault;
use requirements::faults::{COMPANIES, CONTACTS, answer, answer_some, clear};
use requirements::import::{choose, done, end, execute, fetch, first_import_of, id, rows, start, start_full};
use requirements::problem::{assert_problem, call};
use requirements::stage::{PATIENCE, advance, integration, number, quick, text};
use requirements::unattended::{ended, trigger};
use requirements::{Api, Options, PsaKind, Sandbox, for_both, psa};
use reqwest::Method;
use serde_json::json;

use crate::directory::Trouble;
use crate::survival::{MANY, far, undisturbed};

for_both!(
    r63_a_fetch_that_an_administrator_watches_waits_five_minutes_in_all,
    r63_an_unattended_fetch_waits_two_hours_in_all,
    r63_reading_back_waits_as_long_as_the_fetch_may_and_no_longer,
    r63_an_import_whose_psa_answers_again_in_time_ends_as_if_it_had_answered_always,
    r63_a_store_that_fails_within_an_execution_is_waited_for,
    r63_calls_while_the_store_is_down_are_refused_and_change_nothing,
);

/// A quick sandbox whose imports wait as long as in production.
async fn patient() -> Sandbox {
    let options = Options {
        patience: lambda::Patience::default(),
        ..quick()
    };
    Sandbox::start(options).await.unwrap()
}

/// Waits until the import waits beyond `before`, and says for what and until when.
async fn waiting(api: &Api, import: &str, before: Option<Timestamp>) -> (String, Timestamp) {
    let end = Instant::now() + PATIENCE;
    loop {
        let now = api.get(&format!("/imports/{import}")).await.unwrap();
        if let Some(until) = now["waiting"]["until"].as_str() {
            let until = until.parse().unwrap();
            if before.is_none_or(|before| until > before) {
                return (text(&now["waiting"]["for"]).to_owned(), until);
            }
        }
        assert!(Instant::now() < end, "it does not wait: {now}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Lives through waits of so many minutes for a PSA, each of which begins where the one before ends.
async fn live_through(sandbox: &Sandbox, import: &str, minutes: &[i64]) {
    let ana = sandbox.api("ana");
    let mut before = None;
    for minutes in minutes {
        let (reason, until) = waiting(&ana, import, before).await;
        assert_eq!(reason, "psa");
        assert_eq!(until.subsec_nanosecond(), 0);
        advance(sandbox, minutes * 60 - 20).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(waiting(&ana, import, before).await.1, until, "it comes back too early");
        advance(sandbox, 21).await;
        before = Some(until);
    }
}

async fn r63_a_fetch_that_an_administrator_watches_waits_five_minutes_in_all(kind: PsaKind) {
    let sandbox = patient().await;
    let ana = sandbox.api("ana");
    answer(&sandbox, kind, CONTACTS, &json!({ "status": 503 }));
    let import = start(&ana, kind, &json!({})).await;
    live_through(&sandbox, &import, &[1, 2, 2]).await;
    let failed = ana.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["error"]["code"], "psa_server_error");
    assert_eq!(failed["error"]["retryable"], true);
    assert_eq!(failed.get("waiting"), None);
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    assert_eq!(ana.get(&path).await.unwrap().get("lock"), None);
    sandbox.stop().await;
}

async fn r63_an_unattended_fetch_waits_two_hours_in_all(kind: PsaKind) {
    let sandbox = patient().await;
    answer(&sandbox, kind, CONTACTS, &json!({ "status": 503 }));
    let started = trigger(&sandbox, kind, "night").await;
    let import = text(&started["import"]);
    live_through(&sandbox, import, &[1, 2, 5, 10, 20, 20, 20, 20, 20, 2]).await;
    let failed = ended(&sandbox, import).await;
    assert_eq!(failed["error"]["code"], "psa_server_error");
    assert_eq!(failed["error"]["retryable"], true);
    assert_eq!(reported(&sandbox, "WaitsForPsa"), 10);
    assert_eq!(reported(&sandbox, "PickUpDelay"), 1, "only the first run reports it");
    sandbox.stop().await;
}

async fn r63_reading_back_waits_as_long_as_the_fetch_may_and_no_longer(kind: PsaKind) {
    let sandbox = patient().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let [broken, answered] = [0, 1].map(|at| id(&first.chosen[at]));
    psa::delete(&sandbox, kind, broken);
    // The list is one page; what comes after it is the reading back.
    answer_some(&sandbox, kind, COMPANIES, 1, 10_000, &json!({ "status": 503 }));
    let import = start_full(&ana, kind).await;
    live_through(&sandbox, &import, &[1, 2, 2]).await;
    let now = ana.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(now["state"], "review", "{now}");
    let not_in = rows(&ana, &import, "not-in").await;
    assert_eq!((id(&not_in[0]), &not_in[0]["reason"]), (broken, &json!("unreadable")));
    assert!(rows(&ana, &import, "in").await.iter().any(|row| id(row) == answered));
    // Once it answers in time, the reason is found.
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    clear(&sandbox, kind);
    answer_some(&sandbox, kind, COMPANIES, 1, 10_000, &json!({ "status": 503 }));
    let import = start_full(&ana, kind).await;
    live_through(&sandbox, &import, &[1, 2]).await;
    waiting(&ana, &import, None).await;
    clear(&sandbox, kind);
    advance(&sandbox, 121).await;
    ana.wait(&import, "fetching", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(rows(&ana, &import, "not-in").await[0]["reason"], "deleted_in_psa");
    sandbox.stop().await;
}

/// How many runs have reported a metric. No run waits twice.
fn reported(sandbox: &Sandbox, metric: &str) -> usize {
    let lines = sandbox.metrics().into_iter();
    lines.filter(|line| line.get(metric).is_some()).count()
}

async fn r63_an_import_whose_psa_answers_again_in_time_ends_as_if_it_had_answered_always(kind: PsaKind) {
    let sandbox = patient().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, MANY).await;
    for answered in [
        json!({ "status": 503 }),
        json!({ "status": 500 }),
        json!({ "reset": true }),
    ] {
        answer(&sandbox, kind, CONTACTS, &answered);
        let started = trigger(&sandbox, kind, &answered.to_string()).await;
        let import = text(&started["import"]);
        live_through(&sandbox, import, &[1, 2, 5]).await;
        waiting(&ana, import, None).await;
        clear(&sandbox, kind);
        advance(&sandbox, 601).await;
        let ended = ended(&sandbox, import).await;
        assert_eq!(ended["state"], "done", "{ended}");
        let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
        assert_eq!(result["companies"]["unchanged"], first.result["companies"]["created"]);
        assert_eq!(result["users"]["failed"], 0);
    }
    sandbox.stop().await;
}

async fn r63_a_store_that_fails_within_an_execution_is_waited_for(kind: PsaKind) {
    let expected = undisturbed(kind).await;
    for (fault, waits) in [(StoreFault::Error, 3), (StoreFault::Throttling, 8)] {
        let (options, trouble) = far(Trouble {
            tell_at: 20,
            hold: true,
            ..Trouble::default()
        });
        let mut options = options;
        options.patience.execution = Duration::from_mins(30);
        let sandbox = Sandbox::start(options).await.unwrap();
        let ana = sandbox.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, MANY).await;
        execute(&ana, &import).await;
        tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
        sandbox.fail_store(Some(fault));
        trouble.go_on.notify_one();
        // Eight waits are more than there is patience for: an import that cannot be ended goes on once the store is back.
        let patience = async {
            let mut waited = 0;
            while waited < waits {
                let now = reported(&sandbox, "WaitsForStore");
                // Only as far as each wait asks for: the days of the state machine are numbered.
                if now > waited {
                    advance(&sandbox, 1_201).await;
                    waited = now;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, patience).await.unwrap();
        sandbox.fail_store(None);
        advance(&sandbox, 1_201).await;
        let result = done(&ana, &import).await;
        assert_eq!(end(&ana, kind, result).await, expected, "{fault:?}");
        sandbox.stop().await;
    }
}

async fn r63_calls_while_the_store_is_down_are_refused_and_change_nothing(kind: PsaKind) {
    let sandbox = patient().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, MANY).await;
    let path = format!("/imports/{import}");
    let plan = ana.get(&format!("{path}/plan")).await.unwrap();
    let before = (rows(&ana, &import, "in").await, ana.get("/licences").await.unwrap());
    let integration = integration(&ana, kind).await;
    let everything = json!({ "selected": false, "where": {} });
    let confirmation = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    let calls = [
        (
            Method::POST,
            format!("/integrations/{integration}/imports"),
            Some(json!({ "filter": {} })),
        ),
        (Method::GET, path.clone(), None),
        (Method::POST, format!("{path}/companies/select"), Some(everything)),
        (Method::GET, format!("{path}/plan"), None),
        (Method::POST, format!("{path}/execute"), Some(confirmation.clone())),
        (Method::DELETE, path.clone(), None),
    ];
    for fault in [StoreFault::Error, StoreFault::Throttling] {
        sandbox.fail_store(Some(fault));
        for (method, path, body) in &calls {
            let refused = call(&ana, method.clone(), path, body.as_ref()).await;
            assert_problem(&refused, 500, "internal_error");
            assert_eq!(refused.body["retryable"], true, "{method} {path}");
        }
        sandbox.fail_store(None);
        let after = (rows(&ana, &import, "in").await, ana.get("/licences").await.unwrap());
        assert_eq!(after, before);
    }
    ana.post(&format!("{path}/execute"), &confirmation).await.unwrap();
    let result = done(&ana, &import).await;
    assert!(number(&result["companies"]["created"]) > 0);
    sandbox.stop().await;
}
