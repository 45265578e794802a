//! A worker that has lost its lease takes nothing from the snapshot of another one, and leaves nothing for ever (R9, R44, R67).

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::script::{Script, Step};
use faults::wire::{Call, Gate, Verdict};
use faults::world::{MSP, World};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::cores::alone;

/// Which call a worker is paused before.
enum Before {
    /// The call of this number.
    Number(usize),
    /// The one that lets its snapshot count.
    Count,
}

/// Pauses a worker before one call until it may go on.
struct Pause {
    before: Before,
    seen: AtomicUsize,
    came: Notify,
    goes_on: Notify,
}

impl Pause {
    fn new(before: Before) -> Arc<Self> {
        Arc::new(Self {
            before,
            seen: AtomicUsize::new(0),
            came: Notify::new(),
            goes_on: Notify::new(),
        })
    }
}

impl Gate for Pause {
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict> {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        let is_it = match self.before {
            Before::Number(at) => number == at,
            Before::Count => call.name.starts_with("TransactWriteItems") && call.name.contains("STATE#HEAD"),
        };
        async move {
            if is_it {
                self.came.notify_one();
                self.goes_on.notified().await;
            }
            Verdict::Answer
        }
        .boxed()
    }
}

fn work(import: &str) -> Value {
    json!({ "msp": MSP, "import": import, "giveUp": false })
}

async fn start(script: &Script<'_>, imports: &str) -> String {
    let started = script.expect("POST", imports, json!({ "filter": {} })).await;
    started["id"].as_str().unwrap().to_owned()
}

/// The addresses of all companies, as the review shows them.
async fn shown(script: &Script<'_>, import: &str) -> BTreeMap<String, Value> {
    let path = format!("/imports/{import}/companies");
    let rows = script.get(&format!("{path}?tab=in&limit=100")).await;
    let mut shown = BTreeMap::new();
    for row in rows["items"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let addresses = script.get(&format!("{path}/{id}/addresses?limit=100")).await;
        shown.insert(id.to_owned(), addresses["items"].clone());
    }
    shown
}

/// What is stored of the snapshot of an import.
fn stored(world: &World, import: &str) -> BTreeSet<String> {
    let items = world.engine.items(IMPORTS).into_iter();
    let of_snapshots = items.filter(|item| item["pk"]["S"].as_str().unwrap().contains("#SNAPSHOT#"));
    let keys = of_snapshots.map(|item| item["sk"]["S"].as_str().unwrap().to_owned());
    keys.filter(|sk| sk.contains(&format!("{import}."))).collect()
}

/// The first import is paused before a call and cancelled; the second one has written its snapshot when the first goes on, and then lets
/// it count. `false` if the first had let its own count, or makes fewer calls.
async fn overtaken(world: &World, imports: &str, first: &str, at: usize) -> bool {
    let ana = Script::new(world);
    let paused = Pause::new(Before::Number(at));
    let dead = world.process_behind(paused.clone());
    let mut dead = pin!(dead.invoke("FetchFunction", work(first)));
    tokio::select! {
        answer = &mut dead => {
            assert_eq!(answer.unwrap()["outcome"], "done");
            return false;
        }
        () = paused.came.notified() => {}
    }
    ana.expect("DELETE", &format!("/imports/{first}"), Value::Null).await;
    let second = start(&ana, imports).await;
    let counting = Pause::new(Before::Count);
    let process = world.process_behind(counting.clone());
    {
        let mut fetch = pin!(process.invoke("FetchFunction", work(&second)));
        tokio::select! {
            // The snapshot of the first one counts already, and the second one finds nothing new.
            answer = &mut fetch => {
                assert_eq!(answer.unwrap()["outcome"], "done");
                return false;
            }
            () = counting.came.notified() => {}
        }
        paused.goes_on.notify_one();
        // However it ends: its lease is lost.
        drop(dead.await);
        counting.goes_on.notify_one();
        assert_eq!(fetch.await.unwrap()["outcome"], "done", "call {at}");
    }
    let seen = shown(&ana, &second).await;
    ana.expect("DELETE", &format!("/imports/{second}"), Value::Null).await;
    let third = start(&ana, imports).await;
    let answer = world.process().invoke("FetchFunction", work(&third)).await;
    assert_eq!(answer.unwrap()["outcome"], "done", "call {at}");
    assert_eq!(shown(&ana, &third).await, seen, "call {at}");
    assert_eq!(stored(world, first), BTreeSet::new(), "call {at}");
    true
}

#[test]
fn r09_r67_a_worker_without_its_lease_neither_harms_the_next_snapshot_nor_leaves_anything() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let ana = Script::new(&world);
        ana.seed().await;
        ana.take(0, Step::Start).await.unwrap();
        let imports = format!("/integrations/{}/imports", ana.integration().await.unwrap());
        let first = ana.get(&imports).await["items"][0]["id"].as_str().unwrap().to_owned();
        let started = world.keep(folder.path(), "started");
        let mut calls = 0;
        loop {
            world.go_back(&started);
            if !overtaken(&world, &imports, &first, calls).await {
                break;
            }
            calls += 1;
        }
        println!("overtaken before each of {calls} calls");
        assert!(calls > 20, "{calls}");
    });
}
