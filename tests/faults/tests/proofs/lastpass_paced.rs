//! An import into LastPass and a reading of it keep the pace of a deployment, and their progress never goes back (R74, R87).
//!
//! LastPass, the PSA and the database answer at once, so only the pace takes time. `PROOFS=all` imports a large MSP.

use std::sync::Arc;
use std::time::Duration;

use directory::lastpass::CONCURRENCY;
use domain::psa::PsaKind;
use faults::psas::{simulator_of_all, simulator_of_some};
use faults::script::{Script, name};
use faults::world::World;
use serde_json::{Value, json};
use simkit::msp::Size;
use tokio::time::Instant;

use crate::cores::alone;
use crate::lastpass_import::{Import, LOOK, PACE, begin_time, lastpass, number};
use crate::server::KINDS;

/// Requests that are under way at once at most. So many may arrive together, however far apart they were begun.
const UNDER_WAY: u64 = CONCURRENCY as u64;

/// Into so many parts the nights divide an import.
const DAYS: u64 = 3;

/// Companies of a page of LastPass.
const LASTPASS_PAGE: u64 = 500;

/// How large the imports are.
struct Scale {
    kinds: &'static [PsaKind],
    /// Companies of the PSA; `None` is all of a large MSP.
    companies: Option<u32>,
    /// Managed companies whose users are read, and the users of each.
    read: (u32, u32),
    /// How long a run may take that reads them.
    reading_run: Duration,
    /// How many times the least number of requests, and the time that was said, may be needed. A small import of a few runs has a larger
    /// part of requests that each run needs.
    margin: f64,
    /// The longest time in which the progress of an execution may stand still: a company counts when all its people are done.
    standstill: Duration,
}

fn scale() -> Scale {
    if std::env::var("PROOFS").as_deref() == Ok("all") {
        Scale {
            // What is asked of LastPass does not depend on the PSA.
            kinds: &KINDS[..1],
            companies: None,
            read: (5_000, 20),
            reading_run: Duration::from_mins(5),
            margin: 1.15,
            standstill: Duration::from_mins(20),
        }
    } else {
        Scale {
            kinds: &KINDS,
            companies: Some(150),
            read: (150, 2),
            reading_run: Duration::from_secs(20),
            margin: 1.25,
            standstill: Duration::from_mins(10),
        }
    }
}

/// How many requests more than the pace allows arrived at most, in any stretch of time.
fn ahead_of_pace(arrivals: &[Instant]) -> f64 {
    let (Some(first), mut least, mut most) = (arrivals.first(), f64::INFINITY, 0.0_f64) else {
        return 0.0;
    };
    for (number, arrival) in arrivals.iter().enumerate() {
        let due = arrival.duration_since(*first).as_secs_f64() * f64::from(PACE);
        let ahead = float(number as u64) - due;
        least = least.min(ahead);
        most = most.max(ahead - least);
    }
    most
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

async fn import_everything(kind: PsaKind, scale: &Scale) -> String {
    let psa = match scale.companies {
        Some(companies) => simulator_of_some(kind, companies),
        None => simulator_of_all(kind, Size::Large),
    };
    let mut world = World::with_lastpass_and(kind, [Arc::clone(&psa), psa]).await;
    Script::new(&world).seed().await;
    begin_time(&mut world);
    let before = lastpass(&world).arrivals().len();
    let import = Import::start(&world).await;
    import.work("FetchFunction", "directory", None).await;
    assert_eq!(import.get("").await["state"], "review");
    let plan = import.confirm(true).await;
    let least = &plan["leastTime"];
    let of_a_day = number(&least["requests"]) / DAYS;
    let took = import.work("ExecuteFunction", "executed", Some(of_a_day)).await;

    assert_eq!(import.get("").await["state"], "done");
    let result = import.get("/result").await;
    let created = |rows: &str| number(&result[rows]["created"]);
    let (companies, users) = (created("companies"), created("users"));
    let arrivals = lastpass(&world).arrivals().split_off(before);
    // One request for each company and user that is created, and two walks through all companies and the users of each.
    let walk = companies + companies.div_ceil(LASTPASS_PAGE);
    let floor = companies + users + 2 * walk;
    let (requests, said, time) = (arrivals.len(), number(&least["seconds"]), took.time.as_secs());
    let (of_floor, of_said) = (float(requests as u64) / float(floor), float(time) / float(said));
    let ahead = ahead_of_pace(&arrivals);
    let row = format!(
        "| {} | {companies} | {users} | {requests} | {of_floor:.2} | {ahead:.1} | {said} | {time} | {of_said:.2} | {} | {} | {} | {} |",
        name(kind),
        took.runs,
        took.nights,
        took.looks.len(),
        took.standstill().as_secs(),
    );
    assert!(companies > 0 && users > companies, "{result}");
    assert!(ahead <= float(UNDER_WAY), "{row}");
    assert!(of_floor <= scale.margin, "{row}");
    assert!((1.0 / scale.margin..=scale.margin).contains(&of_said), "{row}");
    assert!(took.nights >= 2 && took.runs as u64 > took.nights + 1, "{row}");
    took.assert_moved(scale.standstill);
    row
}

#[test]
fn r87_r74_an_import_keeps_the_pace_and_takes_as_long_as_its_plan_said() {
    let scale = scale();
    let heads = [
        "into LastPass from",
        "companies",
        "users",
        "requests",
        "times the least",
        "ahead of the pace",
        "s said",
        "s taken",
        "times what was said",
        "runs",
        "nights",
        "looks",
        "longest without progress, s",
    ];
    println!("| {} |\n|---|{}", heads.join(" | "), "---:|".repeat(heads.len() - 1));
    for kind in scale.kinds {
        println!("{}", alone(import_everything(*kind, &scale)));
    }
}

/// So many companies with so many users each, as LastPass has them.
fn records((companies, users): (u32, u32)) -> Value {
    let ids = 10_000..10_000 + companies;
    let records = ids.clone().map(|id| json!({ "id": id, "name": format!("C{id}") }));
    let people = ids.flat_map(|id| (0..users).map(move |user| (id, user)));
    let people = people.map(|(id, user)| {
        let email = format!("u{user}@c{id}.example");
        json!({ "companyId": id, "name": "U", "email": email })
    });
    json!({ "companies": records.collect::<Vec<_>>(), "users": people.collect::<Vec<_>>() })
}

async fn read_everything(kind: PsaKind, scale: &Scale) -> String {
    let mut world = World::with_lastpass(kind).await;
    lastpass(&world).change(records(scale.read));
    Script::new(&world).seed().await;
    world.run = scale.reading_run;
    begin_time(&mut world);
    let before = lastpass(&world).arrivals().len();
    let import = Import::start(&world).await;
    let took = import.work("FetchFunction", "directory", None).await;

    let now = import.get("").await;
    assert_eq!(now["state"], "review", "{now}");
    let companies = u64::from(scale.read.0);
    let arrivals = lastpass(&world).arrivals().split_off(before);
    let (requests, time) = (arrivals.len() as u64, took.time.as_secs());
    let least = companies + companies.div_ceil(LASTPASS_PAGE);
    let ahead = ahead_of_pace(&arrivals);
    let row = format!(
        "| {} | {companies} | {requests} | {ahead:.1} | {time} | {} | {} | {} |",
        name(kind),
        took.runs,
        took.looks.len(),
        took.standstill().as_secs(),
    );
    assert!(ahead <= float(UNDER_WAY), "{row}");
    // A run repeats nothing but what was under way when the one before it ended.
    let repeated = UNDER_WAY * took.runs as u64;
    assert!((least..=least + repeated).contains(&requests), "{row}");
    assert!(float(time) <= scale.margin * float(least) / f64::from(PACE), "{row}");
    assert!(took.runs >= 2, "{row}");
    took.assert_moved(2 * LOOK + scale.reading_run / 2);
    row
}

#[test]
fn r87_r74_a_reading_keeps_the_pace_and_goes_on_where_a_run_ended() {
    let scale = scale();
    let heads = [
        "LastPass is read for",
        "companies",
        "requests",
        "ahead of the pace",
        "s taken",
        "runs",
        "looks",
        "longest without progress, s",
    ];
    println!("| {} |\n|---|{}", heads.join(" | "), "---:|".repeat(heads.len() - 1));
    for kind in scale.kinds {
        println!("{}", alone(read_everything(*kind, &scale)));
    }
}
