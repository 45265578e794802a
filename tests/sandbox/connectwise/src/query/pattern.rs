//! The patterns of `like` and `contains`.

/// A pattern: `*` and `%` stand for any text, `[[]` for a bracket, everything else for itself.
#[derive(Clone, Debug)]
pub struct Pattern {
    pieces: Vec<Piece>,
    case_sensitive: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    AnyText,
    OneOf(Vec<char>),
}

impl Pattern {
    /// The pattern of `like`.
    pub fn like(written: &str, case_sensitive: bool) -> Self {
        let written = folded(written, case_sensitive);
        let mut pieces = Vec::new();
        let mut rest = written.as_str();
        while let Some(first) = rest.chars().next() {
            rest = &rest[first.len_utf8()..];
            pieces.push(match first {
                '*' | '%' => Piece::AnyText,
                '[' => match rest.split_once(']') {
                    Some((set, after)) if !set.is_empty() => {
                        rest = after;
                        Piece::OneOf(set.chars().collect())
                    }
                    _ => Piece::OneOf(vec!['[']),
                },
                other => Piece::OneOf(vec![other]),
            });
        }
        Self { pieces, case_sensitive }
    }

    /// The pattern of `contains`.
    pub fn contains(written: &str, case_sensitive: bool) -> Self {
        let mut pattern = Self::like(written, case_sensitive);
        pattern.pieces.insert(0, Piece::AnyText);
        pattern.pieces.push(Piece::AnyText);
        pattern
    }

    /// Whether the whole text fits. Only the last open `*` is ever retried, so the time is at most quadratic.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = folded(text, self.case_sensitive).chars().collect();
        let (mut piece, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.pieces.get(piece), text.get(at)) {
                (Some(Piece::AnyText), _) => {
                    retry = Some((piece + 1, at));
                    piece += 1;
                    continue;
                }
                (Some(Piece::OneOf(set)), Some(character)) if set.contains(character) => {
                    piece += 1;
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            match retry {
                Some((after, from)) if from < text.len() => {
                    retry = Some((after, from + 1));
                    piece = after;
                    at = from + 1;
                }
                _ => return false,
            }
        }
    }
}

/// The text as compared: SQL Server's default collation does not tell upper from lower case.
pub fn folded(text: &str, case_sensitive: bool) -> String {
    if case_sensitive {
        text.to_owned()
    } else {
        text.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        Pattern::like(pattern, false).matches(text)
    }

    #[test]
    fn brackets_hold_a_set_of_characters() {
        assert!(like("[[]text]*", "[text] and more"));
        assert!(like("b[ae]t", "BET"));
        assert!(!like("b[ae]t", "bit"));
        assert!(like("[open", "[open"));
    }

    #[test]
    fn case_matters_only_when_asked() {
        assert!(like("FRED%", "frederika"));
        assert!(!Pattern::like("FRED%", true).matches("frederika"));
    }

    fn as_regex(pattern: &str) -> regex::Regex {
        let body: String = pattern
            .chars()
            .map(|c| {
                if c == '*' || c == '%' {
                    ".*".into()
                } else {
                    regex::escape(&c.to_string())
                }
            })
            .collect();
        regex::Regex::new(&format!("(?s)^{body}$")).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_pattern_matches_what_the_regular_expression_of_it_matches(pattern in "[ab*%.]{0,8}", text in "[ab.\n]{0,10}") {
            prop_assert_eq!(like(&pattern, &text), as_regex(&pattern).is_match(&text));
            let inside = Pattern::contains(&pattern, false).matches(&text);
            prop_assert_eq!(inside, as_regex(&format!("*{pattern}*")).is_match(&text));
        }
    }
}
