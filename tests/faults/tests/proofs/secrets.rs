//! Credentials and people's addresses run through two whole imports, with a failing PSA among them, while everything that
//! may be logged is; then they are looked for wherever they do not belong (R5, R50).

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::engine::{IMPORTS, RECORDS};
use faults::psas::credentials;
use faults::script::{STEPS, Script};
use faults::state::unpacked;
use faults::world::World;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::cores::alone;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As it is, percent-encoded, in Base64 and as bytes in a debug print.
fn spellings(secret: &str) -> Vec<String> {
    let percent: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let base64 = BASE64_STANDARD.encode(secret);
    let bytes = format!("{:?}", secret.as_bytes());
    vec![
        secret.to_lowercase(),
        percent.to_lowercase(),
        base64.trim_end_matches('=').to_lowercase(),
        bytes,
    ]
}

fn hits(text: &str, secrets: &[String]) -> Vec<String> {
    let text = text.to_lowercase();
    let found = secrets
        .iter()
        .filter(|secret| spellings(secret).iter().any(|spelled| text.contains(spelled)));
    found.cloned().collect()
}

fn secrets(kind: PsaKind) -> Vec<String> {
    let fields = credentials(kind);
    let text = |name: &str| fields[name].as_str().unwrap().to_owned();
    match kind {
        PsaKind::Connectwise => {
            let (public, private) = (text("publicKey"), text("privateKey"));
            let basic = format!("{}+{public}:{private}", sim_connectwise::COMPANY_ID);
            vec![private, basic, text("clientId")]
        }
        PsaKind::Autotask => vec![text("secret"), text("integrationCode")],
    }
}

/// All addresses that the snapshots held.
fn people(world: &World) -> Vec<String> {
    let mut people = Vec::new();
    for item in world.engine.items(IMPORTS) {
        if item["sk"]["S"].as_str().unwrap().starts_with("CONTACTS#") {
            let body = unpacked(&item);
            people.extend(
                body.as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row["a"].as_str().unwrap().to_owned()),
            );
        }
    }
    people.sort();
    people.dedup();
    people
}

#[test]
fn r50_no_secret_and_nobodys_address_is_where_it_does_not_belong() {
    for kind in [PsaKind::Connectwise, PsaKind::Autotask] {
        let lines = Lines::default();
        let to = lines.clone();
        let logger = runtime::logger(EnvFilter::new("trace"), move || to.clone());
        let (items, people) = tracing::subscriber::with_default(logger, || {
            alone(async {
                let world = World::new(kind).await;
                let script = Script::new(&world);
                script.furnish().await;
                for cycle in 0..2 {
                    for step in STEPS {
                        world.effects.begin();
                        // Something fails in each step, so that errors are logged as well.
                        world.effects.arm(7, Disturbance::AppliedAndFailed);
                        script.take(cycle, step).await.unwrap();
                    }
                }
                let items = world
                    .engine
                    .items(RECORDS)
                    .into_iter()
                    .chain(world.engine.items(IMPORTS));
                let items = items.map(|mut item| {
                    if item["data"]["B"].is_string() {
                        item["data"] = unpacked(&item);
                    }
                    item
                });
                (Value::from(items.collect::<Vec<_>>()).to_string(), people(&world))
            })
        });
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let secrets = secrets(kind);
        println!(
            "{kind:?}: {} lines of log, {} secrets, {} addresses",
            log.lines().count(),
            secrets.len(),
            people.len()
        );
        assert!(
            log.lines().count() > 20 && people.len() > 90,
            "nothing was logged, or nobody imported"
        );
        assert_eq!(hits(&log, &secrets), [""; 0], "in the log");
        assert_eq!(hits(&log, &people), [""; 0], "in the log");
        assert_eq!(hits(&items, &secrets), [""; 0], "in items");
        for line in log.lines() {
            serde_json::from_str::<Value>(line).expect("a line of the log is a JSON object");
        }
    }
}

/// Why libraries may only warn: at this level they tell requests and replies.
#[test]
fn without_the_logger_of_this_program_there_would_be_hits() {
    let lines = Lines::default();
    let to = lines.clone();
    let plain = tracing_subscriber::fmt()
        .json()
        .with_env_filter("trace")
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(plain, || {
        alone(async {
            let world = World::new(PsaKind::Connectwise).await;
            let script = Script::new(&world);
            script.furnish().await;
            script.take(0, STEPS[0]).await.unwrap();
            script.take(0, STEPS[1]).await.unwrap();
        });
    });
    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    let found = hits(&log, &secrets(PsaKind::Connectwise));
    println!("{} of the secrets in {} lines", found.len(), log.lines().count());
    assert!(!found.is_empty());
}

/// That the search finds what is there.
#[test]
fn what_is_looked_for_is_found_in_every_spelling() {
    for text in [
        "x s3cr/t y",
        "x s3cr%2Ft y",
        "x czNjci90 y",
        "x [115, 51, 99, 114, 47, 116] y",
    ] {
        assert_eq!(hits(text, &["s3cr/t".to_owned()]).len(), 1, "{text}");
    }
}
