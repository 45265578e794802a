//! A server of Example PSA, with the MSP that all simulators show.

use psa_conformance::tables::{Asked, Rows, TableServer};
use serde_json::{Value, json};
use simkit::msp::{self, Size};

pub const KEY: &str = "example-key";

pub fn open(size: Size) -> TableServer {
    let msp = msp::generate(size);
    let companies = msp.companies.into_iter().map(|of| {
        let label = if of.number % 2 == 0 { "Vendor" } else { "Client" };
        json!({ "id": of.number, "name": of.name, "kind": of.number % 9 + 1, "label": label, "active": of.active,
            "own": of.own, "website": of.website })
    });
    let contacts = msp.contacts.into_iter().map(|of| {
        let name = format!("{} {}", of.first, of.last);
        json!({ "id": of.number, "name": name, "company": of.company, "active": of.active, "emails": of.emails })
    });
    let (companies, contacts): (Vec<Value>, Vec<Value>) = (companies.collect(), contacts.collect());
    TableServer::new(&companies, &contacts, answer)
}

/// The status and the body.
fn answer(asked: &Asked<'_>, rows: &Rows) -> (u16, Value) {
    if asked.header("x-key") != Some(KEY) {
        return (401, Value::Null);
    }
    if asked.path == "/tenant" {
        return (200, json!("tenant-1"));
    }
    if asked.path == "/attributes" {
        let value = |id: u32| json!([id.to_string(), format!("Type {id}"), id != 9]);
        return (200, (1..10).map(value).collect());
    }
    let any = |name, field: &Value| {
        asked
            .query(name)
            .is_none_or(|all| all.split('.').any(|one| one.parse().ok() == field.as_i64()))
    };
    let matching = rows
        .values()
        .filter(|row| any("ids", &row["id"]) && any("kinds", &row["kind"]));
    if asked.path.ends_with("/count") {
        return (200, json!(matching.count()));
    }
    let number = |name| asked.query(name).and_then(|text| text.parse().ok());
    let behind: Vec<&Value> = matching
        .filter(|row| row["id"].as_i64() > number("after").or(Some(0)))
        .collect();
    let limit = asked.query("limit").and_then(|text| text.parse().ok()).unwrap_or(500);
    let page = &behind[..behind.len().min(limit)];
    let broken = page.iter().any(|row| row["poisoned"] == true);
    (
        if broken { 500 } else { 200 },
        json!({ "rows": page, "more": behind.len() > page.len() }),
    )
}
