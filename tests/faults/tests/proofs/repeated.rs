//! A call of the directory that was thought lost, and is repeated while the first is still on its way, does its work once, and
//! none of the calls is told that somebody else did it (R37).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use directory::builtin::BuiltIn;
use directory::{Directory, DirectoryError, NewAddress, NewUser, UserRequest};
use domain::address::Address;
use domain::directory::{CreationAction, LicenceMode, User};
use domain::ids::{IdempotencyKey, ManagedCompanyId, MspId};
use domain::psa::PsaKind;
use faults::engine::{IMPORTS, RECORDS};
use faults::schedule::Schedule;
use faults::wire::{Call, Gate, Verdict};
use faults::world::{MSP, Message, World};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use store::{Consistency, Store};

use crate::cores::alone;

const ORDERS: u64 = 200;
const CALLS: usize = 3;

/// Two users in one call: those who are called twice are the same.
async fn create(directory: BuiltIn) -> Result<Value, DirectoryError> {
    let request = |local: &str| UserRequest {
        key: IdempotencyKey::by_hand(local),
        address: address(local),
        name: "N".to_owned(),
        action: CreationAction::Invite,
    };
    let made = directory.create_users(&company(), &["new", "newer"].map(request)).await;
    let made = made.into_iter().map(|made| {
        Ok(match made? {
            NewUser::Created(user) => json!(user),
            NewUser::AddressTaken(holder) => json!({ "taken": holder.id }),
            NewUser::AddressTakenElsewhere(_) | NewUser::Waits(_) => json!("not at once"),
        })
    });
    made.collect()
}

async fn change(directory: BuiltIn) -> Result<Value, DirectoryError> {
    let users = directory.users(&company()).await?;
    // In an order in which the user of "new" may not be there yet.
    let Some(user) = users.iter().find(|user| user.address != address("newer")) else {
        return Ok(json!("nobody"));
    };
    let changed = directory
        .change_address(&company(), &user.id, None, &address("changed"))
        .await?;
    Ok(match changed {
        NewAddress::Changed => json!(user.id),
        NewAddress::AddressTaken(holder) => json!({ "taken": holder.id }),
        NewAddress::ChangedMeanwhile => json!("changed meanwhile"),
        NewAddress::WaitsForUser | NewAddress::NotPossible(_) => json!("not at once"),
        NewAddress::NoSuchUser => json!(null),
    })
}

fn company() -> ManagedCompanyId {
    ManagedCompanyId::new("c")
}

fn address(local: &str) -> Address {
    format!("{local}@bakery.example").parse().unwrap()
}

fn begin(schedule: &mut Schedule<'_>, what: &'static str, number: u64) {
    let name = Message::Work("directory", json!({ "what": what, "number": number }));
    schedule.begin_with(name, move |world, gate: Arc<dyn Gate>| {
        let directory = behind(world, gate);
        async move {
            let done = if what == "change" {
                change(directory).await
            } else {
                create(directory).await
            };
            done.map_err(|error| error.to_string())
        }
        .boxed()
    });
}

fn behind(world: &World, gate: Arc<dyn Gate>) -> BuiltIn {
    let store = Store::new(world.wire_behind(gate).dynamodb(), RECORDS, IMPORTS);
    BuiltIn::new(store.of(&MspId::new(MSP)))
}

/// The local parts of the addresses of all users, as they are listed. Whoever holds an address is listed with it, and nobody else.
async fn listed(world: &World) -> Vec<String> {
    let directory = world.directory();
    let users = directory.users(&company()).await.unwrap();
    let everybody = directory.all_users(Consistency::Strong).await.unwrap();
    assert_eq!(users, everybody.users(&company()).unwrap());
    let keys = ["old", "new", "newer", "changed"].map(|local| address(local).key().clone());
    let mut held = directory.holders(&keys).await.unwrap();
    held.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(users, held);
    let local = |user: User| user.address.key().local().to_owned();
    let mut locals: Vec<String> = users.into_iter().map(local).collect();
    locals.sort_unstable();
    locals
}

/// Lets calls overtake each other in an order of this seed; gives their answers, and how many were repeated because they saw a change
/// in their midst, as the product does.
async fn overtake(world: &World, seed: u64, calls: &[&'static str]) -> (Vec<Value>, usize) {
    let mut schedule = Schedule::new(world, seed, 0);
    for (number, what) in calls.iter().enumerate() {
        begin(&mut schedule, what, number as u64);
    }
    let (mut told, mut overtaken) = (Vec::new(), 0);
    while !schedule.is_idle() {
        for answered in schedule.step().await {
            match (answered.answer.unwrap(), answered.message) {
                (Ok(user), _) => told.push(user),
                (Err(_), Message::Work(_, name)) => {
                    overtaken += 1;
                    let number = name["number"].as_u64().unwrap();
                    begin(&mut schedule, calls[usize::try_from(number).unwrap()], number);
                }
                (Err(error), _) => panic!("{error}"),
            }
        }
    }
    (told, overtaken)
}

async fn old_user(world: &World) {
    let directory = world.directory();
    assert!(directory.set_licences(LicenceMode::Pool, 9).await.unwrap());
    let old = UserRequest {
        key: IdempotencyKey::by_hand("old"),
        address: address("old"),
        name: "O".to_owned(),
        action: CreationAction::Invite,
    };
    let made = directory.create_user_by_hand(&company(), &old).await.unwrap();
    assert!(matches!(made, Some(NewUser::Created(_))), "{made:?}");
}

#[test]
fn r37_calls_that_overtake_each_other_make_one_user_and_one_change() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        old_user(&world).await;
        let one_user = world.keep(folder.path(), "one user");
        tokio::time::pause();
        for (what, users) in [("create", ["new", "newer", "old"].as_slice()), ("change", &["changed"])] {
            let mut overtaken = 0;
            for seed in 0..ORDERS {
                world.go_back(&one_user);
                let (told, repeated) = overtake(&world, seed, &[what; CALLS]).await;
                overtaken += repeated;
                assert!(
                    told.len() == CALLS && told.windows(2).all(|pair| pair[0] == pair[1]),
                    "order {seed}: {told:?}"
                );
                assert!(!told[0].to_string().contains("taken"), "order {seed}: {told:?}");
                assert_eq!(listed(&world).await, users, "order {seed}");
            }
            println!("{what}: {ORDERS} orders of {CALLS} calls, {overtaken} calls repeated");
        }
    });
}

#[test]
fn r37_a_user_who_moved_is_not_created_once_more() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let nobody = world.keep(folder.path(), "nobody");
        tokio::time::pause();
        let mut moved = 0;
        for seed in 0..ORDERS {
            world.go_back(&nobody);
            overtake(&world, seed, &["create", "change", "create"]).await;
            let users = listed(&world).await;
            moved += u64::from(users == ["changed", "newer"]);
            assert!(
                users == ["changed", "newer"] || users == ["new", "newer"],
                "order {seed}: {users:?}"
            );
            // And long after.
            overtake(&world, seed, &["create"]).await;
            assert_eq!(listed(&world).await, users, "order {seed}");
        }
        assert!((1..ORDERS).contains(&moved), "{moved} moved");
    });
}

/// Ends a process at one of its calls: before or after that is applied.
struct Cut {
    at: usize,
    applied: bool,
    calls: AtomicUsize,
}

impl Gate for Cut {
    fn pass<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Verdict> {
        let verdict = match (self.calls.fetch_add(1, Ordering::SeqCst) == self.at, self.applied) {
            (false, _) => Verdict::Answer,
            (true, false) => Verdict::Hang,
            (true, true) => Verdict::ApplyAndHang,
        };
        std::future::ready(verdict).boxed()
    }
}

#[test]
fn r37_r80_whoever_is_held_is_listed_whenever_a_creation_is_cut_off() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let nobody = world.keep(folder.path(), "nobody");
        tokio::time::pause();
        let (mut cuts, mut seen) = (0, BTreeSet::new());
        for at in 0.. {
            let mut was_cut = false;
            for applied in [false, true] {
                world.go_back(&nobody);
                let calls = AtomicUsize::new(0);
                let directory = behind(&world, Arc::new(Cut { at, applied, calls }));
                was_cut = tokio::time::timeout(Duration::from_mins(1), create(directory))
                    .await
                    .is_err();
                cuts += usize::from(was_cut);
                seen.insert(listed(&world).await);
                // Whoever comes next makes the rest of them.
                create(world.directory()).await.unwrap();
                assert_eq!(listed(&world).await, ["new", "newer"]);
                let unsure = |item: &Value| !item["unsure"].is_null();
                assert!(!world.engine.items(RECORDS).iter().any(unsure), "call {at}");
            }
            if !was_cut {
                break;
            }
        }
        // A piece, two users, the piece again.
        assert_eq!(cuts, 8);
        assert!(seen.len() >= 3, "{seen:?}");
    });
}
