//! From text to [`Condition`].

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use winnow::ascii::{Caseless, digit1, multispace0};
use winnow::combinator::{alt, delimited, fail, not, opt, preceded, repeat, separated, terminated};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::stream::Stateful;
use winnow::token::{none_of, one_of, take_till, take_while};

use super::syntax::{Comparison, Condition, Literal, QuoteEscape, Test};

/// How much nesting is read; beyond it a hostile query could exhaust the stack.
const DEEPEST: usize = 64;

/// What ConnectWise's documentation leaves open about the text of a condition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dialect {
    /// How a quote is written within quotes.
    pub quotes: QuoteEscape,
    /// Whether a datetime may end in an offset such as `+02:00`.
    pub offsets: bool,
}

#[derive(Clone, Copy, Debug)]
struct State {
    dialect: Dialect,
    depth: usize,
}

type Input<'a> = Stateful<&'a str, State>;
type Parsed<T> = Result<T, ContextError>;

/// Reads a whole condition; the error says where it stopped making sense.
pub fn parse(text: &str, dialect: Dialect) -> Result<Condition, String> {
    let input = Stateful {
        input: text,
        state: State { dialect, depth: 0 },
    };
    delimited(multispace0, condition, multispace0)
        .parse(input)
        .map_err(|error| {
            let rest: String = text
                .get(error.offset()..)
                .unwrap_or_default()
                .chars()
                .take(20)
                .collect();
            format!(
                "The condition cannot be read from position {} on: '{rest}'",
                error.offset()
            )
        })
}

fn condition(input: &mut Input<'_>) -> Parsed<Condition> {
    separated(1.., all, keyword("or"))
        .map(|parts| one_or(parts, Condition::Or))
        .parse_next(input)
}

fn all(input: &mut Input<'_>) -> Parsed<Condition> {
    separated(1.., negatable, keyword("and"))
        .map(|parts| one_or(parts, Condition::And))
        .parse_next(input)
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn negatable(input: &mut Input<'_>) -> Parsed<Condition> {
    let negations: usize = repeat(0..=DEEPEST, keyword("not")).parse_next(input)?;
    let mut condition = alt((group, test)).parse_next(input)?;
    for _ in 0..negations {
        condition = Condition::Not(Box::new(condition));
    }
    Ok(condition)
}

fn group(input: &mut Input<'_>) -> Parsed<Condition> {
    if input.state.depth == DEEPEST {
        return fail(input);
    }
    input.state.depth += 1;
    let inner = delimited(sign("("), condition, sign(")")).parse_next(input);
    input.state.depth -= 1;
    inner
}

fn test(input: &mut Input<'_>) -> Parsed<Condition> {
    let path = separated(1.., name, "/").parse_next(input)?;
    let negated = opt(preceded(multispace0, keyword("not"))).parse_next(input)?.is_some();
    let test = if negated {
        word_test.map(|test| Test::Not(Box::new(test))).parse_next(input)?
    } else {
        alt((
            word_test,
            (comparison, literal).map(|(comparison, value)| Test::Compare(comparison, value)),
        ))
        .parse_next(input)?
    };
    Ok(Condition::Test { path, test })
}

fn word_test(input: &mut Input<'_>) -> Parsed<Test> {
    alt((
        preceded(keyword("contains"), text).map(Test::Contains),
        preceded(keyword("like"), text).map(Test::Like),
        preceded(
            keyword("in"),
            delimited(sign("("), separated(1.., literal, sign(",")), sign(")")),
        )
        .map(Test::In),
    ))
    .parse_next(input)
}

fn comparison(input: &mut Input<'_>) -> Parsed<Comparison> {
    alt((
        sign("!=").value(Comparison::Unequal),
        sign("<=").value(Comparison::LessOrEqual),
        sign(">=").value(Comparison::GreaterOrEqual),
        sign("=").value(Comparison::Equal),
        sign("<").value(Comparison::Less),
        sign(">").value(Comparison::Greater),
    ))
    .parse_next(input)
}

fn literal(input: &mut Input<'_>) -> Parsed<Literal> {
    alt((
        text.map(Literal::Text),
        time.map(Literal::Time),
        number.map(Literal::Number),
        keyword("true").value(Literal::Flag(true)),
        keyword("false").value(Literal::Flag(false)),
        keyword("null").value(Literal::Null),
    ))
    .parse_next(input)
}

fn name(input: &mut Input<'_>) -> Parsed<String> {
    let letters = (
        one_of(('a'..='z', 'A'..='Z', '_')),
        take_while(0.., ('a'..='z', 'A'..='Z', '0'..='9', '_')),
    );
    letters.take().map(str::to_owned).parse_next(input)
}

/// A word in any letter case, not the beginning of a longer one, with the space around it.
fn keyword<'a>(word: &'static str) -> impl Parser<Input<'a>, (), ContextError> {
    let end = not(one_of(('a'..='z', 'A'..='Z', '0'..='9', '_', '/')));
    delimited(multispace0, terminated(Caseless(word), end), multispace0).void()
}

fn sign<'a>(sign: &'static str) -> impl Parser<Input<'a>, (), ContextError> {
    delimited(multispace0, sign, multispace0).void()
}

fn number(input: &mut Input<'_>) -> Parsed<f64> {
    (opt('-'), digit1, opt(('.', digit1)))
        .take()
        .try_map(str::parse)
        .parse_next(input)
}

fn text(input: &mut Input<'_>) -> Parsed<String> {
    let quote = preceded(multispace0, one_of(['"', '\''])).parse_next(input)?;
    let quotes = input.state.dialect.quotes;
    let content: String = repeat(0.., |input: &mut Input<'_>| character(input, quote, quotes)).parse_next(input)?;
    (quote, multispace0).value(content).parse_next(input)
}

fn character(input: &mut Input<'_>, quote: char, quotes: QuoteEscape) -> Parsed<char> {
    match quotes {
        QuoteEscape::Backslash => alt((preceded('\\', one_of([quote, '\\'])), none_of(quote))).parse_next(input),
        QuoteEscape::Doubled => alt((preceded(quote, one_of(quote)), none_of(quote))).parse_next(input),
        QuoteEscape::None => none_of(quote).parse_next(input),
    }
}

fn time(input: &mut Input<'_>) -> Parsed<Timestamp> {
    let offsets = input.state.dialect.offsets;
    delimited(sign("["), take_till(1.., ']'), sign("]"))
        .verify_map(|written: &str| timestamp(written.trim(), offsets))
        .parse_next(input)
}

/// A time without a zone is UTC.
fn timestamp(written: &str, offsets: bool) -> Option<Timestamp> {
    if let Ok(civil) = written.parse::<DateTime>() {
        // A civil time also parses from text with a zone, by dropping it.
        if !has_zone(written) {
            return civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        }
    } else if let Ok(date) = written.parse::<Date>() {
        return date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    let utc = written.ends_with(['Z', 'z']);
    written.parse().ok().filter(|_| utc || offsets)
}

fn has_zone(written: &str) -> bool {
    let after_date = written.get(10..).unwrap_or_default();
    after_date.contains(['Z', 'z', '+', '-'])
}
