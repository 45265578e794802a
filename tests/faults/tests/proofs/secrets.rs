//! Credentials and people's addresses run through two whole imports, with a failing PSA among them, while everything that
//! may be logged is; then they are looked for wherever they do not belong (R5, R50). Once with LastPass as the directory, whose key must
//! not be found either.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::engine::{IMPORTS, RECORDS};
use faults::psas::credentials;
use faults::script::{ANA, STEPS, Script, name};
use faults::state::unpacked;
use faults::world::{Message, World};
use lastpass::KEY;
use local_aws::Template;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};

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

/// As it is, percent-encoded, in Base64 (also in the middle of something longer, and for addresses), as hexadecimal digits,
/// escaped as JSON may, and as bytes in a debug print.
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
    let hex = secret.bytes().map(|byte| format!("{byte:02x}"));
    let quoted = serde_json::to_string(secret).unwrap();
    let escaped = secret.chars().map(|c| format!("\\u{:04x}", u32::from(c)));
    let bytes = format!("{:?}", secret.as_bytes());
    let mut spellings = vec![
        secret.to_lowercase(),
        percent.to_lowercase(),
        hex.collect::<Vec<_>>().concat(),
        quoted.trim_matches('"').to_lowercase(),
        quoted.trim_matches('"').replace('/', "\\/").to_lowercase(),
        escaped.collect::<Vec<_>>().concat(),
        bytes,
    ];
    for before in 0..3 {
        // Whatever stands before and behind shares a digit with it.
        let text = [&b"xx"[..before], secret.as_bytes()].concat();
        let base64 = BASE64_STANDARD.encode(&text);
        let (from, to) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
        let base64 = base64[from..to].to_lowercase();
        spellings.extend([base64.replace('+', "-").replace('/', "_"), base64]);
    }
    spellings
}

fn hits(text: &str, secrets: &[String]) -> Vec<String> {
    let text = text.to_lowercase();
    let found = secrets
        .iter()
        .filter(|secret| spellings(secret).iter().any(|spelled| text.contains(spelled)));
    found.cloned().collect()
}

/// Everything that can be asked for, and credentials sent in every way that is refused.
async fn ask_everything(world: &World, kind: PsaKind) {
    let integration = Script::new(world).integration().await.unwrap();
    let text = |item: &Value, field: &str| item[field]["S"].as_str().unwrap_or_default().to_owned();
    let imports = world
        .engine
        .items(IMPORTS)
        .into_iter()
        .filter(|item| text(item, "sk") == "IMPORT");
    let import = imports.map(|item| text(&item, "id")).max().unwrap();
    let managed = world
        .engine
        .items(RECORDS)
        .into_iter()
        .map(|item| text(&item, "managed"));
    let managed = managed.filter(|id| !id.is_empty()).max().unwrap();
    let rows = Script::new(world)
        .get(&format!("/imports/{import}/companies?tab=in&limit=1"))
        .await;
    let row = rows["items"][0]["id"].as_str().unwrap().to_owned();
    for route in Template::load()
        .unwrap()
        .routes()
        .iter()
        .filter(|route| route.method == "GET")
    {
        let path = [
            ("{i}", &integration),
            ("{x}", &import),
            ("{c}", &managed),
            ("{p}", &row),
            ("{r}", &"1".to_owned()),
            ("{n}", &"1".to_owned()),
        ]
        .into_iter()
        .fold(route.path.clone(), |path, (name, id)| path.replace(name, id));
        tell(world, "GET", path, Value::Null).await;
    }
    let (right, whole) = (credentials(kind), world.psa.integration());
    let at = format!("/integrations/{integration}/credentials");
    tell(world, "PUT", at.clone(), json!({ "credentials": right })).await;
    if world.lastpass.is_some() {
        tell_key(world).await;
    }
    for field in right.as_object().unwrap().keys() {
        let secret = &right[field];
        for odd in [
            json!([secret]),
            json!({ "x": secret }),
            json!(format!("{}\0", secret.as_str().unwrap())),
            json!("wrong"),
        ] {
            let mut wrong = right.clone();
            wrong[field] = odd;
            tell(world, "PUT", at.clone(), json!({ "credentials": wrong })).await;
            let mut new = whole.clone();
            new["credentials"] = wrong;
            tell(world, "POST", "/integrations".to_owned(), new).await;
        }
        // In a wrong place.
        for name in ["kind", "name", "address", "companyId", "policy"] {
            let mut new = whole.clone();
            new[name] = json!([secret]);
            tell(world, "POST", "/integrations".to_owned(), new.clone()).await;
            new[name] = json!({ "x": secret });
            tell(world, "POST", "/integrations".to_owned(), new).await;
        }
        tell(world, "PUT", at.clone(), json!({ "credentials": secret })).await;
        tell(world, "PUT", at.clone(), secret.clone()).await;
        tell(
            world,
            "PUT",
            format!("/integrations/{integration}/policy"),
            json!({ "massChange": secret }),
        )
        .await;
    }
}

/// The key of LastPass, accepted once, and then in every way that is refused.
async fn tell_key(world: &World) {
    let right = json!({ "kind": "lastpass", "apiKey": KEY });
    tell(world, "PUT", "/directory".to_owned(), right.clone()).await;
    for odd in [
        json!([KEY]),
        json!({ "x": KEY }),
        json!(format!("{KEY}\0")),
        json!(format!("{KEY} {KEY}")),
        json!(format!("x{KEY}")),
        json!(KEY.repeat(20)),
    ] {
        let mut wrong = right.clone();
        wrong["apiKey"] = odd;
        tell(world, "PUT", "/directory".to_owned(), wrong).await;
    }
    // In a wrong place.
    for name in ["kind", "name", "version", KEY] {
        for odd in [json!(KEY), json!([KEY]), json!({ "x": KEY })] {
            let mut wrong = right.clone();
            wrong[name] = odd;
            tell(world, "PUT", "/directory".to_owned(), wrong).await;
        }
    }
    for whole in [json!(KEY), json!([KEY]), json!([right])] {
        tell(world, "PUT", "/directory".to_owned(), whole).await;
    }
}

async fn tell(world: &World, method: &'static str, path: String, body: Value) {
    let call = Message::Call {
        who: ANA,
        method,
        path,
        body,
    };
    drop(world.deliver(&call).await.unwrap());
}

fn secrets(kind: PsaKind) -> Vec<String> {
    let fields = credentials(kind);
    let text = |name: &str| fields[name].as_str().unwrap().to_owned();
    match kind {
        PsaKind::Connectwise => {
            let (public, private) = (text("publicKey"), text("privateKey"));
            let basic = format!("{}+{public}:{private}", sim_connectwise::COMPANY_ID);
            vec![public, private, basic, text("clientId")]
        }
        PsaKind::Autotask => vec![text("username"), text("secret"), text("integrationCode")],
    }
}

/// All addresses that the snapshots held.
fn people(world: &World) -> Vec<String> {
    let mut people = Vec::new();
    for item in world.engine.items(IMPORTS) {
        if item["sk"]["S"].as_str().unwrap().starts_with("ADDRESSES#") {
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
        look_everywhere(name(kind), || World::new(kind), &secrets(kind));
    }
}

#[test]
fn r50_no_key_of_lastpass_is_where_it_does_not_belong() {
    let kind = PsaKind::Connectwise;
    let mut secrets = secrets(kind);
    secrets.push(KEY.to_owned());
    look_everywhere("LastPass", || World::with_lastpass(kind), &secrets);
}

/// What there is after two imports and many calls: items, people's addresses, and answers.
async fn after_imports(mut world: World) -> (String, Vec<String>, Vec<Value>) {
    let heard = Arc::<Mutex<Vec<Value>>>::default();
    world.heard = Some(Arc::clone(&heard));
    let script = Script::new(&world);
    script.seed().await;
    for cycle in 0..2 {
        for step in STEPS {
            world.effects.begin();
            // Something fails in each step, so that errors are logged as well.
            world.effects.arm(7, Disturbance::AppliedAndFailed);
            script.take(cycle, step).await.unwrap();
        }
    }
    world.effects.begin();
    ask_everything(&world, world.psa.kind).await;
    let answers = std::mem::take(&mut *heard.lock().unwrap());
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
    let items = Value::from(items.collect::<Vec<_>>()).to_string();
    let people = people(&world);
    assert!(
        people.len() * 10 > world.extent.companies * world.extent.people * 9,
        "nobody was imported"
    );
    (items, people, answers)
}

fn look_everywhere<W: Future<Output = World>>(what: &str, world: impl FnOnce() -> W, secrets: &[String]) {
    let lines = Lines::default();
    let to = lines.clone();
    let logger = lambda::logger(Targets::new().with_default(LevelFilter::TRACE), move || to.clone());
    let (items, people, answers) =
        tracing::subscriber::with_default(logger, || alone(async { after_imports(world().await).await }));
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    println!(
        "{what}: {} lines of log, {} answers, {} secrets, {} addresses",
        log.lines().count(),
        answers.len(),
        secrets.len(),
        people.len()
    );
    assert!(log.lines().count() > 20, "nothing was logged");
    assert_eq!(hits(&log, secrets), [""; 0], "in the log");
    assert_eq!(hits(&log, &people), [""; 0], "in the log");
    let refused = answers
        .iter()
        .filter(|answer| answer["statusCode"].as_u64() >= Some(400))
        .count();
    assert!(
        refused > 50 && answers.len() - refused > 40,
        "{refused} refused of {}",
        answers.len()
    );
    for answer in &answers {
        // As the caller gets it, and with the body as one text, whose escapes are no others' than JSON's.
        let body = answer["body"].as_str().unwrap_or_default();
        assert_eq!(hits(&answer.to_string(), secrets), [""; 0], "{answer}");
        assert_eq!(hits(body, secrets), [""; 0], "{body}");
    }
    assert_eq!(hits(&items, secrets), [""; 0], "in items");
    for line in log.lines() {
        serde_json::from_str::<Value>(line).expect("a line of the log is a JSON object");
    }
}

/// Why libraries may only warn: at this level they tell requests and replies.
#[test]
fn without_the_logger_of_this_program_there_would_be_hits() {
    let lines = Lines::default();
    let to = lines.clone();
    let plain = tracing_subscriber::fmt()
        .json()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(plain, || {
        alone(async {
            let world = World::new(PsaKind::Connectwise).await;
            let script = Script::new(&world);
            script.seed().await;
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
        r"x s3cr\/t y",
        r"x \u0073\u0033\u0063\u0072\u002F\u0074 y",
        "x 733363722F74 y",
        "x czNjci90 y",
        // a:s3cr/t and ab:s3cr/t!
        "x YTpzM2NyL3Q= y",
        "x YWI6czNjci90IQ y",
        "x [115, 51, 99, 114, 47, 116] y",
    ] {
        assert_eq!(hits(text, &["s3cr/t".to_owned()]).len(), 1, "{text}");
    }
}
