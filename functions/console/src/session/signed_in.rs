//! The session, as the sealed cookie holds it.

use serde::{Deserialize, Serialize};

/// After this long an administrator has to sign in again, however often the token was renewed.
pub(super) const LONGEST_SECONDS: i64 = 12 * 3600;

/// Renewed when less than this is left, so that no call meets the end.
const RENEW_BEFORE_SECONDS: i64 = 60;

/// An administrator who is signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The token for the API.
    pub token: String,
    /// Until when it is good.
    pub until: i64,
    /// Who, as the API names them.
    pub name: String,
    /// When they signed in.
    pub since: i64,
}

/// What can be done with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Its token is good.
    Fresh,
    /// Its token ends soon or has ended, and another may be had.
    Old,
    /// It has lasted as long as any may.
    Over,
}

impl Session {
    pub(super) fn age(&self, now: i64) -> Age {
        if now >= self.since + LONGEST_SECONDS {
            Age::Over
        } else if now + RENEW_BEFORE_SECONDS >= self.until {
            Age::Old
        } else {
            Age::Fresh
        }
    }

    /// Whether the token may still be used.
    pub(super) fn is_good(&self, now: i64) -> bool {
        now < self.until && self.age(now) != Age::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r92_a_session_ends_after_twelve_hours_however_long_its_token_is_good() {
        let since = 1_000_000;
        let session = |until| Session {
            token: "t".to_owned(),
            until,
            name: "ana".to_owned(),
            since,
        };
        let (hour, end) = (since + 3_600, since + 12 * 3_600);
        let table = [
            (hour, since, Age::Fresh, true),
            (hour, hour - 61, Age::Fresh, true),
            (hour, hour - 60, Age::Old, true),
            (hour, hour - 1, Age::Old, true),
            (hour, hour, Age::Old, false),
            (end + 3_600, end - 1, Age::Fresh, true),
            (end + 3_600, end, Age::Over, false),
            (hour, end - 1, Age::Old, false),
            (hour, end, Age::Over, false),
        ];
        for (until, now, age, good) in table {
            let session = session(until);
            assert_eq!((session.age(now), session.is_good(now)), (age, good), "{until} {now}");
        }
    }
}
