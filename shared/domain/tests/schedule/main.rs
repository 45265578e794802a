//! Schedules against a clock on the wall, in every time zone and over every change of the clocks (R95).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use domain::schedule::{Interval, Progress, Schedule};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::json;

fn schedule(every: u16, at: &str, zone: &str) -> Schedule {
    serde_json::from_value(json!({ "everyMinutes": every, "at": at, "timeZone": zone })).unwrap()
}

/// The moments of a schedule from one to the other, both left out.
fn moments(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut all = Vec::new();
    let mut after = from;
    while let Some(next) = schedule.next_after(after).filter(|next| *next < to) {
        assert!(next > after);
        all.push(next);
        after = next;
    }
    all
}

/// The same by looking at a clock every minute: something is due when the clock shows its time, or a later one, for the first time.
fn by_the_clock(every: u16, at: &str, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let (hour, minute) = at.split_once(':').unwrap();
    let first: i64 = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
    // Minutes since a midnight long ago; scheduled times are those that leave a certain rest.
    let shown = |at: Timestamp| {
        let since = at
            .to_zoned(zone.clone())
            .datetime()
            .duration_since(DateTime::constant(1900, 1, 1, 0, 0, 0, 0));
        since.as_secs().div_euclid(60)
    };
    let passed = |minutes: i64| (minutes - first).div_euclid(i64::from(every));
    // Long before, so that the latest time shown so far is known.
    let mut now = from - SignedDuration::from_hours(72);
    let mut latest = shown(now);
    let mut all = Vec::new();
    while now < to {
        now += SignedDuration::from_mins(1);
        let shown = shown(now);
        if passed(shown) > passed(latest) && now > from && now < to {
            all.push(now);
        }
        latest = latest.max(shown);
    }
    all
}

fn zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).collect()
}

#[test]
fn r95_time_zones_are_known_without_files() {
    assert!(zones().len() > 400);
    assert!(schedule(15, "00:00", "Europe/Amsterdam").has_known_zone());
    assert!(!schedule(15, "00:00", "Europe/Amsterdm").has_known_zone());
    assert_eq!(
        schedule(15, "00:00", "Mars/Olympus").next_after(Timestamp::UNIX_EPOCH),
        None
    );
}

#[test]
fn r95_changes_of_the_clocks_start_neither_twice_nor_never() {
    for (zone, at, days) in [
        // The hour from 2 to 3 is skipped: at the moment of the change, once.
        (
            "Europe/Amsterdam",
            "02:30",
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        // The hour from 2 to 3 comes twice: the first time.
        (
            "Europe/Amsterdam",
            "02:30",
            ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        // Half an hour is skipped.
        (
            "Australia/Lord_Howe",
            "02:15",
            ["2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
        ),
        // The whole of 30 December was skipped.
        (
            "Pacific/Apia",
            "12:00",
            ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"],
        ),
        // Midnight is skipped.
        (
            "America/Asuncion",
            "00:00",
            ["2023-09-30T04:00:00Z", "2023-10-01T04:00:00Z", "2023-10-02T03:00:00Z"],
        ),
    ] {
        let days: Vec<Timestamp> = days.iter().map(|day| day.parse().unwrap()).collect();
        let (from, to) = (
            days[0] - SignedDuration::from_secs(1),
            days[2] + SignedDuration::from_secs(1),
        );
        assert_eq!(moments(&schedule(1440, at, zone), from, to), days, "{zone} {at}");
    }
}

/// Some zone, interval and time of the day, and some moment: in half of the cases near a change of the clocks.
fn cases() -> impl Strategy<Value = (usize, usize, u16, i64, bool)> {
    // 1975 to 2037: before, some zones had offsets with seconds.
    (
        any::<usize>(),
        0..Interval::ALL.len(),
        0..1440_u16,
        157_766_400..2_114_380_800_i64,
        any::<bool>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn r95_a_schedule_goes_by_the_clock_on_the_wall(case in cases()) {
        let (zone, interval, at, from, is_near_change) = case;
        let zones = zones();
        let name = &zones[zone % zones.len()];
        let zone = TimeZone::get(name).unwrap();
        let mut from = Timestamp::from_second(from / 60 * 60).unwrap();
        if is_near_change && let Some(change) = zone.following(from).next() {
            from = change.timestamp() - 30.hours();
        }
        let (every, at) = (u16::from(Interval::ALL[interval]), format!("{:02}:{:02}", at / 60, at % 60));
        let to = from + SignedDuration::from_hours(60);
        let schedule = schedule(every, &at, name);
        let found = moments(&schedule, from, to);
        prop_assert_eq!(&found, &by_the_clock(every, &at, &zone, from, to), "{} {} {}", name, every, at);
        // Whoever asks at any moment before gets the same.
        for pair in found.windows(2) {
            let between = pair[0] + pair[1].duration_since(pair[0]) / 2;
            prop_assert_eq!(schedule.next_after(between), Some(pair[1]));
        }
    }

    /// Whatever happens, somebody looks no later than at the next moment, and at 48 hours without an import that was done.
    #[test]
    fn r66_a_schedule_is_looked_at_before_it_has_been_overdue_for_long(dones in prop::collection::vec(any::<bool>(), 1..8), every in 1..4_i64) {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let every = SignedDuration::from_hours(24 * every - 12);
        let mut state = Progress::new(start + every, start);
        let mut last = start;
        for is_done in dones {
            let now = state.due;
            prop_assert!(now <= state.next);
            let done = is_done.then_some(now);
            let next = if state.next <= now { now + every } else { state.next };
            let after = state.looked_at(next, done, now);
            last = last.max(done.unwrap_or(last));
            prop_assert_eq!(after.overdue, now.duration_since(last) >= SignedDuration::from_hours(48));
            prop_assert!(after.overdue || after.due <= last + SignedDuration::from_hours(48));
            state = after;
        }
    }
}
