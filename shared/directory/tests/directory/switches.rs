//! Every value of every switch by itself, and every pair of values of two switches: a first and a second import are right under all of them.
//!
//! Of some switches these imports show only that they do no harm, since no call of ours meets them:
//!
//! - `companyGetRoute`, `putOmittedField`, `deleteSemantics`, and the value `invites` of `lostReply`: there is no such call;
//! - `creationActionDefault`, `requiredFields`, `unknownFields`, `maxResultsOverLimit`, `unknownSort`: every request names what is
//!   documented, and asks for no more;
//! - `emailFilterPlain`, `filterMagic`: no list is filtered by a text;
//! - `userExistsSameCompany`, `disabledUserSameAddress`: a user who is listed is found before anything is sent;
//! - `pageTokenUnderChange`: no row changes while a list is walked, as in `moving`.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use lastpass::Switches;
use serde_json::Value;

use crate::import::{Values, first_and_second};
use crate::port::Database;

/// Imports under way at once.
const CONCURRENCY: usize = 4;

/// Values that end an import before it has done anything.
const ENDING: [(&str, &str); 4] = [
    ("keyStates", "revoked"),
    ("keyStates", "notEnrolled"),
    ("keyStates", "noMspRight"),
    ("managedUserRoutes", "noList"),
];

/// Candidates from which each row of the array is chosen.
const CANDIDATES: usize = 30;

fn ends(name: &str, value: &Value) -> bool {
    ENDING.iter().any(|(ending, with)| *ending == name && value == with)
}

/// The switches with the values that end nothing.
fn lasting() -> Vec<(String, Vec<Value>)> {
    let choices = Switches::choices().into_iter();
    let choices = choices.map(|(name, mut values)| {
        values.retain(|value| !ends(&name, value));
        (name, values)
    });
    choices.collect()
}

/// A pair: two switches by their places, each with the place of its value.
type Pair = ((usize, usize), (usize, usize));

fn pairs(choices: &[(String, Vec<Value>)]) -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    for (one, (_, values)) in choices.iter().enumerate() {
        for (other, (_, others)) in choices.iter().enumerate().skip(one + 1) {
            for value in 0..values.len() {
                pairs.extend((0..others.len()).map(|with| ((one, value), (other, with))));
            }
        }
    }
    pairs
}

fn pairs_of(row: &[usize]) -> impl Iterator<Item = Pair> {
    let places = row.iter().copied().enumerate();
    places.flat_map(move |(one, value)| {
        let others = row.iter().copied().enumerate().skip(one + 1);
        others.map(move |(other, with)| ((one, value), (other, with)))
    })
}

/// Rows that have every pair of values in one of them: each the best of some that are made greedily, always the same ones.
fn covering(choices: &[(String, Vec<Value>)]) -> Vec<Vec<usize>> {
    let mut random = fastrand::Rng::with_seed(82);
    let mut left = pairs(choices);
    let mut rows = Vec::new();
    while !left.is_empty() {
        let candidates = (0..CANDIDATES).map(|_| candidate(choices, &left, &mut random));
        let best = candidates.max_by_key(|row| pairs_of(row).filter(|pair| left.contains(pair)).count());
        let row = best.unwrap();
        for pair in pairs_of(&row) {
            left.remove(&pair);
        }
        rows.push(row);
    }
    rows
}

fn candidate(choices: &[(String, Vec<Value>)], left: &BTreeSet<Pair>, random: &mut fastrand::Rng) -> Vec<usize> {
    let mut row: Vec<Option<usize>> = vec![None; choices.len()];
    let seed = left.iter().nth(random.usize(..left.len())).copied().unwrap();
    for (switch, value) in [seed.0, seed.1] {
        row[switch] = Some(value);
    }
    let mut order: Vec<usize> = (0..choices.len()).collect();
    random.shuffle(&mut order);
    for switch in order {
        if row[switch].is_some() {
            continue;
        }
        let gain = |value: usize| {
            let set = row
                .iter()
                .enumerate()
                .filter_map(|(other, with)| Some((other, (*with)?)));
            let pair = |other: (usize, usize)| {
                if switch < other.0 {
                    ((switch, value), other)
                } else {
                    (other, (switch, value))
                }
            };
            set.filter(|other| left.contains(&pair(*other))).count()
        };
        let from = random.usize(..choices[switch].1.len());
        let values = (0..choices[switch].1.len()).map(|at| (from + at) % choices[switch].1.len());
        let best = values.max_by_key(|value| gain(*value));
        row[switch] = best;
    }
    row.into_iter().flatten().collect()
}

fn values_of(choices: &[(String, Vec<Value>)], row: &[usize]) -> Values {
    let values = choices
        .iter()
        .zip(row)
        .map(|((name, values), at)| (name.clone(), values[*at].clone()));
    values.collect()
}

/// Runs all cases; gives what is wrong.
async fn wrong(prefix: &str, cases: Vec<Values>) -> Vec<String> {
    let database = Database::start().await;
    let runs = cases.iter().enumerate().map(|(number, values)| {
        let database = &database;
        async move {
            let ended = first_and_second(database, &format!("{prefix}-{number}"), values).await;
            ended
                .err()
                .map(|wrong| format!("{number}: {wrong} with {}", serde_json::to_string(values).unwrap()))
        }
    });
    let runs: Vec<_> = runs.collect();
    let ended: Vec<Option<String>> = stream::iter(runs).buffer_unordered(CONCURRENCY).collect().await;
    ended.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r82_every_value_of_every_switch_by_itself() {
    let choices = Switches::choices();
    let cases = choices.iter().flat_map(|(name, values)| {
        values
            .iter()
            .map(|value| Values::from([(name.clone(), value.clone())]))
            .collect::<Vec<_>>()
    });
    let cases: Vec<Values> = cases.collect();
    let count = cases.len();
    let wrong = wrong("alone", cases).await;
    println!("values of switches of LastPass: {count}, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r82_every_pair_of_values_of_two_switches() {
    let choices = lasting();
    let all = pairs(&choices).len();
    let mut cases: Vec<Values> = covering(&choices).iter().map(|row| values_of(&choices, row)).collect();
    let lasting = cases.len();
    for (name, value) in ENDING {
        // The same rows with a value that ends the import: so it meets every value of every other switch.
        for at in 0..lasting {
            let mut values = cases[at].clone();
            values.insert(name.to_owned(), Value::from(value));
            cases.push(values);
        }
    }
    let count = cases.len();
    let wrong = wrong("pairs", cases).await;
    println!(
        "pairs of values of LastPass' switches: {all} in {lasting} first and second imports, and {} that must end, {} wrong",
        count - lasting,
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}
