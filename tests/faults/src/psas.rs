//! A PSA with twelve companies of eight people, and the same one later. psa-import only reads a PSA, so all runs share both.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::address::{Address, AddressKey};
use domain::name::NameKey;
use domain::psa::PsaKind;
use serde_json::{Value, json};
use sim_autotask::Autotask;
use sim_connectwise::ConnectWise;
use simkit::Simulator;
use simkit::clock::SimClock;
use simkit::msp::{Company, Contact, Kind, Msp, Size, generate};
use tower::ServiceExt;

use crate::effects::Effects;
use crate::listening::Listening;
use crate::night::{Fault, Night};
use crate::wire::{Call, Gate, Verdict};

/// Companies that are imported first.
pub const COMPANIES: usize = 12;

/// People of each.
pub const PEOPLE: usize = 8;

/// The first companies of a generated MSP are odd in one way or another.
const FIRST_ORDINARY: u32 = 1_001;

/// How much a PSA has, and what changes in it. Companies and people are counted from 0; the last company goes.
#[derive(Debug)]
pub struct Extent {
    /// Companies that are imported first.
    pub companies: usize,
    /// People of each.
    pub people: usize,
    /// The first of the companies, which get somebody new.
    joined: usize,
    renamed: &'static [usize],
    /// Companies and people whose address changes.
    moved: &'static [(usize, usize)],
}

impl Extent {
    /// As much as there usually is.
    pub const WHOLE: Self = Self {
        companies: COMPANIES,
        people: PEOPLE,
        joined: 3,
        renamed: &[3, 4],
        moved: &[(3, 0), (5, 1), (6, 2), (6, 3)],
    };

    /// Some of it, for what takes long.
    pub const FEW: Self = Self {
        companies: 4,
        people: 3,
        joined: 1,
        renamed: &[1],
        moved: &[(1, 0), (2, 1), (2, 2)],
    };
}

/// A PSA that listens, in its two states.
#[derive(Clone)]
pub struct Psa {
    /// Which product.
    pub kind: PsaKind,
    pub(crate) listening: Listening,
    shown: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Front {
    effects: Effects,
    night: Night,
    states: [Router; 2],
    shown: Arc<AtomicUsize>,
}

impl Psa {
    /// Starts to listen; every request is an effect.
    pub async fn start(kind: PsaKind, effects: Effects, night: Night, states: [Arc<dyn Simulator>; 2]) -> Self {
        let shown = Arc::<AtomicUsize>::default();
        let front = Front {
            effects,
            night,
            states: states.map(|state| state.router()),
            shown: Arc::clone(&shown),
        };
        let listening = Listening::start(Router::new().fallback(answer).with_state(front)).await;
        Self { kind, listening, shown }
    }

    /// Where it listens.
    pub fn origin(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    /// Shows it as it is at the first import, or at the second.
    pub fn show(&self, cycle: usize) {
        self.shown.store(cycle, Ordering::SeqCst);
    }

    /// What connects an integration to it.
    pub fn integration(&self) -> Value {
        let address = self.origin();
        match self.kind {
            PsaKind::Connectwise => json!({
                "kind": "connectwise", "name": "PSA", "address": address, "companyId": sim_connectwise::COMPANY_ID,
                "credentials": credentials(self.kind),
            }),
            PsaKind::Autotask => json!({
                "kind": "autotask", "name": "PSA", "address": address, "credentials": credentials(self.kind),
            }),
        }
    }
}

/// The credentials that the simulators accept.
pub fn credentials(kind: PsaKind) -> Value {
    match kind {
        PsaKind::Connectwise => json!({
            "publicKey": sim_connectwise::PUBLIC_KEY, "privateKey": sim_connectwise::PRIVATE_KEY,
            "clientId": sim_connectwise::CLIENT_ID,
        }),
        PsaKind::Autotask => json!({
            "username": sim_autotask::USERNAME, "secret": sim_autotask::SECRET,
            "integrationCode": sim_autotask::INTEGRATION_CODE,
        }),
    }
}

async fn answer(State(front): State<Front>, request: Request) -> Response {
    let name = format!("{} {}", request.method(), request.uri().path());
    let same = format!("{} {}", request.method(), request.uri());
    let call = Call {
        name: &name,
        request: &same,
    };
    match front.night.meets(&name, Fault::is_of_psa) {
        Some(Fault::Psa500) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::PsaHanging) => pending().await,
        Some(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        None => {}
    }
    match front.effects.pass(call).await {
        Verdict::Answer => {
            let state = front.states[front.shown.load(Ordering::SeqCst)].clone();
            state.oneshot(request).await.unwrap()
        }
        // Nothing is ever applied in a PSA.
        Verdict::ApplyAndFail | Verdict::Fail => StatusCode::BAD_GATEWAY.into_response(),
        Verdict::ApplyAndHang | Verdict::Hang => pending().await,
    }
}

struct Chosen<'a> {
    company: &'a Company,
    people: Vec<&'a Contact>,
}

/// Companies of which nothing is odd, with one person more than are imported first.
fn chosen<'a>(msp: &'a Msp, extent: &Extent) -> Vec<Chosen<'a>> {
    let mut names: HashMap<NameKey, usize> = HashMap::new();
    for company in &msp.companies {
        *names.entry(NameKey::of(&company.name)).or_default() += 1;
    }
    let mut addresses: HashMap<AddressKey, usize> = HashMap::new();
    for email in msp.contacts.iter().flat_map(|contact| &contact.emails) {
        if let Ok(address) = email.parse::<Address>() {
            *addresses.entry(address.key().clone()).or_default() += 1;
        }
    }
    let only = |email: &str| {
        email
            .parse::<Address>()
            .is_ok_and(|address| addresses[address.key()] == 1)
    };
    let plain = |company: &&Company| {
        company.active && !company.own && company.kind == Kind::Customer && names[&NameKey::of(&company.name)] == 1
    };
    let plain = msp.companies.iter().filter(plain).map(|company| {
        let people = msp.contacts.iter().filter(|contact| {
            contact.company == Some(company.number)
                && contact.active
                && matches!(contact.emails.as_slice(), [one] if only(one))
        });
        Chosen {
            company,
            people: people.take(extent.people + 1).collect(),
        }
    });
    let chosen: Vec<_> = plain
        .filter(|chosen| chosen.people.len() > extent.people)
        .take(extent.companies + 1)
        .collect();
    assert_eq!(
        chosen.len(),
        extent.companies + 1,
        "the simulated MSP has too few ordinary companies"
    );
    chosen
}

/// The simulator of so many companies of a large MSP, with all their people: some twenty on average.
pub fn simulator_of_some(kind: PsaKind, companies: u32) -> Arc<dyn Simulator> {
    let (simulator, msp) = (simulator_of_all(kind, Size::Large), generate(Size::Large));
    let is_kept = |number: u32| (FIRST_ORDINARY..FIRST_ORDINARY + companies).contains(&number);
    keep_only(
        (kind, &*simulator, &msp),
        |company| is_kept(company.number),
        |contact| contact.company.is_some_and(is_kept),
    );
    simulator
}

/// The simulator of an MSP of this size, with all that is odd in it.
pub fn simulator_of_all(kind: PsaKind, size: Size) -> Arc<dyn Simulator> {
    match kind {
        PsaKind::Connectwise => Arc::new(ConnectWise::open(size, None, SimClock::new()).unwrap()),
        PsaKind::Autotask => Arc::new(Autotask::open(size, None, SimClock::new())),
    }
}

/// The simulator behind it: as it is at the first import, or `later`.
pub fn simulator(kind: PsaKind, later: bool) -> Arc<dyn Simulator> {
    simulator_of(kind, later, &Extent::WHOLE)
}

/// The same with so much in it.
pub fn simulator_of(kind: PsaKind, later: bool, extent: &Extent) -> Arc<dyn Simulator> {
    let simulator = simulator_of_all(kind, Size::Small);
    if kind == PsaKind::Connectwise {
        // Several pages, so that there is something between them.
        simulator.set_switches(json!({ "pageCap": 50 })).unwrap();
    }
    let msp = generate(Size::Small);
    let chosen = chosen(&msp, extent);
    let new = usize::from(later);
    let (companies, people) = (extent.companies + new, extent.people + new);
    let kept: Vec<u32> = chosen
        .iter()
        .take(companies)
        .map(|chosen| chosen.company.number)
        .collect();
    // At the second import, some of the companies have somebody new.
    let kept_people: Vec<u32> = chosen
        .iter()
        .take(companies)
        .enumerate()
        .flat_map(|(at, chosen)| {
            let people = if at < extent.joined { people } else { extent.people };
            chosen.people.iter().take(people)
        })
        .map(|contact| contact.number)
        .collect();
    keep_only(
        (kind, &*simulator, &msp),
        |company| kept.contains(&company.number),
        |contact| kept_people.contains(&contact.number),
    );
    if later {
        change(kind, &*simulator, (&chosen, extent));
    }
    simulator
}

/// Deletes all companies but the MSP's own one and these, and all people but these.
fn keep_only(
    (kind, simulator, msp): (PsaKind, &dyn Simulator, &Msp),
    is_company_kept: impl Fn(&Company) -> bool,
    is_contact_kept: impl Fn(&Contact) -> bool,
) {
    let gone = msp.companies.iter();
    let gone = gone.filter(|company| !company.own && !is_company_kept(company));
    let gone: Vec<i64> = gone.map(|company| company_id(kind, company.number)).collect();
    let gone_people = msp.contacts.iter().filter(|contact| !is_contact_kept(contact));
    let gone_people: Vec<i64> = gone_people.map(|contact| contact_id(kind, contact.number)).collect();
    let delete = json!({ "delete": { "companies": gone, "contacts": gone_people } });
    simulator.change_records(delete).unwrap();
}

/// What happened between the imports: renamings, changed addresses, a company that is gone.
fn change(kind: PsaKind, simulator: &dyn Simulator, (chosen, extent): (&[Chosen<'_>], &Extent)) {
    let company = |at: usize| company_id(kind, chosen[at].company.number);
    let name = match kind {
        PsaKind::Connectwise => "name",
        PsaKind::Autotask => "companyName",
    };
    let renamed = extent.renamed.iter();
    let renamed = renamed.map(|at| json!({ "id": company(*at), name: format!("{} Groep", chosen[*at].company.name) }));
    let renamed: Vec<Value> = renamed.collect();
    simulator.change_records(json!({ "companies": renamed })).unwrap();
    for &(at, who) in extent.moved {
        let id = contact_id(kind, chosen[at].people[who].number);
        let address = format!(
            "nieuw{at}{who}@{}",
            chosen[at].people[who].emails[0].rsplit('@').next().unwrap()
        );
        let contact = match kind {
            PsaKind::Connectwise => {
                let answer = simulator.change_records(json!({ "contacts": [{ "id": id }] })).unwrap();
                let mut items = answer["contacts"][0]["communicationItems"].clone();
                for item in items.as_array_mut().unwrap() {
                    if item["communicationType"] == "Email" {
                        item["value"] = json!(address);
                    }
                }
                json!({ "id": id, "communicationItems": items })
            }
            // Whichever of its three fields holds the one address.
            PsaKind::Autotask => {
                json!({ "id": id, "emailAddress": address, "emailAddress2": null, "emailAddress3": null })
            }
        };
        simulator.change_records(json!({ "contacts": [contact] })).unwrap();
    }
    let gone = company(extent.companies - 1);
    let gone = match kind {
        PsaKind::Connectwise => json!({ "companies": [{ "id": gone, "deletedFlag": true }] }),
        PsaKind::Autotask => json!({ "delete": { "companies": [gone] } }),
    };
    simulator.change_records(gone).unwrap();
}

/// The id of a company of the generated MSP.
fn company_id(kind: PsaKind, number: u32) -> i64 {
    match kind {
        PsaKind::Connectwise => sim_connectwise::company_id(number),
        PsaKind::Autotask => sim_autotask::company_id(number),
    }
}

fn contact_id(kind: PsaKind, number: u32) -> i64 {
    match kind {
        PsaKind::Connectwise => sim_connectwise::contact_id(number),
        PsaKind::Autotask => sim_autotask::contact_id(number),
    }
}
