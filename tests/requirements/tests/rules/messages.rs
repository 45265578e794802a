//! What administrators are told: each of the eight messages, provoked against each PSA.

use std::io::Write;
use std::sync::{Arc, Mutex};

use requirements::import::{choose, fetch, fetch_failing, plan};
use requirements::problem::{assert_problem, call};
use requirements::stage::{integration, name, number, sandbox, secret_field, text};
use requirements::{Api, PsaKind, Sandbox, faults, for_both};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r42_all_eight_messages_have_their_code_status_and_text_in_english_and_dutch,
    r42_an_import_that_the_psa_fails_says_why_in_the_language_of_who_looks,
);

/// Code, HTTP status, whether the same call may succeed later, and how the PSA answers.
fn failures(kind: PsaKind) -> [(&'static str, u16, bool, Value); 5] {
    [
        ("psa_server_error", 502, true, json!({ "status": 503 })),
        ("psa_unauthorized", 422, false, json!({ "status": 401 })),
        ("psa_forbidden", 422, false, faults::forbidden(kind)),
        (
            "psa_invalid_response",
            502,
            // A page of HTML may come from something in between.
            true,
            json!({ "status": 200, "body": "<html>Sign in</html>" }),
        ),
        ("psa_unknown_error", 502, true, json!({ "reset": true })),
    ]
}

/// Calls in both languages and checks the problem that comes back.
async fn assert_told(
    api: &Api,
    method: Method,
    path: &str,
    body: &Value,
    (status, code): (u16, &str),
    retryable: bool,
) {
    let english = call(api, method.clone(), path, Some(body)).await;
    assert_problem(&english, status, code);
    assert_eq!(english.body["retryable"], retryable, "{code}");
    let dutch = api
        .call_in("fr, nl-BE;q=0.8, en;q=0.5", method, path, Some(body))
        .await
        .unwrap();
    assert_problem(&dutch, status, code);
    for (answer, language) in [(&english, "en"), (&dutch, "nl")] {
        assert_eq!(answer.headers["content-language"], language, "{code}");
    }
    assert_ne!(english.body["detail"], dutch.body["detail"]);
}

async fn r42_all_eight_messages_have_their_code_status_and_text_in_english_and_dutch(kind: PsaKind) {
    let sandbox = sandbox().await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let right = sandbox.psas.integration(kind);
    for (code, status, retryable, answer) in failures(kind) {
        faults::answer(&sandbox, kind, faults::COMPANIES, &answer);
        assert_told(&ana, Method::POST, "/integrations", &right, (status, code), retryable).await;
        faults::clear(&sandbox, kind);
    }
    let mut blank = right.clone();
    blank["credentials"][secret_field(kind)] = json!(" ");
    assert_told(
        &ana,
        Method::POST,
        "/integrations",
        &blank,
        (400, "credentials_required"),
        false,
    )
    .await;

    let import = fetch(&ana, kind).await;
    let start = format!("/integrations/{}/imports", integration(&ana, kind).await);
    assert_told(
        &bram,
        Method::POST,
        &start,
        &json!({}),
        (423, "integration_locked"),
        true,
    )
    .await;

    choose(&ana, &import, 1).await;
    let used = number(&ana.get("/licences").await.unwrap()["used"]);
    ana.put("/licences", &json!({ "total": used })).await.unwrap();
    let confirm = json!({ "planHash": plan(&ana, &import).await["hash"] });
    let execute = format!("/imports/{import}/execute");
    assert_told(
        &ana,
        Method::POST,
        &execute,
        &confirm,
        (409, "insufficient_licences"),
        false,
    )
    .await;
    sandbox.stop().await;
}

#[tokio::test]
async fn r42_what_is_wrong_with_a_field_is_said_in_english_and_dutch() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let body = json!({ "name": 7, "other": true });
    for (language, details) in [
        ("en", ["must be a text", "is not a known field"]),
        ("nl", ["moet een tekst zijn", "is geen bekend veld"]),
    ] {
        let path = "/managed-companies";
        let answer = ana.call_in(language, Method::POST, path, Some(&body)).await.unwrap();
        assert_problem(&answer, 400, "invalid_request");
        let errors = answer.body["errors"].as_array().unwrap().iter();
        let said: Vec<&str> = errors.map(|error| text(&error["detail"])).collect();
        assert!(
            !said.is_empty() && said.iter().all(|text| details.contains(text)),
            "{said:?}"
        );
    }
    sandbox.stop().await;
}

async fn r42_an_import_that_the_psa_fails_says_why_in_the_language_of_who_looks(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    for (code, _, retryable, answer) in failures(kind) {
        faults::answer(&sandbox, kind, faults::CONTACTS, &answer);
        let failed = fetch_failing(&ana, kind).await;
        let error = &failed["error"];
        assert_eq!(
            (&error["code"], &error["retryable"]),
            (&json!(code), &json!(retryable)),
            "{failed}"
        );
        let path = format!("/imports/{}", text(&failed["id"]));
        let dutch = ana.call_in("nl", Method::GET, &path, None).await.unwrap();
        assert_ne!(dutch.body["error"]["detail"], error["detail"], "{code}");
        faults::clear(&sandbox, kind);
    }
    sandbox.stop().await;
}

/// Where the log goes.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn r42_the_correlation_id_of_an_answer_finds_its_line_in_the_log() {
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_writer(move || writer.clone())
        .init();
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let refused = call(&ana, Method::GET, "/imports/no-such-import", None).await;
    assert_problem(&refused, 404, "not_found");
    let id = text(&refused.body["correlationId"]);
    assert_eq!(refused.headers["x-correlation-id"], id);
    let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let line = lines
        .lines()
        .find(|line| line.contains(id))
        .expect("no line has the id");
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["correlation"], &line["code"]),
        (&json!(id), &json!("not_found")),
        "{line}"
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn r42_a_missing_right_is_named_with_the_endpoint() {
    let sandbox: Sandbox = sandbox().await;
    for kind in requirements::stage::KINDS {
        faults::answer(&sandbox, kind, faults::CONTACTS, &faults::forbidden(kind));
        let answer = call(
            &sandbox.api("ana"),
            Method::POST,
            "/integrations",
            Some(&sandbox.psas.integration(kind)),
        )
        .await;
        assert_problem(&answer, 422, "psa_forbidden");
        let (endpoint, right) = (text(&answer.body["endpoint"]), text(&answer.body["missingRight"]));
        assert!(
            endpoint.to_lowercase().contains("contacts"),
            "{}: {endpoint}",
            name(kind)
        );
        let detail = text(&answer.body["detail"]);
        assert!(detail.contains(endpoint) && detail.contains(right), "{detail}");
    }
    sandbox.stop().await;
}
