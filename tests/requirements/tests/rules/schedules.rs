//! Imports by schedule: set in the policy, started by the sweeper.

use futures::future::join_all;
use requirements::alarms::seen;
use requirements::bad::{Bad, Sent};
use requirements::import::fetch;
use requirements::problem::call;
use requirements::stage::{KINDS, advance, integration, sandbox, text};
use requirements::unattended::{deliver, ended, set_policy, try_to_deliver};
use requirements::{Api, PsaKind, Sandbox, behind, faults, for_both};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r95_what_is_due_starts_once_and_the_next_time_is_shown,
    r95_after_a_day_without_sweeps_an_integration_starts_once,
    r95_sweeps_at_one_time_start_one_import,
    r95_while_an_import_is_running_the_next_one_is_left_out,
    r95_an_administrators_import_refuses_the_scheduled_one,
    r95_a_schedule_that_is_taken_back_starts_nothing,
    r95_a_policy_that_keeps_its_schedule_keeps_the_next_time,
    r95_a_broken_integration_keeps_no_other_waiting,
    r95_a_schedule_that_cannot_be_is_refused_by_name,
    r66_a_schedule_without_a_finished_import_for_48_hours_wakes_somebody_once,
    r66_a_paused_integration_starts_nothing_and_wakes_nobody,
);

const QUARTER: i64 = 15 * 60;
const DAY: i64 = 24 * 3600;

pub async fn schedule(api: &Api, kind: PsaKind, minutes: i64) {
    let schedule = json!({ "everyMinutes": minutes, "at": "03:00", "timeZone": "Europe/Amsterdam" });
    set_policy(api, kind, &json!({ "schedule": schedule })).await;
}

pub async fn sweep(sandbox: &Sandbox) -> (u64, u64) {
    let swept = deliver(sandbox, &json!({ "sweep": {} })).await;
    (swept["due"].as_u64().unwrap(), swept["started"].as_u64().unwrap())
}

/// The imports of the integration, the newest first.
pub async fn imports(api: &Api, kind: PsaKind) -> Vec<Value> {
    api.list(&format!("/integrations/{}/imports", integration(api, kind).await))
        .await
        .unwrap()
}

pub async fn next(api: &Api, kind: PsaKind) -> Value {
    let ours = format!("/integrations/{}", integration(api, kind).await);
    api.get(&ours).await.unwrap()["nextImportAt"].clone()
}

fn refusals(sandbox: &Sandbox) -> Vec<Value> {
    let events = sandbox.events().into_iter().map(|event| event["detail"].clone());
    events.filter(|event| event["what"] == "refused").collect()
}

async fn r95_what_is_due_starts_once_and_the_next_time_is_shown(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    assert_eq!(next(&ana, kind).await, json!(null));
    schedule(&ana, kind, 15).await;
    let first = next(&ana, kind).await;
    assert_eq!(sweep(&sandbox).await, (0, 0));
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    let all = imports(&ana, kind).await;
    assert_eq!((all.len(), &all[0]["unattended"]), (1, &json!(true)));
    let second = next(&ana, kind).await;
    assert!(text(&second) > text(&first), "{first} {second}");
    // A scheduled time is an occasion.
    assert_eq!(sweep(&sandbox).await, (0, 0));
    assert_eq!(ended(&sandbox, text(&all[0]["id"])).await["state"], "done");
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    assert_eq!(imports(&ana, kind).await.len(), 2);
    sandbox.stop().await;
}

async fn r95_after_a_day_without_sweeps_an_integration_starts_once(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 15).await;
    advance(&sandbox, DAY).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    ended(&sandbox, text(&imports(&ana, kind).await[0]["id"])).await;
    assert_eq!(sweep(&sandbox).await, (0, 0));
    assert_eq!(imports(&ana, kind).await.len(), 1);
    sandbox.stop().await;
}

async fn r95_sweeps_at_one_time_start_one_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 60).await;
    advance(&sandbox, 4 * QUARTER).await;
    join_all((0..6).map(|_| sweep(&sandbox))).await;
    assert_eq!(imports(&ana, kind).await.len(), 1);
    sandbox.stop().await;
}

async fn r95_while_an_import_is_running_the_next_one_is_left_out(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 15).await;
    sandbox.pause(true).await;
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    advance(&sandbox, QUARTER).await;
    assert_eq!(sweep(&sandbox).await, (1, 0));
    let left_out = sandbox
        .metrics()
        .iter()
        .filter(|line| line["SchedulesSkipped"] == 1.0)
        .count();
    assert_eq!((left_out, imports(&ana, kind).await.len()), (1, 1));
    sandbox.pause(false).await;
    ended(&sandbox, text(&imports(&ana, kind).await[0]["id"])).await;
    assert_eq!(refusals(&sandbox), [] as [Value; 0]);
    sandbox.stop().await;
}

async fn r95_an_administrators_import_refuses_the_scheduled_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 15).await;
    advance(&sandbox, QUARTER - 60).await;
    let import = fetch(&ana, kind).await;
    advance(&sandbox, 60).await;
    assert_eq!(sweep(&sandbox).await, (1, 0));
    // It is another event than those of the import, and comes through the same stream.
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    while sandbox.events().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let refused = refusals(&sandbox);
    assert_eq!((refused.len(), &refused[0]["code"]), (1, &json!("integration_locked")));
    assert_eq!(sweep(&sandbox).await, (0, 0));
    sandbox.stop().await;
}

async fn r95_a_schedule_that_is_taken_back_starts_nothing(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 15).await;
    set_policy(&ana, kind, &json!({ "schedule": null })).await;
    assert_eq!(next(&ana, kind).await, json!(null));
    advance(&sandbox, DAY).await;
    assert_eq!(sweep(&sandbox).await, (0, 0));
    assert_eq!(imports(&ana, kind).await, [] as [Value; 0]);
    sandbox.stop().await;
}

async fn r95_a_policy_that_keeps_its_schedule_keeps_the_next_time(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 1440).await;
    let first = next(&ana, kind).await;
    advance(&sandbox, DAY).await;
    let policy = json!({ "everyMinutes": 1440, "at": "03:00", "timeZone": "Europe/Amsterdam" });
    set_policy(&ana, kind, &json!({ "newCompanies": true, "schedule": policy })).await;
    assert_eq!(next(&ana, kind).await, first);
    assert_eq!(sweep(&sandbox).await.0, 1);
    schedule(&ana, kind, 60).await;
    assert_ne!(next(&ana, kind).await, first);
    sandbox.stop().await;
}

async fn r95_a_broken_integration_keeps_no_other_waiting(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for kind in KINDS {
        schedule(&ana, kind, 15).await;
    }
    let broken = KINDS.into_iter().find(|other| *other != kind).unwrap();
    let broken = integration(&ana, broken).await;
    behind::damage(
        &sandbox,
        "RecordsTable",
        "",
        &format!("INTEGRATION#{broken}"),
        "createdAt",
    )
    .await;
    advance(&sandbox, QUARTER).await;
    try_to_deliver(&sandbox, &json!({ "sweep": {} })).await.unwrap_err();
    assert_eq!(imports(&ana, kind).await.len(), 1);
    assert!(seen(&sandbox).contains_key("ErrorsAlarm"));
    sandbox.stop().await;
}

async fn r95_a_schedule_that_cannot_be_is_refused_by_name(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let path = format!("/integrations/{}/policy", integration(&ana, kind).await);
    let right = json!({ "everyMinutes": 1440, "at": "03:00", "timeZone": "Europe/Amsterdam" });
    for (field, wrong) in [
        ("everyMinutes", json!(0)),
        ("everyMinutes", json!(17)),
        ("everyMinutes", json!(2880)),
        ("at", json!("24:00")),
        ("at", json!("3:00")),
        ("at", json!("03:60")),
        ("at", json!("03:00:00")),
        ("timeZone", json!("Europe/Amsterdm")),
        ("timeZone", json!("")),
        ("everyHours", json!(1)),
    ] {
        let mut schedule = right.clone();
        schedule[field] = wrong;
        let body = Sent::Json(json!({ "schedule": schedule }));
        Bad::invalid(Method::PUT, &path, body, format!("/schedule/{field}"))
            .try_as(&ana)
            .await;
    }
    assert_eq!(next(&ana, kind).await, json!(null));
    sandbox.stop().await;
}

async fn r66_a_schedule_without_a_finished_import_for_48_hours_wakes_somebody_once(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 1440).await;
    faults::answer(&sandbox, kind, faults::CONTACTS, &json!({ "status": 401 }));
    let alarmed = || seen(&sandbox).contains_key("SchedulesOverdueAlarm");
    for hour in 1..72 {
        advance(&sandbox, 3600).await;
        if sweep(&sandbox).await.1 == 1 {
            let all = imports(&ana, kind).await;
            assert_eq!(
                ended(&sandbox, text(&all[0]["id"])).await["error"]["code"],
                "psa_unauthorized"
            );
        }
        assert_eq!(alarmed(), hour >= 48, "after {hour} hours");
    }
    assert!((seen(&sandbox)["SchedulesOverdueAlarm"] - 1.0).abs() < 0.1);
    let overdue = sandbox
        .events()
        .into_iter()
        .filter(|event| event["detail"]["what"] == "overdue");
    assert_eq!(overdue.count(), 1);
    sandbox.stop().await;
}

async fn pause(api: &Api, kind: PsaKind, paused: bool) {
    let ours = format!("/integrations/{}", integration(api, kind).await);
    let version = api.get(&ours).await.unwrap()["version"].clone();
    let edit = json!({ "version": version, "paused": paused });
    let answer = call(api, Method::PATCH, &ours, Some(&edit)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

async fn r66_a_paused_integration_starts_nothing_and_wakes_nobody(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 720).await;
    pause(&ana, kind, true).await;
    assert_eq!(next(&ana, kind).await, json!(null));
    for _ in 0..72 {
        advance(&sandbox, 3600).await;
        assert_eq!(sweep(&sandbox).await.1, 0);
    }
    assert_eq!(imports(&ana, kind).await, [] as [Value; 0]);
    pause(&ana, kind, false).await;
    // The pause does not count as time without an import.
    assert!(next(&ana, kind).await.is_string());
    assert_eq!(sweep(&sandbox).await, (0, 0));
    advance(&sandbox, 12 * 3600).await;
    assert_eq!(sweep(&sandbox).await, (1, 1));
    assert_eq!(
        ended(&sandbox, text(&imports(&ana, kind).await[0]["id"])).await["state"],
        "done"
    );
    assert!(!seen(&sandbox).contains_key("SchedulesOverdueAlarm"));
    while sandbox.events().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let events = sandbox.events();
    assert!(
        events.iter().all(|event| event["detail"]["what"] == "ended"),
        "{events:?}"
    );
    sandbox.stop().await;
}
