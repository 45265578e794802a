//! A call of the directory that was thought lost, and is repeated while the first is still on its way, does its work once, and
//! none of the calls is told that somebody else did it (R37).

use std::sync::Arc;

use directory::builtin::BuiltIn;
use directory::{Directory, DirectoryError, NewAddress, NewUser};
use domain::address::Address;
use domain::directory::LicenceMode;
use domain::ids::{IdempotencyKey, ManagedCompanyId, MspId};
use domain::psa::PsaKind;
use faults::engine::{IMPORTS, RECORDS};
use faults::schedule::Schedule;
use faults::wire::Gate;
use faults::world::{MSP, Message, World};
use futures::FutureExt;
use serde_json::{Value, json};
use store::Store;

use crate::cores::alone;

const ORDERS: u64 = 200;
const CALLS: u64 = 3;

async fn create(directory: BuiltIn) -> Result<Value, DirectoryError> {
    let company = ManagedCompanyId::new("c");
    let made = directory
        .create_user(&IdempotencyKey::by_hand("new"), &company, &address("new"), "N")
        .await?;
    Ok(match made {
        NewUser::Created(user) => json!(user),
        NewUser::AddressTaken(holder) => json!({ "taken": holder.user }),
    })
}

async fn change(directory: BuiltIn) -> Result<Value, DirectoryError> {
    let company = ManagedCompanyId::new("c");
    let users = directory.users(&company).await?;
    let changed = directory
        .change_address(&company, &users[0].id, &address("changed"))
        .await?;
    Ok(match changed {
        NewAddress::Changed => json!(users[0].id),
        NewAddress::AddressTaken(holder) => json!({ "taken": holder.user }),
        NewAddress::NoSuchUser => json!(null),
    })
}

fn address(local: &str) -> Address {
    format!("{local}@bakery.example").parse().unwrap()
}

fn begin(schedule: &mut Schedule<'_>, what: &str, number: u64) {
    let is_change = what == "change";
    let name = Message::Work("directory", json!({ "what": what, "number": number }));
    schedule.begin_with(name, move |world, gate: Arc<dyn Gate>| {
        let store = Store::new(world.wire_behind(gate).dynamodb(), RECORDS, IMPORTS);
        let directory = BuiltIn::new(store.of(&MspId::new(MSP)));
        async move {
            let done = if is_change {
                change(directory).await
            } else {
                create(directory).await
            };
            done.map_err(|error| error.to_string())
        }
        .boxed()
    });
}

#[test]
fn r37_calls_that_overtake_each_other_make_one_user_and_one_change() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let directory = world.directory();
        assert!(directory.set_licences(LicenceMode::Pool, 9).await.unwrap());
        let company = ManagedCompanyId::new("c");
        let key = IdempotencyKey::by_hand("old");
        directory
            .create_user_by_hand(&key, &company, &address("old"), "O")
            .await
            .unwrap()
            .unwrap();
        let one_user = world.keep(folder.path(), "one user");
        tokio::time::pause();
        for (what, users) in [("create", ["new", "old"].as_slice()), ("change", &["changed"])] {
            let mut overtaken = 0;
            for seed in 0..ORDERS {
                world.go_back(&one_user);
                let mut schedule = Schedule::new(&world, seed, 0);
                for number in 0..CALLS {
                    begin(&mut schedule, what, number);
                }
                let mut told = Vec::new();
                while !schedule.is_idle() {
                    for answered in schedule.step().await {
                        match (answered.answer.unwrap(), answered.message) {
                            (Ok(user), _) => told.push(user),
                            // One that saw a change in its midst is repeated, as the product does.
                            (Err(_), Message::Work(_, name)) => {
                                overtaken += 1;
                                begin(&mut schedule, what, name["number"].as_u64().unwrap());
                            }
                            (Err(error), _) => panic!("{error}"),
                        }
                    }
                }
                let is_one = told.windows(2).all(|pair| pair[0] == pair[1]) && told[0].is_string();
                assert!(is_one && told.len() as u64 == CALLS, "order {seed}: {told:?}");
                let directory = world.directory();
                let there = directory.users(&company).await.unwrap();
                let mut there: Vec<&str> = there.iter().map(|user| user.address.original()).collect();
                there.sort_unstable();
                let expected: Vec<String> = users.iter().map(|name| format!("{name}@bakery.example")).collect();
                assert_eq!(there, expected, "order {seed}");
                let keys = ["old", "new", "changed"].map(|name| address(name).key().clone());
                assert_eq!(
                    directory.holders(&keys).await.unwrap().len(),
                    users.len(),
                    "order {seed}"
                );
            }
            println!("{what}: {ORDERS} orders of {CALLS} calls, {overtaken} calls repeated");
        }
    });
}
