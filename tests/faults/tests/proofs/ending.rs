//! Stopped at any effect of connecting, editing, removing or adopting an integration, the same call made again ends it; and no secret
//! stays without an integration, nor an integration without its secret (R52).

use std::collections::BTreeSet;

use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::engine::RECORDS;
use faults::psas::simulator;
use faults::script::{ANA, STEPS, Script};
use faults::world::{Message, Moment, World};
use psa::HttpPolicy;
use serde_json::{Value, json};

use crate::cores::alone;

/// What may happen at each effect.
const DISTURBANCES: [Disturbance; 5] = [
    Disturbance::StopBefore,
    Disturbance::StopAfter,
    Disturbance::AppliedAndFailed,
    Disturbance::Failed,
    Disturbance::DeliveredTwice,
];

/// Longer than a secret may stay without an integration.
const TWO_HOURS: i64 = 7_200;

/// No schedule pauses for longer.
const DAY: i64 = 86_400;

fn call(method: &'static str, path: &str, body: Value) -> Message {
    Message::Call {
        who: ANA,
        method,
        path: path.to_owned(),
        body,
    }
}

fn sweep() -> Message {
    Message::Work("FetchFunction", json!({ "sweep": {} }))
}

/// A moment with the secrets that there were.
struct Kept(Moment, BTreeSet<String>);

impl Kept {
    fn of(world: &World, folder: &tempfile::TempDir, name: &str) -> Self {
        Self(world.keep(folder.path(), name), world.vault.lock().unwrap().clone())
    }

    fn go_back(&self, world: &World) {
        world.go_back(&self.0);
        world.vault.lock().unwrap().clone_from(&self.1);
    }
}

/// The items of the records table whose sort key begins so.
fn items(world: &World, prefix: &str) -> Vec<Value> {
    let all = world.engine.items(RECORDS).into_iter();
    all.filter(|item| item["sk"]["S"].as_str().unwrap().starts_with(prefix))
        .collect()
}

/// Lets the sweeper come when it is due, and compares secrets with integrations.
async fn no_secret_is_loose(world: &World, case: &str) {
    world.ticking.advance(TWO_HOURS);
    world.deliver(&sweep()).await.unwrap().unwrap();
    let integrations = items(world, "INTEGRATION#");
    let owned = integrations
        .iter()
        .map(|item| format!("psa-import/m/{}", item["secret"]["S"].as_str().unwrap()));
    let owned: BTreeSet<String> = owned.collect();
    assert_eq!(*world.vault.lock().unwrap(), owned, "{case}");
}

async fn status(world: &World, message: &Message) -> u64 {
    let answer = world.deliver(message).await.unwrap().unwrap();
    answer["statusCode"].as_u64().unwrap()
}

/// Disturbs a call at every other effect from `turn` on, makes it again, and looks; gives how often.
async fn disturb(
    world: &World,
    (from, turn): (&Kept, usize),
    (message, ends): (&Message, &[u64]),
    look: impl Fn(&World, &str, bool),
) -> usize {
    from.go_back(world);
    world.effects.begin();
    assert!(status(world, message).await < 300, "{message:?}");
    let effects = world.effects.names();
    let mut runs = 0;
    for (number, effect) in effects.iter().enumerate().skip(turn).step_by(PsaKind::ALL.len()) {
        for disturbance in DISTURBANCES {
            for repeated in [true, false] {
                let case = format!("{message:?}: {disturbance:?} at {number} {effect}, repeated: {repeated}");
                from.go_back(world);
                world.effects.begin();
                world.effects.arm(number, disturbance);
                let _ = world.deliver(message).await;
                world.effects.begin();
                if repeated {
                    let again = status(world, message).await;
                    assert!(ends.contains(&again), "{case}: {again}");
                }
                look(world, &case, repeated);
                no_secret_is_loose(world, &case).await;
                runs += 1;
            }
        }
    }
    runs
}

/// Address, login company and fingerprint of the integration, and its secret.
fn connection(world: &World) -> ([Value; 3], Value) {
    let all = items(world, "INTEGRATION#");
    let text = |attribute: &str| all[0][attribute]["S"].clone();
    (["address", "companyId", "tenant"].map(text), text("secret"))
}

/// Another address, of `ConnectWise` also another login company, and with them other credentials, of an integration: they are stored
/// together or not at all, and the fingerprint with them. Gives how often that was disturbed.
async fn edits_are_repaired(world: &World, connected: (&Kept, usize), path: &str) -> usize {
    let new = world.psa.integration();
    let (before, secret) = connection(world);
    let mut moved = before.clone();
    moved[0] = json!(format!("{}/", before[0].as_str().unwrap()));
    let mut body = json!({ "address": moved[0] });
    if world.psa.kind == PsaKind::Connectwise {
        let company = before[1].as_str().unwrap().to_uppercase();
        body["companyId"] = json!(company);
        moved[1] = json!(company);
        moved[2] = json!(company);
    }
    let mut both = body.clone();
    both["credentials"] = new["credentials"].clone();
    let replace = call("PUT", &format!("{path}/credentials"), both);
    let together = |world: &World, case: &str, repeated: bool| {
        let now = connection(world);
        let is_moved = now.0 == moved;
        assert!(is_moved || now.0 == before, "{case}: {now:?}");
        assert_eq!(is_moved, now.1 != secret, "{case}: {now:?}");
        assert!(!repeated || is_moved, "{case}: {now:?}");
    };
    let mut runs = disturb(world, connected, (&replace, &[200]), together).await;

    connected.0.go_back(world);
    body["version"] = Script::new(world).get(path).await["version"].clone();
    let edit = call("PATCH", path, body);
    let alone = |world: &World, case: &str, repeated: bool| {
        let now = connection(world);
        let is_moved = now.0 == moved;
        assert!(is_moved || now.0 == before, "{case}: {now:?}");
        assert_eq!(now.1, secret, "{case}");
        assert!(!repeated || is_moved, "{case}: {now:?}");
    };
    runs += disturb(world, connected, (&edit, &[200, 409]), alone).await;
    runs
}

/// A world whose PSA, if it has login companies, finds one in capitals, too: the same tenant under another login company.
async fn world(kind: PsaKind) -> World {
    let states = [false, true].map(|later| simulator(kind, later));
    if kind == PsaKind::Connectwise {
        for state in &states {
            state.set_switches(json!({ "companyIdIgnoresCase": true })).unwrap();
        }
    }
    World::of(kind, states, &[], HttpPolicy::default()).await
}

async fn every_call_is_repaired_by_repeating_it(kind: PsaKind, turn: usize) -> usize {
    let (folder, world) = (tempfile::tempdir().unwrap(), world(kind).await);
    Script::new(&world).seed().await;
    for step in STEPS {
        Script::new(&world).take(0, step).await.unwrap();
    }
    let id = Script::new(&world).integration().await.unwrap();
    let path = format!("/integrations/{id}");
    let mapped = items(&world, "PSA#").len();
    assert!(mapped > 0);
    let schedule = json!({ "everyMinutes": 1440, "at": "03:00", "timeZone": "Europe/Amsterdam" });
    let policy = call("PUT", &format!("{path}/policy"), json!({ "schedule": schedule }));
    assert_eq!(status(&world, &policy).await, 200);
    let connected = Kept::of(&world, &folder, "connected");
    let mut runs = 0;

    let add = call("POST", "/integrations", world.psa.integration());
    runs += disturb(&world, (&connected, turn), (&add, &[201]), |_, _, _| {}).await;

    let version = Script::new(&world).get(&path).await["version"].clone();
    let rename = call(
        "PATCH",
        &path,
        json!({ "version": version, "name": "Anders", "paused": true }),
    );
    let renamed = |world: &World, case: &str, repeated: bool| {
        if !repeated {
            return;
        }
        let all = items(world, &format!("INTEGRATION#{id}"));
        assert_eq!(
            (&all[0]["name"]["S"], &all[0]["paused"]["BOOL"]),
            (&json!("Anders"), &json!(true)),
            "{case}"
        );
    };
    // Repeated after it was applied, it answers that the version is another one.
    runs += disturb(&world, (&connected, turn), (&rename, &[200, 409]), renamed).await;

    connected.go_back(&world);
    runs += edits_are_repaired(&world, (&connected, turn), &path).await;

    let remove = call("DELETE", &path, Value::Null);
    let gone = |world: &World, case: &str, repeated: bool| {
        if !repeated {
            return;
        }
        assert!(items(world, "INTEGRATION#").is_empty(), "{case}");
        assert_eq!(
            (items(world, "REMOVED#").len(), items(world, "PSA#").len()),
            (1, mapped),
            "{case}"
        );
    };
    runs += disturb(&world, (&connected, turn), (&remove, &[200]), gone).await;

    connected.go_back(&world);
    assert_eq!(status(&world, &remove).await, 200);
    // A sweep that comes while it is removed ends its schedule.
    world.ticking.advance(DAY);
    world.deliver(&sweep()).await.unwrap().unwrap();
    assert!(items(&world, "SCHEDULE").iter().all(|item| item.get("due").is_none()));
    let removed = Kept::of(&world, &folder, "removed");
    let mut adopt = world.psa.integration();
    adopt["adopt"] = json!(id);
    let adopt = call("POST", "/integrations", adopt);
    let back = |world: &World, case: &str, repeated: bool| {
        if !repeated {
            return;
        }
        let all = items(world, "INTEGRATION#");
        assert_eq!((all.len(), &all[0]["id"]["S"]), (1, &json!(id)), "{case}");
        assert_eq!(
            (items(world, "REMOVED#").len(), items(world, "PSA#").len()),
            (0, mapped),
            "{case}"
        );
        assert!(items(world, "SCHEDULE")[0].get("due").is_some(), "{case}");
    };
    runs + disturb(&world, (&removed, turn), (&adopt, &[201]), back).await
}

#[test]
fn r52_connecting_editing_removing_and_adopting_are_repaired_by_repeating_them() {
    alone(async {
        let mut runs = 0;
        for (turn, kind) in PsaKind::ALL.into_iter().enumerate() {
            runs += every_call_is_repaired_by_repeating_it(kind, turn).await;
        }
        println!("{runs} disturbed calls, 0 wrong");
        assert!(runs >= 200, "{runs}");
    });
}
