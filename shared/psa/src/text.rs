//! Texts as PSAs hold them: everything may be null, unclean (R60), or without an end.

use domain::ids::PsaCompanyId;
use domain::name;

/// More characters than any field of a PSA has that is read here. Without an end, one name could fill an item of the
/// database, and fail the whole import.
const LONGEST: usize = 255;

/// More entries than any list within one record of a PSA has: as with texts, an endless one would end every import.
pub(crate) const MAX_ENTRIES: usize = 100;

/// More elements than the same list has with all that is not read of it: phone numbers among addresses.
pub(crate) const MAX_ELEMENTS: usize = 1_000;

/// The cleaned text, as far as it may reach; `None` if nothing is left.
pub(crate) fn present(text: Option<String>) -> Option<String> {
    text.map(|text| cut(name::clean(&text))).filter(|text| !text.is_empty())
}

/// The name of a company: never empty (R60).
pub(crate) fn company_name(name: Option<&str>, identifier: Option<&str>, id: &PsaCompanyId) -> String {
    cut(name::of_company(name.unwrap_or_default(), identifier, id))
}

/// First and last name, either of which may be missing.
pub(crate) fn full_name(first: Option<String>, last: Option<String>) -> String {
    let parts: Vec<String> = [first, last].into_iter().filter_map(present).collect();
    cut(parts.join(" "))
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.truncate(text.trim_end().len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r60_a_text_is_cleaned() {
        let present = |text: &str| present(Some(text.to_owned()));
        assert_eq!(
            present("\u{200e}Acme\0 \u{202e}& Sons\u{feff}").as_deref(),
            Some("Acme & Sons")
        );
        assert_eq!(present(" a ").as_deref(), Some("a"));
        for blank in ["", " \t", "\0", "\u{200e} ", "\u{ad}\u{7}"] {
            assert_eq!(present(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn a_text_ends_where_no_field_of_a_psa_would_reach() {
        let present = |text: String| present(Some(text)).unwrap();
        assert_eq!(present("ü".repeat(LONGEST)), "ü".repeat(LONGEST));
        assert_eq!(present("ü".repeat(1_000_000)), "ü".repeat(LONGEST));
        assert_eq!(
            present(format!("{} b", "a".repeat(LONGEST - 1))),
            "a".repeat(LONGEST - 1)
        );
        let long = Some("ü".repeat(LONGEST));
        assert_eq!(full_name(long.clone(), long), "ü".repeat(LONGEST));
    }

    #[test]
    fn r60_a_company_always_has_a_name() {
        let id = PsaCompanyId::new("7");
        assert_eq!(company_name(Some(" Acme  BV"), Some("ACME"), &id), "Acme BV");
        assert_eq!(company_name(Some("\u{200b} "), Some("ACME"), &id), "ACME");
        assert_eq!(company_name(None, Some("\u{7}"), &id), "Company 7");
        assert_eq!(company_name(None, None, &id), "Company 7");
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
