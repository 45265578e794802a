//! Bad nights of the sandbox's program, in real time: everything takes as long as in production, and the faults are ordered through the
//! control address (R63). Most of it is waiting, so the tests run side by side.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use jiff::Timestamp;
use requirements::for_both;
use requirements::import::{End, choose, directory, end, execute, fetch};
use requirements::stage::{integration, name, text};
use requirements::unattended::{ended_within, set_policy};
use sandbox::api::Api;
use serde_json::{Value, json};
use tempfile::TempDir;

for_both!(
    r63_a_database_that_fails_for_two_minutes_within_an_execution_delays_it,
    r63_a_psa_that_fails_for_half_a_minute_at_night_delays_the_import,
);

/// How long the database fails.
const DATABASE_FAILS: Duration = Duration::from_mins(2);

/// How long the PSA fails.
const PSA_FAILS: Duration = Duration::from_secs(30);

/// What an import may take beyond its fault: the third wait ends after eight minutes.
const PATIENCE: Duration = Duration::from_mins(8);

/// Companies of an import.
const MANY: usize = 6;

/// How many calls of an execution the database answers before it fails: some users are there then, and not all.
const CALLS_BEFORE_FAULT: u64 = 60;

/// The program, which ends with this.
struct Program {
    child: Child,
    info: Value,
    log: PathBuf,
    _folder: TempDir,
}

impl Program {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .args(["serve", "--empty", "--calls-per-minute", "0"])
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            info: serde_json::from_str(&line).unwrap(),
            log,
            _folder: folder,
        }
    }

    fn ana(&self) -> Api {
        Api::new(text(&self.info["api"]), text(&self.info["tokens"]["ana"]))
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let control = Api::new(text(&self.info["control"]), "");
        control.post(path, &body).await.unwrap()
    }

    /// How often its workers have said that they wait for something.
    fn waits_for(&self, what: &str) -> usize {
        let log = fs::read_to_string(&self.log).unwrap();
        log.matches(&format!("waiting for the {what}")).count()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended by itself has failed its test already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Executes some companies; the database fails after so many calls of it. Gives the end.
async fn executed(program: &Program, kind: PsaKind, fails_after: Option<u64>) -> End {
    let ana = program.ana();
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, MANY).await;
    let before = directory(&ana).await;
    program.control("/workers", json!({ "paused": true })).await;
    execute(&ana, &import).await;
    let path = format!("/imports/{import}");
    if let Some(calls) = fails_after {
        let fault = json!({ "fault": "error", "skip": calls });
        program.control("/store", fault).await;
        program.control("/workers", json!({ "paused": false })).await;
        tokio::time::sleep(DATABASE_FAILS).await;
        program.control("/store", json!({ "fault": null })).await;
        assert_eq!(ana.get(&path).await.unwrap()["state"], "executing");
        assert_ne!(directory(&ana).await, before, "it failed before the execution");
        assert!(program.waits_for("store") >= 1);
    } else {
        program.control("/workers", json!({ "paused": false })).await;
    }
    let ended = ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(ended["state"], "done", "{ended}");
    let result = ana.get(&format!("{path}/result")).await.unwrap();
    end(&ana, kind, result).await
}

async fn r63_a_database_that_fails_for_two_minutes_within_an_execution_delays_it(kind: PsaKind) {
    let undisturbed = executed(&Program::start(), kind, None).await;
    let program = Program::start();
    let disturbed = executed(&program, kind, Some(CALLS_BEFORE_FAULT)).await;
    assert_eq!(disturbed, undisturbed);
}

/// Lets the policy import everything that is new; the PSA fails, for so long and until the import waits for it. Gives the end.
async fn imported_at_night(program: &Program, kind: PsaKind, fails: Option<Duration>) -> End {
    let ana = program.ana();
    let all =
        json!({ "newCompanies": true, "newAddresses": true, "massChange": { "percent": 100, "atLeast": 10_000 } });
    set_policy(&ana, kind, &all).await;
    let faults = format!("/psa/{}/faults", name(kind));
    if fails.is_some() {
        let fault = json!({ "match": { "path": ".*" }, "answer": { "status": 503 } });
        program.control(&faults, fault).await;
    }
    let began = Instant::now();
    let trigger = json!({ "msp": "noordzee", "integration": integration(&ana, kind).await, "token": "night" });
    let started = program.control("/trigger", trigger).await;
    let import = text(&started["import"]);
    let path = format!("/imports/{import}");
    if let Some(fails) = fails {
        let waiting = loop {
            let now = ana.get(&path).await.unwrap();
            if let Some(waiting) = now.get("waiting") {
                break waiting.clone();
            }
            assert!(began.elapsed() < PATIENCE, "it does not wait: {now}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        assert_eq!(waiting["for"], "psa");
        assert!(text(&waiting["until"]).parse::<Timestamp>().unwrap() > Timestamp::now());
        tokio::time::sleep(fails.saturating_sub(began.elapsed())).await;
        let control = Api::new(text(&program.info["control"]), "");
        control.delete(&faults).await.unwrap();
        assert!(program.waits_for("PSA") >= 1);
    }
    let ended = ended_within(&ana, import, PATIENCE).await;
    assert_eq!(ended["state"], "done", "{ended}");
    let result = ana.get(&format!("{path}/result")).await.unwrap();
    assert!(result["users"]["created"].as_u64() > Some(0), "{result}");
    end(&ana, kind, result).await
}

async fn r63_a_psa_that_fails_for_half_a_minute_at_night_delays_the_import(kind: PsaKind) {
    let undisturbed = imported_at_night(&Program::start(), kind, None).await;
    let program = Program::start();
    let disturbed = imported_at_night(&program, kind, Some(PSA_FAILS)).await;
    assert_eq!(disturbed, undisturbed);
}
