//! Whatever an administrator sends, to every call of the API, is answered; and what is refused, by a problem (J). The bodies
//! are the examples of the OpenAPI document, filters among them, and a few more, mutated.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use domain::psa::PsaKind;
use fastrand::Rng;
use faults::engine::{IMPORTS, RECORDS};
use faults::script::{ANA, STEPS, Script, Step};
use faults::world::{Message, World};
use futures::FutureExt;
use serde_json::{Value, json};

use crate::cores::alone;
use crate::mutate;

const DOCUMENT: &str = include_str!("../../../../infra/openapi.json");

/// Calls that once broke something, one a line: method, path and body, with the names of identifiers in braces.
const CORPUS: &str = include_str!("../../corpus/calls.txt");

/// As many calls until everything is as it was at the beginning.
const UNTIL_FRESH: u64 = 100;

struct Call {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

fn calls(world: &World) -> Vec<Call> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            let method = ["get", "post", "put", "patch", "delete"]
                .into_iter()
                .find(|known| known == method)
                .unwrap();
            let body = &call["requestBody"]["content"]["application/json"];
            let body = match (method, path.as_str()) {
                // One that is there.
                ("post", "/integrations") => Some(world.psa.integration()),
                _ => body.get("example").cloned(),
            };
            calls.push(Call {
                method,
                path: path.clone(),
                body,
            });
        }
    }
    assert!(calls.iter().filter(|call| call.body.is_some()).count() >= 12);
    calls
}

/// What there is, by the letter by which the document calls it.
async fn ids(world: &World) -> BTreeMap<&'static str, Vec<String>> {
    let script = Script::new(world);
    let integration = script.integration().await.unwrap();
    let text = |item: &Value, field: &str| item[field]["S"].as_str().unwrap_or_default().to_owned();
    let imports = world
        .engine
        .items(IMPORTS)
        .into_iter()
        .filter(|item| text(item, "sk") == "IMPORT");
    let imports: Vec<String> = imports.map(|item| text(&item, "id")).collect();
    let managed = world
        .engine
        .items(RECORDS)
        .into_iter()
        .map(|item| text(&item, "managed"));
    let managed: Vec<String> = managed.filter(|id| !id.is_empty()).take(3).collect();
    let users = world.engine.items(RECORDS).into_iter();
    let users = users.filter(|item| text(item, "sk") == "USER");
    let users: Vec<String> = users.map(|item| text(&item, "id")).take(3).collect();
    let newest = imports.iter().max().unwrap();
    let path = format!("/imports/{newest}/companies");
    let first = |answer: Value| answer["items"][0]["id"].as_str().unwrap().to_owned();
    let company = first(script.get(&format!("{path}?tab=in&status=mapped")).await);
    let address = first(script.get(&format!("{path}/{company}/addresses")).await);
    BTreeMap::from([
        ("i", vec![integration]),
        ("x", imports),
        ("p", vec![company]),
        ("n", vec![address.split('~').next().unwrap_or_default().to_owned()]),
        ("a", vec![address]),
        ("c", managed),
        ("u", users),
        ("r", vec!["1".to_owned()]),
    ])
}

fn path(rng: &mut Rng, template: &str, ids: &BTreeMap<&'static str, Vec<String>>) -> String {
    let segments = template.split('/').map(|segment| {
        let Some(name) = segment.strip_prefix('{') else {
            return segment.to_owned();
        };
        let known = &ids[name.trim_end_matches('}')];
        let mut id = known[rng.usize(..known.len())].clone().into_bytes();
        if rng.usize(..10) == 0 {
            mutate::text(rng, &mut id, &["%00", "%23", "%2F", "..", "%FF", "+", " ", "~"], &[]);
            id.retain(|byte| !matches!(byte, b'/' | b'?'));
        }
        String::from_utf8_lossy(&id).into_owned()
    });
    segments.collect::<Vec<_>>().join("/")
}

fn query(rng: &mut Rng) -> String {
    const WORDS: [&str; 14] = [
        "limit=",
        "next=",
        "tab=in",
        "status=",
        "search=",
        "&",
        "=",
        "%00",
        "%FF",
        "-1",
        "99999999999999999999",
        "tab=not-in",
        "active=x",
        "+",
    ];
    let mut query = Vec::new();
    if rng.usize(..3) == 0 {
        mutate::text(rng, &mut query, &WORDS, &[b"tab=in&limit=5&next=abc".to_vec()]);
    }
    String::from_utf8_lossy(&query).into_owned()
}

fn body(rng: &mut Rng, body: &Value) -> String {
    let mut body = body.clone();
    if rng.usize(..8) > 0 {
        mutate::json(rng, &mut body);
    }
    let mut text = body.to_string().into_bytes();
    if rng.usize(..4) == 0 {
        mutate::text(
            rng,
            &mut text,
            &["\"", "{", "[", "null", "\\ud800", ",", "1e999", "\u{feff}"],
            &[],
        );
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// What is wrong with an answer, if anything.
fn offence(answer: &Value) -> Option<&'static str> {
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or("null")).unwrap_or_default();
    let kind = answer["headers"]["content-type"].as_str().unwrap_or_default();
    match status {
        400..=499 | 502 if kind != "application/problem+json" => Some("no problem"),
        400..=499 | 502 if body["code"].as_str().is_none_or(str::is_empty) => Some("no code"),
        200..=299 | 400..=499 | 502 => None,
        _ => Some("another status"),
    }
}

#[test]
fn r41_a_policy_that_is_replaced_twice_at_one_moment_is_told_twice() {
    alone(async {
        // Here the clock stands still.
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        let integration = script.integration().await.unwrap();
        for new_companies in [true, false] {
            let policy = json!({ "newCompanies": new_companies });
            script
                .expect("PUT", &format!("/integrations/{integration}/policy"), policy)
                .await;
        }
        let trail = script.get(&format!("/integrations/{integration}/audit")).await;
        let told = trail["items"].as_array().unwrap().iter();
        assert_eq!(
            told.filter(|entry| entry["action"] == "policyReplaced").count(),
            2,
            "{trail}"
        );
    });
}

#[test]
fn whatever_is_sent_to_the_api_is_answered_or_refused_by_a_problem() {
    alone(async {
        let world = World::new(PsaKind::Connectwise).await;
        let script = Script::new(&world);
        script.seed().await;
        for step in STEPS {
            script.take(0, step).await.unwrap();
        }
        script.take(1, Step::Start).await.unwrap();
        script.take(1, Step::Fetch).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let fresh = world.keep(folder.path(), "fresh");
        let (calls, ids) = (calls(&world), ids(&world).await);
        let mut statuses = BTreeMap::<u64, usize>::new();
        let mut wrong = Vec::new();
        let kept: Vec<&str> = mutate::corpus(CORPUS).collect();
        for number in mutate::numbers() {
            if number % UNTIL_FRESH == 0 {
                world.go_back(&fresh);
            }
            let mut rng = Rng::with_seed(number);
            let kept = usize::try_from(number).ok().and_then(|number| kept.get(number));
            let (method, target, text) = if let Some(kept) = kept {
                let mut parts = kept.splitn(3, ' ');
                let method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
                    .into_iter()
                    .find(|known| kept.starts_with(known));
                let at = path(&mut Rng::with_seed(2), parts.nth(1).unwrap(), &ids);
                (method.unwrap(), at, parts.next().map(str::to_owned))
            } else {
                let call = &calls[rng.usize(..calls.len())];
                let method = call.method.to_uppercase();
                let method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
                    .into_iter()
                    .find(|known| **known == method);
                let at = [path(&mut rng, &call.path, &ids), query(&mut rng)].join("?");
                (method.unwrap(), at, call.body.as_ref().map(|of| body(&mut rng, of)))
            };
            let message = Message::Call {
                who: ANA,
                method,
                path: target.clone(),
                body: Value::Null,
            };
            let mut event = message.event();
            event["body"] = json!(text);
            let process = world.process();
            let function = process.route(method, target.split('?').next().unwrap());
            let answer = AssertUnwindSafe(process.invoke(function, event)).catch_unwind().await;
            let said = match &answer {
                Err(_) => Some("panicked"),
                Ok(Err(_)) => Some("failed"),
                Ok(Ok(answer)) => offence(answer),
            };
            if let Ok(Ok(answer)) = &answer {
                *statuses
                    .entry(answer["statusCode"].as_u64().unwrap_or_default())
                    .or_default() += 1;
            }
            if let Some(said) = said {
                wrong.push(format!("SEED={number} {said}: {method} {target} {text:?}: {answer:?}"));
            }
        }
        println!(
            "{} calls, {} wrong; answers {statuses:?}",
            statuses.values().sum::<usize>(),
            wrong.len()
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(
            std::env::var("SEED").is_ok() || (statuses.contains_key(&200) && statuses.contains_key(&400)),
            "{statuses:?}"
        );
    });
}
