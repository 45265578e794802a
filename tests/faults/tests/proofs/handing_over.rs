//! A hand-over whose worker dies, fails or is overtaken at any effect is made once, with one entry of the trail for each mapping that it
//! drops (R58); and everybody who is not in is listed with the reason, wherever the fetch dies (R55).

use std::collections::BTreeSet;

use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::psas::PEOPLE;
use faults::script::{ANA, STEPS, Script, Step};
use faults::state::State;
use faults::world::{Message, Moment, World};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cores::alone;

/// What may happen at a write. There are many lists of a snapshot, which are alike: at them these take turns.
fn disturbances(number: usize, effect: &str) -> Vec<Disturbance> {
    use Disturbance::{AppliedAndFailed, DeliveredTwice, Overtaken, StopAfter, StopBefore};
    let all = [StopBefore, StopAfter, AppliedAndFailed, DeliveredTwice, Overtaken];
    if effect.starts_with("PutItem") {
        return vec![all[number % all.len()]];
    }
    all.into()
}

fn is_write(effect: &str) -> bool {
    ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"]
        .iter()
        .any(|write| effect.starts_with(write))
}

/// A world after a first import, whose second one has started.
async fn second_import(kind: PsaKind) -> World {
    let world = World::new(kind).await;
    let script = Script::new(&world);
    script.seed().await;
    for step in STEPS {
        script.take(0, step).await.unwrap();
    }
    script.take(1, Step::Start).await.unwrap();
    world
}

/// A step of the second import, from a moment on.
struct Disturbed<'a> {
    world: &'a World,
    before: Moment,
    step: Step,
    /// The number and the name of each write.
    writes: Vec<(usize, String)>,
    _folder: TempDir,
}

impl<'a> Disturbed<'a> {
    /// Takes the step, which nothing disturbs yet.
    async fn new(world: &'a World, step: Step) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let before = world.keep(folder.path(), "before");
        world.effects.begin();
        Script::new(world).take(1, step).await.unwrap();
        let names = world.effects.names().into_iter().enumerate();
        let writes = names.filter(|(_, name)| is_write(name)).collect();
        world.effects.begin();
        Self {
            world,
            before,
            step,
            writes,
            _folder: folder,
        }
    }

    /// Disturbs every other write from `turn` on, and looks each time; gives how often.
    async fn each(&self, turn: usize, look: impl AsyncFn(&str)) -> usize {
        let (world, mut runs) = (self.world, 0);
        for (number, effect) in self.writes.iter().skip(turn).step_by(PsaKind::ALL.len()) {
            for disturbance in disturbances(*number, effect) {
                world.go_back(&self.before);
                world.effects.begin();
                world.effects.arm(*number, disturbance);
                Script::new(world).take(1, self.step).await.unwrap();
                world.effects.begin();
                look(&format!("{disturbance:?} at {number} {effect}")).await;
                runs += 1;
            }
        }
        runs
    }
}

/// The newest import.
async fn newest(script: &Script<'_>) -> String {
    let path = format!("/integrations/{}/imports", script.integration().await.unwrap());
    let imports = script.get(&path).await;
    imports["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn call(world: &World, method: &'static str, path: String, body: Value) -> Value {
    let call = Message::Call {
        who: ANA,
        method,
        path,
        body,
    };
    let answer = world.deliver(&call).await.unwrap().unwrap();
    assert!(answer["statusCode"].as_u64().unwrap() < 300, "{call:?}: {answer}");
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// Gives the managed company of the company that is gone to the new one, with everybody of that, and confirms.
async fn choose_hand_over(world: &World) {
    let script = Script::new(world);
    let path = format!("/imports/{}", newest(&script).await);
    let gone = script.get(&format!("{path}/companies?tab=not-in")).await["items"][0].clone();
    let rows = script.get(&format!("{path}/companies?tab=in&limit=100")).await;
    let rows = rows["items"].as_array().unwrap();
    let new = rows
        .iter()
        .find(|row| row["mapped"].is_null() && row["own"] != true)
        .unwrap();
    let company = format!("{path}/companies/{}", new["id"].as_str().unwrap());
    let choice = json!({ "version": new["version"], "selected": true, "target": { "existing": gone["mapped"]["id"] } });
    call(world, "PATCH", company.clone(), choice).await;
    let everybody = json!({ "selected": true, "where": {} });
    call(world, "POST", format!("{company}/addresses/select"), everybody).await;
    let plan = script.get(&format!("{path}/plan")).await;
    assert_eq!(plan["summary"]["handOverCompany"], 1, "{plan}");
    let confirmation = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    call(world, "POST", format!("{path}/execute"), confirmation).await;
}

/// The users of dropped mappings, as the trail tells of them.
async fn dropped(script: &Script<'_>) -> Vec<String> {
    let path = format!("/integrations/{}/audit?limit=100", script.integration().await.unwrap());
    let trail = script.get(&path).await;
    let entries = trail["items"].as_array().unwrap().iter();
    let changes = entries.filter_map(|entry| entry["changes"].as_array()).flatten();
    let changes = changes.filter(|change| change["action"] == "unmapUser");
    let users = changes.map(|change| change["before"]["user"].as_str().unwrap().to_owned());
    let mut users: Vec<String> = users.collect();
    users.sort_unstable();
    users
}

/// Whom the result of the newest import lists as not in.
async fn not_in(script: &Script<'_>) -> Value {
    let path = format!("/imports/{}/result", newest(script).await);
    script.get(&path).await["peopleNotIn"].clone()
}

#[test]
fn r58_a_hand_over_that_is_disturbed_at_any_write_is_made_once() {
    alone(async {
        let mut runs = 0;
        for (turn, kind) in PsaKind::ALL.into_iter().enumerate() {
            runs += disturbed_hand_overs(kind, turn).await;
        }
        println!("{runs} disturbed hand-overs, 0 wrong");
        assert!(runs >= 30, "{runs}");
    });
}

/// Disturbs every other write of a hand-over; gives how often.
async fn disturbed_hand_overs(kind: PsaKind, turn: usize) -> usize {
    let world = second_import(kind).await;
    let script = Script::new(&world);
    script.take(1, Step::Fetch).await.unwrap();
    choose_hand_over(&world).await;
    let execution = Disturbed::new(&world, Step::CarryOut).await;
    let (right, told) = (State::read(&world.engine), dropped(&script).await);
    let users: BTreeSet<&String> = told.iter().collect();
    assert_eq!((told.len(), users.len()), (PEOPLE, PEOPLE));
    let listed = not_in(&script).await;
    assert!(listed["items"].as_array().unwrap().len() >= PEOPLE, "{listed}");
    let look = async |case: &str| {
        let difference = State::read(&world.engine).difference(&right);
        assert!(difference.is_none(), "{case}: {difference}");
        assert_eq!(dropped(&script).await, told, "{case}");
        assert_eq!(not_in(&script).await, listed, "{case}");
    };
    execution.each(turn, look).await
}

#[test]
fn r55_stopped_at_any_write_a_fetch_lists_everybody_who_is_not_in_with_the_reason() {
    alone(async {
        let mut runs = 0;
        for (turn, kind) in PsaKind::ALL.into_iter().enumerate() {
            runs += disturbed_fetches(kind, turn).await;
        }
        println!("{runs} disturbed fetches, nobody lost");
        assert!(runs >= 30, "{runs}");
    });
}

/// Disturbs every other write of a fetch; gives how often.
async fn disturbed_fetches(kind: PsaKind, turn: usize) -> usize {
    let world = second_import(kind).await;
    let script = Script::new(&world);
    let fetch = Disturbed::new(&world, Step::Fetch).await;
    let list = async || {
        let path = format!("/imports/{}/people-not-in?limit=100", newest(&script).await);
        script.get(&path).await
    };
    let right = list().await;
    assert!(right["items"].as_array().unwrap().len() >= PEOPLE, "{right}");
    fetch
        .each(turn, async |case: &str| assert_eq!(list().await, right, "{case}"))
        .await
}
