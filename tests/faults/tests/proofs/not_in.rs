//! Stopped at whichever write, or refused it, a fetch loses none of the many rows of the tab *not in*, nor why they are there (R11, R13,
//! R14, R37).

use std::sync::Arc;

use directory::{Directory, NewCompany};
use domain::ids::IdempotencyKey;
use domain::ids::{IntegrationId, MspId, PsaCompanyId};
use domain::mapping::CompanyMapping;
use domain::psa::PsaKind;
use faults::effects::Disturbance;
use faults::engine::{IMPORTS, RECORDS};
use faults::script::{Script, Step};
use faults::world::{MSP, World};
use store::Store;
use store::tx::Transaction;

use crate::cores::alone;

/// More than are written in one transaction.
const ABSENT: usize = 200;

/// Companies that were imported, and that the PSA does not know any more.
async fn import_behind_the_back(world: &World, integration: &str) {
    let wire = world.wire_behind(Arc::new(world.effects.clone()));
    let tenant = Store::new(wire.dynamodb(), RECORDS, IMPORTS).of(&MspId::new(MSP));
    let (directory, integration) = (world.directory(), IntegrationId::new(integration));
    for number in 0..ABSENT {
        let name = format!("Gone {number}");
        let created = directory.create_company(&IdempotencyKey::by_hand(&name), &name).await;
        let NewCompany::Created(managed) = created.unwrap() else {
            panic!("{name} was not created at once")
        };
        let mapping = CompanyMapping {
            company: PsaCompanyId::new((900_000 + number).to_string()),
            managed,
            name,
            identifier: None,
            generation: 0,
            users: 0,
            former: None,
        };
        let mut tx = Transaction::new();
        tenant.map_company(&mut tx, &integration, None, &mapping).unwrap();
        assert!(tx.commit(&tenant).await.unwrap().committed());
    }
}

#[test]
fn r13_r14_r37_whatever_becomes_of_a_write_a_fetch_loses_none_of_the_companies_that_are_not_in() {
    alone(async {
        let mut writes = 0;
        for (turn, kind) in PsaKind::ALL.into_iter().enumerate() {
            writes += every_other_write(kind, turn).await;
        }
        println!("stopped after each of {writes} writes, and each of them failed");
    });
}

/// Disturbs every other write of a fetch; gives how many.
async fn every_other_write(kind: PsaKind, turn: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(kind).await;
    let script = Script::new(&world);
    script.seed().await;
    let integration = script.integration().await.unwrap();
    import_behind_the_back(&world, &integration).await;
    script.take(0, Step::Start).await.unwrap();
    let started = world.keep(folder.path(), "started");
    world.effects.begin();
    script.take(0, Step::Fetch).await.unwrap();
    let names = world.effects.names().into_iter().enumerate();
    let writes: Vec<usize> = names
        .filter(|(_, name)| name.starts_with("TransactWriteItems"))
        .map(|(at, _)| at)
        .skip(turn)
        .step_by(PsaKind::ALL.len())
        .collect();
    let disturbances = [
        Disturbance::StopAfter,
        Disturbance::Failed,
        Disturbance::AppliedAndFailed,
    ];
    for (at, disturbance) in writes
        .iter()
        .flat_map(|at| disturbances.map(|disturbance| (at, disturbance)))
    {
        world.go_back(&started);
        world.effects.begin();
        world.effects.arm(*at, disturbance);
        script.take(0, Step::Fetch).await.unwrap();
        let imports = script.get(&format!("/integrations/{integration}/imports")).await;
        let import = imports["items"][0]["id"].as_str().unwrap();
        let rows = script
            .get(&format!("/imports/{import}/companies?tab=not-in&limit=500"))
            .await;
        let rows = rows["items"].as_array().unwrap();
        let deleted = rows.iter().filter(|row| row["reason"] == "deleted_in_psa");
        assert_eq!(
            (rows.len(), deleted.count()),
            (ABSENT, ABSENT),
            "{disturbance:?} at {at}"
        );
    }
    writes.len()
}
