//! Texts as PSAs hold them: everything may be null, and some of what they hold cannot be seen.

/// More characters than any field of either PSA has that is read here. Without an end, one name could fill an item of the
/// database, and fail the whole import.
const LONGEST: usize = 255;

/// More entries than any list within one record of either PSA has: as with texts, an endless one would end every import.
pub(crate) const MOST_ENTRIES: usize = 100;

/// NUL, the byte order mark and the marks that change the direction of what follows: they come with copied text, and two names
/// that differ in them alone look the same.
fn is_invisible(c: char) -> bool {
    matches!(c, '\0' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text without what is invisible, as far as it may reach.
pub(crate) fn visible(text: String) -> String {
    let mut text = if text.contains(is_invisible) {
        text.replace(is_invisible, "")
    } else {
        text
    };
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
    }
    text
}

/// The same, and nothing if nothing is left but white space.
pub(crate) fn present(text: Option<String>) -> Option<String> {
    text.map(visible).filter(|text| !text.trim().is_empty())
}

/// First and last name, either of which may be missing.
pub(crate) fn full_name(first: Option<String>, last: Option<String>) -> String {
    let parts: Vec<String> = [first, last].into_iter().filter_map(present).collect();
    parts.iter().map(|part| part.trim()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_part_of_a_name() {
        assert_eq!(visible("\u{200e}Acme\0 \u{202e}& Sons\u{feff}".into()), "Acme & Sons");
        assert_eq!(
            visible("  Ünï & \"Co\" ' 100% \u{200d}".into()),
            "  Ünï & \"Co\" ' 100% \u{200d}"
        );
    }

    #[test]
    fn a_text_ends_where_no_field_of_a_psa_would_reach() {
        assert_eq!(visible("ü".repeat(LONGEST)), "ü".repeat(LONGEST));
        assert_eq!(visible("ü".repeat(1_000_000)), "ü".repeat(LONGEST));
    }

    #[test]
    fn blank_is_nothing() {
        for text in [None, Some(""), Some(" \t"), Some("\0"), Some("\u{200e} ")] {
            assert_eq!(present(text.map(str::to_owned)), None, "{text:?}");
        }
        assert_eq!(present(Some(" a ".into())), Some(" a ".into()));
    }

    #[test]
    fn either_name_may_be_missing() {
        let name = |first: Option<&str>, last: Option<&str>| full_name(first.map(Into::into), last.map(Into::into));
        assert_eq!(name(Some(" Ana "), Some("Lind\u{200e}qvist")), "Ana Lindqvist");
        assert_eq!(name(None, Some("Lindqvist")), "Lindqvist");
        assert_eq!(name(Some("Ana"), Some(" ")), "Ana");
        assert_eq!(name(None, None), "");
    }
}
