//! An import into LastPass at the pace that a deployment keeps, on a clock that moves only while everybody waits: hours take minutes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use directory::lastpass::Pace;
use faults::lastpass::LastPassFront;
use faults::pace::tick;
use faults::script::Script;
use faults::world::{MSP, Message, World};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Requests that are begun in a second: the default of the template.
pub const PACE: u32 = 5;

/// Between two looks at the progress.
pub const LOOK: Duration = Duration::from_secs(5);

/// How long LastPass refuses requests at night, in seconds.
const NIGHT: i64 = 10 * 3_600;

/// A longer wait than this is a night.
const LONGEST_WAIT: i64 = 600;

/// Runs that an import may take here.
const MAX_RUNS: usize = 1_000;

/// An import at work.
pub struct Import<'a> {
    world: &'a World,
    pub id: String,
}

/// What workers took for a part of an import.
#[derive(Default)]
pub struct Took {
    pub runs: usize,
    pub nights: u64,
    /// Without the nights.
    pub time: Duration,
    /// The progress at each look.
    pub looks: Vec<u64>,
}

impl<'a> Import<'a> {
    /// Starts an import.
    pub async fn start(world: &'a World) -> Self {
        let script = Script::new(world);
        let integration = script.integration().await.unwrap();
        let path = format!("/integrations/{integration}/imports");
        let started = script.expect("POST", &path, json!({ "filter": {} })).await;
        let id = started["id"].as_str().unwrap().to_owned();
        Self { world, id }
    }

    pub async fn get(&self, what: &str) -> Value {
        Script::new(self.world)
            .get(&format!("/imports/{}{what}", self.id))
            .await
    }

    async fn post(&self, what: &str, body: Value) {
        let path = format!("/imports/{}{what}", self.id);
        Script::new(self.world).expect("POST", &path, body).await;
    }

    /// Selects all companies, with their active people or without anybody, and confirms the plan. Gives the plan.
    pub async fn confirm(&self, with_people: bool) -> Value {
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
    pub async fn work(&self, function: &'static str, shown: &str, of_a_day: Option<u64>) -> Took {
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
    pub fn standstill(&self) -> Duration {
        let alike = self.looks.chunk_by(|one, next| one == next).map(<[u64]>::len);
        LOOK * u32::try_from(alike.max().unwrap_or_default()).unwrap()
    }

    /// Fails if the progress went back or stood still for longer than this.
    pub fn assert_moved(&self, longest: Duration) {
        assert!(self.looks.is_sorted(), "{:?}", self.looks);
        assert!(self.standstill() <= longest, "{:?}", self.looks);
        assert!(self.looks.first() < self.looks.last(), "{:?}", self.looks);
    }
}

pub fn lastpass(world: &World) -> &LastPassFront {
    world.lastpass.as_ref().unwrap()
}

/// The clock is paused, and moves a step whenever everybody waits. LastPass is asked at the pace of a deployment.
pub fn begin_time(world: &mut World) {
    world.lastpass_pace = Arc::new(Pace::per_second(PACE));
    tokio::time::pause();
    tokio::spawn(tick(world.ticking.clone()));
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}
