//! Text filters: `%` matches any text.

use crate::switches::{PlainFilter, Wildcards};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Letter(char),
    One,
    Any,
}

/// Whether a text matches a filter, which is compared without case where it has a wildcard.
pub(super) fn matches(text: &str, filter: &str, plain: PlainFilter, wildcards: Wildcards) -> bool {
    let tokens = tokens(filter, wildcards);
    if tokens.iter().any(|token| !matches!(token, Token::Letter(_))) {
        let letters: Vec<char> = text.to_lowercase().chars().collect();
        return like(&letters, &tokens);
    }
    let filter: String = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Letter(letter) => Some(*letter),
            Token::One | Token::Any => None,
        })
        .collect();
    match plain {
        PlainFilter::Equality => text.to_lowercase() == filter.to_lowercase(),
        PlainFilter::Contains => text.to_lowercase().contains(&filter.to_lowercase()),
        PlainFilter::CaseSensitive => text == filter,
        PlainFilter::Prefix => text.to_lowercase().starts_with(&filter.to_lowercase()),
    }
}

fn tokens(filter: &str, wildcards: Wildcards) -> Vec<Token> {
    let escapes = wildcards != Wildcards::PercentUnescapable;
    let mut tokens = Vec::new();
    let mut letters = filter.chars().peekable();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '\\' if escapes && letters.peek().is_some_and(|next| matches!(next, '%' | '_' | '\\')) => {
                Token::Letter(letters.next().unwrap_or('\\'))
            }
            '%' => Token::Any,
            '_' if wildcards == Wildcards::PercentAndUnderscore => Token::One,
            letter => Token::Letter(letter),
        });
    }
    tokens
}

/// Goes back to the last `%` where the rest does not fit, as for SQL's LIKE.
fn like(text: &[char], tokens: &[Token]) -> bool {
    let (mut at, mut token) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while at < text.len() {
        match tokens.get(token) {
            Some(Token::Any) => {
                back = Some((token, at));
                token += 1;
            }
            Some(Token::One) => (at, token) = (at + 1, token + 1),
            Some(Token::Letter(letter)) if letter.to_lowercase().eq([text[at]]) => (at, token) = (at + 1, token + 1),
            _ => {
                let Some((any, from)) = back else { return false };
                back = Some((any, from + 1));
                (at, token) = (from + 1, any + 1);
            }
        }
    }
    tokens[token..].iter().all(|token| *token == Token::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, filter: &str) -> bool {
        matches(text, filter, PlainFilter::Equality, Wildcards::Percent)
    }

    #[test]
    fn percent_stands_for_anything() {
        for filter in ["ja%", "%BV", "%sen%", "j%n%v", "%", "jansen bv"] {
            assert!(found("Jansen BV", filter), "{filter}");
        }
        for filter in ["j%x", "ansen%", "jansen", "%jansen"] {
            assert!(!found("Jansen BV", filter), "{filter}");
        }
    }

    #[test]
    fn wildcards_are_literal_where_they_are_escaped() {
        assert!(found("50% Korting", r"50\% korting") && !found("500 Korting", r"50\% korting"));
        let underscore = |text, filter| matches(text, filter, PlainFilter::Equality, Wildcards::PercentAndUnderscore);
        assert!(underscore("a_b", "a_b") && underscore("axb", "a_b") && !underscore("axb", r"a\_b"));
        assert!(!found("axb", "a_b"));
    }

    #[test]
    fn a_plain_filter_compares_as_switched() {
        let plain = |filter, plain| matches("Jan@x.test", filter, plain, Wildcards::Percent);
        assert!(plain("jan@X.test", PlainFilter::Equality) && !plain("an@x.test", PlainFilter::Equality));
        assert!(plain("an@x", PlainFilter::Contains) && plain("jan", PlainFilter::Prefix));
        assert!(!plain("jan@x.test", PlainFilter::CaseSensitive) && plain("Jan@x.test", PlainFilter::CaseSensitive));
    }
}
