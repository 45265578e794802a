//! Alarms page for our faults only.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::problem::{Cause, Code};
use requirements::alarms::seen;
use requirements::bad::{Bad, Sent};
use requirements::import::{choose, choose_all, fetch, fetch_failing, first_import_of, plan, row};
use requirements::problem::call;
use requirements::stage::{PATIENCE, advance, integration, quick, sandbox, secret_field, text};
use requirements::unattended::{set_policy, trigger, unattended};
use requirements::{Api, Options, PsaKind, Sandbox, behind, faults, for_both, lastpass, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r66_what_a_customer_can_mend_and_what_a_psa_does_wakes_nobody,
    r66_what_happens_at_night_is_counted_by_whose_fault_it_is,
    r66_a_damaged_record_wakes_somebody,
    r66_an_import_that_cannot_go_on_by_our_fault_wakes_somebody,
    r66_a_failure_of_an_import_that_has_ended_is_not_counted,
);

/// The codes that callers were answered.
#[derive(Default)]
struct Met(BTreeSet<String>);

impl Met {
    async fn meet(&mut self, api: &Api, method: Method, path: &str, body: &Value) {
        let answer = call(api, method, path, Some(body)).await;
        assert!(answer.status.as_u16() >= 400, "{path} is not refused: {}", answer.body);
        self.0.insert(text(&answer.body["code"]).to_owned());
    }
}

/// How a PSA answers what it answers wrongly.
fn failures(kind: PsaKind) -> [Value; 5] {
    [
        json!({ "status": 503 }),
        json!({ "status": 401 }),
        faults::forbidden(kind),
        json!({ "status": 200, "body": "<html>Sign in</html>" }),
        json!({ "reset": true }),
    ]
}

async fn r66_what_a_customer_can_mend_and_what_a_psa_does_wakes_nobody(kind: PsaKind) {
    let sandbox = sandbox().await;
    let mut met = Met::default();
    of_connecting(&sandbox, kind, &mut met).await;
    of_asking(&sandbox, kind, &mut met).await;
    of_review(&sandbox, kind, &mut met).await;
    of_limits(&sandbox, kind, &mut met).await;
    of_pausing(&sandbox, kind, &mut met).await;
    of_too_many_calls(kind, &mut met).await;
    of_directory(kind, &mut met).await;
    for answer in failures(kind) {
        faults::answer(&sandbox, kind, faults::CONTACTS, &answer);
        let failed = fetch_failing(&sandbox.api("ana"), kind).await;
        met.0.insert(text(&failed["error"]["code"]).to_owned());
        faults::clear(&sandbox, kind);
    }
    let not_ours = Code::ALL.iter().filter(|code| code.cause() != Cause::Ours);
    let not_met: Vec<&str> = not_ours
        .map(|code| code.as_str())
        .filter(|code| !met.0.contains(*code))
        .collect();
    assert_eq!(not_met, [] as [&str; 0], "codes that this test does not provoke");
    assert_eq!(seen(&sandbox), BTreeMap::new());
    sandbox.stop().await;
}

async fn of_directory(kind: PsaKind, met: &mut Met) {
    let sandbox = lastpass::sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 1).await;
    let company = json!({ "name": "Met de hand" });
    met.meet(&ana, Method::POST, "/managed-companies", &company).await;
    let (key, other) = (lastpass::key(&sandbox), lastpass::other_key(&sandbox));
    met.meet(&ana, Method::PUT, "/directory", &other).await;
    for state in ["revoked", "notEnrolled"] {
        lastpass::set(&sandbox, json!({ "keyStates": state }));
        met.meet(&ana, Method::PUT, "/directory", &key).await;
    }
    lastpass::answer(&sandbox, &json!({ "status": 503 }));
    met.meet(&ana, Method::PUT, "/directory", &key).await;
    assert_eq!(seen(&sandbox), BTreeMap::new());
    lastpass::end(sandbox).await;
}

async fn of_connecting(sandbox: &Sandbox, kind: PsaKind, met: &mut Met) {
    let ana = sandbox.api("ana");
    let right = sandbox.psas.integration(kind);
    let connect = "/integrations";
    for answer in failures(kind) {
        faults::answer(sandbox, kind, faults::COMPANIES, &answer);
        met.meet(&ana, Method::POST, connect, &right).await;
        faults::clear(sandbox, kind);
    }
    let mut blank = right.clone();
    blank["credentials"][secret_field(kind)] = json!("");
    met.meet(&ana, Method::POST, connect, &blank).await;
    let mut private = right.clone();
    private["address"] = json!("http://10.0.0.1");
    met.meet(&ana, Method::POST, connect, &private).await;
    met.meet(&ana, Method::POST, connect, &json!({ "nonsense": 1 })).await;
    let media = Sent::Raw("text/plain", b"{}".to_vec());
    let media = Bad::new(Method::POST, connect, media, 415, "unsupported_media_type");
    media.try_as(&ana).await;
    met.0.insert(media.code.to_owned());
}

async fn of_asking(sandbox: &Sandbox, kind: PsaKind, met: &mut Met) {
    let ana = sandbox.api("ana");
    let start = format!("/integrations/{}/imports", integration(&ana, kind).await);
    let clerk = sandbox.token_for("clerk", "noordzee", &["clerk"]).unwrap();
    let clerk = Api::new(&sandbox.face.api, &clerk);
    met.meet(&clerk, Method::POST, &start, &json!({})).await;
    met.meet(&ana, Method::POST, "/integrations/none/imports", &json!({}))
        .await;
    let plan_hash = json!({ "planHash": "0" });
    met.meet(&ana, Method::POST, "/imports/none/execute", &plan_hash).await;
    let filter = json!({ "filter": { "shoeSize": ["44"] } });
    met.meet(&ana, Method::POST, &start, &filter).await;
}

async fn of_pausing(sandbox: &Sandbox, kind: PsaKind, met: &mut Met) {
    let ana = sandbox.api("ana");
    let path = format!("/integrations/{}", integration(&ana, kind).await);
    for paused in [true, false] {
        let version = ana.get(&path).await.unwrap()["version"].clone();
        let edit = json!({ "version": version, "paused": paused });
        ana.patch(&path, &edit).await.unwrap();
        if paused {
            let refused = trigger(sandbox, kind, "while paused").await;
            met.0.insert(text(&refused["code"]).to_owned());
        }
    }
}

async fn of_review(sandbox: &Sandbox, kind: PsaKind, met: &mut Met) {
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let start = format!("/integrations/{}/imports", integration(&ana, kind).await);
    let first = first_import_of(&ana, kind, 1).await;
    let absent = text(&first.chosen[0]["id"]);
    psa::delete(sandbox, kind, absent);
    let import = fetch(&ana, kind).await;
    met.meet(&bram, Method::POST, &start, &json!({})).await;

    let execute = format!("/imports/{import}/execute");
    met.meet(&ana, Method::POST, &execute, &json!({ "planHash": "0" }))
        .await;
    let company = format!("/imports/{import}/companies/{absent}");
    let version = row(&ana, &import, absent).await["version"].clone();
    let tick = json!({ "version": version, "selected": true });
    met.meet(&ana, Method::PATCH, &company, &tick).await;
    choose_all(&ana, &import).await;
    let hash = plan(&ana, &import).await["hash"].clone();
    met.meet(&ana, Method::POST, &execute, &json!({ "planHash": hash }))
        .await;
    let chosen = choose(&ana, &import, 1).await;
    let company = format!("/imports/{import}/companies/{}", text(&chosen[0]["id"]));
    let stale = json!({ "version": 99, "selected": true });
    met.meet(&ana, Method::PATCH, &company, &stale).await;
    ana.put(
        "/licences",
        &json!({ "total": ana.get("/licences").await.unwrap()["used"] }),
    )
    .await
    .unwrap();
    let hash = plan(&ana, &import).await["hash"].clone();
    let confirmed = json!({ "planHash": hash, "confirmMassChange": true });
    met.meet(&ana, Method::POST, &execute, &confirmed).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    met.meet(&ana, Method::POST, &execute, &confirmed).await;
}

async fn of_limits(sandbox: &Sandbox, kind: PsaKind, met: &mut Met) {
    let ana = sandbox.api("ana");
    let credentials = json!({ "credentials": sandbox.psas.integration(kind)["credentials"] });
    psa::be_another_tenant(sandbox, kind, true);
    let replace = format!("/integrations/{}/credentials", integration(&ana, kind).await);
    met.meet(&ana, Method::PUT, &replace, &credentials).await;
    psa::be_another_tenant(sandbox, kind, false);

    let (path, many) = crate::fair_share::count(kind, "companies", 50_001);
    faults::answer(sandbox, kind, &path, &many);
    let failed = fetch_failing(&ana, kind).await;
    met.0.insert(text(&failed["error"]["code"]).to_owned());
    faults::clear(sandbox, kind);

    let import = fetch(&ana, kind).await;
    // A review is good for seven days.
    advance(sandbox, 7 * 24 * 3600).await;
    let execute = format!("/imports/{import}/execute");
    met.meet(&ana, Method::POST, &execute, &json!({ "planHash": "0" }))
        .await;
    // Nobody worked on it, so the next import ends it.
    let next = fetch(&ana, kind).await;
    let lapsed = ana.get(&format!("/imports/{import}")).await.unwrap();
    met.0.insert(text(&lapsed["error"]["code"]).to_owned());
    ana.delete(&format!("/imports/{next}")).await.unwrap();
}

async fn of_too_many_calls(kind: PsaKind, met: &mut Met) {
    let limited = Options {
        call_rates: None,
        ..quick()
    };
    let sandbox = Sandbox::start(limited).await.unwrap();
    let ana = sandbox.api("ana");
    let attributes = format!("/integrations/{}/attributes", integration(&ana, kind).await);
    let refused = loop {
        let answer = call(&ana, Method::GET, &attributes, None).await;
        if !answer.status.is_success() {
            break answer;
        }
    };
    met.0.insert(text(&refused.body["code"]).to_owned());
    assert_eq!(seen(&sandbox), BTreeMap::new());
    sandbox.stop().await;
}

/// A metric, added up over all lines.
fn counted(sandbox: &Sandbox, metric: &str) -> f64 {
    let lines = sandbox.metrics();
    lines
        .iter()
        .filter_map(|line| line[metric].as_f64())
        .fold(0.0, |sum, one| sum + one)
}

async fn r66_what_happens_at_night_is_counted_by_whose_fault_it_is(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let expect = |metric: &str, expected: f64| {
        let found = counted(&sandbox, metric);
        assert!((found - expected).abs() < 0.5, "{metric}: {found}, not {expected}");
    };
    for (night, answer, code) in [
        ("keys", json!({ "status": 401 }), "psa_unauthorized"),
        (
            "outage",
            json!({ "status": 200, "body": "<html/>" }),
            "psa_invalid_response",
        ),
    ] {
        faults::answer(&sandbox, kind, faults::CONTACTS, &answer);
        assert_eq!(unattended(&sandbox, kind, night).await["error"]["code"], code);
        faults::clear(&sandbox, kind);
    }
    expect("ImportsFailedCustomer", 1.0);
    expect("ImportsFailedPsa", 1.0);

    set_policy(&ana, kind, &json!({ "newCompanies": true, "newAddresses": true })).await;
    let stopped = unattended(&sandbox, kind, "much").await;
    assert_eq!(stopped["stopped"]["code"], "mass_change");
    expect("ImportsStoppedCustomer", 1.0);
    assert_eq!(trigger(&sandbox, kind, "late").await["code"], "integration_locked");
    expect("ImportsRefusedCustomer", 1.0);
    assert_eq!(seen(&sandbox), BTreeMap::new());
    sandbox.stop().await;
}

async fn r66_a_damaged_record_wakes_somebody(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let ours = integration(&ana, kind).await;
    behind::damage(
        &sandbox,
        "RecordsTable",
        "",
        &format!("INTEGRATION#{ours}"),
        "createdAt",
    )
    .await;
    let answer = call(&ana, Method::GET, &format!("/integrations/{ours}"), None).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (500, &json!("internal_error"))
    );
    ana.list("/integrations").await.unwrap();
    let message = json!({ "msp": "noordzee", "integration": ours, "token": "night" });
    requirements::unattended::try_to_deliver(&sandbox, &message)
        .await
        .unwrap_err();
    let seen = seen(&sandbox);
    let seen: Vec<&str> = seen.keys().map(String::as_str).collect();
    assert_eq!(seen, ["ApiFaultsAlarm", "ErrorsAlarm", "RecordsUnreadableAlarm"]);
    sandbox.stop().await;
}

async fn r66_an_import_that_cannot_go_on_by_our_fault_wakes_somebody(kind: PsaKind) {
    let sandbox = sandbox().await;
    faults::hold(&sandbox, kind, faults::CONTACTS, 0);
    let begun = trigger(&sandbox, kind, "night").await;
    let import = text(&begun["import"]);
    faults::held(&sandbox, kind).await;
    let path = format!("#IMPORT#{import}");
    behind::damage(&sandbox, "ImportsTable", &path, "CHECKPOINT#fetch", "progress").await;
    faults::let_go(&sandbox).await;
    let end = Instant::now() + PATIENCE;
    while !seen(&sandbox).contains_key("ImportsFailedAlarm") {
        assert!(Instant::now() < end, "nobody hears of it: {:?}", seen(&sandbox));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(seen(&sandbox).contains_key("ErrorsAlarm"));
    sandbox.stop().await;
}

/// The PSA refuses while an administrator ends the import: the worker finds its failure refused, and nothing has failed.
async fn r66_a_failure_of_an_import_that_has_ended_is_not_counted(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let refusing = match kind {
        PsaKind::Connectwise => json!({ "contactsForbidden": true }),
        PsaKind::Autotask => json!({ "denied": ["Contacts"] }),
    };
    sandbox.psas.get(kind).set_switches(refusing).unwrap();
    let contacts = "(?i)/contacts";
    faults::answer(&sandbox, kind, contacts, &json!({ "delayMs": 2_000 }));
    faults::forget_requests(&sandbox, kind);
    let begun = trigger(&sandbox, kind, "night").await;
    let id = &begun["import"];
    let import = format!("/imports/{}", text(id));
    let contacts = regex::Regex::new(contacts).unwrap();
    let has_asked = || {
        let asked = faults::requests(&sandbox, kind);
        asked.iter().any(|request| contacts.is_match(&request.path))
    };
    while !has_asked() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ana.delete(&import).await.unwrap();
    let asked = |line: &Value| line["import"] == *id && line.get("PsaRequests").is_some();
    while !sandbox.metrics().iter().any(asked) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(counted(&sandbox, "ImportsFailedCustomer") < 0.5);
    sandbox.stop().await;
}
