//! What is sent to whom, and what is not told to anybody (R5, R50).

use std::fmt::Write;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::filter::Filter;
use domain::psa::PsaKind;
use futures::StreamExt;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use super::server::{KINDS, Server, impatient, json, reply, rows};

#[tokio::test]
async fn credentials_go_with_every_request_but_the_discovery() {
    for kind in KINDS {
        let server = Server::start(kind, move |_| json(rows(kind, 0, "[]"))).await;
        server
            .connect(&impatient(), Duration::from_secs(20))
            .check()
            .await
            .unwrap();
        let secrets: &[&str] = match kind {
            // msp+pub:priv
            PsaKind::Connectwise => &["authorization: Basic bXNwK3B1Yjpwcml2", "clientid: 3b8f-client"],
            PsaKind::Autotask => &[
                "username: api@msp.example",
                "secret: s3cret",
                "apiintegrationcode: CODE",
            ],
        };
        for seen in server.seen() {
            let discovery = seen.path.contains("companyinfo") || seen.path.contains("zoneInformation");
            for secret in secrets {
                assert_eq!(seen.head.contains(secret), !discovery, "{}", seen.head);
            }
            assert!(seen.head.contains("user-agent: psa-import/"), "{}", seen.head);
        }
        assert_eq!(server.seen().len(), 3, "discovery, one company, one contact");
    }
}

#[tokio::test]
async fn autotask_is_never_asked_to_impersonate_and_connectwise_never_for_private_fields() {
    for kind in KINDS {
        let server = Server::start(kind, move |_| json(rows(kind, 0, "[]"))).await;
        let psa = server.connect(&impatient(), Duration::from_secs(20));
        psa.contacts(&Filter::default(), None, Some(0))
            .next()
            .await
            .unwrap()
            .unwrap();
        psa.companies(&Filter::default(), None, Some(0))
            .next()
            .await
            .unwrap()
            .unwrap();
        for seen in server.seen() {
            let head = seen.head.to_lowercase();
            assert!(!head.contains("impersonation") && !head.contains("portalpassword") && !head.contains("birthday"));
            assert!(
                !seen.path.contains("/company/") || seen.path.contains("fields=") || seen.path.contains("statuses")
            );
        }
    }
}

/// A log that can be searched.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn r50_neither_log_nor_failure_holds_a_secret_or_an_address() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For all threads: interest in a log line is remembered per line, not per thread. So all tests here are searched.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut failures = String::new();
    for kind in KINDS {
        let bodies = [
            (200, rows(kind, 1, r#"[{"id":"anna@client.example","name":"Anna"}]"#)),
            (200, format!(r#"{{"anna@client.example":{}}}"#, "[")),
            (401, "anna@client.example s3cret priv 3b8f-client".to_owned()),
            (
                500,
                r#"{"errors":["Invalid credentials api@msp.example s3cret"]}"#.to_owned(),
            ),
        ];
        for (status, body) in bodies {
            let server = Server::start(kind, move |_| {
                reply(status, "content-type: application/json\r\n", &body)
            })
            .await;
            let psa = server.connect(&impatient(), Duration::from_secs(20));
            let failure = psa
                .contacts(&Filter::default(), None, Some(1))
                .next()
                .await
                .unwrap()
                .unwrap_err();
            // Of all fields: whatever is stored or shown of a failure is in it.
            write!(failures, "{failure} {failure:?}").unwrap();
        }
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("sent a request") && log.contains("the PSA was not read"),
        "{log}"
    );
    for secret in [
        "anna",
        "client.example",
        "s3cret",
        "api@msp",
        "api%40msp",
        "bXNwK3B1Yjpwcml2",
        "priv",
        "3b8f",
        "CODE",
    ] {
        let telling = log.lines().find(|line| line.contains(secret));
        assert_eq!(telling, None, "{secret}");
        assert!(!failures.contains(secret), "{secret} in {failures}");
    }
}
