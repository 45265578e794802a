//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// Beyond this a rate limit is a decision, not a limit; Autotask's longest window is an hour.
const LONGEST: Duration = Duration::from_hours(1);

/// How long a `Retry-After` asks to wait: seconds or a date (RFC 9110, 10.2.3). Anything else asks nothing.
pub(crate) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are still a number of seconds: a very long one.
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn r43_seconds_and_dates_are_understood() {
        let now = at(1_767_225_600);
        for (text, seconds) in [
            ("0", Some(0)),
            ("30", Some(30)),
            (" 7 ", Some(7)),
            ("999999999", Some(3_600)),
            ("99999999999999999999999", Some(3_600)),
            ("Thu, 01 Jan 2026 00:00:45 GMT", Some(45)),
            ("Thursday, 01-Jan-26 00:00:45 GMT", Some(45)),
            ("Thu Jan  1 00:00:45 2026", Some(45)),
            ("Wed, 31 Dec 2025 23:59:00 GMT", Some(0)),
            ("Fri, 01 Jan 2027 00:00:00 GMT", Some(3_600)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Thu, 32 Jan 2026 00:00:45 GMT", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn r43_no_text_asks_for_more_than_an_hour(text in ".{0,40}", now in 0_u64..4_000_000_000) {
            prop_assert!(retry_after(&text, at(now)).is_none_or(|wait| wait <= LONGEST));
        }

        #[test]
        fn r43_a_date_asks_for_the_time_until_then(now in 0_u64..4_000_000_000, ahead in 0_u64..3_600) {
            let date = httpdate::fmt_http_date(at(now + ahead));
            prop_assert_eq!(retry_after(&date, at(now)), Some(Duration::from_secs(ahead)));
        }
    }
}
