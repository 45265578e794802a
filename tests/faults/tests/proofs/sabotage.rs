//! What finds nothing must be able to find something: the product without one of its conditions, played on the wire, does
//! not come through [`crate::crash`].

use std::sync::Arc;

use domain::psa::PsaKind;
use faults::cases::{Case, Oracle};
use faults::effects::Disturbance::{AnswerLost, AppliedAndFailed, DeliveredTwice, Overtaken};
use faults::script::Step;
use faults::wire::Sabotage;
use faults::world::World;
use serde_json::Value;

use crate::cores::alone;

/// Replaces a condition of `UpdateItem`, which must be there.
fn without(condition: &'static str, instead: &'static str) -> Sabotage {
    Arc::new(move |operation, body: &mut Value| {
        if operation != "UpdateItem" {
            return;
        }
        let Some(found) = body["ConditionExpression"].as_str() else {
            return;
        };
        if found.contains(condition) {
            body["ConditionExpression"] = found.replace(condition, instead).into();
        }
    })
}

/// The first case of the first import's confirmation and execution that goes wrong, and how.
async fn first_wrong(sabotage: Sabotage) -> Option<String> {
    let mut world = World::new(PsaKind::Connectwise).await;
    world.sabotage = Some(sabotage);
    let mut oracle = Oracle::new(world).await;
    let effects = oracle.effects().iter().filter(|effect| {
        matches!(effect.step(), (0, Step::Confirm | Step::CarryOut)) && effect.name.starts_with("UpdateItem")
    });
    let effects: Vec<_> = effects.cloned().collect();
    for effect in effects {
        for disturbance in [AnswerLost, AppliedAndFailed, DeliveredTwice, Overtaken] {
            let case = Case {
                effect: effect.clone(),
                disturbance,
            };
            let difference = oracle.run(&case).await;
            if !difference.is_none() {
                return Some(format!("{case:?}: {difference}"));
            }
        }
    }
    None
}

#[test]
fn r46_a_reservation_that_is_not_asked_for_first_is_caught() {
    let found = alone(first_wrong(without(
        "attribute_not_exists(reservations.#reservation)",
        "attribute_exists(pk)",
    )));
    println!("{found:?}");
    assert!(found.is_some_and(|found| found.contains("LICENCES")));
}

#[test]
fn r46_a_reservation_that_can_be_settled_twice_is_caught() {
    let found = alone(first_wrong(without(
        "reservations.#reservation = :reserved",
        "used < :reserved OR :reserved > :back OR used >= :used",
    )));
    println!("{found:?}");
    assert!(found.is_some_and(|found| found.contains("LICENCES")));
}
