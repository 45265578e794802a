//! Pages that a run saved before it died, without the checkpoint behind them, are no part of the snapshot (R9, R11).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::ids::{ImportId, MspId, PsaCompanyId};
use domain::psa::{PsaCompany, PsaKind};
use faults::engine::{IMPORTS, RECORDS};
use faults::script::{Script, Step};
use faults::wire::{Call, Gate, Verdict};
use faults::world::{MSP, World};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use store::checkpoint::Checkpoint;
use store::lease::{Lease, LeaseOutcome};
use store::snapshot::pages::{Pages, Saved};
use store::{Store, Tenant};

use crate::cores::alone;

/// More pages than one transaction takes.
const MANY: usize = 120;

/// Lets nothing through behind so many transactions.
struct Down {
    behind: usize,
    seen: AtomicUsize,
}

impl Gate for Down {
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict> {
        let is_one = call.name.starts_with("TransactWriteItems");
        let is_down = is_one && self.seen.fetch_add(1, Ordering::SeqCst) >= self.behind;
        std::future::ready(if is_down { Verdict::Fail } else { Verdict::Answer }).boxed()
    }
}

fn tenant(world: &World, behind: usize) -> Tenant {
    let seen = AtomicUsize::new(0);
    let wire = world.wire_behind(Arc::new(Down { behind, seen }));
    Store::new(wire.dynamodb(), RECORDS, IMPORTS).of(&MspId::new(MSP))
}

/// Pages of one company each, with numbers from here on.
fn pages(from: usize, pages: usize) -> Pages {
    let mut read = Pages::default();
    for number in from..from + pages {
        read.add_companies(&[PsaCompany {
            id: PsaCompanyId::new(number.to_string()),
            name: format!("Company {number}"),
            identifier: None,
            types: Vec::new(),
            status: "Active".to_owned(),
            active: true,
            own: false,
            website: None,
            values: Vec::new(),
        }])
        .unwrap();
    }
    read
}

fn names(pages: &Pages) -> Vec<String> {
    let companies = pages.companies().flat_map(Result::unwrap);
    companies.map(|company| company.name).collect()
}

async fn save(tenant: &Tenant, lease: &Lease, import: &domain::import::Import, pages: &mut Pages) -> Option<Saved> {
    let saved = pages.all_saved();
    let checkpoint = Checkpoint::<Saved> {
        position: saved,
        ..Checkpoint::default()
    };
    let outcome = tenant
        .save_pages(lease, import, pages, &checkpoint, Timestamp::now)
        .await;
    outcome.is_ok_and(|outcome| outcome.committed()).then_some(saved)
}

#[test]
fn r11_pages_behind_which_no_checkpoint_was_written_are_read_anew() {
    alone(async {
        let world = World::new(PsaKind::Connectwise).await;
        let ana = Script::new(&world);
        ana.seed().await;
        ana.take(0, Step::Start).await.unwrap();
        let imports = format!("/integrations/{}/imports", ana.integration().await.unwrap());
        let id = ImportId::new(ana.get(&imports).await["items"][0]["id"].as_str().unwrap());
        let up = tenant(&world, usize::MAX);
        let import = up.import(&id).await.unwrap().unwrap();
        let LeaseOutcome::Acquired(lease) = up.acquire_lease(&import, Timestamp::now()).await.unwrap() else {
            panic!("the lease is free");
        };
        // The second of two transactions fails, and so the checkpoint is not written.
        let mut lost = pages(0, MANY);
        assert_eq!(save(&tenant(&world, 1), &lease, &import, &mut lost).await, None);
        assert!(names(&up.pages(&import, Saved::default()).await.unwrap()).is_empty());
        // What is read anew is less.
        let mut read = pages(1_000, MANY / 4);
        let saved = save(&up, &lease, &import, &mut read).await.unwrap();
        let again = up.pages(&import, saved).await.unwrap();
        assert_eq!(names(&again), names(&read));
        assert!(!again.has_unsaved());
    });
}
