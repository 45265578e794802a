//! An import that takes over from one which died first has it finish what it had begun, so that nobody is made twice (R30, R37).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::psa::PsaKind;
use faults::engine::RECORDS;
use faults::psas::PEOPLE;
use faults::script::{Script, Step};
use faults::state::unpacked;
use faults::wire::{Call, Gate, Verdict};
use faults::world::{MSP, Message, World, beyond_lease};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::unconstrained;

use crate::cores::alone;

/// Lets a worker die when it is about to write what came of some companies, behind so many such writes: their users are there, and not
/// mapped.
struct Death {
    behind: usize,
    seen: AtomicUsize,
    came: Notify,
}

impl Gate for Death {
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict> {
        let writes_outcome = call.name.starts_with("TransactWriteItems LOCK") && call.name.contains(".company.");
        let dies = writes_outcome && self.seen.fetch_add(1, Ordering::SeqCst) >= self.behind;
        if dies {
            self.came.notify_one();
        }
        std::future::ready(if dies { Verdict::Hang } else { Verdict::Answer }).boxed()
    }
}

/// Fails every call behind so many.
struct Failing {
    at: usize,
    seen: AtomicUsize,
}

impl Gate for Failing {
    fn pass<'a>(&'a self, _: Call<'a>) -> BoxFuture<'a, Verdict> {
        let is_it = self.seen.fetch_add(1, Ordering::SeqCst) >= self.at;
        std::future::ready(if is_it { Verdict::Fail } else { Verdict::Answer }).boxed()
    }
}

fn work(import: &str, give_up: bool) -> Value {
    json!({ "msp": MSP, "import": import, "giveUp": give_up })
}

/// Lets a worker work until nothing is left to do.
async fn until_done(world: &World, function: &'static str, work: &Value) {
    for _ in 0..50 {
        let answer = world.process().invoke(function, work.clone()).await.unwrap();
        match answer["outcome"].as_str() {
            Some("done") => return,
            Some("wait") => {
                let until: Timestamp = answer["until"].as_str().unwrap().parse().unwrap();
                world.ticking.wait_until(until);
            }
            _ => {}
        }
    }
    panic!("{function} is never done");
}

/// Addresses of all users, and how many licences are used and set aside.
fn users(world: &World) -> (Vec<String>, u64, usize) {
    let items = world.engine.items(RECORDS);
    let is = |item: &&Value, kind: &str| item["sk"]["S"].as_str().unwrap().starts_with(kind);
    let users = items.iter().filter(|item| is(item, "USER") && item["moved"].is_null());
    let users = users
        .map(|user| user["address"]["S"].as_str().unwrap().to_owned())
        .collect();
    let licences = items.iter().find(|item| is(item, "LICENCES")).unwrap();
    let used = licences["used"]["N"].as_str().unwrap().parse().unwrap();
    (users, used, licences["reservations"]["M"].as_object().unwrap().len())
}

/// Addresses of users whom no row is mapped to.
fn unmapped(world: &World) -> BTreeSet<String> {
    let items = world.engine.items(RECORDS).into_iter();
    let packed = items.filter(|item| item["sk"]["S"].as_str().unwrap().starts_with("ADDRESSES#"));
    let mapped: String = packed.map(|item| unpacked(&item).to_string()).collect();
    let users = users(world).0.into_iter();
    users.filter(|user| !mapped.contains(&format!("\"{user}\""))).collect()
}

/// The second import of everything, to its end; gives the addresses that the PSA has.
async fn import_all(world: &World, bram: &Script<'_>, import: &str) -> BTreeSet<String> {
    until_done(world, "FetchFunction", &work(import, false)).await;
    let path = format!("/imports/{import}");
    let everything = json!({ "selected": true, "where": {} });
    bram.expect("POST", &format!("{path}/companies/select"), everything.clone())
        .await;
    let rows = bram.get(&format!("{path}/companies?tab=in&limit=100")).await;
    let mut addresses = BTreeSet::new();
    for row in rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["own"] != true)
    {
        let company = format!("{path}/companies/{}", row["id"].as_str().unwrap());
        bram.expect("POST", &format!("{company}/addresses/select"), everything.clone())
            .await;
        let people = bram.get(&format!("{company}/addresses?limit=100")).await;
        let people = people["items"].as_array().unwrap().iter();
        addresses.extend(people.map(|person| person["address"].as_str().unwrap().trim().to_owned()));
    }
    let plan = bram.get(&format!("{path}/plan")).await;
    let confirmation = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    bram.expect("POST", &format!("{path}/execute"), confirmation).await;
    until_done(world, "ExecuteFunction", &work(import, false)).await;
    assert_eq!(bram.get(&path).await["state"], "done");
    addresses
}

#[test]
fn r30_r37_what_a_dead_import_had_begun_is_finished_before_the_next_one_fetches() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let ana = Script::new(&world);
        ana.seed().await;
        for step in [Step::Start, Step::Fetch, Step::Decide, Step::Confirm] {
            ana.take(0, step).await.unwrap();
        }
        let confirmed = world.keep(folder.path(), "confirmed");
        let (mut moved, mut failed) = (0, 0);
        for behind in 0.. {
            world.go_back(&confirmed);
            let Some((changed, died)) = taken_over(&world, behind).await else {
                break;
            };
            moved += changed;
            failed += died;
        }
        assert!(moved > 0, "nobody who was made and not mapped got another address");
        assert!(failed > 2, "{failed}");
        println!("{moved} people got another address in between; the worker of the dead import died at {failed} calls");
    });
}

/// An import dies behind so many writes of outcomes, and another one takes over. Gives how many of those whom it had made and not mapped
/// got another address meanwhile, and at how many calls its worker was killed again; `None` if it has no more such writes.
async fn taken_over(world: &World, behind: usize) -> Option<(usize, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let ana = Script::new(world);
    let imports = format!("/integrations/{}/imports", ana.integration().await.unwrap());
    let first = ana.get(&imports).await["items"][0]["id"].as_str().unwrap().to_owned();
    let death = Arc::new(Death {
        behind,
        seen: AtomicUsize::new(0),
        came: Notify::new(),
    });
    let dying = world.process_behind(death.clone());
    // Unconstrained, so that companies come to their ends one after the other: the worker then dies once with each of them.
    tokio::select! {
        answer = unconstrained(dying.invoke("ExecuteFunction", work(&first, false))) => {
            assert_eq!(answer.unwrap()["outcome"], "done");
            return None;
        }
        () = death.came.notified() => {}
    }
    let made = unmapped(world);
    assert!(!made.is_empty());

    // Some of them get another address; somebody else starts an import once the lock has run out.
    world.psa.show(1);
    world.ticking.advance(31 * 60);
    let bram = Script::by(world, "bram");
    let started = bram.expect("POST", &imports, json!({ "filter": {} })).await;
    let second = started["id"].as_str().unwrap().to_owned();
    let taken = world.keep(folder.path(), "taken");
    let fetch = Message::Work("FetchFunction", work(&second, false));
    let answer = world.deliver(&fetch).await.unwrap().unwrap();
    assert_eq!(
        answer["outcome"], "wait",
        "it fetches while the first one has not ended"
    );

    let (mut changed, mut failed) = (0, 0);
    for at in (behind..).step_by(61) {
        world.go_back(&taken);
        // The worker of the first one dies at some call, and comes again.
        let failing = Arc::new(Failing {
            at,
            seen: AtomicUsize::new(0),
        });
        let process = world.process_behind(failing.clone());
        let answer = process.invoke("ExecuteFunction", work(&first, true)).await;
        let died = !answer.is_ok_and(|answer| answer["outcome"] == "done");
        world.ticking.advance(beyond_lease());
        until_done(world, "ExecuteFunction", &work(&first, true)).await;
        let ended = ana.get(&format!("/imports/{first}")).await;
        assert_eq!(ended["state"], "failed", "{ended}");
        let (now, used, reserved) = users(world);
        assert_eq!((now.len(), reserved), (usize::try_from(used).unwrap(), 0), "call {at}");
        assert_eq!(unmapped(world), BTreeSet::new(), "call {at}");

        let addresses = import_all(world, &bram, &second).await;
        changed = made.difference(&addresses).count();
        let (now, used, reserved) = users(world);
        let unique: BTreeSet<String> = now.iter().cloned().collect();
        let gone: Vec<&String> = unique.difference(&addresses).collect();
        let result = bram.get(&format!("/imports/{second}/result")).await;
        assert_eq!(result["errors"], json!([]), "call {at}: {result}");
        let missing: Vec<&String> = addresses.difference(&unique).collect();
        assert!(
            missing.is_empty(),
            "call {at}: {missing:?} are not there, {gone:?} are: {result}"
        );
        // The people of the company that is gone keep their users.
        assert!(gone.len().is_multiple_of(PEOPLE), "call {at}: {gone:?} are there twice");
        assert_eq!((now.len(), reserved), (usize::try_from(used).unwrap(), 0), "call {at}");
        if !died {
            break;
        }
        failed += 1;
    }
    Some((changed, failed))
}
