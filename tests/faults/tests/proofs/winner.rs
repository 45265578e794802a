//! Of any number of simultaneous starts one wins, in whatever order their calls come (R45, R49, R63).

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::schedule::Schedule;
use faults::script::Script;
use faults::world::{MSP, Message, Moment, World};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cores::alone;

const ADMINISTRATORS: usize = 64;
const DELIVERIES: usize = 8;
const ROUNDS: u64 = 20;

/// A world with an integration, and the moment from which each round begins.
async fn seeded(kind: PsaKind, folder: &TempDir) -> (World, String, Moment) {
    let world = World::new(kind).await;
    Script::new(&world).seed().await;
    let integration = Script::new(&world).integration().await.unwrap();
    let seeded = world.keep(folder.path(), "seeded");
    (world, integration, seeded)
}

#[test]
fn r45_of_64_simultaneous_starts_one_wins_and_the_others_are_told_who() {
    alone(async {
        for kind in PsaKind::ALL {
            starts(kind).await;
        }
        println!("{ROUNDS} rounds of {ADMINISTRATORS} administrators: one winner each");
    });
}

/// The rounds of one PSA of two.
async fn starts(kind: PsaKind) {
    let folder = tempfile::tempdir().unwrap();
    let (world, integration, seeded) = seeded(kind, &folder).await;
    tokio::time::pause();
    for seed in 0..ROUNDS / 2 {
        world.go_back(&seeded);
        let mut schedule = Schedule::new(&world, seed, 0);
        for number in 0..ADMINISTRATORS {
            schedule.begin(Message::Call {
                who: Box::leak(format!("administrator-{number}").into_boxed_str()),
                method: "POST",
                path: format!("/integrations/{integration}/imports"),
                body: json!({ "filter": {} }),
            });
        }
        let (mut won, mut locked) = (Vec::new(), Vec::new());
        while !schedule.is_idle() {
            for answered in schedule.step().await {
                let Message::Call { who, .. } = answered.message else {
                    continue;
                };
                let answer = answered.answer.unwrap().unwrap();
                let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
                match answer["statusCode"].as_u64() {
                    Some(202) => won.push(who),
                    Some(423) => locked.push(body),
                    _ => panic!("{answer}"),
                }
            }
        }
        assert_eq!((won.len(), locked.len()), (1, ADMINISTRATORS - 1), "round {seed}");
        for told in locked {
            assert_eq!(told["code"], "integration_locked");
            assert!(told.to_string().contains(&format!("{}@m.example", won[0])), "{told}");
        }
        let imports = world.engine.items(IMPORTS).into_iter();
        assert_eq!(imports.filter(|item| item["sk"]["S"] == "IMPORT").count(), 1);
    }
    tokio::time::resume();
}

#[test]
fn r49_of_8_simultaneous_deliveries_of_one_occasion_one_starts_an_import_and_the_others_are_told_which() {
    alone(async {
        for kind in PsaKind::ALL {
            let folder = tempfile::tempdir().unwrap();
            let (world, integration, seeded) = seeded(kind, &folder).await;
            tokio::time::pause();
            for seed in 0..5 * ROUNDS {
                world.go_back(&seeded);
                let started = delivered_at_once(&world, &integration, seed).await;
                assert_eq!(started["outcome"], "started");
            }
            tokio::time::resume();
        }
    });
}

#[test]
fn r63_of_8_simultaneous_redeliveries_of_an_occasion_whose_import_failed_one_starts_another() {
    alone(async {
        for kind in PsaKind::ALL {
            let folder = tempfile::tempdir().unwrap();
            let (world, integration, _) = seeded(kind, &folder).await;
            let failed = deliver(&world, occasion(&integration)).await["import"].clone();
            let give_up = json!({ "msp": MSP, "import": failed, "unattended": true, "waited": null, "giveUp": true });
            assert_eq!(deliver(&world, give_up).await["outcome"], "done");
            let has_failed = world.keep(folder.path(), "failed");
            tokio::time::pause();
            for seed in 0..5 * ROUNDS {
                world.go_back(&has_failed);
                let started = delivered_at_once(&world, &integration, seed).await;
                assert_ne!(started["import"], failed, "round {seed}");
            }
            tokio::time::resume();
        }
    });
}

fn occasion(integration: &str) -> Value {
    json!({ "msp": MSP, "integration": integration, "token": "night" })
}

async fn deliver(world: &World, event: Value) -> Value {
    world
        .deliver(&Message::Work("FetchFunction", event))
        .await
        .unwrap()
        .unwrap()
}

/// Delivers one occasion several times at once; gives the one answer that an import is started. The others name that import.
async fn delivered_at_once(world: &World, integration: &str, seed: u64) -> Value {
    let mut schedule = Schedule::new(world, seed, 0);
    for _ in 0..DELIVERIES {
        schedule.begin(Message::Work("FetchFunction", occasion(integration)));
    }
    let mut answers = Vec::new();
    while !schedule.is_idle() {
        let answered = schedule.step().await.into_iter();
        answers.extend(answered.map(|answered| answered.answer.unwrap().unwrap()));
    }
    let (started, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["outcome"] == "started");
    assert_eq!(
        (started.len(), others.len()),
        (1, DELIVERIES - 1),
        "round {seed}: {answers:?}"
    );
    let told = json!({ "outcome": "already", "import": started[0]["import"] });
    assert!(others.iter().all(|other| **other == told), "round {seed}: {answers:?}");
    started[0].clone()
}
