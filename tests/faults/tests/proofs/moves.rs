//! However rows move while they are read (others before them vanish or appear, contacts change their company, the PSA passes
//! over some, or gives some again), no company that was there all the time is *not in*, and nobody is lost or there twice
//! (R10, R13, R14).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use domain::ids::AddressId;
use domain::psa::PsaKind;
use faults::psas::{COMPANIES, PEOPLE};
use faults::script::{STEPS, Script, Step};
use faults::world::World;
use psa::HttpPolicy;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::cores::alone;
use crate::moving::{Manners, Moving, Shared, answer};
use crate::server::KINDS;

const SEEDS: u64 = 25;

/// Everybody in the rows of a tab: contacts by company, as often as they are there.
async fn shown(script: &Script<'_>, import: &str, tab: &str) -> BTreeMap<i64, Vec<i64>> {
    let path = format!("/imports/{import}/companies");
    let rows = script.get(&format!("{path}?tab={tab}&limit=100")).await;
    assert!(rows.get("next").is_none_or(Value::is_null), "one page shows all");
    let mut shown = BTreeMap::new();
    for row in rows["items"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let people = script.get(&format!("{path}/{id}/addresses?limit=100")).await;
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
        script.seed().await;
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
        let in_tab = shown(&script, &import, "in").await;
        let absent = script
            .get(&format!("/imports/{import}/companies?tab=not-in&limit=100"))
            .await;
        let moving = self.shared.lock().unwrap().take().unwrap();
        let absent: Vec<i64> = absent["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().parse().unwrap())
            .collect();
        let wrongly = absent.iter().filter(|id| !moving.gone.contains(id)).count();
        let mut where_found: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (company, people) in &in_tab {
            for contact in people {
                where_found.entry(*contact).or_default().push(*company);
            }
        }
        for (contact, of) in &moving.contacts {
            let found = where_found.get(contact).map_or(&[][..], Vec::as_slice);
            let at_least = usize::from(!moving.gone_contacts.contains(contact));
            assert!(
                found.len() <= 1,
                "{kind:?} {manners:?} {seed}: contact {contact} is in {found:?}"
            );
            assert!(
                found.iter().all(|company| of.contains(company)),
                "{kind:?} {seed}: {contact} in {found:?}"
            );
            if absent.iter().all(|id| moving.gone.contains(id)) {
                assert!(
                    found.len() >= at_least,
                    "{kind:?} {manners:?} {seed}: contact {contact} of {of:?} is lost"
                );
            }
        }
        for company in moving.companies.iter().filter(|id| !moving.gone.contains(id)) {
            assert!(
                in_tab.contains_key(company) || absent.contains(company),
                "{kind:?} {seed}: {company} is nowhere"
            );
        }
        (wrongly, moving)
    }

    async fn newest(&self) -> String {
        let script = Script::new(&self.world);
        let integration = script.integration().await.unwrap();
        let history = script.get(&format!("/integrations/{integration}/imports")).await;
        history["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Companies and contacts as the first import has them.
    async fn first(&self) -> BTreeMap<i64, Vec<i64>> {
        let import = self.newest().await;
        let mut first = shown(&Script::new(&self.world), &import, "in").await;
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
