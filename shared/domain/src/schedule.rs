//! When an integration is imported by itself (R95): at times of the day, in a time zone.
//!
//! The times are what a clock on the wall shows. When the clocks go forward, a time that is skipped is made up for at the moment of
//! the change; when they go back, the first of two equal times counts. So a change of the clocks starts neither twice nor never.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::text::Text;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// When the service starts imports of an integration by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// How many minutes lie between two imports; 1440 is once a day.
    pub every_minutes: Interval,
    /// A time of day at which an import starts, as `HH:MM`. The other times follow from it and `everyMinutes`.
    #[serde(default)]
    pub at: TimeOfDay,
    /// The IANA name of the time zone of `at`, such as `Europe/Amsterdam`.
    pub time_zone: Text<1, 64>,
}

impl Schedule {
    /// The first scheduled moment behind `after`; none if the time zone is not known.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let zone = self.zone()?;
        let today = after.to_zoned(zone.clone()).date();
        // A change of the clocks may skip a day, and lead back to the one before.
        let days = (-1..=2).filter_map(|days| today.checked_add(days.days()).ok());
        let moments = days
            .flat_map(|day| self.times_of(day))
            .filter_map(|time| moment(&zone, time));
        moments.filter(|moment| *moment > after).min()
    }

    /// Whether the time zone is known.
    pub fn has_known_zone(&self) -> bool {
        self.zone().is_some()
    }

    fn zone(&self) -> Option<TimeZone> {
        TimeZone::get(&self.time_zone).ok()
    }

    fn times_of(&self, day: Date) -> impl Iterator<Item = DateTime> {
        let (every, first) = (self.every_minutes.0, self.at.minutes() % self.every_minutes.0);
        let midnight = day.to_datetime(Time::midnight());
        (first..DAY)
            .step_by(usize::from(every))
            .filter_map(move |minutes| midnight.checked_add(SignedDuration::from_mins(i64::from(minutes))).ok())
    }
}

/// How long an integration with a schedule may go without a finished import before operators are told (R66).
const OVERDUE_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// How far a schedule has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// When somebody has to look at it: at the next moment, or when it will be overdue.
    pub due: Timestamp,
    /// The next scheduled moment.
    pub next: Timestamp,
    /// Since when it is to start imports: since there was a first schedule, or the integration was last found paused.
    pub since: Timestamp,
    /// When an import of the integration was last done, as far as was looked at.
    pub done: Option<Timestamp>,
    /// Whether operators were told that it is overdue.
    pub overdue: bool,
}

impl Progress {
    /// Of a schedule that was set at `now`.
    pub fn new(next: Timestamp, now: Timestamp) -> Self {
        let new = Self {
            due: next,
            next,
            since: now,
            done: None,
            overdue: false,
        };
        new.looked_at(next, None, now)
    }

    /// After somebody looked at it at `now`, found an import `done`, and the scheduled moment after that is `next`. A moment that nobody
    /// looked at in time is not made up for: `next` is behind `now`.
    #[must_use]
    pub fn looked_at(&self, next: Timestamp, done: Option<Timestamp>, now: Timestamp) -> Self {
        let done = self.done.max(done);
        let mut after = Self {
            next,
            done,
            ..self.clone()
        };
        after.overdue = after.overdue_at() <= now;
        after.due = after.look_at();
        after
    }

    /// With another schedule, whose first moment is `next`. How long no import was done counts on.
    #[must_use]
    pub fn rescheduled(&self, next: Timestamp) -> Self {
        let mut after = Self { next, ..self.clone() };
        after.due = after.look_at();
        after
    }

    fn overdue_at(&self) -> Timestamp {
        self.last() + OVERDUE_AFTER
    }

    fn look_at(&self) -> Timestamp {
        if self.overdue {
            self.next
        } else {
            self.next.min(self.overdue_at())
        }
    }

    /// After somebody looked at it at `now`, while the integration was paused: what is not done meanwhile is not overdue.
    #[must_use]
    pub fn paused(&self, next: Timestamp, now: Timestamp) -> Self {
        let since = Self {
            since: now,
            ..self.clone()
        };
        since.looked_at(next, None, now)
    }

    /// Since when the integration has had no finished import.
    pub fn last(&self) -> Timestamp {
        self.done.map_or(self.since, |done| done.max(self.since))
    }
}

/// The moment at which a clock of this zone first shows this time, or skips it.
fn moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            let behind = before.to_timestamp(time).ok()?;
            // The change itself is strictly before this.
            let behind = behind.checked_add(SignedDuration::from_secs(1)).ok()?;
            zone.preceding(behind).next().map(|change| change.timestamp())
        }
    }
}

/// How many minutes lie between two imports: a whole part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Interval(u16);

impl Interval {
    /// Every interval.
    pub const ALL: [Self; 10] = [
        Self(15),
        Self(30),
        Self(60),
        Self(120),
        Self(180),
        Self(240),
        Self(360),
        Self(480),
        Self(720),
        Self(DAY),
    ];
}

/// The number is no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoInterval;

impl std::error::Error for NoInterval {}

/// English, and Dutch in the alternate form (`{:#}`).
impl fmt::Display for NoInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Interval::ALL.map(|interval| interval.0.to_string()).join(", ");
        f.write_str(&Language::of_format(f).messages().no_interval(&known))
    }
}

impl TryFrom<u16> for Interval {
    type Error = NoInterval;

    fn try_from(minutes: u16) -> Result<Self, NoInterval> {
        Self::ALL
            .contains(&Self(minutes))
            .then_some(Self(minutes))
            .ok_or(NoInterval)
    }
}

impl From<Interval> for u16 {
    fn from(interval: Interval) -> Self {
        interval.0
    }
}

impl JsonSchema for Interval {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": Self::ALL.map(u16::from) })
    }
}

/// A time of the day, to the minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    hour: u8,
    minute: u8,
}

impl TimeOfDay {
    const fn minutes(self) -> u16 {
        // From const code `From` cannot be called.
        self.hour as u16 * 60 + self.minute as u16
    }
}

/// The text is no time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTimeOfDay;

impl std::error::Error for NoTimeOfDay {}

/// English, and Dutch in the alternate form (`{:#}`).
impl fmt::Display for NoTimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Language::of_format(f).messages().no_time_of_day())
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = NoTimeOfDay;

    fn try_from(text: String) -> Result<Self, NoTimeOfDay> {
        let number = |digits: &str, below: u8| {
            let is_two_digits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse().ok().filter(|number| *number < below);
            number.filter(|_| is_two_digits).ok_or(NoTimeOfDay)
        };
        let (hour, minute) = text.split_once(':').ok_or(NoTimeOfDay)?;
        Ok(Self {
            hour: number(hour, 24)?,
            minute: number(minute, 60)?,
        })
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.hour, time.minute)
    }
}

impl JsonSchema for TimeOfDay {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "default": "00:00" })
    }
}
