//! Whatever a PSA sends, reading it ends in rows or in a code, never in a panic and never late (R9, R42): recorded shapes,
//! mutated at random. What once broke something stays in `corpus/`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::filter::Filter;
use domain::psa::{PsaFailureKind, PsaKind};
use fastrand::Rng;
use futures::StreamExt;
use psa::{Connector, HttpPolicy, Psa};

use crate::cores::alone;
use crate::mutate;
use crate::server::{KINDS, Reply, Server, credentials, impatient, reply, rows};

/// Nothing takes longer than this, repetitions included.
const LONGEST: Duration = Duration::from_secs(10);

const CORPUS: &str = include_str!("../../corpus/bodies.txt");

/// Bits of what APIs say, to be put anywhere.
const WORDS: [&str; 24] = [
    "null",
    "true",
    "-1",
    "1e400",
    "9223372036854775808",
    "\"\"",
    "[]",
    "{}",
    "\"id\":",
    "\"items\":",
    "\"pageDetails\":",
    "\"nextPageUrl\":\"http://169.254.169.254/\"",
    "\"communicationItems\":",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    ",",
    ":",
    "\"",
    "[[[[[[[[",
    "}}}}",
    "\"isActive\":\"x\"",
    "\"_info\":{\"lastUpdated\":\"2099-99-99T99:99:99Z\"}",
];

fn mutated(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut body = seeds[rng.usize(..seeds.len())].clone();
    mutate::text(rng, &mut body, &WORDS, seeds);
    body
}

/// Whole rows as the products send them, and errors.
fn seeds(kind: PsaKind) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = mutate::corpus(CORPUS).map(Vec::from).collect();
    let row = match kind {
        PsaKind::Connectwise => {
            r#"[{"id":1,"name":"Acme","status":{"id":1,"name":"Active"},"types":[{"id":1,"name":"Customer"}],"deletedFlag":false,"website":"acme.example","firstName":"A","lastName":"B","company":{"id":1},"inactiveFlag":false,"communicationItems":[{"id":5,"type":{"id":1},"value":"a@acme.example","defaultFlag":true,"communicationType":"Email"}]}]"#
        }
        PsaKind::Autotask => {
            r#"[{"id":1,"companyName":"Acme","companyType":1,"isActive":true,"webAddress":"acme.example","firstName":"A","lastName":"B","companyID":1,"emailAddress":"a@acme.example","emailAddress2":null,"emailAddress3":""}]"#
        }
    };
    seeds.extend([rows(kind, 1, row).into_bytes(), rows(kind, 0, "[]").into_bytes()]);
    seeds
}

/// Headers, of which `Link` and `Retry-After` are read as well.
fn headers(rng: &mut Rng) -> String {
    const TYPES: [&str; 6] = [
        "application/json",
        "application/json",
        "application/json; charset=utf-16",
        "application/vnd.connectwise.com+json; version=2025.1",
        ";;;",
        "",
    ];
    const LINKS: [&str; 4] = [
        r#"<https://h/x?pageId=5>; rel="next", <https://h/x?page=4>; rel="last""#,
        r#"<>; rel="next", <http://[::1]/?pageId=-1>; rel=next"#,
        "<<<>>>;;;rel==\"next\",",
        "",
    ];
    const WAITS: [&str; 4] = ["-1", "0", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999999999999"];
    const WORDS: [&str; 8] = ["<", ">", ";", ",", "\"", "rel=next", "=", "\u{e9}"];
    let headers = [("content-type", &TYPES[..]), ("link", &LINKS), ("retry-after", &WAITS)];
    let headers = headers.map(|(name, values)| {
        let mut value = values[rng.usize(..values.len())].as_bytes().to_vec();
        if rng.usize(..4) == 0 {
            mutate::text(rng, &mut value, &WORDS, &[]);
        }
        // What would end the header would be another header, which is not what is tried here.
        value.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
        format!("{name}: {}\r\n", String::from_utf8_lossy(&value))
    });
    headers.concat()
}

async fn read(psa: &dyn Psa, contacts: bool) -> Result<usize, PsaFailureKind> {
    let everything = Filter::default();
    let read = if contacts {
        let page = psa.contacts(&everything, None, Some(1)).next().await.unwrap();
        page.map(|page| page.items.len())
    } else {
        let page = psa.companies(&everything, None, Some(1)).next().await.unwrap();
        page.map(|page| page.items.len())
    };
    read.map_err(|failure| failure.kind)
}

#[test]
fn r42_whatever_a_psa_sends_is_read_or_refused() {
    std::thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(move || {
                alone(async {
                    let next = Arc::new(Mutex::new(Reply::Bytes(Vec::new())));
                    let replies = Arc::clone(&next);
                    let server = Server::start(kind, move |_| replies.lock().unwrap().clone()).await;
                    let origin = format!("http://{}", server.address);
                    let policy = HttpPolicy {
                        allowed_origins: vec![origin.parse().unwrap()],
                        ..impatient()
                    };
                    let (connector, credentials) = (Connector::new(policy).unwrap(), credentials(kind));
                    let target = connector.target(kind.into(), &origin, Some("msp")).unwrap();
                    let seeds = seeds(kind);
                    let (mut tried, mut accepted, mut slowest) = (0, 0, Duration::ZERO);
                    for number in mutate::numbers() {
                        let mut rng = Rng::with_seed(number);
                        // As they are first.
                        let as_it_is = usize::try_from(number).ok().and_then(|number| seeds.get(number));
                        let body = as_it_is.cloned().unwrap_or_else(|| mutated(&mut rng, &seeds));
                        tried += 1;
                        let status = [200, 200, 200, 200, 400, 401, 500, 503][rng.usize(..8)];
                        *next.lock().unwrap() = reply(status, &headers(&mut rng), &body);
                        let deadline = Instant::now() + Duration::from_secs(20);
                        let psa = connector.connect(&target, &credentials, deadline).unwrap();
                        let began = Instant::now();
                        let outcome = read(&*psa, number % 2 == 1).await;
                        slowest = slowest.max(began.elapsed());
                        assert!(
                            began.elapsed() < LONGEST,
                            "SEED={number} {:?}",
                            String::from_utf8_lossy(&body)
                        );
                        accepted += usize::from(outcome.is_ok());
                        assert!(
                            outcome.is_err() || status == 200,
                            "SEED={number}: {status} was accepted"
                        );
                    }
                    println!("{kind:?}: {tried} replies, {accepted} accepted, the slowest {slowest:?}");
                });
            });
        }
    });
}
