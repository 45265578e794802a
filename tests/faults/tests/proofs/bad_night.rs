//! A bad night: whatever does not answer, at whichever stage and for how long, an import ends as if everything had answered, or fails
//! with the code of what did not, and no row fails for it (R63). What runs are the shipped handlers, called by the shipped state machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use faults::engine::IMPORTS;
use faults::night::Fault;
use faults::script::{Script, Step, name};
use faults::state::State;
use faults::world::{MSP, Message, Moment, World};
use futures::FutureExt;
use local_aws::{Functions, Invoke, MachineOptions, Outcome, StateMachine, Template};
use psa::HttpPolicy;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::cores::alone;
use crate::nights::{Case, DURATIONS, Stage, cases};
use crate::server::{KINDS, closed};

/// What an administrator waits before trying again. A decision on all rows is a rule each time that it is made, although what comes
/// behind it fails, and an import may have fifty (R69): so fewer tries than that are made in an hour.
const SECONDS_BETWEEN_TRIES: i64 = 90;

/// The tries of an administrator, or deliveries of a trigger: for more than the longest fault.
const MAX_TRIES: usize = 200;

/// The time of the longest wait in review, after which the sweeper looks for imports that nobody works on.
const SWEEP_AFTER: i64 = 45 * 60;

/// A world with an integration, and what an undisturbed import leaves in it.
struct Bench {
    world: Arc<World>,
    seeded: [Moment; 2],
    ends: [Option<State>; 2],
    own: String,
    closed: String,
    /// How often the worker fails by itself, so that the state machine gives up.
    defects: Arc<AtomicUsize>,
    _bound: Box<dyn std::any::Any>,
    _folder: tempfile::TempDir,
}

/// How an import ended.
struct End {
    outcome: String,
    failed: u64,
    /// What it has left; `None` if it waits for an administrator.
    state: Option<State>,
    minutes: i64,
}

impl Bench {
    async fn new(kind: PsaKind) -> Self {
        let (bound, address) = closed();
        let closed = format!("http://{address}");
        let origins = [closed.clone(), NOWHERE.to_owned()];
        let policy = HttpPolicy {
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            ..HttpPolicy::default()
        };
        let world = Arc::new(World::among(kind, &origins, policy).await);
        let script = Script::new(&world);
        script.seed().await;
        let folder = tempfile::tempdir().unwrap();
        let attended = world.keep(folder.path(), "attended");
        let path = format!("/integrations/{}/policy", script.integration().await.unwrap());
        let policy =
            json!({ "newCompanies": true, "newAddresses": true, "massChange": { "percent": 100, "atLeast": 10_000 } });
        script.expect("PUT", &path, policy).await;
        let unattended = world.keep(folder.path(), "unattended");
        let mut bench = Self {
            own: world.psa.origin(),
            world,
            seeded: [attended, unattended],
            ends: [None, None],
            closed,
            defects: Arc::default(),
            _bound: Box::new(bound),
            _folder: folder,
        };
        for is_unattended in [false, true] {
            let end = bench.import(None, is_unattended).await;
            assert_eq!((end.outcome.as_str(), end.failed), ("done", 0));
            bench.ends[usize::from(is_unattended)] = end.state;
        }
        bench
    }

    /// Makes an import from its start to its end, through the fault of a case.
    async fn import(&self, case: Option<Case>, is_unattended: bool) -> End {
        let world = &self.world;
        world.night.calm();
        world.go_back(&self.seeded[usize::from(is_unattended)]);
        world.move_psa(&self.own);
        self.defects.store(0, Ordering::SeqCst);
        let began = world.ticking.seconds();
        let plan = |stage: Stage| {
            if let Some(case) = case.filter(|case| case.stage == stage) {
                self.plan(case);
            }
        };
        plan(Stage::Start);
        let import = if is_unattended {
            self.trigger().await
        } else {
            self.administrate(Step::Start).await;
            self.newest()
        };
        [Stage::Fetch, Stage::Rows].into_iter().for_each(plan);
        let plan_execution = || [Stage::Execute, Stage::End, Stage::GivingUp].into_iter().for_each(plan);
        if is_unattended {
            plan_execution();
        }
        self.work(&import).await;
        if !is_unattended && self.state(&import) == "review" {
            for (stage, step) in [(Stage::Review, Step::Decide), (Stage::Confirm, Step::Confirm)] {
                plan(stage);
                self.administrate(step).await;
            }
            plan_execution();
            self.work(&import).await;
        }
        assert!(case.is_none() || world.night.has_begun(), "{case:?} never began");
        let ended = world.ticking.seconds();
        world.night.calm();
        let shown = Script::new(world).get(&format!("/imports/{import}")).await;
        let failed = ["companies", "users"].map(|rows| shown["counts"][rows]["failed"].as_u64().unwrap_or_default());
        // A decision that is given up leaves the import to an administrator.
        let error = if shown["state"] == "review" {
            &shown["stopped"]
        } else {
            &shown["error"]
        };
        // What a defect has stopped is not tried again by itself.
        let is_given_up = case.is_some_and(|case| case.stage == Stage::GivingUp);
        let outcome = match (shown["state"].as_str().unwrap(), error["code"].as_str()) {
            ("failed" | "review", Some(code)) if error["retryable"] == true || is_given_up => code.to_owned(),
            _ if error.is_null() => shown["state"].as_str().unwrap().to_owned(),
            _ => shown.to_string(),
        };
        world.move_psa(&self.own);
        End {
            outcome,
            failed: failed.iter().sum(),
            state: (shown["state"] != "review").then(|| State::read(&world.engine)),
            minutes: (ended - began + 59) / 60,
        }
    }

    fn plan(&self, case: Case) {
        let seconds = DURATIONS[case.duration].1;
        if case.stage == Stage::GivingUp {
            self.defects.store(7, Ordering::SeqCst);
        }
        match case.stage.begins() {
            // A fetch may need no other run than the first one, so that one dies.
            Some(begins)
                if case.fault.is_met_at_the_begin_of_a_run() && matches!(case.stage, Stage::Fetch | Stage::Rows) =>
            {
                self.world.night.plan_death(case.fault, seconds, begins);
            }
            Some(begins) => self.world.night.plan(case.fault, seconds, begins),
            // Begins with the call that gives up.
            None if case.stage == Stage::GivingUp => self.world.night.plan(case.fault, seconds, |_| false),
            None => self.world.night.begin(case.fault, seconds),
        }
        self.move_psa();
    }

    /// The PSA is where the integration has it, or is not.
    fn move_psa(&self) {
        self.world.move_psa(match self.world.night.now() {
            Some(Fault::PsaRefused) => &self.closed,
            Some(Fault::PsaUnknownName) => NOWHERE,
            _ => &self.own,
        });
    }

    /// An administrator takes a step, and tries again as long as it is refused.
    async fn administrate(&self, step: Step) {
        for _ in 0..MAX_TRIES {
            if Script::new(&self.world).attempt(0, step).await == Some(true) {
                return;
            }
            self.world.ticking.advance(SECONDS_BETWEEN_TRIES);
        }
        panic!("{step:?} is never done");
    }

    /// A trigger that is delivered until it is answered: an operator sends what was not delivered again.
    async fn trigger(&self) -> String {
        let mut integration = None;
        for _ in 0..MAX_TRIES {
            if integration.is_none() {
                integration = Script::new(&self.world).integration().await;
            }
            if let Some(integration) = &integration {
                let message = Message::Work(
                    "FetchFunction",
                    json!({ "msp": MSP, "integration": integration, "token": "night" }),
                );
                if let Ok(answer) = self.world.deliver(&message).await.unwrap() {
                    return answer["import"].as_str().unwrap().to_owned();
                }
            }
            self.world.ticking.advance(SECONDS_BETWEEN_TRIES);
        }
        panic!("the trigger is never answered");
    }

    /// The state machine works on an import until nobody has anything to do for it; if it fails, the sweeper comes.
    async fn work(&self, import: &str) {
        for _ in 0..10 {
            let item = self.item(import);
            if item.get("assignment").is_none() {
                return;
            }
            let (machine, stop) = (self.machine(), CancellationToken::new());
            let record = json!([{ "dynamodb": { "NewImage": item } }]);
            match machine.execute(record, &stop).await {
                Outcome::Succeeded(_) => {}
                Outcome::Failed { .. } => self.world.ticking.advance(SWEEP_AFTER),
                Outcome::Interrupted => panic!("nobody stops it"),
            }
        }
    }

    fn machine(&self) -> StateMachine {
        let template = Template::load().unwrap();
        let code: Vec<(String, Invoke)> = template
            .functions()
            .map(|name| (name.to_owned(), self.code(name)))
            .collect();
        let functions = Functions::new(&template, code).unwrap();
        let (clock, passing) = (self.world.ticking.clone(), self.world.ticking.clone());
        let options = MachineOptions {
            clock: Arc::new(move || jiff::Timestamp::from_second(clock.seconds()).unwrap()),
            pass_time: Some(Arc::new(move |time| {
                passing.advance(i64::try_from(time.as_millis().div_ceil(1_000)).unwrap());
            })),
            ..MachineOptions::default()
        };
        StateMachine::new(template.definition().clone(), functions, options).unwrap()
    }

    fn code(&self, function: &str) -> Invoke {
        let (world, defects, function) = (Arc::clone(&self.world), Arc::clone(&self.defects), function.to_owned());
        let (own, closed) = (self.own.clone(), self.closed.clone());
        Arc::new(move |invocation| {
            let (world, defects, function) = (Arc::clone(&world), Arc::clone(&defects), function.clone());
            let (own, closed) = (own.clone(), closed.clone());
            async move {
                if invocation.event["giveUp"] == true {
                    world.night.start();
                } else if function == "ExecuteFunction"
                    && defects
                        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                        .is_ok()
                {
                    return Err("a defect".to_owned());
                }
                world.move_psa(match world.night.now() {
                    Some(Fault::PsaRefused) => &closed,
                    Some(Fault::PsaUnknownName) => NOWHERE,
                    _ => &own,
                });
                let process = world.process();
                tokio::select! {
                    biased;
                    () = world.night.death() => Err("the run has died".to_owned()),
                    answer = process.invoke(&function, invocation.event) => answer,
                }
            }
            .boxed()
        })
    }

    fn item(&self, import: &str) -> Value {
        let items = self.world.engine.items(IMPORTS).into_iter();
        let mut imports = items.filter(|item| item["sk"]["S"] == "IMPORT" && item["id"]["S"] == import);
        imports.next().unwrap()
    }

    fn state(&self, import: &str) -> String {
        self.item(import)["state"]["S"].as_str().unwrap().to_owned()
    }

    fn newest(&self) -> String {
        let items = self.world.engine.items(IMPORTS).into_iter();
        let imports = items.filter(|item| item["sk"]["S"] == "IMPORT");
        let ids = imports.map(|item| item["id"]["S"].as_str().unwrap().to_owned());
        ids.max().unwrap()
    }
}

/// An address that no name server knows.
const NOWHERE: &str = "https://no-such-psa.invalid";

/// Runs a case; gives the line of the table, and what is wrong with it.
async fn line(bench: &Bench, kind: PsaKind, case: Case) -> (String, Option<String>) {
    let end = bench.import(Some(case), case.is_unattended).await;
    let right = bench.ends[usize::from(case.is_unattended)].as_ref().unwrap();
    let difference = end.state.map(|state| state.difference(right)).unwrap_or_default();
    let is_undisturbed = end.outcome == "done" && difference.is_none();
    let outcome = if is_undisturbed {
        "as undisturbed".to_owned()
    } else {
        format!("fails: `{}`", end.outcome)
    };
    let line = format!(
        "| {} | {} | {} | {} | {} | {outcome} | {} | {} |",
        name(kind),
        if case.is_unattended { "unattended" } else { "attended" },
        case.stage.name(),
        case.fault.name(),
        DURATIONS[case.duration].0,
        end.failed,
        end.minutes,
    );
    let is_right = end.failed == 0 && (is_undisturbed || case.may_fail_with().contains(&end.outcome.as_str()));
    let wrong = (!is_right).then(|| format!("{line} {difference}"));
    (line, wrong)
}

#[test]
fn r63_a_bad_night_ends_well_or_fails_with_a_code_and_no_row_fails_for_it() {
    // With `share` the rows of the share are printed.
    let asked = std::env::var("BAD_NIGHT").ok();
    let (all, is_printed) = (asked.as_deref() == Some("all"), asked.is_some());
    let (began, wrong) = (Instant::now(), Mutex::new(Vec::new()));
    let tables: Vec<Vec<String>> = std::thread::scope(|scope| {
        let wrong = &wrong;
        let threads = KINDS.into_iter().enumerate().map(|(number, kind)| {
            scope.spawn(move || {
                alone(async {
                    let bench = Bench::new(kind).await;
                    let mut lines = Vec::new();
                    for case in cases(all, number) {
                        let (line, wrong_with_it) = line(&bench, kind, case).await;
                        if is_printed {
                            println!("{line}");
                        }
                        lines.push(line);
                        wrong.lock().unwrap().extend(wrong_with_it);
                    }
                    lines
                })
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let lines: Vec<String> = tables.into_iter().flatten().collect();
    let wrong = wrong.into_inner().unwrap();
    println!(
        "{} nights, {} of them wrong, {} s",
        lines.len(),
        wrong.len(),
        began.elapsed().as_secs()
    );
    if all {
        assert!(lines.len() >= 250);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
