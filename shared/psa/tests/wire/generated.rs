//! Whole walks of answers that are valid by the vendors' descriptions: every optional field absent, null or extreme.
//!
//! What should come out is read off the generated JSON, by rules that share nothing with the client. `PROPTEST_CASES` makes for more
//! cases than the few of an ordinary run.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::filter::Filter;
use domain::ids::{AttributeId, PsaCompanyId, ValueId};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, PsaKind};
use futures::StreamExt;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use psa::Psa;
use serde_json::{Map, Value, json};

use super::server::{Asked, KINDS, Reply, STATUSES, Server, impatient, json as reply, reply as reply_with, rows};

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

fn reference() -> BoxedStrategy<Value> {
    object(vec![("id", optional(int32())), ("name", optional(text(50)))])
}

fn list(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(element, 0..8).prop_map(Value::from).boxed()
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

fn connectwise_company() -> BoxedStrategy<Value> {
    object(vec![
        ("identifier", optional(text(30))),
        ("name", optional(text(50))),
        ("status", optional(reference())),
        ("types", optional(list(reference()))),
        ("deletedFlag", optional(any::<bool>().prop_map(Value::from))),
        ("website", optional(text(255))),
    ])
}

fn connectwise_contact() -> BoxedStrategy<Value> {
    let kind = select(vec!["Email", "Email", "Email", "Email", "Fax", "Phone"]).prop_map(Value::from);
    let item = object(vec![
        (
            "id",
            optional(select(vec![1, 1, 2, -4, i32::MAX]).prop_map(Value::from)),
        ),
        ("value", optional(address())),
        ("defaultFlag", optional(any::<bool>().prop_map(Value::from))),
        ("communicationType", optional(kind)),
        ("type", optional(reference())),
    ]);
    object(vec![
        ("firstName", optional(text(30))),
        ("lastName", optional(text(30))),
        ("company", optional(reference())),
        ("inactiveFlag", optional(any::<bool>().prop_map(Value::from))),
        ("types", optional(list(reference()))),
        ("communicationItems", optional(list(item))),
    ])
}

fn autotask_company() -> BoxedStrategy<Value> {
    object(vec![
        ("companyName", optional(text(100))),
        ("companyType", optional(int32())),
        ("companyCategoryID", optional(int32())),
        ("classification", optional(int32())),
        ("marketSegmentID", optional(int32())),
        ("isActive", optional(any::<bool>().prop_map(Value::from))),
        ("webAddress", optional(text(255))),
    ])
}

fn autotask_contact() -> BoxedStrategy<Value> {
    object(vec![
        ("companyID", optional(int32())),
        ("firstName", optional(text(50))),
        ("lastName", optional(text(50))),
        ("emailAddress", optional(address())),
        ("emailAddress2", optional(address())),
        ("emailAddress3", optional(address())),
        ("isActive", optional(int32())),
    ])
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
fn elements(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn ids_of<'a>(attribute: &'a str, references: &[Value]) -> Vec<(&'a str, String)> {
    let ids = references.iter().filter_map(|of| of["id"].as_i64());
    ids.map(|id| (attribute, id.to_string())).collect()
}

fn full_name(row: &Value) -> String {
    let parts: Vec<&str> = ["firstName", "lastName"]
        .into_iter()
        .filter_map(|name| said(&row[name]))
        .collect();
    parts.join(" ")
}

fn check_connectwise_company(read: &PsaCompany, row: &Value) -> Result<(), TestCaseError> {
    let statuses: Value = serde_json::from_str(STATUSES).unwrap();
    let is_inactive = |id: i64| {
        elements(&statuses)
            .iter()
            .any(|of| of["id"] == id && of["inactiveFlag"] == true)
    };
    let (status, types) = (&row["status"], elements(&row["types"]));
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    let name = said(&row["name"]).or(said(&row["identifier"]));
    if let Some(name) = name {
        prop_assert_eq!(&read.name, name);
    }
    let own = row["identifier"] == "YourCompany" || name == Some("MSP");
    prop_assert_eq!(read.own, own);
    prop_assert_eq!(read.active, !status["id"].as_i64().is_some_and(is_inactive));
    prop_assert_eq!(&read.status, said(&status["name"]).unwrap_or_default());
    let labels: Vec<&str> = types.iter().filter_map(|of| said(&of["name"])).collect();
    prop_assert_eq!(&read.types, &labels);
    prop_assert_eq!(read.website.as_deref(), said(&row["website"]));
    let all = [
        ids_of("companyType", types),
        ids_of("companyStatus", std::slice::from_ref(status)),
    ]
    .concat();
    prop_assert_eq!(values(&read.values), all);
    Ok(())
}

fn check_connectwise_contact(read: &PsaContact, row: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    let company = row["company"]["id"].as_i64().map(|id| id.to_string());
    prop_assert_eq!(read.company.as_ref().map(PsaCompanyId::as_str), company.as_deref());
    prop_assert_eq!(&read.name, &full_name(row));
    prop_assert_eq!(read.active, row["inactiveFlag"] != true);
    prop_assert_eq!(values(&read.values), ids_of("contactType", elements(&row["types"])));
    let items = elements(&row["communicationItems"])
        .iter()
        .filter(|item| item["communicationType"] == "Email");
    let (first, rest): (Vec<&Value>, Vec<&Value>) = items.partition(|item| item["defaultFlag"] == true);
    // The same item is the one with the same id, or without one and with the same text in whatever letters.
    let mut seen = HashSet::new();
    let mut expected = Vec::new();
    for item in [first, rest].concat() {
        let key = match item["id"].as_i64() {
            Some(id) => id.to_string(),
            None => item["value"].as_str().unwrap_or_default().trim().to_lowercase(),
        };
        if seen.insert(key)
            && let Some(text) = said(&item["value"])
        {
            expected.push((item["id"].as_i64().map(|id| id.to_string()), text));
        }
    }
    let slots: BTreeSet<&str> = read.addresses.iter().map(|address| address.slot.as_str()).collect();
    prop_assert_eq!(slots.len(), read.addresses.len(), "a slot is one address");
    let given = |slot: &str| slot.parse::<i64>().is_ok().then(|| slot.to_owned());
    let read = read
        .addresses
        .iter()
        .map(|address| (given(address.slot.as_str()), &*address.text));
    prop_assert_eq!(read.collect::<Vec<_>>(), expected);
    Ok(())
}

fn check_autotask_company(read: &PsaCompany, row: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    if let Some(name) = said(&row["companyName"]) {
        prop_assert_eq!(&read.name, name);
    }
    let active = row["isActive"] == true;
    prop_assert_eq!((read.own, read.active), (row["id"] == 0, active));
    let label = |id: i64| match id {
        1 => "Customer".to_owned(),
        3 => "Prospect".to_owned(),
        id => id.to_string(),
    };
    prop_assert_eq!(
        &read.types,
        &row["companyType"].as_i64().map(label).into_iter().collect::<Vec<_>>()
    );
    prop_assert_eq!(read.website.as_deref(), said(&row["webAddress"]));
    let picked = [
        ("companyType", "companyType"),
        ("companyCategory", "companyCategoryID"),
        ("classification", "classification"),
        ("marketSegment", "marketSegmentID"),
    ];
    let picked = picked
        .into_iter()
        .filter_map(|(attribute, field)| Some((attribute, row[field].as_i64()?.to_string())));
    let all: Vec<(&str, String)> = picked.chain([("companyActive", active.to_string())]).collect();
    prop_assert_eq!(values(&read.values), all);
    Ok(())
}

fn check_autotask_contact(read: &PsaContact, row: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.id.as_str(), row["id"].to_string());
    let company = row["companyID"].as_i64().map(|id| id.to_string());
    prop_assert_eq!(read.company.as_ref().map(PsaCompanyId::as_str), company.as_deref());
    prop_assert_eq!(&read.name, &full_name(row));
    let active = row["isActive"].as_i64().is_some_and(|is| is != 0);
    prop_assert_eq!(read.active, active);
    prop_assert_eq!(values(&read.values), [("contactActive", active.to_string())]);
    let fields = ["emailAddress", "emailAddress2", "emailAddress3"];
    let expected: Vec<(&str, &str)> = fields
        .into_iter()
        .filter_map(|name| Some((name, said(&row[name])?)))
        .collect();
    let read = read
        .addresses
        .iter()
        .map(|address| (address.slot.as_str(), &*address.text));
    prop_assert_eq!(read.collect::<Vec<_>>(), expected);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn r9_valid_companies_of_connectwise_are_read(
        all in of_rising_ids(1, connectwise_company()),
        size in 1_usize..4,
    ) {
        let there: Vec<&Value> = all.iter().filter(|row| row["deletedFlag"] != true).collect();
        let read = companies(PsaKind::Connectwise, &all, size)?;
        prop_assert_eq!(read.len(), there.len());
        for (read, row) in read.iter().zip(there) {
            check_connectwise_company(read, row)?;
        }
    }

    #[test]
    fn r9_valid_contacts_of_connectwise_are_read(
        all in of_rising_ids(1, connectwise_contact()),
        size in 1_usize..4,
    ) {
        let read = contacts(PsaKind::Connectwise, &all, size)?;
        prop_assert_eq!(read.len(), all.len());
        for (read, row) in read.iter().zip(&all) {
            check_connectwise_contact(read, row)?;
        }
    }

    #[test]
    fn r9_valid_companies_of_autotask_are_read(all in of_rising_ids(0, autotask_company()), size in 1_usize..4) {
        let read = companies(PsaKind::Autotask, &all, size)?;
        prop_assert_eq!(read.len(), all.len());
        for (read, row) in read.iter().zip(&all) {
            check_autotask_company(read, row)?;
        }
    }

    #[test]
    fn r9_valid_contacts_of_autotask_are_read(all in of_rising_ids(0, autotask_contact()), size in 1_usize..4) {
        let read = contacts(PsaKind::Autotask, &all, size)?;
        prop_assert_eq!(read.len(), all.len());
        for (read, row) in read.iter().zip(&all) {
            check_autotask_contact(read, row)?;
        }
    }
}

/// The ids that a look-up asks for.
fn looked_up(kind: PsaKind, asked: &Asked<'_>) -> Vec<i64> {
    match kind {
        PsaKind::Connectwise => {
            let list = asked.path.split("in+%28").nth(1).unwrap();
            let list = list.split("%29").next().unwrap();
            list.split("%2C").map(|id| id.parse().unwrap()).collect()
        }
        PsaKind::Autotask => {
            let query: Value = serde_json::from_str(asked.body).unwrap();
            elements(&query["filter"][0]["value"])
                .iter()
                .filter_map(Value::as_i64)
                .collect()
        }
    }
}

#[tokio::test]
async fn r14_a_company_that_makes_no_sense_costs_no_other_its_answer() {
    for kind in KINDS {
        let server = Server::start_by(kind, 9, move |asked| {
            let row = |id: i64| {
                if id == 77 {
                    json!({"id": id, "name": [], "companyName": []})
                } else {
                    json!({"id": id})
                }
            };
            let all: Vec<Value> = looked_up(kind, asked).into_iter().map(row).collect();
            reply(rows(kind, all.len(), &json!(all).to_string()))
        })
        .await;
        let ids: Vec<PsaCompanyId> = (1..=100).map(|id: i32| PsaCompanyId::new(id.to_string())).collect();
        let answers = server.connect(&impatient(), LONG).look_up(&ids).await.unwrap();
        for (id, answer) in ids.iter().zip(answers) {
            match answer {
                LookedUp::Present(company) => assert_eq!(&company.id, id),
                answer => assert_eq!((answer, id.as_str()), (LookedUp::Unreadable(id.clone()), "77")),
            }
        }
        assert!(server.asked().len() <= 1 + 2 * 7, "{}", server.asked().len());
    }
}
