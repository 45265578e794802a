//! Licences add up after every step, are never below zero, and none is left over (R46): the shipped pool, used by several
//! at once, disturbed at random.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use directory::builtin::BuiltIn;
use directory::{Directory, Reservation, UserRequest};
use domain::directory::{CreationAction, LicenceMode, ReservationId};
use domain::ids::{IdempotencyKey, ImportId, ManagedCompanyId, MspId};
use domain::psa::PsaKind;
use fastrand::Rng;
use faults::engine::{IMPORTS, RECORDS};
use faults::fence::{Fence, number};
use faults::schedule::Schedule;
use faults::wire::Gate;
use faults::world::{MSP, Message, Moment, World};
use futures::FutureExt;
use serde_json::{Value, json};
use store::Store;

use crate::cores::{alone, on_all_cores};

/// So many, or as many as `INTERLEAVINGS` says.
fn interleavings() -> u64 {
    std::env::var("INTERLEAVINGS").map_or(10_000, |number| number.parse().unwrap())
}

/// What one of those who take part wants, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Want {
    /// Sets aside, as a confirmation does.
    Reserve { import: usize, licences: u64, used: u64 },
    /// Releases, as the end of an import does.
    Release { import: usize, used: u64 },
    /// A user made by hand, with a licence of its own.
    ByHand { user: usize },
    /// Another total, or another way of being billed.
    Total { mode: LicenceMode, licences: u64 },
}

impl Want {
    fn draw(rng: &mut Rng, number: usize) -> Self {
        match rng.usize(..6) {
            0 => Self::ByHand { user: number },
            1 => Self::Total {
                mode: if rng.bool() {
                    LicenceMode::Pool
                } else {
                    LicenceMode::Consumption
                },
                licences: rng.u64(0..9),
            },
            _ => {
                let licences = rng.u64(1..5);
                let used = rng.u64(0..=licences);
                Self::Reserve {
                    import: number,
                    licences,
                    used,
                }
            }
        }
    }
}

async fn carry_out(directory: BuiltIn, want: Want) -> Result<Value, String> {
    let reservation = |import| ReservationId::of(&ImportId::new(format!("x{import}")), "1");
    let done = match want {
        Want::Reserve { import, licences, .. } => {
            let reserved = directory.reserve(&reservation(import), licences).await;
            reserved.map(|reserved| json!(reserved == Reservation::Made))
        }
        Want::Release { import, used } => directory
            .release(&reservation(import), used)
            .await
            .map(|()| json!(true)),
        Want::ByHand { user } => {
            let company = ManagedCompanyId::new("c");
            let request = UserRequest {
                key: IdempotencyKey::by_hand(&user.to_string()),
                address: format!("u{user}@hand.example").parse().unwrap(),
                name: "U".to_owned(),
                action: CreationAction::Invite,
            };
            let made = directory.create_user_by_hand(&company, &request).await;
            made.map(|made| json!(made.is_some()))
        }
        Want::Total { mode, licences } => directory.set_licences(mode, licences).await.map(|set| json!(set)),
    };
    done.map_err(|error| error.to_string())
}

fn begin(schedule: &mut Schedule<'_>, number: usize, want: Want) {
    let name = Message::Work("licences", json!({ "number": number, "want": format!("{want:?}") }));
    schedule.begin_with(name, |world, gate: Arc<dyn Gate>| {
        let store = Store::new(world.wire_behind(gate).dynamodb(), RECORDS, IMPORTS);
        carry_out(BuiltIn::new(store.of(&MspId::new(MSP))), want).boxed()
    });
}

/// One interleaving: who gets no answer asks again, as the product does.
async fn run(world: &World, empty: &Moment, seed: u64) -> (Vec<String>, Option<String>) {
    world.go_back(empty);
    let mut schedule = Schedule::new(world, seed, 4);
    let mut wants: BTreeMap<usize, Want> = BTreeMap::new();
    for number in 0..3 + schedule.rng.usize(..2) {
        let want = Want::draw(&mut schedule.rng, number);
        wants.insert(number, want.clone());
        begin(&mut schedule, number, want);
    }
    let (mut used, mut by_hand) = (0, 0);
    while !schedule.is_idle() {
        for answered in schedule.step().await {
            let Message::Work(_, name) = &answered.message else {
                continue;
            };
            let number = usize::try_from(name["number"].as_u64().unwrap()).unwrap();
            let want = wants[&number].clone();
            let Some(Ok(answer)) = answered.answer else {
                begin(&mut schedule, number, want);
                continue;
            };
            match want {
                Want::Reserve { import, used, .. } if answer == true => {
                    let settle = Want::Release { import, used };
                    wants.insert(number, settle.clone());
                    begin(&mut schedule, number, settle);
                }
                Want::Release { used: of_import, .. } => used += of_import,
                Want::ByHand { .. } => by_hand += u64::from(answer == true),
                Want::Reserve { .. } | Want::Total { .. } => {}
            }
        }
    }
    let items = world.engine.items(RECORDS);
    let users = items
        .iter()
        .filter(|item| item["sk"]["S"].as_str().unwrap().eq("USER"))
        .count() as u64;
    let pool = items.iter().find(|item| item["sk"]["S"] == "LICENCES").unwrap();
    let right = number(&pool["used"]) == i64::try_from(used + users).unwrap()
        && users == by_hand
        && pool["reservations"]["M"] == json!({});
    let wrong = (!right).then(|| format!("{used} used by imports, {by_hand} of {users} users by hand: {pool}"));
    (std::mem::take(&mut schedule.trace), wrong)
}

#[test]
fn r46_licences_add_up_after_every_step_of_any_interleaving() {
    let began = Instant::now();
    let (next, steps, looked) = <(AtomicU64, AtomicUsize, AtomicUsize)>::default();
    let wrong = Mutex::new(Vec::new());
    on_all_cores(|| {
        alone(async {
            let mut world = World::new(PsaKind::Connectwise).await;
            let fence = Arc::<Fence>::default();
            world.watch = Some(fence.clone());
            let folder = tempfile::tempdir().unwrap();
            let directory = world.directory();
            assert!(directory.set_licences(LicenceMode::Pool, 6).await.unwrap());
            let empty = world.keep(folder.path(), "empty");
            tokio::time::pause();
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= interleavings() {
                    break;
                }
                let (trace, found) = run(&world, &empty, seed).await;
                steps.fetch_add(trace.len(), Ordering::SeqCst);
                if let Some(found) = found {
                    wrong
                        .lock()
                        .unwrap()
                        .push(format!("seed {seed}: {found}\n{}", trace.join("\n")));
                }
            }
            assert_eq!(fence.unbalanced.load(Ordering::SeqCst), 0);
            looked.fetch_add(fence.looked.load(Ordering::SeqCst), Ordering::SeqCst);
        });
    });
    let wrong = wrong.into_inner().unwrap();
    println!(
        "{} interleavings, {} steps, {} sums, {} wrong, {} s",
        interleavings(),
        steps.into_inner(),
        looked.into_inner(),
        wrong.len(),
        began.elapsed().as_secs()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong, of which the first: {}",
        wrong.len(),
        wrong[0]
    );
}
