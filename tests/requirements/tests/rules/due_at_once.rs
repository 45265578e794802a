//! Many integrations that are due at one moment: each import ends as it would alone, and costs what it would cost alone (R65, R95).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use requirements::import::directory;
use requirements::stage::{KINDS, PATIENCE, advance, quick, text};
use requirements::{Api, Options, PsaKind, Sandbox, psa};
use serde_json::{Value, json};
use sim_autotask::Autotask;
use sim_connectwise::ConnectWise;
use simkit::clock::SimClock;
use simkit::msp::{Size, generate};
use simkit::{Served, Simulator, serve};

use crate::schedules::sweep;

/// The integrations of one MSP: as many as it may have (R65).
const OF_ONE_MSP: usize = 20;

/// Other MSPs, of two integrations each.
const OTHER_MSPS: usize = 3;

const COMPANIES: usize = 4;

/// People of each company.
const PEOPLE: usize = 5;

const DAY: i64 = 24 * 3600;

/// How many requests of an import its PSA may have to answer at once.
const fn requests_at_once(kind: PsaKind) -> usize {
    match kind {
        PsaKind::Connectwise => 4,
        PsaKind::Autotask => 2,
    }
}

/// A PSA of its own, whose companies and people no other has.
struct OwnPsa {
    kind: PsaKind,
    simulator: Arc<dyn Simulator>,
    address: String,
    _served: Served,
}

impl OwnPsa {
    async fn new(number: usize) -> Self {
        let kind = KINDS[number % 2];
        let simulator: Arc<dyn Simulator> = match kind {
            PsaKind::Connectwise => Arc::new(ConnectWise::open(Size::Small, None, SimClock::new()).unwrap()),
            PsaKind::Autotask => Arc::new(Autotask::open(Size::Small, None, SimClock::new())),
        };
        let change = |records: Value| simulator.change_records(records).unwrap();
        change(json!({ "delete": all_but_the_msp(kind) }));
        for company in 0..COMPANIES {
            let added = change(json!({ "companies": [psa::new_company(kind, &format!("Klant {number}.{company}"))] }));
            let id = psa::added(kind, &added["companies"]);
            let address = |person: usize| format!("p{person}@klant{company}.psa{number}.example");
            let people: Vec<Value> = (0..PEOPLE)
                .map(|person| psa::new_contact(kind, &id, &address(person)))
                .collect();
            change(json!({ "contacts": people }));
        }
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (address, served) = serve(simulator.router(), anywhere).await.unwrap();
        Self {
            kind,
            simulator,
            address: format!("http://{address}"),
            _served: served,
        }
    }
}

/// The ids of all companies but the MSP's own, and of all contacts.
fn all_but_the_msp(kind: PsaKind) -> Value {
    let msp = generate(Size::Small);
    let companies = msp.companies.iter().filter(|company| !company.own);
    let companies: Vec<i64> = companies
        .map(|company| match kind {
            PsaKind::Connectwise => sim_connectwise::company_id(company.number),
            PsaKind::Autotask => sim_autotask::company_id(company.number),
        })
        .collect();
    let contacts = msp.contacts.iter().map(|contact| match kind {
        PsaKind::Connectwise => sim_connectwise::contact_id(contact.number),
        PsaKind::Autotask => sim_autotask::contact_id(contact.number),
    });
    json!({ "companies": companies, "contacts": contacts.collect::<Vec<i64>>() })
}

/// A sandbox with integrations that are due at the same minute of each day.
struct Due {
    sandbox: Sandbox,
    psas: Vec<OwnPsa>,
    /// Each with its administrator, in the order of the PSAs.
    integrations: Vec<(Api, String)>,
}

impl Due {
    /// The MSP of each integration, by its number.
    async fn new(numbers: impl Iterator<Item = usize>, msp: impl Fn(usize) -> String) -> Self {
        let mut psas = Vec::new();
        let mut msps = Vec::new();
        for number in numbers {
            psas.push(OwnPsa::new(number).await);
            msps.push(msp(number));
        }
        let vendors = psas
            .iter()
            .map(|own| (::psa::vendor(own.kind), own.address.parse().unwrap()));
        let options = Options {
            vendors: vendors.collect(),
            ..quick()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let policy = json!({
            "newCompanies": true, "newAddresses": true, "massChange": { "percent": 100, "atLeast": 10_000 },
            "schedule": { "everyMinutes": 1440, "at": "03:00", "timeZone": "Europe/Amsterdam" },
        });
        let mut integrations = Vec::new();
        for (own, msp) in psas.iter().zip(&msps) {
            let token = sandbox.token_for("somebody", msp, &["administrator"]).unwrap();
            let api = Api::new(&sandbox.face.api, token);
            api.put("/licences", &json!({ "total": 1_000, "mode": "pool" }))
                .await
                .unwrap();
            let mut new = sandbox.psas.integration(own.kind);
            new["address"] = json!(own.address);
            let added = api.post("/integrations", &new).await.unwrap();
            let id = text(&added["id"]).to_owned();
            api.put(&format!("/integrations/{id}/policy"), &policy).await.unwrap();
            integrations.push((api, id));
        }
        Self {
            sandbox,
            psas,
            integrations,
        }
    }

    /// Lets all of them import at the same moment; gives how many calls to the database that took, and how many were refused. Nobody
    /// looks meanwhile, which would be counted, too.
    async fn night(&self) -> (u64, u64) {
        let many = self.integrations.len();
        for own in &self.psas {
            own.simulator.requests().clear();
        }
        let ended = || {
            let events = self.sandbox.events().into_iter();
            events.filter(|event| event["detail"]["what"] == "ended").count()
        };
        let (before, ended_before) = (self.sandbox.spent(), ended());
        self.sandbox.pause(true).await;
        advance(&self.sandbox, DAY).await;
        assert_eq!(sweep(&self.sandbox).await, (many as u64, many as u64));
        self.sandbox.pause(false).await;
        let began = Instant::now();
        while ended() < ended_before + many {
            assert!(
                began.elapsed() < PATIENCE,
                "{} of {many} have ended",
                ended() - ended_before
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let after = self.sandbox.spent();
        let calls = |spent: &local_aws::Spent| spent.operations.values().sum::<u64>();
        for own in &self.psas {
            let at_once = own.simulator.requests().most_at_once("");
            assert!(at_once <= requests_at_once(own.kind), "{at_once} requests at once");
        }
        (calls(&after) - calls(&before), after.refused - before.refused)
    }

    /// The result of the newest import of each.
    async fn results(&self) -> Vec<Value> {
        let mut results = Vec::new();
        for (api, id) in &self.integrations {
            let imports = api.list(&format!("/integrations/{id}/imports")).await.unwrap();
            assert_eq!(imports[0]["state"], "done", "{}", imports[0]);
            let path = format!("/imports/{}/result", text(&imports[0]["id"]));
            let result = api.get(&path).await.unwrap();
            results.push(json!({ "companies": result["companies"], "users": result["users"] }));
        }
        results
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r95_many_integrations_due_at_one_moment_end_and_cost_as_each_would_alone() {
    let (mut expected, mut calls_alone) = (Vec::new(), Vec::new());
    for number in 0..2 {
        let alone = Due::new(number..=number, |number| format!("alleen-{number}")).await;
        let mut nights = Vec::new();
        for _ in 0..2 {
            let (calls, _) = alone.night().await;
            nights.push((calls, alone.results().await.remove(0)));
        }
        calls_alone.push([nights[0].0, nights[1].0]);
        expected.push(nights);
        alone.sandbox.stop().await;
    }

    let many = OF_ONE_MSP + 2 * OTHER_MSPS;
    let msp = |number: usize| match number.checked_sub(OF_ONE_MSP) {
        None => "grote-msp".to_owned(),
        Some(other) => format!("andere-msp-{}", other / 2),
    };
    let due = Due::new(0..many, msp).await;
    let mut held = Vec::new();
    for night in 0..2 {
        let (calls, refused) = due.night().await;
        for (number, result) in due.results().await.into_iter().enumerate() {
            assert_eq!(
                result,
                expected[number % 2][night].1,
                "integration {number}, night {night}"
            );
        }
        let alone = (0..many).map(|number| calls_alone[number % 2][night]).sum::<u64>();
        let at_once = due.sandbox.most_at_once();
        println!(
            "night {night}: {many} imports, {} executions and {} calls of functions at once; {calls} calls to the database, {refused} of \
             them refused, {alone} if each were alone",
            at_once.1, at_once.0
        );
        // An execution that ends and the next one of the same import may overlap.
        assert!((many..=2 * many).contains(&at_once.1), "{at_once:?}");
        assert!(at_once.0 <= 2 * many, "{at_once:?}");
        assert!(calls <= alone + alone / 4, "{calls}, {alone} if each were alone");
        held.push(directory(&due.integrations[0].0).await);
    }
    assert_eq!(held[0], held[1], "the second night changes nothing");
    assert_nothing_twice(&held[0]);
    due.sandbox.stop().await;
}

fn assert_nothing_twice(held: &Value) {
    let companies = held["companies"].as_array().unwrap();
    let mut names: Vec<&str> = companies.iter().map(|company| text(&company[0])).collect();
    let users = companies.iter().flat_map(|company| company[1].as_array().unwrap());
    let mut users: Vec<&str> = users.map(text).collect();
    let users_in_all = OF_ONE_MSP * COMPANIES * PEOPLE;
    assert_eq!((names.len(), users.len()), (OF_ONE_MSP * COMPANIES, users_in_all));
    names.sort_unstable();
    names.dedup();
    users.sort_unstable();
    users.dedup();
    assert_eq!((names.len(), users.len()), (OF_ONE_MSP * COMPANIES, users_in_all));
    let licences = &held["licences"];
    assert_eq!(
        (&licences["used"], &licences["reserved"]),
        (&json!(users_in_all), &json!(0))
    );
}
