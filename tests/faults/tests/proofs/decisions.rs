//! In whatever order the calls of two browser tabs come, neither undoes the other's decision unseen (R27).

use domain::psa::PsaKind;
use faults::schedule::Schedule;
use faults::script::{ANA, STEPS, Script};
use faults::world::{Message, World};
use serde_json::{Value, json};

use crate::cores::alone;

const ORDERS: u64 = 200;

/// An import in review: its path, and a company of it that is not the MSP itself.
async fn review(script: &Script<'_>) -> (String, Value) {
    script.seed().await;
    for step in &STEPS[..2] {
        script.take(0, *step).await.unwrap();
    }
    let integration = script.integration().await.unwrap();
    let imports = script.get(&format!("/integrations/{integration}/imports")).await;
    let import = format!("/imports/{}", imports["items"][0]["id"].as_str().unwrap());
    let rows = script.get(&format!("{import}/companies?tab=in")).await;
    let rows = rows["items"].as_array().unwrap();
    let company = rows.iter().find(|row| row["own"] != true).unwrap();
    (import, company.clone())
}

fn call(method: &'static str, path: &str, body: Value) -> Message {
    Message::Call {
        who: ANA,
        method,
        path: path.to_owned(),
        body,
    }
}

#[test]
fn r27_ticking_many_rows_changes_nothing_else_that_was_decided_on_them() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        let (import, company) = review(&script).await;
        let path = format!("{import}/companies");
        let path = format!("{path}/{}/addresses", company["id"].as_str().unwrap());
        let address = script.get(&path).await["items"][0].clone();
        let one = format!("{path}/{}", address["id"].as_str().unwrap());
        let review = world.keep(folder.path(), "review");
        tokio::time::pause();
        let mut both = 0;
        for seed in 0..ORDERS {
            world.go_back(&review);
            let mut schedule = Schedule::new(&world, seed, 0);
            let create = json!({ "version": address["version"], "target": { "create": {} } });
            schedule.begin(call("PATCH", &one, create));
            let tick = json!({ "selected": true, "where": {} });
            schedule.begin(call("POST", &format!("{path}/select"), tick));
            let mut is_kept = false;
            while !schedule.is_idle() {
                for answered in schedule.step().await {
                    let status = answered.answer.unwrap().unwrap()["statusCode"].clone();
                    match answered.message {
                        Message::Call { method: "PATCH", .. } => is_kept = status == 200,
                        _ => assert_eq!(status, 200),
                    }
                }
            }
            let now = Script::new(&world).get(&path).await["items"][0].clone();
            assert_eq!(now["selected"], true, "order {seed}: {now}");
            if is_kept {
                both += 1;
                assert_eq!(now["target"], json!({ "create": {} }), "order {seed}: {now}");
            }
        }
        assert!(both > 0);
        println!("{ORDERS} orders, in {both} both decisions were kept");
    });
}

#[test]
fn r35_a_decision_at_the_moment_of_the_confirmation_is_in_the_plan_or_refused() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        let (import, company) = review(&script).await;
        let one = format!("{import}/companies/{}", company["id"].as_str().unwrap());
        let hash = script.get(&format!("{import}/plan")).await["hash"].clone();
        let review = world.keep(folder.path(), "review");
        tokio::time::pause();
        let (mut decided, mut begun) = (0, 0);
        for seed in 0..ORDERS {
            world.go_back(&review);
            let mut schedule = Schedule::new(&world, seed, 0);
            let select = json!({ "version": company["version"], "selected": true });
            schedule.begin(call("PATCH", &one, select));
            let confirm = json!({ "planHash": hash, "confirmMassChange": true });
            schedule.begin(call("POST", &format!("{import}/execute"), confirm));
            let mut answers = Vec::new();
            while !schedule.is_idle() {
                for answered in schedule.step().await {
                    let answer = answered.answer.unwrap().unwrap();
                    answers.push(answer["statusCode"].as_u64().unwrap());
                }
            }
            answers.sort_unstable();
            match answers[..] {
                [200, 409] => decided += 1,
                [202, 409] => begun += 1,
                _ => panic!("order {seed}: {answers:?}"),
            }
        }
        assert!(decided > 0 && begun > 0);
        println!("{ORDERS} orders: in {decided} the decision came first, in {begun} the confirmation");
    });
}
