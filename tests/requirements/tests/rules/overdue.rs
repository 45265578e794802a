//! When operators are told that a schedule does not end in imports (R66).

use requirements::alarms::seen;
use requirements::stage::{advance, sandbox, text};
use requirements::unattended::ended;
use requirements::{Api, PsaKind, Sandbox, faults, for_both};
use serde_json::json;

use crate::schedules::{imports, schedule, sweep};

for_both!(
    r66_another_schedule_does_not_begin_the_48_hours_anew,
    r66_the_alarm_comes_again_only_after_an_import_was_done_and_48_more_hours,
);

/// Lets hours pass, with a sweep in each, and waits for every import that begins; gives how often operators were told by then.
async fn pass(sandbox: &Sandbox, api: &Api, kind: PsaKind, hours: u32) -> f64 {
    for _ in 0..hours {
        advance(sandbox, 3600).await;
        if sweep(sandbox).await.1 == 1 {
            ended(sandbox, text(&imports(api, kind).await[0]["id"])).await;
        }
    }
    seen(sandbox).get("SchedulesOverdueAlarm").copied().unwrap_or_default()
}

fn refuse(sandbox: &Sandbox, kind: PsaKind) {
    faults::answer(sandbox, kind, faults::CONTACTS, &json!({ "status": 401 }));
}

async fn r66_another_schedule_does_not_begin_the_48_hours_anew(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 720).await;
    refuse(&sandbox, kind);
    for minutes in [1440, 720, 1440, 720] {
        assert!(pass(&sandbox, &ana, kind, 11).await < 0.5);
        schedule(&ana, kind, minutes).await;
    }
    assert!((pass(&sandbox, &ana, kind, 5).await - 1.0).abs() < 0.5);
    // Nobody is told twice of the same.
    schedule(&ana, kind, 1440).await;
    assert!((pass(&sandbox, &ana, kind, 49).await - 1.0).abs() < 0.5);
    sandbox.stop().await;
}

async fn r66_the_alarm_comes_again_only_after_an_import_was_done_and_48_more_hours(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    schedule(&ana, kind, 1440).await;
    refuse(&sandbox, kind);
    assert!((pass(&sandbox, &ana, kind, 100).await - 1.0).abs() < 0.5);
    faults::clear(&sandbox, kind);
    pass(&sandbox, &ana, kind, 25).await;
    assert_eq!(imports(&ana, kind).await[0]["state"], "done");
    refuse(&sandbox, kind);
    // It was done within the last 25 hours.
    assert!((pass(&sandbox, &ana, kind, 23).await - 1.0).abs() < 0.5);
    assert!((pass(&sandbox, &ana, kind, 26).await - 2.0).abs() < 0.5);
    sandbox.stop().await;
}
