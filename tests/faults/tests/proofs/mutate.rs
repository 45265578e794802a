//! Changing texts and JSON at random, for as long as there is time.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

/// The numbers of the cases to try: from 0 for so many seconds, `MUTATION_SECONDS`, or only `SEED`.
pub fn numbers() -> impl Iterator<Item = u64> {
    let number = |name| {
        std::env::var(name)
            .ok()
            .map(|text: String| text.parse::<u64>().unwrap())
    };
    let until = Instant::now() + Duration::from_secs(number("MUTATION_SECONDS").unwrap_or(15));
    let first = number("SEED");
    (first.unwrap_or(0)..)
        .take(if first.is_some() { 1 } else { usize::MAX })
        .take_while(move |_| first.is_some() || Instant::now() < until)
}

/// The lines of a file of inputs that are always tried.
pub fn corpus(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A few random changes: something put in, cut off, left out, repeated, or taken from one of the others.
pub fn text(rng: &mut Rng, body: &mut Vec<u8>, words: &[&str], others: &[Vec<u8>]) {
    for _ in 0..rng.usize(1..6) {
        let at = rng.usize(..=body.len());
        match rng.usize(..6) {
            0 => drop(body.splice(at..at, words[rng.usize(..words.len())].bytes())),
            1 => body.truncate(at),
            2 if at < body.len() => body[at] = rng.u8(..),
            3 if at < body.len() => drop(body.drain(at..(at + rng.usize(1..9)).min(body.len()))),
            4 if !others.is_empty() => {
                let other = &others[rng.usize(..others.len())];
                let from = rng.usize(..=other.len());
                body.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                let piece = body[at..(at + 20).min(body.len())].to_vec();
                body.splice(at..at, piece);
            }
        }
    }
}

/// A few random changes that leave it JSON: a value replaced, left out, added, or moved.
pub fn json(rng: &mut Rng, value: &mut Value) {
    for _ in 0..rng.usize(1..4) {
        change(rng, value);
    }
}

fn change(rng: &mut Rng, value: &mut Value) {
    let deeper = rng.usize(..4) > 0;
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let name = fields.keys().nth(rng.usize(..fields.len())).cloned().unwrap();
            match rng.usize(..12) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(odd_text(rng), odd(rng))),
                2 => {
                    let copy = fields[&name].clone();
                    fields.insert(odd_text(rng), copy);
                }
                _ => change(rng, &mut fields[&name]),
            }
        }
        Value::Array(values) if deeper && !values.is_empty() => {
            let at = rng.usize(..values.len());
            match rng.usize(..8) {
                0 => drop(values.remove(at)),
                1 => values.extend(std::iter::repeat_n(values[at].clone(), rng.usize(..600))),
                _ => change(rng, &mut values[at]),
            }
        }
        Value::String(text) if deeper => {
            let mut bytes = std::mem::take(text).into_bytes();
            self::text(
                rng,
                &mut bytes,
                &["\0", "\u{2028}", "\u{202e}", "#", "%2F", "/", "..", "\r\n", "é", "@"],
                &[],
            );
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        other => *other = odd(rng),
    }
}

fn odd(rng: &mut Rng) -> Value {
    match rng.usize(..14) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(1e308),
        6 => json!(0.5),
        7 => json!([]),
        8 => json!({}),
        9 => json!([null]),
        10 => json!({ "": { "": [] } }),
        11 => (0..rng.usize(..200)).fold(Value::Null, |inner, _| json!([inner])),
        _ => odd_text(rng).into(),
    }
}

fn odd_text(rng: &mut Rng) -> String {
    const TEXTS: [&str; 14] = [
        "",
        " ",
        "\0",
        "\u{202e}",
        "#",
        "MSP#m",
        "%",
        "%%00",
        "..",
        "a/b",
        "null",
        "-1",
        "99999999999999999999",
        "ÅÄÖ\u{10ffff}",
    ];
    match rng.usize(..8) {
        0 => "x".repeat(rng.usize(..5_000)),
        _ => TEXTS[rng.usize(..TEXTS.len())].to_owned(),
    }
}
