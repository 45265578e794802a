//! In whatever order an exclusion and a confirmation come, a company is either left out of the plan, or applied as confirmed (R96, R35).

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::schedule::Schedule;
use faults::script::{Script, Step};
use faults::world::{MSP, Message, World};
use serde_json::{Value, json};

use crate::cores::alone;

const ORDERS: u64 = 60;

/// A confirmation takes about as many steps.
const MOST_AHEAD: u64 = 20;

/// Excludes a company.
async fn exclusion(script: &Script<'_>, company: &str) -> Message {
    let integration = script.integration().await.unwrap();
    Message::Call {
        who: "bram",
        method: "PUT",
        path: format!("/integrations/{integration}/exclusions/companies/{company}"),
        body: json!({ "why": "a vendor" }),
    }
}

fn import(world: &World) -> Value {
    let mut items = world.engine.items(IMPORTS).into_iter();
    items.find(|item| item["sk"]["S"] == "IMPORT").unwrap()
}

fn import_id(world: &World) -> String {
    import(world)["id"]["S"].as_str().unwrap().to_owned()
}

/// A company that the import selects.
async fn selected(script: &Script<'_>, import: &str) -> String {
    let path = format!("/imports/{import}/companies?tab=in&selected=true");
    let rows = script.get(&path).await;
    rows["items"][0]["id"].as_str().unwrap().to_owned()
}

/// What is answered to an exclusion, and to a confirmation that began some steps before it.
async fn statuses(world: &World, seed: u64, exclusion: &Message, confirmation: &Message) -> [Option<u64>; 2] {
    let mut schedule = Schedule::new(world, seed, 0);
    schedule.begin(confirmation.clone());
    let (mut statuses, mut ahead) = ([None; 2], Some(seed % MOST_AHEAD));
    while !schedule.is_idle() || ahead.is_some() {
        ahead = match ahead {
            Some(left) if left > 0 && !schedule.is_idle() => Some(left - 1),
            Some(_) => {
                schedule.begin(exclusion.clone());
                None
            }
            None => None,
        };
        for answered in schedule.step().await {
            let answer = answered.answer.unwrap().unwrap();
            let is_exclusion = matches!(answered.message, Message::Call { method: "PUT", .. });
            statuses[usize::from(!is_exclusion)] = answer["statusCode"].as_u64();
        }
    }
    statuses
}

/// It is confirmed, and about to be applied: its companies end as `plan_changed` unless they are planned as was confirmed.
fn assert_confirmed(world: &World, order: u64) {
    assert_eq!(
        import(world)["state"]["S"],
        "executing",
        "order {order}: nobody confirms it any more"
    );
}

/// Every selected company was created, or was left out because it is excluded; nothing else happened to any.
async fn assert_whole(script: &Script<'_>, import: &str, (all, excluded): (u64, bool), order: u64) {
    let result = script.get(&format!("/imports/{import}/result")).await;
    let companies = &result["companies"];
    let created = companies["created"].as_u64().unwrap();
    assert_eq!(created, all - u64::from(excluded), "order {order}: {result}");
    assert_eq!(companies["failed"], 0, "order {order}: {result}");
}

#[test]
fn r96_an_exclusion_at_the_moment_of_a_confirmation_is_in_the_plan_or_refused() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        script.take(0, Step::Start).await.unwrap();
        script.take(0, Step::Fetch).await.unwrap();
        script.decide_few(3, 2).await;
        let id = import_id(&world);
        let exclusion = exclusion(&script, &selected(&script, &id).await).await;
        let confirmation = script.confirmation().await;
        let review = world.keep(folder.path(), "review");
        tokio::time::pause();
        let (mut excluded, mut begun) = (0, 0);
        for seed in 0..ORDERS {
            world.go_back(&review);
            let is_excluded = match statuses(&world, seed, &exclusion, &confirmation).await {
                [Some(200), Some(409)] => {
                    excluded += 1;
                    true
                }
                [Some(423), Some(202)] => {
                    begun += 1;
                    false
                }
                other => panic!("order {seed}: {other:?}"),
            };
            script.take(0, Step::Confirm).await.unwrap();
            assert_confirmed(&world, seed);
            script.take(0, Step::CarryOut).await.unwrap();
            assert_whole(&script, &id, (3, is_excluded), seed).await;
        }
        println!("{ORDERS} orders: in {excluded} the exclusion came first, in {begun} the confirmation");
        assert!(excluded > 0 && begun > 0);
    });
}

#[test]
fn r96_an_exclusion_at_the_moment_the_policy_confirms_is_in_the_plan_or_refused() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        let integration = script.integration().await.unwrap();
        let policy = json!({
            "newCompanies": true, "newAddresses": true, "massChange": { "percent": 100, "atLeast": 100_000 },
        });
        let path = format!("/integrations/{integration}/policy");
        script.expect("PUT", &path, policy).await;
        let occasion = json!({ "msp": MSP, "integration": integration, "token": "night" });
        let trigger = Message::Work("FetchFunction", occasion);
        world.deliver(&trigger).await.unwrap().unwrap();
        let id = import_id(&world);
        let work = |function| Message::Work(function, json!({ "msp": MSP, "import": id, "giveUp": false }));
        while import(&world)["state"]["S"] == "fetching" {
            world.deliver(&work("FetchFunction")).await.unwrap().unwrap();
        }
        let path = format!("/imports/{id}/companies?tab=in&selected=true&limit=500");
        let all = script.get(&path).await["items"].as_array().unwrap().len() as u64;
        let exclusion = exclusion(&script, &selected(&script, &id).await).await;
        let review = world.keep(folder.path(), "review");
        tokio::time::pause();
        let (mut excluded, mut refused) = (0, 0);
        for seed in 0..ORDERS {
            world.go_back(&review);
            let is_excluded = match statuses(&world, seed, &exclusion, &work("ExecuteFunction")).await {
                [Some(200), None] => {
                    excluded += 1;
                    true
                }
                [Some(423), None] => {
                    refused += 1;
                    false
                }
                other => panic!("order {seed}: {other:?}"),
            };
            assert_confirmed(&world, seed);
            script.take(0, Step::CarryOut).await.unwrap();
            assert_whole(&script, &id, (all, is_excluded), seed).await;
        }
        println!("{ORDERS} orders: in {excluded} the exclusion came first, in {refused} the policy");
        assert!(excluded > 0 && refused > 0);
    });
}
