//! Of the confirmations of an import, whichever of them die, are slow, or are of another plan, none keeps licences from those that
//! come after it, and what is carried out has its licences (R35, R46).

use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::engine::{IMPORTS, RECORDS};
use faults::fence::number;
use faults::schedule::Schedule;
use faults::script::{ANA, Script, Step};
use faults::state::State;
use faults::world::{Message, Moment, World};
use serde_json::json;

use crate::cores::alone;

const ORDERS: u64 = 100;

/// Enough for either plan, and not for both.
const LICENCES: u64 = 8;

/// An import in review with two plans: one, and the one after a decision was changed.
struct Stage {
    world: World,
    review: Moment,
    first: Message,
    decision: Message,
    second: Message,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        let licences = json!({ "total": LICENCES, "mode": "pool" });
        script.expect("PUT", "/licences", licences).await;
        script.take(0, Step::Start).await.unwrap();
        script.take(0, Step::Fetch).await.unwrap();
        script.decide_few(3, 2).await;
        let review = world.keep(folder.path(), "review");
        let first = script.confirmation().await;
        let import = &world
            .engine
            .items(IMPORTS)
            .into_iter()
            .find(|item| item["sk"]["S"] == "IMPORT")
            .unwrap()["id"]["S"];
        let path = format!("/imports/{}/companies", import.as_str().unwrap());
        let rows = script.get(&format!("{path}?tab=in")).await;
        let row = rows["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["selected"] == true)
            .unwrap();
        let decision = Message::Call {
            who: ANA,
            method: "PATCH",
            path: format!("{path}/{}", row["id"].as_str().unwrap()),
            body: json!({ "version": row["version"], "selected": false }),
        };
        world.deliver(&decision).await.unwrap().unwrap();
        let second = script.confirmation().await;
        Self {
            world,
            review,
            first,
            decision,
            second,
            _folder: folder,
        }
    }

    fn state(&self) -> String {
        let imports = self.world.engine.items(IMPORTS);
        let import = imports.iter().find(|item| item["sk"]["S"] == "IMPORT").unwrap();
        import["state"]["S"].as_str().unwrap().to_owned()
    }

    /// Whatever was confirmed is carried out, or confirmed now; then the licences are those of the users.
    async fn end(&self, which: &str) {
        let script = Script::new(&self.world);
        script
            .take(0, Step::Confirm)
            .await
            .unwrap_or_else(|why| panic!("{which}: {why}"));
        script
            .take(0, Step::CarryOut)
            .await
            .unwrap_or_else(|why| panic!("{which}: {why}"));
        let users = State::read(&self.world.engine).count("USER");
        let records = self.world.engine.items(RECORDS);
        let licences = records.iter().find(|item| item["sk"]["S"] == "LICENCES").unwrap();
        assert!(users == 4 || users == 6, "{which}: {users} users");
        assert_eq!(
            number(&licences["used"]),
            i64::try_from(users).unwrap(),
            "{which}: {licences}"
        );
        assert_eq!(licences["reservations"]["M"], json!({}), "{which}: {licences}");
    }
}

#[test]
fn r46_a_confirmation_that_died_keeps_no_licences_from_the_next_one() {
    alone(async {
        let stage = Stage::new().await;
        let world = &stage.world;
        let mut died = 0;
        for at in 0.. {
            let mut is_over = false;
            for disturbance in [Disturbance::StopBefore, Disturbance::StopAfter] {
                world.go_back(&stage.review);
                world.effects.begin();
                world.effects.arm(at, disturbance);
                is_over = world.deliver(&stage.first).await.is_ok();
                if stage.state() == "review" {
                    died += 1;
                    world.deliver(&stage.decision).await.unwrap().unwrap();
                }
                stage.end(&format!("{disturbance:?} {at}")).await;
            }
            if is_over {
                break;
            }
        }
        println!("died at {died} moments");
        assert!(died > 10);
    });
}

#[test]
fn r46_of_three_confirmations_at_once_one_succeeds() {
    alone(async {
        let stage = Stage::new().await;
        tokio::time::pause();
        for seed in 0..ORDERS {
            stage.world.go_back(&stage.review);
            let mut schedule = Schedule::new(&stage.world, seed, 0);
            for _ in 0..3 {
                schedule.begin(stage.first.clone());
            }
            let mut won = 0;
            while !schedule.is_idle() {
                for answered in schedule.step().await {
                    let answer = answered.answer.unwrap().unwrap();
                    assert_ne!(
                        answer["statusCode"].as_u64().unwrap() / 100,
                        5,
                        "order {seed}: {answer}"
                    );
                    won += usize::from(answer["statusCode"] == 202);
                }
            }
            assert_eq!(won, 1, "order {seed}");
            stage.end(&format!("order {seed}")).await;
        }
    });
}

#[test]
fn r46_of_confirmations_of_two_plans_at_once_one_is_carried_out_and_has_its_licences() {
    alone(async {
        let stage = Stage::new().await;
        tokio::time::pause();
        let mut begun = [0, 0];
        for seed in 0..ORDERS {
            stage.world.go_back(&stage.review);
            let mut schedule = Schedule::new(&stage.world, seed, 0);
            for message in [&stage.first, &stage.decision, &stage.second, &stage.second] {
                schedule.begin(message.clone());
            }
            let mut won = Vec::new();
            while !schedule.is_idle() {
                for answered in schedule.step().await {
                    let answer = answered.answer.unwrap().unwrap();
                    assert_ne!(
                        answer["statusCode"].as_u64().unwrap() / 100,
                        5,
                        "order {seed}: {answer}"
                    );
                    if answer["statusCode"] == 202 {
                        won.push(answered.message);
                    }
                }
            }
            assert!(won.len() <= 1, "order {seed}: {won:?}");
            begun[won.len()] += 1;
            stage.end(&format!("order {seed}")).await;
        }
        println!("{ORDERS} orders, in {} a plan began at once", begun[1]);
        assert!(begun[1] > 0);
    });
}
