//! The sweeper lets the last snapshot of an integration expire (R67): stopped at any effect, it ends it the next time; and an import that
//! reads the PSA while it does so loses no row.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::engine::{IMPORTS, RECORDS};
use faults::script::{ANA, STEPS, Script, Step};
use faults::wire::{Call, Gate, Verdict};
use faults::world::{Message, Process, World};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::cores::alone;

const DAY: i64 = 24 * 3_600;

/// What may happen at an effect. A read changes nothing, so these take turns.
fn disturbances(number: usize, effect: &str) -> Vec<Disturbance> {
    use Disturbance::{AppliedAndFailed, DeliveredTwice, Failed, StopAfter, StopBefore};
    let reads = [StopBefore, Failed, DeliveredTwice];
    if effect.starts_with("GetItem") || effect.starts_with("Query") {
        return vec![reads[number % reads.len()]];
    }
    vec![StopBefore, StopAfter, AppliedAndFailed, DeliveredTwice]
}

fn sweep() -> Message {
    Message::Work("FetchFunction", json!({ "sweep": {} }))
}

/// The items of all snapshots: sort key, and when the table deletes it.
fn snapshots(world: &World) -> Vec<(String, Option<String>)> {
    let items = world.engine.items(IMPORTS).into_iter();
    let mut found: Vec<(String, Option<String>)> = items
        .filter(|item| item["pk"]["S"].as_str().unwrap().contains("#SNAPSHOT#"))
        .map(|item| {
            let expires = item["expires"]["N"].as_str().map(str::to_owned);
            (item["sk"]["S"].as_str().unwrap().to_owned(), expires)
        })
        .collect();
    found.sort();
    found
}

fn is_retained(world: &World) -> bool {
    world
        .engine
        .items(RECORDS)
        .iter()
        .any(|item| item["sk"]["S"] == "SNAPSHOT")
}

async fn cancel(world: &World, import: &str) {
    let message = Message::Call {
        who: ANA,
        method: "DELETE",
        path: format!("/imports/{import}"),
        body: Value::Null,
    };
    let answer = world.deliver(&message).await.unwrap().unwrap();
    assert!(answer["statusCode"].as_u64().unwrap() < 300, "{answer}");
}

async fn fetch_once(world: &World, import: &str) -> Result<(), ()> {
    let work = Message::Work(
        "FetchFunction",
        json!({ "msp": "m", "import": import, "giveUp": false }),
    );
    world.deliver(&work).await.map(drop).map_err(drop)
}

/// Two snapshots that are complete, the second one with people who are not in, and a third whose worker died when it had written all but
/// its last transaction.
async fn leave_snapshots(world: &World) {
    let script = Script::new(world);
    script.seed().await;
    for step in STEPS {
        script.take(0, step).await.unwrap();
    }
    script.take(1, Step::Start).await.unwrap();
    script.take(1, Step::Fetch).await.unwrap();
    let path = format!("/integrations/{}/imports", script.integration().await.unwrap());
    let second = script.get(&path).await["items"][0]["id"].clone();
    cancel(world, second.as_str().unwrap()).await;
    world.psa.show(0);
    let third = script.expect("POST", &path, json!({ "filter": {} })).await["id"].clone();
    let folder = tempfile::tempdir().unwrap();
    let started = world.keep(folder.path(), "started");
    world.effects.begin();
    fetch_once(world, third.as_str().unwrap()).await.unwrap();
    let names = world.effects.names();
    let written = names.iter().rposition(|name| name.starts_with("PutItem")).unwrap();
    let completed = written
        + names[written..]
            .iter()
            .position(|name| name.starts_with("Transact"))
            .unwrap();
    world.go_back(&started);
    world.effects.begin();
    world.effects.arm(completed, Disturbance::StopBefore);
    fetch_once(world, third.as_str().unwrap()).await.unwrap_err();
    world.effects.begin();
}

#[test]
fn r67_stopped_at_any_effect_the_sweeper_lets_all_of_a_snapshot_expire() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        leave_snapshots(&world).await;
        assert!(snapshots(&world).iter().any(|(sk, _)| sk == "STATE#DRAFT"));
        world.ticking.advance(14 * DAY - 60);
        let young = snapshots(&world);
        world.deliver(&sweep()).await.unwrap().unwrap();
        assert_eq!(snapshots(&world), young, "nothing expires before its time");
        world.ticking.advance(3_600);
        let due = world.keep(folder.path(), "due");

        world.effects.begin();
        world.deliver(&sweep()).await.unwrap().unwrap();
        let effects = world.effects.names();
        let wanted = snapshots(&world);
        let kinds = ["ROWS#", "ADDRESSES#", "PEOPLE#", "MIRROR#"];
        for kind in kinds {
            assert!(wanted.iter().any(|(sk, _)| sk.starts_with(kind)), "{kind}");
        }
        let lasts = |(sk, expires): &&(String, Option<String>)| {
            expires.is_none() || !kinds.iter().any(|kind| sk.starts_with(kind))
        };
        assert_eq!(wanted.iter().find(lasts), None);
        assert!(!is_retained(&world));

        let mut runs = 0;
        for (number, effect) in effects.iter().enumerate() {
            for disturbance in disturbances(number, effect) {
                world.go_back(&due);
                world.effects.begin();
                world.effects.arm(number, disturbance);
                let _ = world.deliver(&sweep()).await;
                world.effects.begin();
                world.deliver(&sweep()).await.unwrap().unwrap();
                let case = format!("{disturbance:?} at {number} {effect}");
                assert_eq!(snapshots(&world), wanted, "{case}");
                assert!(!is_retained(&world), "{case}");
                runs += 1;
            }
        }
        println!("{runs} disturbed sweeps, 0 wrong");
        assert!(runs >= 100, "{runs}");
    });
}

/// Has the sweeper come before one of the effects of a process.
struct Sweeping {
    at: usize,
    seen: AtomicUsize,
    sweeper: Process,
}

impl Gate for Sweeping {
    fn pass<'a>(&'a self, _: Call<'a>) -> BoxFuture<'a, Verdict> {
        async move {
            if self.seen.fetch_add(1, Ordering::SeqCst) == self.at {
                self.sweeper.handle(&sweep()).await.unwrap();
            }
            Verdict::Answer
        }
        .boxed()
    }
}

/// How many rows an import shows, each with its people.
async fn shown(script: &Script<'_>, import: &str) -> (usize, usize) {
    let path = format!("/imports/{import}/companies");
    let rows = script.get(&format!("{path}?tab=in&limit=100")).await;
    let rows = rows["items"].as_array().unwrap();
    let mut people = 0;
    for row in rows {
        let of = format!("{path}/{}/addresses?limit=100", row["id"].as_str().unwrap());
        people += script.get(&of).await["items"].as_array().unwrap().len();
    }
    (rows.len(), people)
}

/// Lets the worker work until the import can be reviewed, with the sweeper before one effect of the first run; gives how many that has.
async fn fetch_swept(world: &World, import: &str, at: usize) -> usize {
    let gate = Arc::new(Sweeping {
        at,
        seen: AtomicUsize::new(0),
        sweeper: world.process(),
    });
    let work = Message::Work(
        "FetchFunction",
        json!({ "msp": "m", "import": import, "giveUp": false }),
    );
    let first = world.process_behind(gate.clone()).handle(&work).await.unwrap();
    let mut outcome = first;
    while outcome["outcome"] == "wait" {
        world
            .ticking
            .wait_until(outcome["until"].as_str().unwrap().parse().unwrap());
        outcome = world.process().handle(&work).await.unwrap();
    }
    assert_eq!(outcome["outcome"], "done", "swept before effect {at}");
    gate.seen.load(Ordering::SeqCst)
}

#[test]
fn r67_an_import_that_reads_while_the_last_snapshot_expires_shows_all_its_rows() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        for step in STEPS {
            script.take(0, step).await.unwrap();
        }
        world.ticking.advance(14 * DAY + 60);
        let path = format!("/integrations/{}/imports", script.integration().await.unwrap());
        // One that changes something, and one that changes nothing.
        for cycle in [1, 0] {
            world.psa.show(cycle);
            let import = script.expect("POST", &path, json!({ "filter": {} })).await["id"].clone();
            let import = import.as_str().unwrap();
            let due = world.keep(folder.path(), &format!("due-{cycle}"));
            let effects = fetch_swept(&world, import, usize::MAX).await;
            let wanted = shown(&script, import).await;
            assert!(effects > 10 && wanted.1 > 50, "{effects} {wanted:?}");
            for at in 0..effects {
                world.go_back(&due);
                fetch_swept(&world, import, at).await;
                // What has expired by now is gone.
                world.deliver(&sweep()).await.unwrap().unwrap();
                world.engine.delete_expired(IMPORTS, world.ticking.seconds());
                assert_eq!(shown(&script, import).await, wanted, "swept before effect {at}");
            }
            println!("swept before each of {effects} effects, 0 rows lost");
            world.go_back(&due);
            cancel(&world, import).await;
        }
    });
}
