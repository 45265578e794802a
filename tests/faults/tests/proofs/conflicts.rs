//! A single write that meets another one's transaction is refused as a conflict; that is waited out, and nobody notices (R37).

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use domain::psa::PsaKind;
use faults::engine::Engine;
use faults::psas::COMPANIES;
use faults::script::{STEPS, Script};
use faults::state::State;
use faults::wire::Watch;
use faults::world::World;
use serde_json::json;

use crate::cores::alone;

/// Refuses every single write the first time.
#[derive(Default)]
struct Crowd {
    refused: Mutex<HashSet<String>>,
}

impl Watch for Crowd {
    fn look(&self, _: &Engine, operation: &str, body: &str, apply: &dyn Fn() -> (u16, String)) -> (u16, String) {
        if matches!(operation, "UpdateItem" | "PutItem") && self.refused.lock().unwrap().insert(body.to_owned()) {
            let conflict = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
            return (
                400,
                json!({ "__type": conflict, "message": "Transaction is ongoing for the item" }).to_string(),
            );
        }
        apply()
    }
}

#[test]
fn r37_a_single_write_that_meets_a_transaction_is_repeated() {
    alone(async {
        let folder = tempfile::tempdir().unwrap();
        let mut world = World::new(PsaKind::Connectwise).await;
        Script::new(&world).seed().await;
        let seeded = world.keep(folder.path(), "seeded");
        let alone = import(&world).await;
        world.go_back(&seeded);
        let crowd = Arc::<Crowd>::default();
        world.watch = Some(crowd.clone());
        let crowded = import(&world).await;
        // The worker's place at either stage, the licences before and after, and the managed companies.
        assert!(crowd.refused.lock().unwrap().len() >= 4 + COMPANIES);
        let difference = crowded.0.difference(&alone.0);
        assert!(difference.is_none(), "{difference}");
        // Nobody waited for a lease to end, or had to come again.
        assert_eq!(crowded.1, alone.1);
    });
}

/// Makes an import; gives what it leaves and when it was over.
async fn import(world: &World) -> (State, i64) {
    for step in STEPS {
        Script::new(world).take(0, step).await.unwrap();
    }
    (State::read(&world.engine), world.ticking.seconds())
}
