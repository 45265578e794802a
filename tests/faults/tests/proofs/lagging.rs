//! Eventually consistent reads that lack the last writes: nothing is lost and nothing twice because of them (R37, R38). At worst a change
//! is found by the next import.

use std::sync::Arc;

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::script::Script;
use faults::state::State;
use faults::wire::Sabotage;
use faults::world::{MSP, Message, Moment, World};
use serde_json::{Value, json};

use crate::cores::alone;

/// Runs, each of which lacks another number of writes.
const SEEDS: usize = 16;

/// Items that a read lacks at most: more than two imports write here.
const MOST_LACKING: usize = 500;

const MOST_DELIVERIES: usize = 50;

/// An integration whose policy imports everything.
struct Stage {
    world: World,
    integration: String,
    empty: Moment,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(sabotage: Option<Sabotage>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        let integration = script.integration().await.unwrap();
        let policy = json!({
            "newCompanies": true, "newAddresses": true, "filter": {}, "massChange": { "percent": 100, "atLeast": 1_000 },
        });
        script
            .expect("PUT", &format!("/integrations/{integration}/policy"), policy)
            .await;
        let empty = world.keep(folder.path(), "empty");
        world.sabotage = sabotage;
        Self {
            world,
            integration,
            empty,
            _folder: folder,
        }
    }

    /// Imports unattended from the PSA as it is first, or later; gives the state in which the import ended.
    async fn import(&self, later: usize, token: &str) -> Value {
        self.world.psa.show(later);
        let occasion = json!({ "msp": MSP, "integration": self.integration, "token": token });
        let started = self.world.deliver(&Message::Work("FetchFunction", occasion)).await;
        assert_eq!(started.unwrap().unwrap()["outcome"], "started");
        for _ in 0..MOST_DELIVERIES {
            let imports = self.world.engine.items(IMPORTS).into_iter();
            let mut imports: Vec<Value> = imports.filter(|item| item["sk"]["S"] == "IMPORT").collect();
            imports.sort_by_key(|import| import["id"]["S"].as_str().unwrap().to_owned());
            let last = imports.pop().unwrap();
            let function = match last["state"]["S"].as_str().unwrap() {
                "fetching" => "FetchFunction",
                "executing" => "ExecuteFunction",
                "review" if last["unattended"]["BOOL"] == true => "ExecuteFunction",
                _ => return last["state"]["S"].clone(),
            };
            let work = Message::Work(
                function,
                json!({ "msp": MSP, "import": last["id"]["S"], "giveUp": false }),
            );
            let answer = self.world.deliver(&work).await.unwrap();
            if let Ok(answer) = answer
                && answer["outcome"] == "wait"
            {
                let until = answer["until"].as_str().unwrap().parse().unwrap();
                self.world.ticking.wait_until(until);
            }
        }
        json!("it does not end")
    }

    /// Three imports, between which the PSA changes there and back, while reads lack up to so many writes: to the last of them all may look
    /// as it should be. Then one while they lack none. Gives what is there after the last two.
    async fn run(&self, lacking: Option<usize>) -> Result<[State; 2], String> {
        self.world.go_back(&self.empty);
        self.world.engine.lag(lacking);
        let mut states = Vec::new();
        for (later, token) in [(0, "first"), (1, "second"), (0, "third"), (0, "fourth")] {
            if token == "fourth" {
                self.world.engine.lag(None);
            }
            let state = self.import(later, token).await;
            if state != "done" {
                return Err(format!("the {token} import ends in {state}"));
            }
            states.push(State::read(&self.world.engine));
        }
        let [_, _, third, fourth] = states.try_into().unwrap();
        Ok([third, fourth])
    }

    /// What is wrong with each run, and in how many a change was found an import later.
    async fn all(&self) -> (Vec<String>, usize) {
        let right = self.run(None).await.unwrap();
        assert!(right[0].users().values().sum::<usize>() > 50, "no users are counted");
        let (mut wrong, mut later) = (Vec::new(), 0);
        for seed in 0..SEEDS {
            let lacking = (seed + 1) * MOST_LACKING / SEEDS;
            match self.run(Some(lacking)).await {
                Ok([third, fourth]) => {
                    let twice = twice(&third, &right[0]);
                    let left = fourth.difference(&right[1]);
                    let left = [left.lost, left.twice, left.other].map(named).concat();
                    if !twice.is_empty() || !left.is_empty() {
                        wrong.push(format!("{lacking} lacking: twice {twice:?}, left {left:?}"));
                    }
                    later += usize::from(!third.difference(&right[0]).is_none());
                }
                Err(why) => wrong.push(format!("{lacking} lacking: {why}")),
            }
        }
        (wrong, later)
    }
}

/// What there is twice. A user whose changed address is found later is there once, at the address before, so users are counted.
fn twice(found: &State, right: &State) -> Vec<String> {
    let should = right.users();
    let too_many = |(company, users): &(&str, usize)| should.get(company).is_none_or(|should| users > should);
    let companies = found.users().into_iter().filter(too_many);
    let companies = companies.map(|(company, users)| format!("{company}: {users} users"));
    let other = named(found.difference(right).twice).into_iter();
    other.filter(|key| !key.ends_with(" USER")).chain(companies).collect()
}

/// Without what imports have counted: one that finds a change later counts it later.
fn named(differences: Vec<String>) -> Vec<String> {
    differences
        .into_iter()
        .filter(|key| !key.starts_with("import "))
        .collect()
}

#[test]
fn r37_r38_reads_that_lack_the_last_writes_lose_nothing_and_do_nothing_twice() {
    alone(async {
        let stage = Stage::new(None).await;
        let (wrong, later) = stage.all().await;
        println!(
            "{SEEDS} runs, {later} of them found something an import later, {} wrong",
            wrong.len()
        );
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

/// The product without strongly consistent reads of address mappings and users, on the wire.
fn without_strong_reads() -> Sabotage {
    Arc::new(|_, body| {
        let values = &body["ExpressionAttributeValues"];
        let begins = [&values[":prefix"]["S"], &values[":from"]["S"]];
        let is_mapping = begins
            .iter()
            .any(|key| key.as_str().is_some_and(|key| key.starts_with("ADDRESSES#")));
        let is_user = values[":pk"]["S"].as_str().is_some_and(|pk| pk.ends_with("#ROSTER"));
        if (is_mapping || is_user) && body["ConsistentRead"] == true {
            body["ConsistentRead"] = json!(false);
        }
    })
}

#[test]
fn r37_without_strong_reads_something_does_go_wrong() {
    alone(async {
        let stage = Stage::new(Some(without_strong_reads())).await;
        let (mut wrong, right) = (0, stage.run(None).await.unwrap());
        for lacking in [100, 200, 300] {
            let ran = stage.run(Some(lacking)).await;
            let is_right = matches!(&ran, Ok([_, fourth]) if fourth.difference(&right[1]).is_none());
            wrong += usize::from(!is_right);
        }
        assert!(wrong > 0, "the runs do not depend on strong reads");
    });
}
