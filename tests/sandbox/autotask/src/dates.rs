//! Autotask's dates: UTC, with as many fractional digits as are not zero.

use jiff::{Timestamp, civil, tz::TimeZone};

/// The date as records show it.
pub fn write(millis: i64) -> String {
    // jiff drops trailing zeros of the fraction by itself, as Autotask does.
    Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |time| time.to_string())
}

/// The date in any of the forms filters are known to take: a day, with or without time, fraction and zone; a missing
/// zone is UTC.
pub fn read(text: &str) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let local: civil::DateTime = text.parse().ok()?;
    local
        .to_zoned(TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_lose_their_trailing_zeros() {
        for text in [
            "2019-11-25T15:47:59.167Z",
            "2026-03-17T10:32:29.52Z",
            "2026-05-04T08:53:10Z",
        ] {
            assert_eq!(read(text).map(write).as_deref(), Some(text));
        }
    }

    #[test]
    fn filters_may_leave_out_zone_time_and_fraction() {
        let ten = read("2026-09-01T10:00:00Z");
        assert!(ten.is_some());
        for same in [
            "2026-09-01T10:00:00.000000Z",
            "2026-09-01T10:00:00",
            "2026-09-01T12:00:00+02:00",
        ] {
            assert_eq!(read(same), ten, "{same}");
        }
        assert_eq!(read("2026-09-01"), read("2026-09-01T00:00:00Z"));
        assert_eq!(read("last week"), None);
    }
}
