//! However rows move while they are read (others before them vanish or appear, contacts change their company, the PSA passes
//! over some, or gives some again), no company that was there all the time is *not in*, and nobody is lost or there twice
//! (R10, R13, R14).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::psa::PsaKind;
use domain::row::AddressId;
use fastrand::Rng;
use faults::psas::{COMPANIES, PEOPLE, simulator};
use faults::script::{ANA, STEPS, Script, Step};
use faults::world::{Message, World};
use psa::HttpPolicy;
use serde_json::{Value, json};
use simkit::Simulator;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::cores::alone;
use crate::server::KINDS;

const SEEDS: u64 = 25;

/// So few that there is something between.
const PER_PAGE: usize = 5;

/// What a PSA does besides changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manners {
    Good,
    /// Once, leaves companies out of a page, of which the walk sees nothing: as many others have appeared.
    PassesOver,
    /// The same, and does not answer questions about single companies.
    PassesOverAndIsSilent,
    /// Once, gives a page of contacts again.
    Repeats,
}

/// A PSA in which something happens before each page.
struct Moving {
    kind: PsaKind,
    psa: Arc<dyn Simulator>,
    rng: Rng,
    manners: Manners,
    /// The companies and contacts that there were at the beginning: each contact with every company it was ever of.
    companies: Vec<i64>,
    contacts: BTreeMap<i64, BTreeSet<i64>>,
    gone: BTreeSet<i64>,
    gone_contacts: BTreeSet<i64>,
    /// How many companies are to be passed over, and which were.
    to_pass: usize,
    passed: Vec<i64>,
    last_contacts: Option<Value>,
    moved: usize,
}

type Shared = Arc<Mutex<Option<Moving>>>;

impl Moving {
    fn new(kind: PsaKind, seed: u64, manners: Manners) -> Self {
        let psa = simulator(kind, false);
        if kind == PsaKind::Connectwise {
            psa.set_switches(json!({ "pageCap": PER_PAGE })).unwrap();
        }
        Self {
            kind,
            psa,
            rng: Rng::with_seed(seed),
            manners,
            companies: Vec::new(),
            contacts: BTreeMap::new(),
            gone: BTreeSet::new(),
            gone_contacts: BTreeSet::new(),
            to_pass: 0,
            passed: Vec::new(),
            last_contacts: None,
            moved: 0,
        }
    }

    fn change(&self, change: Value) {
        self.psa.change_records(change).unwrap();
    }

    fn of(&self, id: Option<i64>, company: i64) -> Value {
        let mut contact = match self.kind {
            PsaKind::Connectwise => json!({ "company": { "id": company } }),
            PsaKind::Autotask => json!({ "companyID": company }),
        };
        match (id, self.kind) {
            (Some(id), _) => contact["id"] = id.into(),
            (None, PsaKind::Connectwise) => contact["firstName"] = "New".into(),
            (None, PsaKind::Autotask) => {
                contact["firstName"] = "New".into();
                contact["lastName"] = "One".into();
                contact["isActive"] = 1.into();
            }
        }
        contact
    }

    fn new_company(&mut self) {
        let name = format!("New {}", self.rng.u64(..));
        let name = match self.kind {
            PsaKind::Connectwise => json!({ "name": name }),
            PsaKind::Autotask => json!({ "companyName": name }),
        };
        self.change(json!({ "companies": [name] }));
    }

    /// One of the first companies that is still there.
    fn some_company(&mut self) -> i64 {
        let there: Vec<i64> = self
            .companies
            .iter()
            .filter(|id| !self.gone.contains(id))
            .copied()
            .collect();
        there[self.rng.usize(..there.len())]
    }

    fn some_contact(&mut self) -> i64 {
        let all: Vec<i64> = self
            .contacts
            .keys()
            .filter(|id| !self.gone_contacts.contains(id))
            .copied()
            .collect();
        all[self.rng.usize(..all.len())]
    }

    fn happens(&mut self, contacts: bool) {
        for _ in 0..self.rng.usize(..4) {
            match self.rng.usize(..6) {
                0 | 1 => {
                    let (id, to) = (self.some_contact(), self.some_company());
                    self.change(json!({ "contacts": [self.of(Some(id), to)] }));
                    self.contacts.get_mut(&id).unwrap().insert(to);
                    self.moved += 1;
                }
                2 => {
                    let id = self.some_contact();
                    self.gone_contacts.insert(id);
                    self.change(json!({ "delete": { "contacts": [id] } }));
                }
                3 => {
                    let to = self.some_company();
                    self.change(json!({ "contacts": [self.of(None, to)] }));
                }
                4 if !contacts => self.new_company(),
                // Only those without people: what a PSA does with theirs differs.
                5 if !contacts && self.gone.len() < 2 => {
                    let id = self.some_company();
                    let of_it = self
                        .contacts
                        .iter()
                        .filter(|(contact, of)| of.contains(&id) && !self.gone_contacts.contains(contact))
                        .map(|(contact, _)| *contact);
                    let of_it: Vec<i64> = of_it.collect();
                    self.gone.insert(id);
                    self.gone_contacts.extend(&of_it);
                    self.change(json!({ "delete": { "contacts": of_it } }));
                    self.change(json!({ "delete": { "companies": [id] } }));
                }
                _ => {}
            }
        }
    }

    /// The rows of a page.
    fn rows<'a>(&self, page: &'a mut Value) -> &'a mut Vec<Value> {
        let rows = match self.kind {
            PsaKind::Connectwise => page,
            PsaKind::Autotask => &mut page["items"],
        };
        rows.as_array_mut().unwrap()
    }

    fn pass_over(&mut self, page: &mut Value) {
        let known: Vec<i64> = self
            .companies
            .iter()
            .filter(|id| !self.gone.contains(id))
            .copied()
            .collect();
        let rows = self.rows(page);
        let before = rows.len();
        let mut passed = Vec::new();
        // Not the last: the walk goes on from there.
        for at in (0..rows.len().saturating_sub(1)).rev() {
            let id = rows[at]["id"].as_i64().unwrap();
            if passed.len() < 2 && known.contains(&id) {
                rows.remove(at);
                passed.push(id);
            }
        }
        let left = before - passed.len();
        if self.kind == PsaKind::Autotask {
            page["pageDetails"]["count"] = left.into();
        }
        for _ in &passed {
            self.new_company();
        }
        self.to_pass = 0;
        self.passed = passed;
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Asked {
    Companies,
    Contacts,
    /// Companies by their ids.
    Single,
    Other,
}

fn asked(kind: PsaKind, request: &Request, body: &str) -> Asked {
    let (path, query) = (
        request.uri().path().to_lowercase(),
        request.uri().query().unwrap_or_default(),
    );
    match kind {
        _ if path.ends_with("/company/companies") && query.contains("id%20in") => Asked::Single,
        _ if path.ends_with("/company/companies") && query.contains("id+in") => Asked::Single,
        _ if path.ends_with("/companies/query") && body.contains(r#""op":"in""#) => Asked::Single,
        _ if path.ends_with("/company/companies") && query.contains("pageId") => Asked::Companies,
        _ if path.ends_with("/company/contacts") && query.contains("pageId") => Asked::Contacts,
        _ if path.ends_with("/companies/query") => Asked::Companies,
        _ if path.ends_with("/contacts/query") => Asked::Contacts,
        _ => Asked::Other,
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    // Autotask gives as many as are asked for.
    let body = String::from_utf8(body.to_vec()).unwrap();
    let body = body.replace(r#""MaxRecords":500"#, &format!(r#""MaxRecords":{PER_PAGE}"#));
    let mut parts = parts;
    parts.headers.remove("content-length");
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let (router, what) = {
        let mut shared = shared.lock().unwrap();
        let moving = shared.as_mut().unwrap();
        let what = asked(moving.kind, &request, &body);
        if what == Asked::Single && moving.manners == Manners::PassesOverAndIsSilent {
            return StatusCode::BAD_REQUEST.into_response();
        }
        match what {
            Asked::Companies | Asked::Contacts => moving.happens(what == Asked::Contacts),
            Asked::Single | Asked::Other => {}
        }
        (moving.psa.router(), what)
    };
    let reply = router.oneshot(request).await.unwrap();
    let (mut parts, body) = reply.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut shared = shared.lock().unwrap();
    let moving = shared.as_mut().unwrap();
    let body = match what {
        Asked::Companies if moving.to_pass > 0 => {
            let mut page = serde_json::from_slice(&body).unwrap();
            moving.pass_over(&mut page);
            Bytes::from(page.to_string())
        }
        Asked::Contacts => {
            let page: Value = serde_json::from_slice(&body).unwrap();
            let again = moving.last_contacts.take();
            if moving.manners == Manners::Repeats && again.is_some() {
                moving.manners = Manners::Good;
                Bytes::from(again.unwrap().to_string())
            } else {
                moving.last_contacts = Some(page);
                body
            }
        }
        _ => body,
    };
    parts.headers.remove("content-length");
    Response::from_parts(parts, Body::from(body))
}

async fn get(world: &World, path: String) -> Value {
    let call = Message::Call {
        who: ANA,
        method: "GET",
        path,
        body: Value::Null,
    };
    let answer = world.deliver(&call).await.unwrap().unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// Everybody in the rows of a tab: contacts by company, as often as they are there.
async fn shown(world: &World, import: &str, tab: &str) -> BTreeMap<i64, Vec<i64>> {
    let path = format!("/imports/{import}/companies");
    let rows = get(world, format!("{path}?tab={tab}&limit=100")).await;
    assert!(rows.get("next").is_none_or(Value::is_null), "one page shows all");
    let mut shown = BTreeMap::new();
    for row in rows["items"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let people = get(world, format!("{path}/{id}/addresses?limit=100")).await;
        let people = people["items"].as_array().unwrap().iter().map(|address| {
            let id: AddressId = serde_json::from_value(address["id"].clone()).unwrap();
            id.contact().parse().unwrap()
        });
        let twice = shown.insert(id.parse().unwrap(), people.collect());
        assert_eq!(twice, None, "company {id} has two rows");
    }
    shown
}

/// Two imports: one of the PSA at rest, and many second ones of it while it moves.
struct Stage {
    world: World,
    imported: faults::world::Moment,
    shared: Shared,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(kind: PsaKind) -> Self {
        let shared = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let world = World::among(kind, std::slice::from_ref(&origin), HttpPolicy::default()).await;
        let script = Script::new(&world);
        script.furnish().await;
        for step in STEPS {
            script.take(0, step).await.unwrap();
        }
        world.move_psa(&origin);
        let folder = tempfile::tempdir().unwrap();
        Self {
            imported: world.keep(folder.path(), "imported"),
            world,
            shared,
            _folder: folder,
        }
    }

    /// One snapshot; gives how many companies were wrongly *not in*, and what the PSA has been through.
    async fn run(&self, kind: PsaKind, seed: u64, manners: Manners) -> (usize, Moving) {
        self.world.go_back(&self.imported);
        let mut moving = Moving::new(kind, seed, manners);
        let first = self.first().await;
        for (company, people) in first {
            moving.companies.push(company);
            for contact in people {
                moving.contacts.insert(contact, BTreeSet::from([company]));
            }
        }
        assert_eq!(
            (moving.companies.len(), moving.contacts.len()),
            (COMPANIES, COMPANIES * PEOPLE)
        );
        if matches!(manners, Manners::PassesOver | Manners::PassesOverAndIsSilent) {
            moving.to_pass = 2;
        }
        *self.shared.lock().unwrap() = Some(moving);
        let script = Script::new(&self.world);
        script.take(1, Step::Start).await.unwrap();
        script.take(1, Step::Fetch).await.unwrap();
        let import = self.newest().await;
        let seen = shown(&self.world, &import, "in").await;
        let absent = get(&self.world, format!("/imports/{import}/companies?tab=not-in&limit=100")).await;
        let moving = self.shared.lock().unwrap().take().unwrap();
        let absent: Vec<i64> = absent["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().parse().unwrap())
            .collect();
        let wrongly = absent.iter().filter(|id| !moving.gone.contains(id)).count();
        let mut where_seen: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (company, people) in &seen {
            for contact in people {
                where_seen.entry(*contact).or_default().push(*company);
            }
        }
        for (contact, of) in &moving.contacts {
            let seen = where_seen.get(contact).map_or(&[][..], Vec::as_slice);
            let at_most = usize::from(!moving.gone_contacts.contains(contact));
            assert!(
                seen.len() <= 1,
                "{kind:?} {manners:?} {seed}: contact {contact} is in {seen:?}"
            );
            assert!(
                seen.iter().all(|company| of.contains(company)),
                "{kind:?} {seed}: {contact} in {seen:?}"
            );
            if absent.iter().all(|id| moving.gone.contains(id)) {
                assert!(
                    seen.len() >= at_most,
                    "{kind:?} {manners:?} {seed}: contact {contact} of {of:?} is lost"
                );
            }
        }
        for company in moving.companies.iter().filter(|id| !moving.gone.contains(id)) {
            assert!(
                seen.contains_key(company) || absent.contains(company),
                "{kind:?} {seed}: {company} is nowhere"
            );
        }
        (wrongly, moving)
    }

    async fn newest(&self) -> String {
        let integration = Script::new(&self.world).integration().await.unwrap();
        let history = get(&self.world, format!("/integrations/{integration}/imports")).await;
        history["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Companies and contacts as the first import has them.
    async fn first(&self) -> BTreeMap<i64, Vec<i64>> {
        let import = self.newest().await;
        let mut first = shown(&self.world, &import, "in").await;
        first.retain(|_, people| !people.is_empty());
        first
    }
}

fn for_each_kind(each: impl AsyncFn(PsaKind, Stage) + Sync) {
    std::thread::scope(|scope| {
        for kind in KINDS {
            let each = &each;
            scope.spawn(move || alone(async { each(kind, Stage::new(kind).await).await }));
        }
    });
}

#[test]
fn r10_whatever_moves_nobody_is_lost_doubled_or_wrongly_not_in() {
    for_each_kind(async |kind, stage| {
        let (mut moved, mut passed, mut repeated) = (0, 0, 0);
        for seed in 0..SEEDS {
            let manners = [Manners::Good, Manners::PassesOver, Manners::Good, Manners::Repeats];
            let manners = manners[usize::try_from(seed).unwrap() % manners.len()];
            let (wrongly, moving) = stage.run(kind, seed, manners).await;
            assert_eq!(
                wrongly, 0,
                "{kind:?}, seed {seed}, {manners:?}: passed over {:?}",
                moving.passed
            );
            moved += moving.moved;
            passed += moving.passed.len();
            repeated += usize::from(manners == Manners::Repeats && moving.manners == Manners::Good);
        }
        println!(
            "{kind:?}: {SEEDS} snapshots, {moved} contacts moved, {passed} companies passed over, {repeated} pages repeated, 0 wrong"
        );
        assert!(moved > 50 && passed > 5 && repeated > 3);
    });
}

/// That the scenario is one: it is reading single companies back that keeps them in.
#[test]
fn r14_companies_that_are_passed_over_and_cannot_be_read_back_are_caught() {
    for_each_kind(async |kind, stage| {
        let mut wrongly = 0;
        for seed in 0..4 {
            wrongly += stage.run(kind, seed, Manners::PassesOverAndIsSilent).await.0;
        }
        println!("{kind:?}: {wrongly} companies wrongly not in");
        assert!(wrongly > 0);
    });
}
