//! When two company names are the same (R21).

use caseless::Caseless;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A name as it compares: NFKC, case folded, trimmed, inner white space collapsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameKey(String);

impl NameKey {
    /// The comparable form of a name.
    pub fn of(name: &str) -> Self {
        // Folding can undo normalisation and the other way round, hence NFKC on both sides of it.
        let folded: String = name.nfkc().default_case_fold().nfkc().collect();
        Self(folded.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The name as lists are sorted by it: an accent does not move it behind the other letters.
    pub fn sorted_as(&self) -> String {
        self.0.nfd().filter(|c| !is_combining_mark(*c)).collect()
    }

    /// The comparable form as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r21_names_are_the_same_after_nfkc_case_folding_and_collapsing_white_space() {
        for (one, other) in [
            ("Acme  Dental ", " ACME dental"),
            ("Straße GmbH", "STRASSE GMBH"),
            ("ﬁne", "FINE"),
            ("Ａｃｍｅ", "acme"),
            ("Café", "Cafe\u{301}"),
            ("A\u{a0}B", "a b"),
        ] {
            assert_eq!(NameKey::of(one), NameKey::of(other), "{one} / {other}");
        }
    }

    #[test]
    fn r16_names_sort_as_people_sort_them() {
        let sorted = [
            "Bäckerei Grün",
            "Bakery Moore",
            "brasserie Oost",
            "Übersetzungsbüro",
            "Zahnarzt",
        ];
        let keys = sorted.map(|name| NameKey::of(name).sorted_as());
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn r21_punctuation_and_legal_suffixes_make_a_different_name() {
        assert_ne!(NameKey::of("Acme B.V."), NameKey::of("Acme BV"));
        assert_ne!(NameKey::of("Acme"), NameKey::of("Acme BV"));
    }
}
