//! What can go wrong with a call, by name.

use std::time::Duration;

use http_client::HttpPolicy;
use serde_json::{Value, json};

use crate::account::impatient;
use crate::outcome::Call;

/// A fault: its name, and the answers, each instead of so many of the simulator's.
pub struct Trouble {
    pub name: &'static str,
    pub answers: Vec<Value>,
}

/// How long a call may take that is not answered in time.
const IN_TIME: Duration = Duration::from_secs(2);

const PROBLEM: &str = r#"{"title":"T","status":400,"detail":"jan@jansen.example","instance":null,"errors":[{"detail":"D","pointer":"/e"}]}"#;
const HTML: &str = "<html><body><h1>Sorry</h1></body></html>";

fn status(status: u16) -> Value {
    json!({"answer": {"status": status, "body": PROBLEM}})
}

fn once(fault: Value) -> Value {
    let mut fault = fault;
    fault["times"] = json!(1);
    fault
}

fn with(status: u16, headers: Value, body: &str) -> Value {
    json!({"answer": {"status": status, "headers": headers, "body": body}})
}

fn body(text: &str) -> Value {
    with(200, json!({"Content-Type": "application/json"}), text)
}

fn trouble(name: &'static str, answers: Vec<Value>) -> Trouble {
    Trouble { name, answers }
}

/// What any call can meet.
pub fn of_any_call() -> Vec<Trouble> {
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    let large = format!("{{\"items\":[],\"more\":\"{}\"}}", "x".repeat(200_000));
    vec![
        trouble("none", vec![]),
        trouble("400", vec![status(400)]),
        trouble("401", vec![status(401)]),
        trouble("401 without a body", vec![with(401, json!({}), "")]),
        trouble("403", vec![status(403)]),
        trouble("403 as HTML", vec![with(403, json!({}), HTML)]),
        trouble("404", vec![status(404)]),
        trouble("405", vec![status(405)]),
        trouble("408", vec![status(408)]),
        trouble("409", vec![status(409)]),
        trouble("410", vec![status(410)]),
        trouble("415", vec![status(415)]),
        trouble("422", vec![status(422)]),
        trouble(
            "429 once, Retry-After in seconds",
            vec![once(with(429, json!({"Retry-After": "1"}), PROBLEM))],
        ),
        trouble(
            "429 once, Retry-After as a date",
            vec![once(with(429, json!({"Retry-After": date}), PROBLEM))],
        ),
        trouble("429 once, without Retry-After", vec![once(status(429))]),
        trouble("429 for ever, without Retry-After", vec![status(429)]),
        trouble(
            "429 for ever, Retry-After in an hour",
            vec![with(429, json!({"Retry-After": "3600"}), PROBLEM)],
        ),
        trouble(
            "429 for ever, Retry-After in no words",
            vec![with(429, json!({"Retry-After": "soon"}), "")],
        ),
        trouble("429 for ever, as HTML", vec![with(429, json!({}), HTML)]),
        trouble("500 once", vec![once(status(500))]),
        trouble("500 for ever", vec![status(500)]),
        trouble("502 for ever, as HTML", vec![with(502, json!({}), HTML)]),
        trouble("503 once", vec![once(status(503))]),
        trouble(
            "503 for ever, Retry-After in an hour",
            vec![with(503, json!({"Retry-After": "3600"}), PROBLEM)],
        ),
        trouble("504 for ever", vec![status(504)]),
        trouble(
            "301 elsewhere",
            vec![with(301, json!({"Location": "http://elsewhere.invalid/"}), "")],
        ),
        trouble(
            "303 elsewhere",
            vec![with(303, json!({"Location": "http://elsewhere.invalid/"}), "")],
        ),
        trouble("reset once", vec![once(json!({"answer": {"reset": true}}))]),
        trouble("reset for ever", vec![json!({"answer": {"reset": true}})]),
        trouble("reply lost once", vec![once(json!({"answer": {"loseReply": true}}))]),
        trouble("reply lost for ever", vec![json!({"answer": {"loseReply": true}})]),
        trouble("cut off within the body", vec![json!({"answer": {"truncateAfter": 5}})]),
        trouble("no answer in time", vec![json!({"answer": {"delayMs": 60_000}})]),
        trouble("no body in time", vec![json!({"answer": {"bodyDelayMs": 60_000}})]),
        trouble("204", vec![with(204, json!({}), "")]),
        trouble("200 as HTML", vec![with(200, json!({}), HTML)]),
        trouble(
            "200 as text",
            vec![with(200, json!({"Content-Type": "text/plain"}), "{\"items\":[]}")],
        ),
        trouble("200 without a body", vec![body("")]),
        trouble("200, null", vec![body("null")]),
        trouble("200, a list", vec![body("[]")]),
        trouble("200, a list of lists", vec![body("[[[7,\"A\"]],null]")]),
        trouble("200, an empty object", vec![body("{}")]),
        trouble("200, a text", vec![body("\"items\"")]),
        trouble("200, a problem", vec![body(PROBLEM)]),
        trouble("200, broken JSON", vec![body("{\"items\":[{\"id\":7,")]),
        trouble("200, more than is read", vec![body(&large)]),
    ]
}

const PIET: &str = r#"{"id":7,"name":"Piet","email":"piet@x.example","accountStatus":"enrolled","type":"managed"}"#;
const ANA: &str = r#"{"id":8,"name":"Ana","email":"ana@x.example","accountStatus":"staged","type":"managed"}"#;

fn page(items: &str, token: &str) -> Value {
    body(&format!("{{\"items\":[{items}],\"nextPageToken\":{token}}}"))
}

/// Each scripted page is one answer; the last one is repeated.
fn pages(pages: &[Value]) -> Vec<Value> {
    let each = pages.iter().enumerate().map(|(at, page)| {
        let mut page = if at + 1 == pages.len() {
            page.clone()
        } else {
            once(page.clone())
        };
        page["skip"] = json!(at);
        page
    });
    each.collect()
}

/// What a list can be like besides.
pub fn of_lists() -> Vec<Trouble> {
    let mut all = of_pages();
    all.extend(of_rows());
    all
}

/// What pages can follow each other.
fn of_pages() -> Vec<Trouble> {
    let both = format!("{PIET},{ANA}");
    let refused = |code: u16| {
        [
            page(PIET, "\"t\""),
            status(code),
            page(PIET, "\"t\""),
            page(ANA, "null"),
        ]
    };
    let every_other = |fault: Value, skip: u64| {
        let mut fault = fault;
        (fault["every"], fault["skip"]) = (json!(2), json!(skip));
        fault
    };
    vec![
        trouble("two pages", pages(&[page(PIET, "\"t\""), page(ANA, "null")])),
        trouble(
            "two pages with a row on both",
            pages(&[page(PIET, "\"t\""), page(&both, "null")]),
        ),
        trouble(
            "a row twice on a page",
            pages(&[page(&format!("{both},{PIET}"), "null")]),
        ),
        trouble(
            "the first page again",
            pages(&[page(&both, "\"t\""), page(&both, "\"u\"")]),
        ),
        trouble("a token again", pages(&[page(PIET, "\"t\""), page(ANA, "\"t\"")])),
        trouble(
            "a token of an empty page",
            pages(&[page(&both, "\"t\""), page("", "null")]),
        ),
        trouble(
            "empty pages without an end",
            pages(&[page(&both, "\"t\""), page("", "\"u\"")]),
        ),
        trouble("an empty token", pages(&[page(&both, "\"\"")])),
        trouble("a token that is a number", pages(&[page(&both, "7")])),
        trouble("the second page refused once, 400", pages(&refused(400))),
        trouble("the second page refused once, 404", pages(&refused(404))),
        trouble(
            "the second page refused for ever, 400",
            vec![every_other(page(PIET, "\"t\""), 0), every_other(status(400), 1)],
        ),
        trouble(
            "the second page refused for ever, 404",
            vec![every_other(page(PIET, "\"t\""), 0), every_other(status(404), 1)],
        ),
        trouble("the second page fails", pages(&[page(PIET, "\"t\""), status(500)])),
        trouble(
            "the second page is cut off",
            pages(&[page(PIET, "\"t\""), body("{\"items\":[")]),
        ),
        trouble(
            "the second page is HTML",
            pages(&[page(PIET, "\"t\""), with(200, json!({}), HTML)]),
        ),
    ]
}

/// What the rows of a page can be like.
fn of_rows() -> Vec<Trouble> {
    let changed = |field: &str, value: &str| {
        let mut row: Value = serde_json::from_str(PIET).unwrap();
        row[field] = serde_json::from_str(value).unwrap();
        page(&row.to_string(), "null")
    };
    let without = |field: &str| {
        let mut row: Value = serde_json::from_str(PIET).unwrap();
        row.as_object_mut().unwrap().remove(field);
        page(&row.to_string(), "null")
    };
    let both = format!("{PIET},{ANA}");
    vec![
        trouble("items null", vec![body(r#"{"items":null,"nextPageToken":null}"#)]),
        trouble("no items", vec![body(r#"{"nextPageToken":null}"#)]),
        trouble("items an object", vec![body(r#"{"items":{}}"#)]),
        trouble("a row that is null", pages(&[page(&format!("{PIET},null"), "null")])),
        trouble("a row that is a list", pages(&[page("[7,\"A\",\"managed\"]", "null")])),
        trouble(
            "a total that does not fit",
            vec![body(&format!(r#"{{"items":[{both}],"total":9,"count":1}}"#))],
        ),
        trouble("fields that are not known", vec![changed("region", r#"{"a":[null]}"#)]),
        trouble("no id", vec![without("id")]),
        trouble("an id as text", vec![changed("id", "\"7\"")]),
        trouble("an id above 2^53", vec![changed("id", "9007199254740993")]),
        trouble("an id with a fraction", vec![changed("id", "7.5")]),
        trouble("an id that is a path", vec![changed("id", "\"../7\"")]),
        trouble("no name", vec![without("name")]),
        trouble("no address", vec![without("email")]),
        trouble("an address that is none", vec![changed("email", "\"nobody\"")]),
        trouble(
            "a status that is not known",
            vec![changed("accountStatus", "\"on-leave\"")],
        ),
        trouble("a type that is not known", vec![changed("type", "\"managed-eu\"")]),
        trouble("a type of another kind", vec![changed("type", "\"managed-msp\"")]),
    ]
}

/// The faults as the simulator takes them, for the answers to one call.
pub fn for_call(call: Call, trouble: &Trouble) -> Vec<Value> {
    let (method, path) = call.matching();
    let faults = trouble.answers.iter().map(|answer| {
        let mut fault = answer.clone();
        fault["match"] = json!({"method": method, "path": path});
        fault
    });
    faults.collect()
}

/// The policy under which a fault is met.
pub fn policy(trouble: &Trouble) -> HttpPolicy {
    let mut policy = impatient();
    if trouble.name.ends_with("in time") {
        policy.timeout = IN_TIME;
    }
    policy
}
