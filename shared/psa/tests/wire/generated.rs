//! Whole walks of answers that are valid by the vendors' descriptions: every optional field absent, null or extreme.
//!
//! What should come out is read off the generated JSON, by rules that share nothing with the client. `PROPTEST_CASES` makes for more
//! cases than the few of an ordinary run.

mod autotask;
mod connectwise;

use std::sync::Arc;
use std::time::Duration;

use domain::filter::Filter;
use domain::ids::{AttributeId, ValueId};
use domain::psa::{Cursor, Page, PsaCompany, PsaContact, PsaFailure, PsaKind};
use futures::StreamExt;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use psa::Psa;
use serde_json::{Map, Value, json};

use super::server::{Asked, Reply, Server, impatient, json as reply, reply as reply_with, rows};

const LONG: Duration = Duration::from_secs(20);

/// The case numbers of an ordinary run and of one that was asked for.
fn config() -> ProptestConfig {
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked_for { ProptestConfig::default().cases } else { 64 },
        ..ProptestConfig::default()
    }
}

/// A field that may be left out, null, or there.
fn optional(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    prop_oneof![1 => Just(None), 1 => Just(Some(Value::Null)), 3 => value.prop_map(Some)].boxed()
}

/// Texts that need no cleaning: empty, blank, short, and of `longest` characters.
fn text(longest: usize) -> BoxedStrategy<Value> {
    prop_oneof![
        1 => Just(String::new()),
        1 => Just("  ".to_owned()),
        1 => Just("MSP".to_owned()),
        1 => Just("YourCompany".to_owned()),
        3 => "[A-Za-zé界ß0-9&'\"%_-]{1,12}( [A-Za-z0-9😀]{1,9})?",
        1 => Just("界".repeat(longest)),
        1 => Just("x".repeat(longest)),
    ]
    .prop_map(Value::from)
    .boxed()
}

fn int32() -> BoxedStrategy<Value> {
    let known = select(vec![0_i32, 1, 3, 20, -1, i32::MAX, i32::MIN]);
    prop_oneof![known, any::<i32>()].prop_map(Value::from).boxed()
}

fn address() -> BoxedStrategy<Value> {
    let longest = format!("{}@x.example", "a".repeat(239));
    let some = select(vec![
        "ana@x.example".to_owned(),
        "Ana@X.example".to_owned(),
        "b@x.example".to_owned(),
        longest,
    ]);
    prop_oneof![4 => some, 1 => Just(String::new()), 1 => Just(" ".to_owned()), 1 => Just("not an address".to_owned())]
        .prop_map(Value::from)
        .boxed()
}

/// An object of fields by name, which always has one unknown field more.
fn object(fields: Vec<(&'static str, BoxedStrategy<Option<Value>>)>) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    values
        .prop_map(move |values| {
            let given = names
                .iter()
                .zip(values)
                .filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
            let mut object: Map<String, Value> = given.collect();
            object.insert(
                "_info".to_owned(),
                json!({"updatedBy": null, "scores": [1, [], {"a": null}]}),
            );
            Value::Object(object)
        })
        .boxed()
}

/// Rows with ids that rise from `smallest`.
fn of_rising_ids(smallest: i32, row: BoxedStrategy<Value>) -> BoxedStrategy<Vec<Value>> {
    let id = prop_oneof![smallest..smallest + 9, Just(i32::MAX), smallest..i32::MAX];
    let ids = prop::collection::btree_set(id, 0..7);
    (ids, prop::collection::vec(row, 7))
        .prop_map(|(ids, rows)| {
            let with_id = |(id, mut row): (i32, Value)| {
                row["id"] = id.into();
                row
            };
            ids.into_iter().zip(rows).map(with_id).collect()
        })
        .boxed()
}

fn id(row: &Value) -> i64 {
    row["id"].as_i64().unwrap()
}

/// The text of a field, where it says something.
fn said(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// The rows after the one that was asked for, so many of them; with what `ConnectWise` or Autotask says about the next page.
fn page(kind: PsaKind, all: &[Value], size: usize, asked: &Asked<'_>) -> Reply {
    if asked.path.contains("company%2Fid") {
        return reply(r#"[{"id":1,"company":{"id":1}}]"#);
    }
    let after = match kind {
        PsaKind::Connectwise => {
            let page_id = asked.path.split("pageId=").nth(1).unwrap();
            page_id.split('&').next().unwrap().parse().unwrap()
        }
        PsaKind::Autotask => {
            let query: Value = serde_json::from_str(asked.body).unwrap();
            let condition = &query["filter"][0];
            condition["value"].as_i64().unwrap() - i64::from(condition["op"] == "gte")
        }
    };
    let mut left: Vec<&Value> = all.iter().filter(|row| id(row) > after).collect();
    let more = left.len() > size;
    left.truncate(size);
    let body = json!(left).to_string();
    match (kind, left.last()) {
        (PsaKind::Connectwise, Some(last)) if more => {
            let link = format!(
                "link: <http://127.0.0.1/x?pageSize=1000&pageId={}>; rel=\"next\"\r\n",
                id(last)
            );
            reply_with(200, &format!("content-type: application/json\r\n{link}"), body)
        }
        (PsaKind::Connectwise, _) => reply_with(200, "content-type: application/json\r\nlink: \r\n", body),
        // How many there are is optional, so every other page says so.
        (PsaKind::Autotask, _) if left.len().is_multiple_of(2) => reply(format!(
            r#"{{"items":{body},"pageDetails":{{"nextPageUrl":{}}}}}"#,
            if more { r#""http://127.0.0.1/x""# } else { "null" }
        )),
        (PsaKind::Autotask, _) => reply(rows(kind, left.len(), &body)),
    }
}

/// What a walk gives of a PSA that has these rows and this many on a page.
fn walk<T>(
    kind: PsaKind,
    all: &[Value],
    size: usize,
    next: &impl AsyncFn(&dyn Psa, Option<&Cursor>) -> Result<Page<T>, PsaFailure>,
) -> Result<Vec<T>, TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let rows = Arc::new(all.to_vec());
        let server = Server::start_by(kind, all.len() as u64, move |asked| page(kind, &rows, size, asked)).await;
        let psa = server.connect(&impatient(), LONG);
        let (mut read, mut from) = (Vec::new(), None);
        loop {
            let page = next(&*psa, from.as_ref()).await;
            let page = page.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
            read.extend(page.items);
            from = page.next;
            if from.is_none() {
                return Ok(read);
            }
        }
    })
}

fn companies(kind: PsaKind, all: &[Value], size: usize) -> Result<Vec<PsaCompany>, TestCaseError> {
    let (expected, filter) = (Some(all.len() as u64), Filter::default());
    walk(kind, all, size, &async |psa, from| {
        psa.companies(&filter, from, expected).next().await.unwrap()
    })
}

fn contacts(kind: PsaKind, all: &[Value], size: usize) -> Result<Vec<PsaContact>, TestCaseError> {
    let (expected, filter) = (Some(all.len() as u64), Filter::default());
    walk(kind, all, size, &async |psa, from| {
        psa.contacts(&filter, from, expected).next().await.unwrap()
    })
}

fn values(of: &[(AttributeId, ValueId)]) -> Vec<(&str, String)> {
    of.iter()
        .map(|(attribute, value)| (attribute.as_str(), value.to_string()))
        .collect()
}

/// The elements of a list that may be absent or null.
pub fn elements(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn full_name(row: &Value) -> String {
    let parts: Vec<&str> = ["firstName", "lastName"]
        .into_iter()
        .filter_map(|name| said(&row[name]))
        .collect();
    parts.join(" ")
}
