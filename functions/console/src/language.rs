//! Words, numbers and times in the two languages. Every sentence stands in its template as a pair, so that neither can be forgotten.

use domain::language::Language;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A text in both languages.
pub(crate) type Pair = (&'static str, &'static str);

const MONTHS: [(&str, &str); 12] = [
    ("January", "januari"),
    ("February", "februari"),
    ("March", "maart"),
    ("April", "april"),
    ("May", "mei"),
    ("June", "juni"),
    ("July", "juli"),
    ("August", "augustus"),
    ("September", "september"),
    ("October", "oktober"),
    ("November", "november"),
    ("December", "december"),
];

/// The one of a pair.
pub(crate) fn pick(language: Language, english: &'static str, dutch: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::Dutch => dutch,
    }
}

/// A number with its thousands apart.
pub(crate) fn number(language: Language, number: u64) -> String {
    let digits = number.to_string();
    let separator = pick(language, ",", ".");
    let first = digits.len() % 3;
    let mut parts = Vec::new();
    if first > 0 {
        parts.push(&digits[..first]);
    }
    parts.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    parts.join(separator)
}

/// A moment, in UTC: the script adds the local time.
pub(crate) fn moment(language: Language, moment: &Timestamp) -> String {
    let at = moment.to_zoned(TimeZone::UTC);
    let month = usize::try_from(at.month())
        .ok()
        .and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let month = month.map_or("", |&(english, dutch)| pick(language, english, dutch));
    format!(
        "{} {month} {} {:02}:{:02} UTC",
        at.day(),
        at.year(),
        at.hour(),
        at.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r91_numbers_and_times_are_written_as_each_language_does() {
        let table = [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1,000", "1.000"),
            (1_234_567, "1,234,567", "1.234.567"),
        ];
        for (given, english, dutch) in table {
            assert_eq!(number(Language::English, given), english);
            assert_eq!(number(Language::Dutch, given), dutch);
        }
        let given: Timestamp = "2026-03-05T04:07:00Z".parse().unwrap();
        assert_eq!(moment(Language::English, &given), "5 March 2026 04:07 UTC");
        assert_eq!(moment(Language::Dutch, &given), "5 maart 2026 04:07 UTC");
    }
}
