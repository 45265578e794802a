//! Companies of LastPass that wait hold up no others, and none of their rows is left out (R36, R40, R63, R74).

use std::sync::Arc;

use domain::psa::PsaKind;
use faults::psas::simulator_of_some;
use faults::script::{Script, name};
use faults::world::{MSP, World};
use serde_json::{Value, json};

use crate::cores::alone;
use crate::lastpass_import::{Import, begin_time, lastpass, number};
use crate::server::KINDS;

/// Users of whom LastPass does not say whether they were created, each of another company.
const DOUBTFUL: u64 = 6;

/// How long such a user is looked for, in seconds.
const LOOKED_FOR: u64 = 600;

async fn import_people_of_mapped_companies(kind: PsaKind, companies: u32) -> String {
    let psa = simulator_of_some(kind, companies);
    let mut world = World::with_lastpass_and(kind, [Arc::clone(&psa), psa]).await;
    Script::new(&world).seed().await;
    begin_time(&mut world);
    let first = Import::start(&world).await;
    first.work("FetchFunction", "directory", None).await;
    first.confirm(false).await;
    first.work("ExecuteFunction", "executed", None).await;
    assert_eq!(first.get("").await["state"], "done");
    let import = Import::start(&world).await;
    import.work("FetchFunction", "directory", None).await;
    let plan = import.confirm(true).await;
    let least = &plan["leastTime"];
    // In the first half, so that there is enough to do while they are looked for.
    let apart = number(&least["requests"]) / (2 * DOUBTFUL);
    for doubtful in 0..DOUBTFUL {
        let users = json!({ "method": "POST", "path": "/users$" });
        let fault = json!({ "match": users, "skip": doubtful * apart, "times": 1, "answer": { "status": 500 } });
        lastpass(&world).add_fault(fault);
    }
    let took = import.work("ExecuteFunction", "executed", None).await;

    assert_eq!(import.get("").await["state"], "done");
    let result = import.get("/result").await;
    assert_eq!(result["users"]["failed"], 0, "{result}");
    let (said, time) = (number(&least["seconds"]), took.time.as_secs());
    let row = format!(
        "| {} | {} | {said} | {time} | {} |",
        name(kind),
        result["users"]["created"],
        took.runs
    );
    // They are looked for side by side, while others are created.
    assert!(time <= said + LOOKED_FOR, "{row}");
    row
}

#[test]
fn r63_r74_companies_that_wait_hold_up_no_others() {
    println!("| into LastPass from | users | s said | s taken | runs |\n|---|---:|---:|---:|---:|");
    println!("{}", alone(import_people_of_mapped_companies(KINDS[0], 150)));
}

async fn give_up_while_companies_wait(kind: PsaKind) {
    let psa = simulator_of_some(kind, 150);
    let mut world = World::with_lastpass_and(kind, [Arc::clone(&psa), psa]).await;
    Script::new(&world).seed().await;
    lastpass(&world).set(json!({ "companyCreateDelay": "never" }));
    begin_time(&mut world);
    let import = Import::start(&world).await;
    import.work("FetchFunction", "directory", None).await;
    let plan = import.confirm(true).await;
    for give_up in [false, true] {
        let message = json!({ "msp": MSP, "import": import.id, "giveUp": give_up });
        world.process().invoke("ExecuteFunction", message).await.unwrap();
    }
    let now = import.get("").await;
    assert_eq!(now["state"], "failed", "{now}");
    let sum = |counts: &Value| counts.as_object().unwrap().values().map(number).sum::<u64>();
    let [companies, users] = ["companies", "users"].map(|rows| sum(&now["counts"][rows]));
    // Besides the items of each action, it counts the companies.
    let planned = sum(&plan["summary"]) - number(&plan["summary"]["companies"]);
    assert_eq!(companies + users, planned, "{now}");
}

#[test]
fn r36_r40_given_up_while_companies_wait_no_row_is_left_out() {
    alone(give_up_while_companies_wait(KINDS[0]));
}
