//! Schedules over the nights in which the clocks change (R95).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use requirements::stage::{advance, sandbox, text};
use requirements::unattended::{ended, set_policy};
use requirements::{PsaKind, Sandbox, for_both};
use serde_json::json;

use crate::schedules::{imports, next, sweep};

const ZONE: &str = "Europe/Amsterdam";

for_both!(
    r95_a_time_that_is_skipped_in_spring_starts_one_import,
    r95_a_time_that_comes_twice_in_autumn_starts_one_import,
);

/// The next change of the clocks in this direction.
fn change(forward: bool) -> Timestamp {
    let zone = TimeZone::get(ZONE).unwrap();
    let mut changes = zone.following(Timestamp::now() + SignedDuration::from_hours(48));
    let change = changes.find(|change| change.dst().is_dst() == forward);
    change.unwrap().timestamp()
}

/// Sweeps every five minutes over the night of a change, with an import every day at a time that this night has not or has twice.
async fn night(kind: PsaKind, forward: bool) {
    let (sandbox, change) = (sandbox().await, change(forward));
    let ana = sandbox.api("ana");
    let evening = change - SignedDuration::from_hours(5);
    advance(&sandbox, evening.duration_since(Timestamp::now()).as_secs()).await;
    let schedule = json!({ "everyMinutes": 1440, "at": "02:30", "timeZone": ZONE });
    set_policy(&ana, kind, &json!({ "schedule": schedule })).await;
    // Skipped, it is made up for at the change; of two, the first counts, half an hour before it.
    let due = if forward {
        change
    } else {
        change - SignedDuration::from_mins(30)
    };
    assert_eq!(next(&ana, kind).await, json!(due.to_string()));
    advance(&sandbox, 4 * 3600).await;
    let mut started = 0;
    for _ in 0..36 {
        advance(&sandbox, 300).await;
        started += sweep(&sandbox).await.1;
    }
    let all = imports(&ana, kind).await;
    assert_eq!((started, all.len()), (1, 1));
    assert_eq!(ended(&sandbox, text(&all[0]["id"])).await["state"], "done");
    // The night after has its own.
    assert_eq!(day_later(&sandbox).await, 1);
    sandbox.stop().await;
}

async fn day_later(sandbox: &Sandbox) -> u64 {
    advance(sandbox, 24 * 3600).await;
    sweep(sandbox).await.1
}

async fn r95_a_time_that_is_skipped_in_spring_starts_one_import(kind: PsaKind) {
    night(kind, true).await;
}

async fn r95_a_time_that_comes_twice_in_autumn_starts_one_import(kind: PsaKind) {
    night(kind, false).await;
}
