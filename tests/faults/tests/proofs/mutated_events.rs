//! Whatever event a function is called with, it answers or fails, and never panics: calls as API Gateway makes them, pieces of
//! work, triggers and the sweep, mutated.

use std::panic::AssertUnwindSafe;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::psa::PsaKind;
use fastrand::Rng;
use faults::script::{ANA, STEPS, Script, Step};
use faults::world::{MSP, Message, World};
use futures::FutureExt;
use serde_json::{Value, json};

use crate::cores::alone;
use crate::mutate;

/// Events that once broke something, one a line.
const CORPUS: &str = include_str!("../../corpus/events.txt");

const FUNCTIONS: [&str; 4] = ["SetupFunction", "FetchFunction", "PlanFunction", "ExecuteFunction"];

const UNTIL_FRESH: u64 = 100;

async fn seeds(world: &World) -> Vec<Value> {
    let integration = Script::new(world).integration().await.unwrap();
    let call = |method, path: String, body| {
        Message::Call {
            who: ANA,
            method,
            path,
            body,
        }
        .event()
    };
    let history = call("GET", format!("/integrations/{integration}/imports"), Value::Null);
    let answer = world
        .process()
        .invoke("ExecuteFunction", history.clone())
        .await
        .unwrap();
    let imports: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let import = &imports["items"][0]["id"];
    let id = import.as_str().unwrap();
    let mut coded = call(
        "POST",
        format!("/integrations/{integration}/imports"),
        json!({ "filter": {} }),
    );
    coded["isBase64Encoded"] = true.into();
    coded["body"] = BASE64_STANDARD.encode(coded["body"].as_str().unwrap()).into();
    vec![
        history,
        coded,
        call(
            "POST",
            format!("/integrations/{integration}/imports"),
            json!({ "filter": { "companyType": ["1"] } }),
        ),
        call("GET", format!("/imports/{id}/companies?tab=in&limit=5"), Value::Null),
        call("GET", format!("/imports/{id}/plan"), Value::Null),
        call("GET", "/integrations".to_owned(), Value::Null),
        json!({ "msp": MSP, "import": import, "giveUp": false }),
        json!({ "msp": MSP, "import": import, "giveUp": true }),
        json!({ "msp": MSP, "integration": integration, "token": "2026-11-24T22:40:00Z" }),
        json!({ "sweep": {} }),
    ]
}

/// What the libraries of Lambda panic at, a caller can send.
#[test]
fn a_call_that_is_no_request_is_refused_by_a_problem() {
    alone(async {
        let world = World::new(PsaKind::Connectwise).await;
        let call = Message::Call {
            who: ANA,
            method: "GET",
            path: "/integrations".to_owned(),
            body: Value::Null,
        }
        .event();
        for (field, odd) in [
            ("rawQueryString", "a=<b>"),
            ("rawQueryString", "a=b c"),
            ("body", "no Base64"),
        ] {
            let mut event = call.clone();
            event["isBase64Encoded"] = true.into();
            event["headers"]["accept-language"] = "nl".into();
            event[field] = odd.into();
            let answer = world.process().invoke("SetupFunction", event).await.unwrap();
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!(
                (&answer["statusCode"], &body["code"]),
                (&json!(400), &json!("invalid_request")),
                "{answer}"
            );
            assert_eq!(answer["headers"]["content-language"], "nl", "{answer}");
        }
    });
}

#[test]
fn whatever_event_comes_a_function_answers_or_fails_and_does_not_panic() {
    alone(async {
        let world = World::new(PsaKind::Autotask).await;
        let script = Script::new(&world);
        script.seed().await;
        for step in STEPS {
            script.take(0, step).await.unwrap();
        }
        script.take(1, Step::Start).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let fresh = world.keep(folder.path(), "fresh");
        let seeds = seeds(&world).await;
        let kept: Vec<&str> = mutate::corpus(CORPUS).collect();
        let (mut answered, mut failed, mut wrong) = (0, 0, Vec::new());
        for number in mutate::numbers() {
            if number % UNTIL_FRESH == 0 {
                world.go_back(&fresh);
            }
            let mut rng = Rng::with_seed(number);
            let kept = usize::try_from(number).ok().and_then(|number| kept.get(number));
            let event = kept.map_or_else(
                || {
                    let mut event = seeds[rng.usize(..seeds.len())].clone();
                    mutate::json(&mut rng, &mut event);
                    event
                },
                |kept| serde_json::from_str(kept).unwrap(),
            );
            let function = FUNCTIONS[rng.usize(..4)];
            let process = world.process();
            match AssertUnwindSafe(process.invoke(function, event.clone()))
                .catch_unwind()
                .await
            {
                Ok(Ok(_)) => answered += 1,
                Ok(Err(_)) => failed += 1,
                Err(_) => wrong.push(format!("SEED={number} {function} {event}")),
            }
        }
        println!("{answered} events answered, {failed} refused, {} panics", wrong.len());
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(std::env::var("SEED").is_ok() || (answered > 50 && failed > 5));
    });
}
