//! No key and nobody's address in a log line or a failure (R5, R50).

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use directory::Directory as _;
use directory::lastpass::Accepted;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::account::{Account, company, jan};
use crate::outcome::CALLS;
use crate::port::{Database, Port, request};

/// A log that can be searched: every field of every event and span, of all crates.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn write(&self, target: &str, record: impl FnOnce(&mut dyn Visit)) {
        let mut fields = Fields(format!("{target}:"));
        record(&mut fields);
        let mut log = self.0.lock().unwrap();
        log.push_str(&fields.0);
        log.push('\n');
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The database's client tells in its own log what is stored: that is kept out of what functions log.
        let is_of_database = ["aws_", "local_aws", "dynoxide"]
            .iter()
            .any(|name| metadata.target().starts_with(name));
        !is_of_database
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(span.metadata().target(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.write("span", |fields| values.record(fields));
    }

    fn event(&self, event: &Event<'_>) {
        self.write(event.metadata().target(), |fields| event.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Replies that repeat what they were asked with, as a careless service does.
const REPLIES: [(u16, &str); 11] = [
    (200, r#"{"items":[{"id":"nieuw@jansen.example","email":5}]}"#),
    (200, r#"{"nieuw@jansen.example":["#),
    (201, r#"{"id":"nieuw@jansen.example"}"#),
    (
        202,
        r#"{"url":"/business/v1/nieuw@jansen.example/lpkey_noordzee0001_0123456789abcdefghijklmnopqrstuv"}"#,
    ),
    (
        400,
        "nieuw@jansen.example lpkey_noordzee0001_0123456789abcdefghijklmnopqrstuv",
    ),
    (
        401,
        "api-key lpkey_noordzee0001_0123456789abcdefghijklmnopqrstuv is not known",
    ),
    (500, r#"{"detail":"nieuw@jansen.example"}"#),
    (422, r#"{"detail":"nieuw@jansen.example is not valid"}"#),
    (
        400,
        r#"{"detail":"lpkey_noordzee0001_0123456789abcdefghijklmnopqrstuv is not known"}"#,
    ),
    (
        400,
        r#"{"detail":"lpkey_noord\u200bzee0001_0123456789abcdefghijklmnopqrstuv is not known"}"#,
    ),
    (400, r#"{"detail":"of lpkey_noordzee0001_01234 nothing is known"}"#),
];

#[tokio::test]
async fn r05_r50_neither_log_nor_failure_has_a_key_or_an_address() {
    let log = Log::default();
    // For all threads: interest in a log line is remembered per line, not per thread. So all tests here are searched.
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let (mut failures, mut quoted) = (String::new(), 0);
    for (status, body) in REPLIES {
        let account = Account::start().await;
        let url = account.client().create_company("Nieuw").await.unwrap().url;
        let headers = json!({"Content-Type": "application/json"});
        account.fault(json!({"answer": {"status": status, "headers": headers, "body": body}}));
        let client = account.client();
        for call in CALLS {
            let ended = call.make(&client, &Accepted { url: url.clone() }).await;
            write!(failures, "{ended:?} {client:?}").unwrap();
            if let Err(failed) = ended {
                let of_port = directory::DirectoryError::from(failed.clone());
                write!(failures, "{failed} {of_port} {of_port:?}").unwrap();
                // What is quoted to administrators may have an address, and never the key.
                if let directory::DirectoryError::Refused(rejection) = of_port
                    && let Some(said) = rejection.said
                {
                    assert!(!said.as_str().contains("lpkey_"), "{}", said.as_str());
                    quoted += 1;
                }
            }
        }
    }
    assert!(quoted > 0, "nothing is quoted");
    let database = Database::start().await;
    let port = Port::start(&database, "secrecy").await;
    port.read().await.unwrap();
    port.account
        .fault(json!({"match": {"method": "POST"}, "every": 2, "answer": {"status": 409, "body": REPLIES[4].1}}));
    let run = port.run();
    let users = ["nieuw@jansen.example", "nieuwer@jansen.example"].map(|address| request(address, address));
    write!(
        failures,
        "{:?}",
        run.create_users(&company(), &users)
            .await
            .iter()
            .map(Result::is_ok)
            .collect::<Vec<_>>()
    )
    .unwrap();
    let address = "nieuwst@jansen.example".parse().unwrap();
    write!(
        failures,
        "{:?}",
        run.change_address(&company(), &jan(), None, &address).await.is_ok()
    )
    .unwrap();
    let log = log.0.lock().unwrap().clone();
    assert!(
        log.contains("sent a request") && log.contains("LastPass was not asked with success"),
        "{log}"
    );
    for secret in [
        "lpkey_",
        "noordzee0001",
        "0123456789abcdef",
        "nieuw@",
        "nieuw%40",
        "nieuwer",
        "nieuwst",
        "jansen.example",
    ] {
        let telling = log.lines().find(|line| line.contains(secret));
        assert_eq!(telling, None, "{secret}");
        assert!(!failures.contains(secret), "{secret} in {failures}");
    }
}
