//! Imports into LastPass to which several things happen, drawn from a seed: processes die, are paused or repeated, DynamoDB and LastPass
//! fail, replies of LastPass get lost, and what was made is listed late. Nothing is lost, and nothing there twice (R37, R82, R86, R88).

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use domain::psa::PsaKind;
use fastrand::Rng;
use faults::left_open::{self, LeftOpen};
use faults::script::{STEPS, Script};
use faults::state::State;
use faults::world::{Moment, World};
use serde_json::{Map, Value, json};

use crate::cores::{alone, on_all_cores};
use crate::server::KINDS;

/// Disturbances of one import at most.
const MOST: usize = 6;

/// What LastPass' documents leave open about replies and lists.
const OPEN: [(&str, &[&str]); 6] = [
    ("lostReply", &["off", "companies", "users", "patches", "all"]),
    ("eventualReads", &["readYourWrites", "fiveSecondsLate"]),
    ("companyCreateDelay", &["twoSeconds", "none", "sixtySeconds"]),
    ("listedBeforePollDone", &["no", "yes", "later"]),
    ("userCreateOnNewCompany", &["atOnce", "notFound", "conflict"]),
    (
        "pollShape",
        &["status", "acceptedThenCompany", "goneOnceDone", "unknownJson"],
    ),
];

struct Stage {
    world: World,
    begin: Moment,
    /// What the first import leaves undisturbed, and the second.
    right: Vec<State>,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(kind: PsaKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::with_lastpass(kind).await;
        Script::new(&world).seed().await;
        let begin = world.keep(folder.path(), "begin");
        let mut stage = Self {
            world,
            begin,
            right: Vec::new(),
            _folder: folder,
        };
        for cycle in [0, 1] {
            stage.import(cycle, None).await.unwrap();
            stage.right.push(stage.world.state().await);
        }
        stage
    }

    /// One import, with whatever the seed disturbs.
    async fn import(&self, cycle: usize, seed: Option<u64>) -> Result<(), String> {
        if cycle == 1 {
            self.world.lastpass.as_ref().unwrap().let_people_enrol().await;
        }
        self.world.effects.begin();
        if let Some(seed) = seed {
            self.world.effects.arm_at_random(seed + cycle as u64, MOST);
        }
        let script = Script::new(&self.world);
        for step in STEPS {
            script.take(cycle, step).await?;
        }
        self.world.effects.begin();
        Ok(())
    }

    /// Both imports of a seed; gives what is wrong and what was left open.
    async fn run(&mut self, seed: u64) -> (Option<String>, LeftOpen) {
        let mut rng = Rng::with_seed(seed);
        let drawn = OPEN.iter().map(|(switch, values)| {
            let value = values[rng.usize(..values.len())];
            ((*switch).to_owned(), Value::from(value))
        });
        let drawn: Map<String, Value> = drawn.collect();
        self.world.rest().await;
        self.world.go_back(&self.begin);
        self.world.lastpass.as_ref().unwrap().set(json!(drawn));
        let mut left_open = LeftOpen::default();
        for (cycle, right) in self.right.iter().enumerate() {
            if let Err(stuck) = self.import(cycle, Some(seed << 1)).await {
                return (Some(format!("SEED={seed} {drawn:?}: {stuck}")), left_open);
            }
            let (difference, open) = left_open::settled(&self.world, cycle, right).await;
            left_open.add(open);
            if !difference.is_none() {
                return (
                    Some(format!("SEED={seed} {drawn:?}, import {cycle}: {difference}")),
                    left_open,
                );
            }
            // What it leaves open is there from here on, and the next import has another number.
            if open.companies + open.mails > 0 {
                break;
            }
        }
        (None, left_open)
    }
}

/// `SEED=n` runs one seed, `SEEDS=n` so many.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(60),
    }
}

#[test]
fn r82_whatever_goes_wrong_together_with_lastpass_nothing_is_lost_and_nothing_twice() {
    let (began, seeds) = (Instant::now(), seeds());
    let next = AtomicU64::new(seeds.start);
    let totals = Mutex::new((Vec::new(), LeftOpen::default()));
    on_all_cores(|| {
        alone(async {
            let mut stages = [Stage::new(KINDS[0]).await, Stage::new(KINDS[1]).await];
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= seeds.end {
                    break;
                }
                // With one PSA and the other, by turns.
                let (wrong, open) = stages[usize::from(seed % 2 == 1)].run(seed).await;
                let mut totals = totals.lock().unwrap();
                totals.0.extend(wrong);
                totals.1.add(open);
            }
        });
    });
    let (wrong, LeftOpen { companies, mails }) = totals.into_inner().unwrap();
    println!(
        "random imports into LastPass: {} seeds, {companies} companies left open, {mails} mails left open, {} wrong, {} s",
        seeds.end - seeds.start,
        wrong.len(),
        began.elapsed().as_secs()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
