//! The deployed definition, run against workers that do as they are told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Definition, MachineOptions, Outcome, StateMachine};
use crate::{Error, Functions, Invoke, Template};

/// One try and the repetitions of an error of the function's own.
const TRIES: usize = 7;

const DEFINITION: &str = include_str!("../../../../../infra/import.asl.json");

/// What a worker does with one call.
#[derive(Clone)]
enum Do {
    Answer(Value),
    Fail,
    Hang,
}

fn done() -> Do {
    Do::Answer(json!({ "outcome": "done", "until": null, "waited": null }))
}

fn again() -> Do {
    Do::Answer(json!({ "outcome": "again", "until": null, "waited": null }))
}

fn wait_until(until: Timestamp) -> Do {
    waited(until, &Value::Null)
}

fn waited(until: Timestamp, waited: &Value) -> Do {
    Do::Answer(json!({ "outcome": "wait", "until": until.to_string(), "waited": waited }))
}

/// A machine whose workers go through a script, and the calls they got.
struct Bench {
    machine: StateMachine,
    functions: Functions,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
    clock_offset: Arc<AtomicI64>,
    stop: CancellationToken,
}

impl Bench {
    /// Once the script is over, every call is answered with `done`.
    fn new(script: impl IntoIterator<Item = Do>) -> Self {
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let calls = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let template = Template::load().unwrap();
        let code = template.functions().map(|name| {
            let (script, calls, own_name) = (script.clone(), calls.clone(), name.to_owned());
            let invoke: Invoke = Arc::new(move |invocation| {
                calls.lock().unwrap().push((own_name.clone(), invocation.event));
                let next = script.lock().unwrap().pop_front().unwrap_or_else(done);
                async move {
                    match next {
                        Do::Answer(answer) => Ok(answer),
                        Do::Fail => Err("as told".to_owned()),
                        Do::Hang => std::future::pending().await,
                    }
                }
                .boxed()
            });
            (name.to_owned(), invoke)
        });
        let functions = Functions::new(&template, code).unwrap();
        let clock_offset = Arc::<AtomicI64>::default();
        let offset = clock_offset.clone();
        let clock = move || Timestamp::now() + SignedDuration::from_secs(offset.load(Ordering::SeqCst));
        let options = MachineOptions {
            clock: Arc::new(clock),
            retry_factor: 0.0,
            ..MachineOptions::default()
        };
        let machine = StateMachine::new(template.definition().clone(), functions.clone(), options).unwrap();
        Self {
            machine,
            functions,
            calls,
            clock_offset,
            stop: CancellationToken::new(),
        }
    }

    async fn run(&self, assignment: &str, abandoned: bool) -> Outcome {
        let running = self.machine.execute(record(assignment, abandoned), &self.stop);
        tokio::time::timeout(Duration::from_secs(20), running).await.unwrap()
    }

    fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    async fn called(&self, times: usize) {
        let called = async {
            while self.calls().len() < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), called).await.unwrap();
    }

    fn advance(&self, time: SignedDuration) {
        self.clock_offset.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

fn record(assignment: &str, abandoned: bool) -> Value {
    let image = json!({
        "pk": { "S": "MSP#m1#IMPORT#x1" }, "sk": { "S": "IMPORT" }, "msp": { "S": "m1" }, "id": { "S": "x1" },
        "assignment": { "S": assignment }, "abandoned": { "BOOL": abandoned }, "unattended": { "BOOL": false }
    });
    json!([{ "eventName": "MODIFY", "dynamodb": { "NewImage": image } }])
}

fn call(function: &str, give_up: bool) -> (String, Value) {
    (
        function.to_owned(),
        json!({ "msp": "m1", "import": "x1", "unattended": false, "waited": null, "giveUp": give_up }),
    )
}

fn failed_with(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_assigned_worker_is_called_until_it_is_done() {
    for (assignment, function) in [("fetch", "FetchFunction"), ("execute", "ExecuteFunction")] {
        let bench = Bench::new([again(), again(), done()]);
        assert!(matches!(bench.run(assignment, false).await, Outcome::Succeeded(_)));
        assert_eq!(bench.calls(), vec![call(function, false); 3]);
    }
}

#[tokio::test]
async fn a_wait_ends_when_the_clock_says_so_and_not_before() {
    let bench = Bench::new([wait_until(Timestamp::now() + SignedDuration::from_hours(2)), done()]);
    let moved = async {
        bench.called(1).await;
        bench.advance(SignedDuration::from_hours(1));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(bench.calls().len(), 1, "an hour is left");
        bench.advance(SignedDuration::from_hours(1));
    };
    let (outcome, ()) = tokio::join!(bench.run("fetch", false), moved);
    assert!(matches!(outcome, Outcome::Succeeded(_)));
    assert_eq!(bench.calls(), vec![call("FetchFunction", false); 2]);
}

#[tokio::test]
async fn a_worker_that_fails_now_and_then_still_comes_to_its_end() {
    let bench = Bench::new([
        Do::Fail,
        Do::Fail,
        Do::Fail,
        again(),
        Do::Fail,
        Do::Fail,
        Do::Fail,
        done(),
    ]);
    assert!(matches!(bench.run("execute", false).await, Outcome::Succeeded(_)));
    assert_eq!(
        bench.calls().len(),
        8,
        "every visit to the task has all its tries again"
    );
}

#[tokio::test]
async fn a_worker_that_keeps_failing_is_called_once_more_to_give_up() {
    let bench = Bench::new(vec![Do::Fail; TRIES]);
    let outcome = bench.run("execute", false).await;
    assert_eq!(failed_with(&outcome), "ImportGivenUp");
    let mut expected = vec![call("ExecuteFunction", false); TRIES];
    expected.push(call("ExecuteFunction", true));
    assert_eq!(bench.calls(), expected);
}

#[tokio::test]
async fn r63_the_next_run_is_handed_the_waits_that_the_last_one_answered() {
    let account = json!({ "seconds": 60, "inARow": 1 });
    for (assignment, function) in [("fetch", "FetchFunction"), ("execute", "ExecuteFunction")] {
        let bench = Bench::new([waited(Timestamp::now(), &account), Do::Fail, done()]);
        assert!(matches!(bench.run(assignment, false).await, Outcome::Succeeded(_)));
        let (function, mut event) = call(function, false);
        let first = (function.clone(), event.clone());
        event["waited"] = account.clone();
        assert_eq!(
            bench.calls(),
            [first, (function.clone(), event.clone()), (function, event)]
        );
    }
}

#[tokio::test]
async fn r63_an_import_that_cannot_be_given_up_is_worked_on_again_after_a_while() {
    for (assignment, function) in [("fetch", "FetchFunction"), ("execute", "ExecuteFunction")] {
        for cannot in [Do::Fail, wait_until(Timestamp::now() + SignedDuration::from_mins(20))] {
            let script = vec![Do::Fail; TRIES].into_iter().chain([cannot]);
            let bench = Bench::new(script);
            let later = async {
                bench.called(TRIES + 1).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
                assert_eq!(bench.calls().len(), TRIES + 1);
                bench.advance(SignedDuration::from_mins(21));
            };
            let (outcome, ()) = tokio::join!(bench.run(assignment, false), later);
            assert!(matches!(outcome, Outcome::Succeeded(_)), "what passes is not given up");
            assert_eq!(bench.calls()[TRIES..], [call(function, true), call(function, false)]);
        }
    }
}

#[test]
fn r63_a_week_of_waits_stays_within_the_events_of_an_execution() {
    // Events of one round: the task 5, the choice 2, the wait 2; and of a repetition of the task 3.
    const ROUND: u64 = 9;
    const MOST: u64 = 25_000;
    let definition = Definition::parse(DEFINITION).unwrap();
    assert_eq!(definition.timeout_seconds, 7 * 86_400);
    // Twenty minutes a wait, from the worker or from the machine itself, and the tries of each round.
    let rounds = u64::from(definition.timeout_seconds) / 1_200;
    assert!(rounds * (ROUND + 2 * ROUND) < MOST);
    // The shortest waits there are: 15 seconds for the import before, 480 of them at most; a minute where nothing gets further.
    const { assert!(480 * ROUND + 24 * 60 * ROUND < MOST) };
}

#[tokio::test]
async fn a_worker_that_hangs_is_cut_off_and_tried_again() {
    let mut bench = Bench::new([Do::Hang, Do::Hang, done()]);
    let functions = bench
        .functions
        .clone()
        .with_timeout("FetchFunction", Duration::from_millis(30));
    bench.machine.functions = functions;
    assert!(matches!(bench.run("fetch", false).await, Outcome::Succeeded(_)));
    assert_eq!(bench.calls(), vec![call("FetchFunction", false); 3]);
}

#[tokio::test]
async fn an_abandoned_import_is_given_up_without_being_worked_on() {
    for (assignment, function) in [("fetch", "FetchFunction"), ("execute", "ExecuteFunction")] {
        let bench = Bench::new([]);
        assert!(matches!(bench.run(assignment, true).await, Outcome::Succeeded(_)));
        assert_eq!(bench.calls(), [call(function, true)]);
    }
}

#[tokio::test]
async fn giving_up_an_execution_goes_on_until_every_row_is_accounted_for() {
    let bench = Bench::new([again(), again(), again(), done()]);
    assert!(matches!(bench.run("execute", true).await, Outcome::Succeeded(_)));
    assert_eq!(bench.calls(), vec![call("ExecuteFunction", true); 4]);
}

#[tokio::test]
async fn an_answer_that_means_nothing_ends_in_giving_up() {
    for answer in [
        json!({ "outcome": "maybe", "until": null, "waited": null }),
        json!({ "outcome": "wait", "until": null, "waited": null }),
        json!({ "outcome": "wait", "until": "soon", "waited": null }),
        json!({ "outcome": "done" }),
        json!(null),
    ] {
        let bench = Bench::new(vec![Do::Answer(answer.clone()); TRIES]);
        assert_eq!(
            failed_with(&bench.run("fetch", false).await),
            "ImportGivenUp",
            "{answer}"
        );
        assert_eq!(bench.calls().last(), Some(&call("FetchFunction", true)), "{answer}");
    }
}

#[tokio::test]
async fn a_record_that_is_no_work_fails_loudly() {
    let bench = Bench::new([]);
    assert_eq!(failed_with(&bench.run("review", false).await), "States.NoChoiceMatched");
    let without_image = bench.machine.execute(json!([{ "dynamodb": {} }]), &bench.stop).await;
    assert_eq!(failed_with(&without_image), "States.Runtime");
    assert_eq!(bench.calls(), []);
}

#[tokio::test]
async fn stopping_interrupts_a_wait() {
    let bench = Bench::new([wait_until(Timestamp::now() + SignedDuration::from_hours(2))]);
    let stopping = async {
        bench.called(1).await;
        bench.stop.cancel();
    };
    let (outcome, ()) = tokio::join!(bench.run("fetch", false), stopping);
    assert_eq!(outcome, Outcome::Interrupted);
}

#[tokio::test]
async fn a_crash_of_the_functions_is_no_failure_of_the_execution() {
    let bench = Bench::new([Do::Hang]);
    let crash = async {
        bench.called(1).await;
        bench.functions.kill();
    };
    let (outcome, ()) = tokio::join!(bench.run("fetch", false), crash);
    assert_eq!(outcome, Outcome::Interrupted);
}

#[tokio::test]
async fn an_execution_that_waits_beyond_its_own_limit_times_out() {
    let bench = Bench::new([wait_until(Timestamp::now() + SignedDuration::from_hours(200))]);
    let late = async {
        bench.called(1).await;
        bench.advance(SignedDuration::from_hours(169));
    };
    let (outcome, ()) = tokio::join!(bench.run("fetch", false), late);
    assert_eq!(failed_with(&outcome), "States.Timeout");
}

#[test]
fn what_the_interpreter_does_not_know_is_refused_when_it_is_loaded() {
    let original: Value = serde_json::from_str(DEFINITION).unwrap();
    Definition::parse(&original.to_string()).unwrap();
    for (pointer, name, value) in [
        ("", "QueryLanguage", json!("JSONata")),
        ("", "StartAt", json!("Nowhere")),
        ("", "Version", json!("1.0")),
        ("/States", "Elsewhere", json!({ "Type": "Succeed" })),
        ("/States/Done", "Type", json!("Map")),
        ("/States/Done", "OutputPath", json!("$")),
        ("/States/Failed", "ErrorPath", json!("$.error")),
        ("/States/ReadRecord", "Result", json!({})),
        ("/States/ReadRecord", "Next", json!("Nowhere")),
        (
            "/States/ReadRecord/Parameters",
            "msp.$",
            json!("States.Format('{}', $.msp)"),
        ),
        ("/States/ReadRecord/Parameters", "msp.$", json!("$$.Execution.Id")),
        ("/States/ReadRecord/Parameters", "msp.$", json!("$..msp")),
        ("/States/ReadRecord/Parameters", "msp.$", json!("$.msp[*]")),
        ("/States/ReadRecord/Parameters", "msp.$", json!(7)),
        ("/States/ReadRecord/Parameters", "list", json!(["$.msp"])),
        (
            "/States/Fetch",
            "Resource",
            json!("arn:aws:states:::lambda:invoke.waitForTaskToken"),
        ),
        ("/States/Fetch", "HeartbeatSeconds", json!(10)),
        ("/States/Fetch", "ResultPath", json!("$")),
        ("/States/Fetch", "ResultPath", json!("$.a.b")),
        ("/States/Fetch/Parameters", "InvocationType", json!("Event")),
        ("/States/Fetch/Retry/0", "JitterStrategy", json!("NONE")),
        ("/States/Fetch/Catch/0", "Next", json!("Nowhere")),
        ("/States/FetchLater", "Seconds", json!(5)),
        ("/States/FetchAnswered/Choices/0", "NumericEquals", json!(5)),
        ("/States/FetchAnswered/Choices/0", "IsTimestamp", json!(true)),
        ("/States/FetchAnswered", "Default", json!("Nowhere")),
    ] {
        let mut changed = original.clone();
        changed.pointer_mut(pointer).unwrap()[name] = value.clone();
        let refused = Definition::parse(&changed.to_string());
        assert!(
            matches!(refused, Err(Error::StateMachine(_))),
            "{pointer}/{name} = {value} is taken"
        );
    }
}

#[test]
fn a_definition_that_calls_an_unknown_function_is_refused() {
    let bench = Bench::new([]);
    let unfilled = Definition::parse(DEFINITION).unwrap();
    let refused = StateMachine::new(unfilled, bench.functions, MachineOptions::default());
    assert!(matches!(refused, Err(Error::StateMachine(_))));
}
