//! Halves of surrogate pairs, written as escapes (`"\\ud800"`).
//!
//! JSON allows them (RFC 8259, 8.2), and no text of ours can hold them. A server that cuts texts by UTF-16 units makes one of an emoji
//! at the end of a long name, and one such name must not cost the whole page.

/// The replacement character, as the digits of an escape.
const REPLACEMENT: &[u8; 4] = b"fffd";

/// Replaces every lone half within the strings of a JSON text, which keeps its length. Tells whether there were any.
pub(super) fn replace_lone(json: &mut [u8]) -> bool {
    let mut replaced = false;
    let mut in_string = false;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        at += match byte {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => match (escaped(json, at), escaped(json, at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                (Some(0xd800..=0xdfff), _) => {
                    json[at + 2..at + 6].copy_from_slice(REPLACEMENT);
                    replaced = true;
                    6
                }
                (Some(_), _) => 6,
                (None, _) => 2,
            },
            _ => 1,
        };
    }
    replaced
}

/// The UTF-16 unit whose escape begins here.
fn escaped(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    fn replaced(json: &str) -> (String, bool) {
        let mut json = json.as_bytes().to_vec();
        let any = replace_lone(&mut json);
        (String::from_utf8(json).unwrap(), any)
    }

    #[test]
    fn lone_halves_are_replaced_and_nothing_else_is() {
        for (json, wanted) in [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""\uDFFFx""#, r#""\ufffdx""#),
            (r#""\ud800\ud800\udc00""#, r#""\ufffd\ud800\udc00""#),
            (r#""\udc00\ud800""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\n\ude00""#, r#""\ufffd\n\ufffd""#),
            (r#"{"\ud800":"\"\ud801"}"#, r#"{"\ufffd":"\"\ufffd"}"#),
        ] {
            assert_eq!(replaced(json), (wanted.to_owned(), true), "{json}");
        }
        for json in [
            r#""\\ud800""#,
            r#""\ud83d\ude00""#,
            r#""\u00e9 ud800 \ud7ff \ue000""#,
            r"\ud800",
            r#""\ud80"#,
            r#""\ud80g""#,
            r#""\"#,
            "",
        ] {
            assert_eq!(replaced(json), (json.to_owned(), false), "{json}");
        }
    }

    /// A JSON string of UTF-16 units, of which some are written as escapes because they must be and some because they may be.
    fn written(units: &[(u16, bool)]) -> String {
        let mut text = String::from('"');
        for (unit, plain) in units {
            match char::from_u32(u32::from(*unit)) {
                Some(c @ ('"' | '\\')) => text.extend(['\\', c]),
                Some(c) if *plain && c >= ' ' => text.push(c),
                _ => write!(text, "\\u{unit:04x}").unwrap(),
            }
        }
        text.push('"');
        text
    }

    fn unit() -> impl Strategy<Value = u16> {
        prop_oneof![
            Just(u16::from(b'\\')),
            Just(u16::from(b'"')),
            Just(u16::from(b'u')),
            0xd800_u16..=0xdfff,
            any::<u16>(),
        ]
    }

    proptest! {
        #[test]
        fn a_text_is_read_as_the_standard_library_repairs_it(
            units in prop::collection::vec((unit(), any::<bool>()), 0..40),
        ) {
            let mut json = written(&units).into_bytes();
            replace_lone(&mut json);
            let units: Vec<u16> = units.into_iter().map(|(unit, _)| unit).collect();
            prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), String::from_utf16_lossy(&units));
        }

        #[test]
        fn no_bytes_are_too_strange(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let length = bytes.len();
            replace_lone(&mut bytes);
            prop_assert_eq!(bytes.len(), length);
        }
    }
}
