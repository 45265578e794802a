//! How long a piece of work has waited, and for what (R63).
//!
//! It is part of the checkpoint. While the store does not answer, the checkpoint cannot be written: then the platform that calls the
//! worker keeps it, and hands it to the next run.

use std::fmt;
use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

/// What a worker waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitReason {
    /// The PSA does not answer, or asks to come back later.
    Psa,
    /// The directory does not answer.
    Directory,
    /// The store does not answer.
    Store,
    /// The import from which the lock was taken has not ended.
    PreviousImport,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Psa => "the PSA",
            Self::Directory => "the directory",
            Self::Store => "the store",
            Self::PreviousImport => "the previous import",
        })
    }
}

/// A wait under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// What is waited for.
    pub reason: WaitReason,
    /// Until when.
    pub until: Timestamp,
}

/// The waits of one piece of work so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waited {
    /// Seconds of all waits whose length was ours to choose, since the work began.
    seconds: u64,
    /// How many of those there were since the work last got further: each is longer than the one before.
    in_a_row: u32,
    /// How many waits in a row had an end that the other side named.
    named_in_a_row: u32,
    /// The last wait, until the work gets further.
    last: Option<Waiting>,
}

/// Minutes of the first waits in a row; all further ones are as long as the last of these.
const STEPS: [u64; 5] = [1, 2, 5, 10, 20];

/// The longest wait that does not count because the other side named its end.
const LONGEST_NAMED: Duration = Duration::from_hours(2);

impl Waited {
    /// Whether the work has waited at all.
    pub const fn any(self) -> bool {
        self.seconds > 0 || self.last.is_some()
    }

    /// The wait under way; the last one, if the work has not got further since.
    pub const fn waiting(self) -> Option<Waiting> {
        self.last
    }

    /// How many waits of unknown length there were since the work last got further.
    pub const fn in_a_row(self) -> u32 {
        self.in_a_row
    }

    /// What is left of an allowance.
    pub fn left_of(self, allowance: Duration) -> Duration {
        allowance.saturating_sub(Duration::from_secs(self.seconds))
    }

    /// The work got further.
    pub const fn reset(&mut self) {
        self.in_a_row = 0;
        self.named_in_a_row = 0;
        self.last = None;
    }

    /// Both accounts of the same waits, the stored one with the one that was handed over: each may miss the latest waits.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            seconds: self.seconds.max(other.seconds),
            in_a_row: self.in_a_row.max(other.in_a_row),
            named_in_a_row: self.named_in_a_row.max(other.named_in_a_row),
            last: other.last.or(self.last),
        }
    }

    /// With one more wait of unknown length; `None` once the allowance is used up. The last wait takes what is left of it.
    #[must_use]
    pub fn longer(self, reason: WaitReason, now: Timestamp, allowance: Duration) -> Option<(Self, Timestamp)> {
        let left = self.left_of(allowance);
        (!left.is_zero()).then(|| self.with(reason, now, self.step().min(left)))
    }

    /// With one more wait of unknown length, whatever the allowance: for work that cannot even be ended before it has passed.
    #[must_use]
    pub fn longer_anyway(self, reason: WaitReason, now: Timestamp) -> (Self, Timestamp) {
        self.with(reason, now, self.step())
    }

    /// With one more wait whose end the other side named, which does not count; `None` after `free` of them in a row.
    #[must_use]
    pub fn named(self, reason: WaitReason, now: Timestamp, until: Timestamp, free: u32) -> Option<(Self, Timestamp)> {
        let is_same = self.last.is_none_or(|last| last.reason == reason);
        let before = if is_same { self.named_in_a_row } else { 0 };
        if before >= free {
            return None;
        }
        let until = whole_seconds(until.min(later(now, LONGEST_NAMED)));
        let waited = Self {
            named_in_a_row: before + 1,
            last: Some(Waiting { reason, until }),
            ..self
        };
        Some((waited, until))
    }

    fn step(self) -> Duration {
        let at = usize::try_from(self.in_a_row).unwrap_or(usize::MAX);
        let minutes = STEPS.get(at).or(STEPS.last()).copied().unwrap_or(1);
        Duration::from_mins(minutes)
    }

    fn with(self, reason: WaitReason, now: Timestamp, wait: Duration) -> (Self, Timestamp) {
        let until = whole_seconds(later(now, wait));
        let waited = Self {
            seconds: self.seconds.saturating_add(wait.as_secs()),
            in_a_row: self.in_a_row.saturating_add(1),
            last: Some(Waiting { reason, until }),
            ..self
        };
        (waited, until)
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Rounded up, so that nobody comes too early: Step Functions does not say how many decimals it takes.
fn whole_seconds(at: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
    at.round(up).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn minutes(allowance: u64) -> Vec<i64> {
        let (mut waited, mut now, mut waits) = (Waited::default(), NOW, Vec::new());
        while let Some((more, until)) = waited.longer(WaitReason::Psa, now, Duration::from_mins(allowance)) {
            waits.push(until.duration_since(now).as_mins());
            (waited, now) = (more, until);
        }
        waits
    }

    #[test]
    fn r63_waits_grow_and_add_up_to_the_allowance() {
        assert_eq!(minutes(5), [1, 2, 2]);
        assert_eq!(minutes(120), [1, 2, 5, 10, 20, 20, 20, 20, 20, 2]);
        assert!(minutes(0).is_empty());
        assert_eq!(minutes(24 * 60).iter().sum::<i64>(), 24 * 60);
    }

    #[test]
    fn r63_waits_begin_short_again_once_the_work_got_further_and_all_count() {
        let allowance = Duration::from_mins(5);
        let (mut waited, _) = Waited::default().longer(WaitReason::Store, NOW, allowance).unwrap();
        waited.reset();
        assert_eq!(
            (waited.waiting(), waited.left_of(allowance)),
            (None, Duration::from_mins(4))
        );
        let (waited, until) = waited.longer(WaitReason::Store, NOW, allowance).unwrap();
        assert_eq!(
            (until.as_second(), waited.left_of(allowance)),
            (60, Duration::from_mins(3))
        );
    }

    #[test]
    fn r43_r63_waits_that_the_other_side_ends_do_not_count_up_to_two_hours_each() {
        let mut waited = Waited::default();
        for _ in 0..30 {
            let (more, until) = waited.named(WaitReason::Psa, NOW, Timestamp::MAX, 30).unwrap();
            assert_eq!(until.as_second(), 7_200);
            waited = more;
        }
        assert_eq!(waited.named(WaitReason::Psa, NOW, Timestamp::MAX, 30), None);
        assert_eq!(waited.left_of(Duration::from_mins(5)), Duration::from_mins(5));
        assert!(
            waited.named(WaitReason::PreviousImport, NOW, NOW, 30).is_some(),
            "others are counted anew"
        );
    }

    #[test]
    fn r63_an_account_that_could_not_be_written_is_not_counted_twice() {
        let (stored, _) = Waited::default().longer_anyway(WaitReason::Store, NOW);
        let (carried, _) = stored.longer_anyway(WaitReason::Store, NOW);
        assert_eq!(stored.merged(carried).merged(carried), carried);
    }
}
