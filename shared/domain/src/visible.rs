//! Text without the characters that nobody can see (R60, R61).

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Composes a text (NFC) and drops what cannot be seen: default-ignorable code points, and control characters. Tabs and line
/// breaks stay: they are white space, and dropping them would join two words.
pub(crate) fn visible(text: &str) -> String {
    if text.contains(is_invisible) {
        // A mark composes with a letter only after what stood between them is gone.
        text.replace(is_invisible, "").nfc().collect()
    } else if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

/// Whether a character is neither shown nor white space.
pub(crate) fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_control() && !c.is_whitespace();
    }
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) || (c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r60_every_default_ignorable_code_point_is_invisible() {
        // DerivedCoreProperties.txt of Unicode 16, Default_Ignorable_Code_Point.
        let ranges = [
            '\u{ad}'..='\u{ad}',
            '\u{34f}'..='\u{34f}',
            '\u{61c}'..='\u{61c}',
            '\u{115f}'..='\u{1160}',
            '\u{17b4}'..='\u{17b5}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{202a}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{3164}'..='\u{3164}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{feff}'..='\u{feff}',
            '\u{ffa0}'..='\u{ffa0}',
            '\u{fff0}'..='\u{fff8}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ];
        let listed = |c: char| ranges.iter().any(|range| range.contains(&c));
        let controls = |c: char| c.is_control() && !c.is_whitespace();
        for c in '\0'..=char::MAX {
            assert_eq!(
                is_invisible(c),
                listed(c) || controls(c),
                "{:?}",
                c.escape_unicode().to_string()
            );
        }
    }

    #[test]
    fn r60_a_mark_composes_across_what_was_dropped() {
        assert_eq!(visible("Jose\u{200b}\u{301}"), "José");
        assert_eq!(visible("Cafe\u{301}"), "Café");
        assert_eq!(visible("plain"), "plain");
    }

    #[test]
    fn r60_white_space_stays() {
        assert_eq!(visible("a\tb\r\nc\u{85}d\u{7}"), "a\tb\r\nc\u{85}d");
    }
}
