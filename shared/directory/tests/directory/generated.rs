//! Whatever LastPass replies, nothing panics, and no row is read that was not there.

use std::collections::HashSet;

use directory::lastpass::LastPass;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::account::{Account, company};
use crate::outcome::{CALLS, Call};

/// How many replies are made up in each test; `MUTATIONS` asks for more.
fn cases() -> u32 {
    let more = std::env::var("MUTATIONS").ok().and_then(|text| text.parse().ok());
    more.unwrap_or(300)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z@.%/ \u{0}-\u{1f}é]{0,12}".prop_map(Value::from),
        Just(json!("managed")),
        Just(json!("9007199254740993")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof![
            Just("items".to_owned()),
            Just("nextPageToken".to_owned()),
            Just("id".to_owned()),
            Just("name".to_owned()),
            Just("email".to_owned()),
            Just("accountStatus".to_owned()),
            Just("type".to_owned()),
            Just("status".to_owned()),
            Just("url".to_owned()),
            "[a-z]{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A page as it should be.
fn page() -> impl Strategy<Value = Value> {
    let row = (any::<i64>(), "[a-z]{1,8}", 0_usize..4).prop_map(|(id, name, status)| {
        let status = ["enrolled", "staged", "disabled", "on-leave"][status];
        json!({"id": id, "name": name, "email": format!("{name}@x.example"), "accountStatus": status, "type": "managed"})
    });
    prop::collection::vec(row, 0..8).prop_map(|rows| json!({"items": rows, "nextPageToken": null}))
}

/// A text with some of its bytes changed, dropped, doubled, or all behind some place gone.
fn mutated() -> impl Strategy<Value = (String, Vec<u8>)> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 1..4);
    (page(), edits).prop_map(|(page, edits)| {
        let text = page.to_string();
        let mut bytes = text.clone().into_bytes();
        for (place, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => bytes.truncate(at),
            }
        }
        (text, bytes)
    })
}

fn reply(status: u16, body: &str) -> Value {
    json!({"answer": {"status": status, "headers": {"Content-Type": "application/json"}, "body": body}})
}

struct Fuzzed {
    runtime: tokio::runtime::Runtime,
    account: Account,
    client: LastPass,
}

impl Fuzzed {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let account = runtime.block_on(Account::start());
        let client = account.client();
        Self {
            runtime,
            account,
            client,
        }
    }

    fn answer_with(&self, status: u16, body: &str) {
        self.account.heal();
        self.account.fault(reply(status, body));
    }

    fn ids(&self, call: Call) -> Option<Vec<String>> {
        self.runtime.block_on(async {
            Some(if call == Call::Companies {
                let listed = self.client.companies().await.ok()?;
                listed
                    .into_iter()
                    .map(|one| one.id.as_str().trim_start_matches("lastpass-").to_owned())
                    .collect()
            } else {
                let listed = self.client.users(&company()).await.ok()?;
                listed.into_iter().map(|one| one.id.as_str().to_owned()).collect()
            })
        })
    }
}

/// The ids of the rows of a page, and the only ones that may be read from it.
fn ids_in(page: &Value) -> HashSet<String> {
    let rows = page["items"].as_array().into_iter().flatten();
    let ids = rows.filter_map(|row| match &row["id"] {
        Value::Number(id) => Some(id.to_string()),
        Value::String(id) => id.trim().parse().ok().map(|id: i64| id.to_string()),
        _ => None,
    });
    ids.collect()
}

#[test]
fn r87_no_reply_makes_a_call_panic() {
    let fuzzed = Fuzzed::start();
    let accepted = fuzzed.runtime.block_on(fuzzed.client.create_company("Nieuw")).unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let statuses = prop_oneof![Just(200_u16), Just(201), Just(202), Just(204), 200_u16..600];
    let mut replies = 0_u64;
    runner
        .run(&(any_json(), statuses), |(body, status)| {
            fuzzed.answer_with(status, &body.to_string());
            for call in CALLS {
                let made = call.make(&fuzzed.client, &accepted);
                drop(fuzzed.runtime.block_on(made));
            }
            Ok(())
        })
        .unwrap();
    replies += u64::from(cases()) * CALLS.len() as u64;
    println!("replies of LastPass made up: {replies}, 0 panics");
}

#[test]
fn r85_a_damaged_page_gives_no_row_that_it_does_not_have() {
    let fuzzed = Fuzzed::start();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&mutated(), |(whole, damaged)| {
            // What cannot be sent as text is another fault: see the matrix.
            let Ok(text) = String::from_utf8(damaged) else {
                return Ok(());
            };
            fuzzed.answer_with(200, &text);
            let page: Option<Value> = serde_json::from_str(&text).ok();
            for call in [Call::Companies, Call::Users] {
                let Some(ids) = fuzzed.ids(call) else { continue };
                let Some(page) = &page else {
                    return Err(TestCaseError::fail(format!("{text} was read")));
                };
                let there = ids_in(page);
                prop_assert!(
                    ids.iter().all(|id| there.contains(id)),
                    "{ids:?} of {text}, once {whole}"
                );
                let distinct: HashSet<&String> = ids.iter().collect();
                prop_assert_eq!(distinct.len(), ids.len(), "twice in {}", text);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn r87_a_whole_page_is_read_whole() {
    let fuzzed = Fuzzed::start();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: cases() / 3,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&page(), |page| {
            fuzzed.answer_with(200, &page.to_string());
            for call in [Call::Companies, Call::Users] {
                let ids: HashSet<String> = fuzzed.ids(call).unwrap().into_iter().collect();
                prop_assert_eq!(ids, ids_in(&page));
            }
            Ok(())
        })
        .unwrap();
}
