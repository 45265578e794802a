//! Whatever two MSPs call, with whatever ids of each other: no key of the other one is touched (R3, R50).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use domain::psa::PsaKind;
use fastrand::Rng;
use faults::engine::{Engine, IMPORTS, RECORDS};
use faults::script::{ANA, STEPS, Script, Step};
use faults::wire::Watch;
use faults::world::{MSP, Message, World};
use local_aws::Template;
use serde_json::{Value, json};

use crate::cores::alone;

const CALLS: usize = 3_000;
const EVE: &str = "eve@other";

/// Looks at every key and every partition that is asked for.
#[derive(Default)]
struct Keys {
    msp: Mutex<&'static str>,
    own: AtomicUsize,
    foreign: Mutex<Vec<String>>,
}

impl Watch for Keys {
    fn look(&self, _: &Engine, operation: &str, body: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String) {
        let request: Value = serde_json::from_str(body).unwrap();
        let mut partitions = Vec::new();
        find(&request, &mut partitions);
        assert!(!partitions.is_empty(), "{operation} without a key: {body}");
        let answer = apply();
        find(&serde_json::from_str(&answer.1).unwrap(), &mut partitions);
        let own = format!("MSP#{}", *self.msp.lock().unwrap());
        for partition in partitions {
            if partition == own || partition.starts_with(&format!("{own}#")) {
                self.own.fetch_add(1, Ordering::SeqCst);
            } else {
                self.foreign.lock().unwrap().push(format!("{operation} {partition}"));
            }
        }
        answer
    }
}

/// All partition keys in a request or an answer.
fn find(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value["S"].as_str() {
                    Some(text) if name == "pk" || name == ":pk" => into.push(text.to_owned()),
                    _ => find(value, into),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| find(value, into)),
        _ => {}
    }
}

/// All ids there are, of both, and some that reach for more.
fn ids(world: &World) -> Vec<String> {
    let mut ids: Vec<String> = [
        "",
        "0",
        "x#y",
        "%23",
        "..",
        "MSP%23m",
        "other%23INTEGRATION%2300000001",
        "a%2Fb",
        "\u{2028}",
    ]
    .map(str::to_owned)
    .into();
    for item in world
        .engine
        .items(RECORDS)
        .into_iter()
        .chain(world.engine.items(IMPORTS))
    {
        for field in ["pk", "sk", "id", "managed"] {
            let parts = item[field]["S"].as_str().unwrap_or_default().split(['#', '~']);
            ids.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
        }
    }
    ids.sort();
    ids.dedup();
    ids
}

fn body(rng: &mut Rng, ids: &[String]) -> Value {
    let id = || ids[fastrand::usize(..ids.len())].clone();
    match rng.usize(..8) {
        0 => json!({}),
        1 => json!({ "filter": {} }),
        2 => json!({ "planHash": "00", "confirmMassChange": true }),
        3 => json!({ "version": 1, "selected": rng.bool(), "target": { "existing": id() } }),
        4 => json!({ "selected": rng.bool(), "where": {} }),
        5 => json!({ "address": format!("{}@x.example", rng.u32(..)), "name": "N" }),
        6 => json!({ "name": id() }),
        _ => Value::Null,
    }
}

#[test]
fn r03_no_call_touches_a_key_of_another_msp() {
    alone(async {
        let keys = Arc::<Keys>::default();
        let mut world = World::new(PsaKind::Connectwise).await;
        world.watch = Some(keys.clone());
        for who in [ANA, EVE] {
            *keys.msp.lock().unwrap() = msp(who);
            let script = Script::by(&world, who);
            script.seed().await;
            for step in STEPS {
                script.take(0, step).await.unwrap();
            }
            script.take(1, Step::Start).await.unwrap();
            script.take(1, Step::Fetch).await.unwrap();
        }
        let (ids, mut routes) = (ids(&world), Template::load().unwrap().routes().to_vec());
        // What anybody may read is nobody's.
        routes.retain(|route| route.way.authorised);
        let mut rng = Rng::with_seed(1);
        let mut statuses = std::collections::BTreeMap::<u64, usize>::new();
        for _ in 0..CALLS {
            let who = if rng.bool() { ANA } else { EVE };
            let route = &routes[rng.usize(..routes.len())];
            let segments = route.path.split('/').map(|segment| match segment.strip_prefix('{') {
                Some(_) => ids[rng.usize(..ids.len())].clone(),
                None => segment.to_owned(),
            });
            let call = Message::Call {
                who,
                method: match route.method.as_str() {
                    "GET" => "GET",
                    "POST" => "POST",
                    "PUT" => "PUT",
                    "PATCH" => "PATCH",
                    "DELETE" => "DELETE",
                    other => panic!("{other}"),
                },
                path: segments.collect::<Vec<_>>().join("/"),
                body: body(&mut rng, &ids),
            };
            *keys.msp.lock().unwrap() = msp(who);
            let answer = world.deliver(&call).await.unwrap().unwrap();
            *statuses.entry(answer["statusCode"].as_u64().unwrap()).or_default() += 1;
            let other = if who == ANA { "eve@" } else { "ana@" };
            assert!(!answer.to_string().contains(other), "{answer}");
        }
        let (own, foreign) = (keys.own.load(Ordering::SeqCst), keys.foreign.lock().unwrap());
        println!(
            "{CALLS} calls, {own} keys of the caller's MSP, {} of another; answers {statuses:?}",
            foreign.len()
        );
        assert!(foreign.is_empty(), "{foreign:?}");
        assert!(
            statuses.contains_key(&200) && statuses.contains_key(&404) && !statuses.contains_key(&500),
            "{statuses:?}"
        );
    });
}

fn msp(who: &'static str) -> &'static str {
    who.split_once('@').map_or(MSP, |(_, msp)| msp)
}
