//! R65: one MSP cannot take what all MSPs share.

use std::time::Instant;

use futures::future::join_all;
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, quick, text};
use requirements::{Answer, Api, CallRates, Options, PsaKind, PsaLimits, Sandbox, faults, for_both, import};
use reqwest::Method;
use serde_json::{Value, json};

/// How many calls that read a PSA an MSP may make in a minute: the template's value.
const PSA_CALLS: usize = 20;

/// How many calls that compute a plan, in the test of them: so few that a slow database does not earn another one meanwhile.
const PLAN_CALLS: u32 = 6;

/// How many calls the account of these tests can have at work at once: little more than one MSP may hold.
const CONCURRENCY: usize = 30;

for_both!(
    r65_an_msp_that_reads_its_psa_too_often_waits_while_others_go_on,
    r65_simultaneous_calls_are_counted_one_by_one,
    r65_an_msp_that_computes_plans_too_often_waits,
    r65_a_psa_that_never_answers_leaves_others_their_share,
    r65_without_rates_a_psa_that_never_answers_stops_everybody,
    r65_an_msp_has_twenty_integrations_at_most,
    r65_a_psa_of_too_many_companies_or_contacts_is_not_fetched,
    r65_a_psa_that_counts_too_few_is_read_up_to_the_limit,
    r65_no_integration_is_adopted_beyond_twenty,
    r65_simultaneous_calls_exceed_the_number_of_integrations_by_their_rate_at_most,
);

/// A sandbox in which MSPs may call as often as in the deployed stack.
fn limited() -> Options {
    Options {
        call_rates: None,
        concurrency: Some(CONCURRENCY),
        ..quick()
    }
}

/// Calls until that is refused; how many calls were admitted, and the refusal.
async fn until_refused(api: &Api, path: &str) -> (usize, Answer) {
    for admitted in 0..6 * PSA_CALLS {
        let answer = api.call(Method::GET, path, None).await.unwrap();
        if !answer.status.is_success() {
            return (admitted, answer);
        }
    }
    panic!("nothing was refused");
}

fn assert_too_many(answer: &Answer) -> i64 {
    assert_problem(answer, 429, "too_many_calls");
    assert_eq!(answer.body["retryable"], true);
    let seconds = answer.body["retryAfter"].as_i64().unwrap();
    assert_eq!(answer.headers["retry-after"], seconds.to_string());
    seconds
}

async fn r65_an_msp_that_reads_its_psa_too_often_waits_while_others_go_on(kind: PsaKind) {
    let sandbox = Sandbox::start(limited()).await.unwrap();
    let (ana, chris) = (sandbox.api("ana"), sandbox.api("otherMsp"));
    let path = format!("/integrations/{}/attributes", integration(&ana, kind).await);
    let (_, refused) = until_refused(&ana, &path).await;
    let seconds = assert_too_many(&refused);
    assert!((1..=3).contains(&seconds), "{seconds}");

    faults::forget_requests(&sandbox, kind);
    let start = format!("/integrations/{}/imports", integration(&ana, kind).await);
    assert_too_many(&call(&ana, Method::POST, &start, Some(&json!({ "filter": {} }))).await);
    assert_eq!(faults::requests(&sandbox, kind), []);
    // Another MSP has calls of its own, and what reads no PSA is not counted.
    chris
        .post("/integrations", &sandbox.psas.integration(kind))
        .await
        .unwrap();
    ana.get("/integrations").await.unwrap();
    advance(&sandbox, seconds).await;
    ana.get(&path).await.unwrap();
    sandbox.stop().await;
}

async fn r65_simultaneous_calls_are_counted_one_by_one(kind: PsaKind) {
    let sandbox = Sandbox::start(Options {
        concurrency: None,
        ..limited()
    });
    let sandbox = sandbox.await.unwrap();
    let ana = sandbox.api("ana");
    let path = format!("/integrations/{}/attributes", integration(&ana, kind).await);
    let began = Instant::now();
    let calls = (0..3 * PSA_CALLS).map(|_| ana.call(Method::GET, &path, None));
    let answers = join_all(calls).await;
    let admitted = answers
        .iter()
        .filter(|answer| answer.as_ref().unwrap().status.is_success());
    // Each three seconds one more is admitted.
    let most = PSA_CALLS + usize::try_from(began.elapsed().as_secs()).unwrap() / 3 + 1;
    let admitted = admitted.count();
    // The sandbox has added two integrations at its start.
    assert!(
        (PSA_CALLS - 2..=most).contains(&admitted),
        "{admitted} of at most {most}"
    );
    sandbox.stop().await;
}

async fn r65_an_msp_that_computes_plans_too_often_waits(kind: PsaKind) {
    let sandbox = Sandbox::start(Options {
        call_rates: Some(CallRates::per_minute(0, PLAN_CALLS)),
        ..limited()
    });
    let sandbox = sandbox.await.unwrap();
    let ana = sandbox.api("ana");
    let import = import::fetch(&ana, kind).await;
    let (show, execute) = (format!("/imports/{import}/plan"), format!("/imports/{import}/execute"));
    let confirm = async || call(&ana, Method::POST, &execute, Some(&json!({ "planHash": "0" }))).await;
    let mut answer = confirm().await;
    let mut admitted = 0;
    while answer.status == 409 && admitted < 2 * PLAN_CALLS {
        assert_problem(&answer, 409, "plan_changed");
        admitted += 1;
        answer = confirm().await;
    }
    assert!(admitted >= PLAN_CALLS, "{admitted}");
    let seconds = assert_too_many(&answer);
    assert_too_many(&call(&ana, Method::GET, &show, None).await);
    advance(&sandbox, seconds + 1).await;
    assert_eq!(call(&ana, Method::GET, &show, None).await.status, 200);
    // What is kept of the plan is shown as often as wanted: nothing is computed.
    for _ in 0..3 {
        assert_eq!(call(&ana, Method::GET, &show, None).await.status, 200);
    }
    sandbox.stop().await;
}

/// Lets an MSP add integrations whose PSA never answers, three times as many as there are environments, and gives the statuses of
/// another MSP's calls meanwhile.
async fn others_while_one_waits(options: Options, kind: PsaKind) -> Vec<u16> {
    let sandbox = Sandbox::start(options).await.unwrap();
    let (ana, chris) = (sandbox.api("ana"), sandbox.api("otherMsp"));
    faults::answer(&sandbox, kind, "", &json!({ "delayMs": 600_000 }));
    let new = sandbox.psas.integration(kind);
    let hostile = (0..3 * CONCURRENCY).map(|_| {
        let (chris, new) = (chris.clone(), new.clone());
        tokio::spawn(async move { chris.call(Method::POST, "/integrations", Some(&new)).await })
    });
    let hostile: Vec<_> = hostile.collect();
    // Each of them has been refused or waits for the PSA: one that is only about to be refused is at work for a moment, too.
    while hostile.iter().filter(|call| call.is_finished()).count() + faults::requests(&sandbox, kind).len()
        < hostile.len()
    {
        tokio::task::yield_now().await;
    }
    let mut statuses = Vec::new();
    for _ in 0..PSA_CALLS {
        let answer = ana.call(Method::GET, "/integrations", None).await.unwrap();
        statuses.push(answer.status.as_u16());
    }
    hostile.iter().for_each(tokio::task::JoinHandle::abort);
    sandbox.kill().await;
    statuses
}

async fn r65_a_psa_that_never_answers_leaves_others_their_share(kind: PsaKind) {
    let statuses = others_while_one_waits(limited(), kind).await;
    assert_eq!(statuses, [200; PSA_CALLS]);
}

async fn r65_without_rates_a_psa_that_never_answers_stops_everybody(kind: PsaKind) {
    let unlimited = Options {
        call_rates: Some(CallRates::per_minute(0, 0)),
        ..limited()
    };
    let statuses = others_while_one_waits(unlimited, kind).await;
    assert!(statuses.contains(&503), "{statuses:?}");
}

async fn r65_an_msp_has_twenty_integrations_at_most(kind: PsaKind) {
    let sandbox = Sandbox::start(quick()).await.unwrap();
    let ana = sandbox.api("ana");
    let new = sandbox.psas.integration(kind);
    while ana.list("/integrations").await.unwrap().len() < 20 {
        ana.post("/integrations", &new).await.unwrap();
    }
    faults::forget_requests(&sandbox, kind);
    let refused = call(&ana, Method::POST, "/integrations", Some(&new)).await;
    assert_problem(&refused, 422, "limit_exceeded");
    assert_eq!(
        (&refused.body["of"], &refused.body["limit"]),
        (&json!("integrations"), &json!(20))
    );
    assert_eq!(faults::requests(&sandbox, kind), []);
    // Of another MSP nothing is counted.
    sandbox.api("otherMsp").post("/integrations", &new).await.unwrap();
    sandbox.stop().await;
}

/// How the PSA tells how many there are.
/// How a PSA says that it has so many rows: where, and what it answers.
pub fn count(kind: PsaKind, rows: &str, count: u64) -> (String, Value) {
    let body = match kind {
        PsaKind::Connectwise => json!({ "count": count }),
        PsaKind::Autotask => json!({ "queryCount": count }),
    };
    let answer = json!({ "status": 200, "headers": { "content-type": "application/json" }, "body": body.to_string() });
    (format!("(?i)/{rows}(/query)?/count$"), answer)
}

async fn r65_a_psa_of_too_many_companies_or_contacts_is_not_fetched(kind: PsaKind) {
    let sandbox = Sandbox::start(quick()).await.unwrap();
    let ana = sandbox.api("ana");
    for (rows, limit) in [("companies", 50_000), ("contacts", 1_000_000)] {
        let (path, answer) = count(kind, rows, limit + 1);
        faults::answer(&sandbox, kind, &path, &answer);
        let failed = import::fetch_failing(&ana, kind).await;
        let error = &failed["error"];
        assert_eq!(
            (text(&error["code"]), text(&error["of"])),
            ("limit_exceeded", rows),
            "{failed}"
        );
        assert_eq!(error["limit"], limit);
        assert!(text(&error["detail"]).contains(&limit.to_string()), "{error}");
        faults::clear(&sandbox, kind);
    }
    sandbox.stop().await;
}

async fn r65_a_psa_that_counts_too_few_is_read_up_to_the_limit(kind: PsaKind) {
    let (companies, contacts) = (30, 300);
    for (rows, limits) in [
        (
            "companies",
            PsaLimits {
                companies,
                ..PsaLimits::default()
            },
        ),
        (
            "contacts",
            PsaLimits {
                contacts,
                ..PsaLimits::default()
            },
        ),
    ] {
        let sandbox = Sandbox::start(Options {
            psa_limits: limits,
            ..quick()
        });
        let sandbox = sandbox.await.unwrap();
        let ana = sandbox.api("ana");
        let (path, answer) = count(kind, rows, 10);
        faults::answer(&sandbox, kind, &path, &answer);
        let failed = import::fetch_failing(&ana, kind).await;
        let error = &failed["error"];
        assert_eq!(
            (text(&error["code"]), text(&error["of"])),
            ("limit_exceeded", rows),
            "{failed}"
        );
        sandbox.stop().await;
    }
}

async fn r65_no_integration_is_adopted_beyond_twenty(kind: PsaKind) {
    let sandbox = Sandbox::start(quick()).await.unwrap();
    let ana = sandbox.api("ana");
    let new = sandbox.psas.integration(kind);
    while ana.list("/integrations").await.unwrap().len() < 20 {
        ana.post("/integrations", &new).await.unwrap();
    }
    let removed = integration(&ana, kind).await;
    ana.delete(&format!("/integrations/{removed}")).await.unwrap();
    let last = ana.post("/integrations", &new).await.unwrap();
    let mut adopt = new.clone();
    adopt["adopt"] = json!(removed);
    let refused = call(&ana, Method::POST, "/integrations", Some(&adopt)).await;
    assert_problem(&refused, 422, "limit_exceeded");
    ana.delete(&format!("/integrations/{}", text(&last["id"])))
        .await
        .unwrap();
    let adopted = ana.post("/integrations", &adopt).await.unwrap();
    assert_eq!(adopted["id"], removed);
    sandbox.stop().await;
}

async fn r65_simultaneous_calls_exceed_the_number_of_integrations_by_their_rate_at_most(kind: PsaKind) {
    let sandbox = Sandbox::start(Options {
        concurrency: None,
        ..limited()
    });
    let sandbox = sandbox.await.unwrap();
    let ana = sandbox.api("ana");
    let new = sandbox.psas.integration(kind);
    while ana.list("/integrations").await.unwrap().len() < 19 {
        ana.post("/integrations", &new).await.unwrap();
    }
    advance(&sandbox, 60).await;
    let began = Instant::now();
    let calls = (0..3 * PSA_CALLS).map(|_| ana.call(Method::POST, "/integrations", Some(&new)));
    for answer in join_all(calls).await {
        let status = answer.unwrap().status.as_u16();
        assert!([201, 422, 429].contains(&status), "{status}");
    }
    let most = 19 + PSA_CALLS + usize::try_from(began.elapsed().as_secs()).unwrap() / 3 + 1;
    let there_are = ana.list("/integrations").await.unwrap().len();
    assert!((20..=most).contains(&there_are), "{there_are} of at most {most}");
    // From then on nothing is added.
    advance(&sandbox, 60).await;
    let refused = call(&ana, Method::POST, "/integrations", Some(&new)).await;
    assert_problem(&refused, 422, "limit_exceeded");
    sandbox.stop().await;
}
