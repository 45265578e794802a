//! Imports into LastPass at the pace that a deployment keeps, on a clock that moves only while everybody waits: hours take minutes.
//! LastPass, the PSA and the database answer at once, so only the pace takes time. `PROOFS=all` imports a large MSP.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use directory::lastpass::{CONCURRENCY, Pace};
use domain::psa::PsaKind;
use faults::lastpass::LastPassFront;
use faults::pace::tick;
use faults::psas::{simulator_of_all, simulator_of_some};
use faults::script::{Script, name};
use faults::world::{MSP, Message, World};
use jiff::Timestamp;
use serde_json::{Value, json};
use simkit::msp::Size;
use tokio::time::{Instant, sleep};

use crate::cores::alone;
use crate::server::KINDS;

/// Requests that are begun in a second: the default of the template.
const PACE: u32 = 5;

/// Requests that are under way at once at most. So many may arrive together, however far apart they were begun.
const UNDER_WAY: u64 = CONCURRENCY as u64;

/// Between two looks at the progress.
const LOOK: Duration = Duration::from_secs(5);

/// How long LastPass refuses requests at night, in seconds.
const NIGHT: i64 = 10 * 3_600;

/// A longer wait than this is a night.
const LONGEST_WAIT: i64 = 600;

/// Into so many parts the nights divide an import.
const DAYS: u64 = 3;

/// Runs that an import may take here.
const MAX_RUNS: usize = 1_000;

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

/// An import at work.
struct Import<'a> {
    world: &'a World,
    id: String,
}

/// What workers took for a part of an import.
#[derive(Default)]
struct Took {
    runs: usize,
    nights: u64,
    /// Without the nights.
    time: Duration,
    /// The progress at each look.
    looks: Vec<u64>,
}

impl<'a> Import<'a> {
    /// Starts an import.
    async fn start(world: &'a World) -> Self {
        let script = Script::new(world);
        let integration = script.integration().await.unwrap();
        let path = format!("/integrations/{integration}/imports");
        let started = script.expect("POST", &path, json!({ "filter": {} })).await;
        let id = started["id"].as_str().unwrap().to_owned();
        Self { world, id }
    }

    async fn get(&self, what: &str) -> Value {
        Script::new(self.world)
            .get(&format!("/imports/{}{what}", self.id))
            .await
    }

    async fn post(&self, what: &str, body: Value) {
        let path = format!("/imports/{}{what}", self.id);
        Script::new(self.world).expect("POST", &path, body).await;
    }

    /// Selects all companies, with their active people or without anybody, and confirms the plan. Gives the plan.
    async fn confirm(&self, with_people: bool) -> Value {
        self.post("/companies/select", json!({ "selected": true, "where": {} }))
            .await;
        let active = json!({ "selected": with_people, "where": { "active": true } });
        self.post("/addresses/select", active).await;
        let plan = self.get("/plan").await;
        let confirmed = json!({ "planHash": plan["hash"], "confirmMassChange": true });
        self.post("/execute", confirmed).await;
        plan
    }

    /// Lets workers work as the state machine does, until the import leaves its state. `shown` is the progress that is looked at. LastPass
    /// takes no more than `of_a_day` requests between two nights, if there are nights.
    async fn work(&self, function: &'static str, shown: &str, of_a_day: Option<u64>) -> Took {
        let message = Message::Work(function, json!({ "msp": MSP, "import": self.id, "giveUp": false }));
        let state = self.get("").await["state"].clone();
        let (mut took, began) = (Took::default(), Instant::now());
        let begin_day = || {
            if let Some(many) = of_a_day {
                lastpass(self.world).take_only(many, NIGHT);
            }
        };
        begin_day();
        while self.get("").await["state"] == state {
            took.runs += 1;
            assert!(took.runs < MAX_RUNS, "{:?}", took.looks);
            let (process, run) = (self.world.process(), Instant::now());
            let answer = self.watched(process.handle(&message), shown, &mut took.looks).await;
            let answer = answer.unwrap();
            assert!(run.elapsed() < self.world.run, "a run took {:?}", run.elapsed());
            let Some(until) = answer["until"].as_str() else {
                continue;
            };
            let until: Timestamp = until.parse().unwrap();
            if until.as_second() - self.world.ticking.seconds() > LONGEST_WAIT {
                took.nights += 1;
                self.world.ticking.advance(NIGHT);
                begin_day();
            }
            while self.world.ticking.seconds() < until.as_second() {
                sleep(Duration::from_millis(10)).await;
            }
        }
        took.time = began.elapsed();
        took
    }

    /// Looks at the progress again and again, as somebody does who waits for the work.
    async fn watched<T>(&self, work: impl Future<Output = T>, shown: &str, looks: &mut Vec<u64>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = sleep(LOOK) => {
                    let progress = &self.get("").await["progress"];
                    looks.push(progress[shown].as_u64().unwrap_or_default());
                }
            }
        }
    }
}

impl Took {
    /// The longest time in which the progress stood still.
    fn standstill(&self) -> Duration {
        let alike = self.looks.chunk_by(|one, next| one == next).map(<[u64]>::len);
        LOOK * u32::try_from(alike.max().unwrap_or_default()).unwrap()
    }

    /// Fails if the progress went back or stood still for longer than this.
    fn assert_moved(&self, longest: Duration) {
        assert!(self.looks.is_sorted(), "{:?}", self.looks);
        assert!(self.standstill() <= longest, "{:?}", self.looks);
        assert!(self.looks.first() < self.looks.last(), "{:?}", self.looks);
    }
}

fn lastpass(world: &World) -> &LastPassFront {
    world.lastpass.as_ref().unwrap()
}

/// The clock is paused, and moves a step whenever everybody waits. LastPass is asked at the pace of a deployment.
fn begin_time(world: &mut World) {
    world.lastpass_pace = Arc::new(Pace::per_second(PACE));
    tokio::time::pause();
    tokio::spawn(tick(world.ticking.clone()));
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

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
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
