//! A company that was in the PSA all the time is never taken for one that is not, however the rows around it come and go
//! while they are read, and whatever page fails (R9, R10, R13).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::filter::Filter;
use domain::psa::{PsaCompany, PsaFailure, PsaKind};
use fastrand::Rng;
use futures::TryStreamExt;
use psa::{Connector, Credentials, HttpPolicy, Psa, RetryPolicy, vendor};
use serde_json::{Value, json};
use sim_autotask::Autotask;
use sim_connectwise::ConnectWise;
use simkit::clock::SimClock;
use simkit::msp::Size;
use simkit::{Simulator, serve};

use crate::cores::alone;
use crate::server::KINDS;

const SEEDS: u64 = 60;
const MOST_PAGES: usize = 200;

fn simulator(kind: PsaKind) -> Arc<dyn Simulator> {
    match kind {
        PsaKind::Connectwise => Arc::new(ConnectWise::open(Size::Small, None, SimClock::new()).unwrap()),
        PsaKind::Autotask => Arc::new(Autotask::open(Size::Small, None, SimClock::new())),
    }
}

/// Reads everything; before each page something happens.
async fn walk(psa: &dyn Psa, mut happens: impl FnMut()) -> Result<Vec<PsaCompany>, PsaFailure> {
    let everything = Filter::default();
    let expected = psa.totals(&everything).await?.companies;
    let mut pages = psa.companies(&everything, None, Some(expected));
    let mut all = Vec::new();
    for _ in 0..MOST_PAGES {
        happens();
        match pages.try_next().await? {
            Some(page) => all.extend(page.items),
            None => return Ok(all),
        }
    }
    panic!("the walk does not end");
}

fn new_company(kind: PsaKind, number: u64) -> Value {
    match kind {
        PsaKind::Connectwise => json!({ "name": format!("New {number}") }),
        PsaKind::Autotask => json!({ "companyName": format!("New {number}") }),
    }
}

/// One walk; gives how many were wrongly absent, or the failure's being one.
async fn run(
    kind: PsaKind,
    connector: &Connector,
    simulator: &Arc<dyn Simulator>,
    origin: &str,
    seed: u64,
) -> Option<usize> {
    let mut rng = Rng::with_seed(seed);
    let stored = faults::psas::credentials(kind).to_string();
    let credentials = Credentials::from_secret_json(vendor(kind).credential_fields, &stored).unwrap();
    let target = connector
        .target(kind.into(), origin, Some(sim_connectwise::COMPANY_ID))
        .unwrap();
    let psa = connector
        .connect(&target, &credentials, Instant::now() + Duration::from_mins(1))
        .unwrap();
    let before = walk(&*psa, || ()).await.unwrap();
    let mut gone: BTreeSet<String> = BTreeSet::new();
    if rng.usize(..4) == 0 {
        let answers = [
            json!({ "status": 503 }),
            json!({ "status": 401 }),
            json!({ "truncateAfter": 40 }),
        ];
        let fault = json!({
            "match": { "path": "(?i)/companies(/query)?$" }, "skip": rng.u32(1..4),
            "answer": answers[rng.usize(..3)],
        });
        simulator.faults().add(serde_json::from_value(fault).unwrap());
    }
    let read = walk(&*psa, || match rng.usize(..3) {
        0 => {
            let new = json!({ "companies": [new_company(kind, rng.u64(10_000..))] });
            simulator.change_records(new).unwrap();
        }
        1 => {
            let id = before[rng.usize(1..before.len())].id.as_str().to_owned();
            if gone.insert(id.clone()) {
                let delete = json!({ "delete": { "companies": [id.parse::<u64>().unwrap()] } });
                simulator.change_records(delete).unwrap();
            }
        }
        _ => {}
    })
    .await;
    simulator.faults().clear();
    let read = read.ok()?;
    let ids: BTreeSet<&str> = read.iter().map(|company| company.id.as_str()).collect();
    assert_eq!(ids.len(), read.len(), "{kind:?}, seed {seed}: a company came twice");
    let stayed = before.iter().filter(|company| !gone.contains(company.id.as_str()));
    Some(stayed.filter(|company| !ids.contains(company.id.as_str())).count())
}

#[test]
fn r10_no_company_is_wrongly_taken_for_absent() {
    std::thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(move || {
                alone(async {
                    let simulator = simulator(kind);
                    // Several pages either way: Autotask's hold 500.
                    match kind {
                        PsaKind::Connectwise => drop(simulator.set_switches(json!({ "pageCap": 7 })).unwrap()),
                        PsaKind::Autotask => {
                            let many: Vec<Value> = (0..1_200).map(|number| new_company(kind, number)).collect();
                            simulator.change_records(json!({ "companies": many })).unwrap();
                        }
                    }
                    let (address, served) = serve(simulator.router(), ([127, 0, 0, 1], 0).into()).await.unwrap();
                    let origin = format!("http://{address}");
                    let retry = RetryPolicy {
                        base: Duration::from_millis(1),
                        cap: Duration::from_millis(2),
                        ..HttpPolicy::RETRY
                    };
                    let policy = HttpPolicy {
                        allowed_origins: vec![origin.parse().unwrap()],
                        retry,
                        ..HttpPolicy::default()
                    };
                    let connector = Connector::new(policy).unwrap();
                    let (mut whole, mut failed, mut absent) = (0, 0, 0);
                    for seed in 0..SEEDS {
                        match run(kind, &connector, &simulator, &origin, seed).await {
                            Some(wrongly) => (whole, absent) = (whole + 1, absent + wrongly),
                            None => failed += 1,
                        }
                    }
                    println!("{kind:?}: {whole} whole walks, {failed} failed, {absent} companies wrongly absent");
                    assert!(absent == 0 && whole > 10 && failed > 0);
                    served.stop().await;
                });
            });
        }
    });
}
