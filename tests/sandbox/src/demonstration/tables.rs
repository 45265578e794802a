//! Tables that a person reads.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;

/// Columns that a terminal is expected to have.
const WIDTH: u16 = 110;

/// Characters of a name that are shown.
const LONGEST: usize = 60;

/// A table in text.
pub(super) fn table<H: Into<String>>(
    header: impl IntoIterator<Item = H>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header(header.into_iter().map(Into::into).collect::<Vec<String>>());
    table.add_rows(rows);
    table.trim_fmt()
}

/// A table of the first rows of a list, and how many more there are.
pub(super) fn first_rows<H: Into<String>>(
    header: impl IntoIterator<Item = H>,
    rows: impl ExactSizeIterator<Item = Vec<String>>,
    shown: usize,
) -> String {
    let more = rows.len().saturating_sub(shown);
    let table = table(header, rows.take(shown));
    if more == 0 {
        table
    } else {
        format!("{table}\n  … and {more} more")
    }
}

/// A name or an address of the PSA, which may be long.
pub(super) fn name(text: &str) -> String {
    let mut shown: String = line(text).chars().take(LONGEST).collect();
    if text.chars().count() > LONGEST {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Text of a PSA without the characters that would break the line.
pub(super) fn line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// A code of the API as words.
pub(super) fn words(code: &str) -> String {
    let words = code.split('_').map(|word| if word == "psa" { "PSA" } else { word });
    words.collect::<Vec<&str>>().join(" ")
}

/// A moment to the minute; a dash if there is none.
pub(super) fn moment(at: Option<Timestamp>) -> String {
    at.map_or("–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_header_and_its_rows() {
        let rows = [vec!["Bakkerij".to_owned(), "mapped".to_owned()]];
        let expected = "\
┌──────────┬────────┐
│ name     ┆ status │
╞══════════╪════════╡
│ Bakkerij ┆ mapped │
└──────────┴────────┘";
        assert_eq!(table(["name", "status"], rows), expected);
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let long = "word ".repeat(60);
        let table = table(["a", "b"], [vec![long.clone(), long]]);
        assert!(table.lines().count() > 5);
        assert!(table.lines().all(|line| line.chars().count() <= usize::from(WIDTH)));
    }

    #[test]
    fn a_long_list_says_how_much_is_left_out() {
        let rows = |count: u8| (0..count).map(|n| vec![n.to_string()]).collect::<Vec<_>>().into_iter();
        assert!(first_rows(["n"], rows(5), 2).ends_with("┘\n  … and 3 more"));
        assert!(first_rows(["n"], rows(2), 2).ends_with('┘'));
    }

    #[test]
    fn a_name_cannot_break_the_line() {
        assert_eq!(name("Drukkerij\u{0}Smets\n"), "Drukkerij\u{fffd}Smets\u{fffd}");
        assert_eq!(name(&"ä".repeat(80)), format!("{}…", "ä".repeat(59)));
    }

    #[test]
    fn codes_are_shown_as_words() {
        assert_eq!(words("merged_in_psa"), "merged in PSA");
    }

    #[test]
    fn a_moment_that_never_was_is_a_dash() {
        let at = "2026-11-23T01:28:35.123Z".parse().unwrap();
        assert_eq!(
            (moment(Some(at)), moment(None)),
            ("2026-11-23 01:28".to_owned(), "–".to_owned())
        );
    }
}
