//! What holds over any history of a PSA and its imports.
//!
//! `SEEDS` says how many histories are tried, `SEED` repeats one that failed. Of one that fails, the steps are left out that it also fails
//! without.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod history;
mod model;
mod promises;
mod psa;

use domain::not_in::PersonAbsence;
use domain::psa::PsaKind;
use domain::remembered::{MAX_SHARERS, Sharers};
use fastrand::Rng;

use history::{Import, Step, history};
use model::{Model, Twin};

const SEEDS: u64 = 1_500;
const MAX_STEPS: usize = 40;

/// Imports until nothing changes any more: a chain takes as many as it is long.
const MAX_IMPORTS: u64 = 12;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn seeds() -> std::ops::Range<u64> {
    number("SEED").map_or(0..number("SEEDS").unwrap_or(SEEDS), |seed| seed..seed + 1)
}

fn run(kind: PsaKind, twin: Twin, steps: &[Step]) -> Result<(), String> {
    let mut model = Model::new(kind, twin);
    for step in steps {
        model.psa.apply(step);
        if let Step::Import(import) = step {
            model.import(import)?;
        }
    }
    if twin != Twin::None {
        return Ok(());
    }
    for seed in 0..MAX_IMPORTS {
        let (users, addresses) = (model.users.clone(), model.addresses.clone());
        if !model.import(&Import::plain(seed))?.changed {
            let is_same = users == model.users && addresses == model.addresses;
            return is_same
                .then_some(())
                .ok_or_else(|| "R38: an unchanged import changes something".to_owned());
        }
    }
    Err("R38: imports of the same never come to an end".to_owned())
}

/// The first history that breaks a promise, in as few steps as it takes.
fn broken(kind: PsaKind, twin: Twin) -> Option<(u64, Vec<Step>, String)> {
    for seed in seeds() {
        let mut steps = history(&mut Rng::with_seed(seed), MAX_STEPS);
        let Err(mut why) = run(kind, twin, &steps) else {
            continue;
        };
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.remove(at);
            match run(kind, twin, &fewer) {
                Err(again) if again.get(..20) == why.get(..20) => (steps, why) = (fewer, again),
                _ => at += 1,
            }
        }
        return Some((seed, steps, why));
    }
    None
}

fn assert_holds(kind: PsaKind) {
    if let Some((seed, steps, why)) = broken(kind, Twin::None) {
        panic!("SEED={seed} {kind:?}: {why}\n{steps:#?}");
    }
}

#[test]
fn r30_r38_r55_r56_r57_hold_over_any_history_in_connectwise() {
    assert_holds(PsaKind::Connectwise);
}

#[test]
fn r30_r38_r55_r56_r57_hold_over_any_history_in_autotask() {
    assert_holds(PsaKind::Autotask);
}

#[test]
fn r56_a_mailbox_of_many_people_is_remembered_in_short() {
    let desk = 5;
    let join = |_| Step::Add {
        company: 0,
        name: 0,
        address: desk,
    };
    let mut model = Model::new(PsaKind::Connectwise, Twin::None);
    for step in (0..=MAX_SHARERS + 1).map(join) {
        model.psa.apply(&step);
    }
    let first = Import {
        new_addresses: true,
        ..Import::plain(0)
    };
    model.import(&first).unwrap();
    assert_eq!(model.addresses[&0][0].remembered.sharers, Sharers::Many);
    // Whoever leaves, the user stays with those who do not.
    for contact in 0..4 {
        let users = model.users.clone();
        let leaves = Step::Change {
            contact,
            slot: 0,
            address: 4,
        };
        model.psa.apply(&leaves);
        model.import(&Import::plain(1)).unwrap();
        assert_eq!(model.users, users);
        assert!(!model.import(&Import::plain(2)).unwrap().changed);
    }
}

#[test]
fn r55_a_hidden_sharer_of_an_address_may_have_it_still() {
    let join = Step::Add {
        company: 0,
        name: 0,
        address: 5,
    };
    let first = Import {
        new_addresses: true,
        ..Import::plain(0)
    };
    let hidden = Import {
        hides_inactive: true,
        ..Import::plain(1)
    };
    for kind in PsaKind::ALL {
        let mut model = Model::new(kind, Twin::None);
        model.psa.apply(&join);
        model.psa.apply(&join);
        model.import(&first).unwrap();
        let mapped = model.addresses[&0][0].id.clone();
        let mut contacts = model.psa.contacts.keys().map(ToString::to_string);
        let own = u8::from(contacts.next().unwrap() != mapped.contact());
        model.psa.apply(&Step::Change {
            contact: own,
            slot: 0,
            address: 4,
        });
        model.psa.apply(&Step::Activate {
            contact: 1 - own,
            active: false,
        });
        let expected = [(mapped, Some(PersonAbsence::FilteredOut))];
        assert_eq!(model.absent_from(0, &hidden), expected, "{kind:?}");
        assert_eq!(model.absent_from(0, &first), [], "{kind:?}");
    }
}

#[test]
fn r55_r56_r57_a_rule_that_is_left_out_is_noticed() {
    if number("SEED").is_some() {
        return;
    }
    for kind in PsaKind::ALL {
        for (twin, rule) in [
            (Twin::ForgetsSharers, "R56"),
            (Twin::ForgetsNames, "R57"),
            (Twin::LosesAbsentees, "R55"),
        ] {
            let (seed, _, why) = broken(kind, twin).unwrap_or_else(|| panic!("{twin:?} goes unnoticed in {kind:?}"));
            assert!(why.starts_with(rule), "{twin:?}, seed {seed}: {why}");
        }
    }
}
