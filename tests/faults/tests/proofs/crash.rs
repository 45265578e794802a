//! Whatever happens at whichever effect, the import ends as if it had been left alone (R9, R11, R36, R37).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use domain::psa::PsaKind;
use faults::cases::{Case, Effect, Oracle};
use faults::effects::Disturbance;
use faults::left_open::LeftOpen;
use faults::script::name;
use faults::world::World;

use crate::cores::{alone, on_all_cores};
use crate::server::KINDS;

/// What is tried at an effect. A read changes nothing, so that it makes no difference whether it was applied before its
/// answer was lost; reads take turns. `PROOFS=all` tries everything everywhere, for both PSAs; with `PROOFS=turns` the writes take turns
/// too.
fn disturbances(effect: &Effect) -> Vec<Disturbance> {
    use Disturbance::{AppliedAndFailed, DeliveredTwice, Failed, Overtaken, StopAfter, StopBefore};
    let reads = [StopBefore, Failed, DeliveredTwice, Overtaken];
    let writes = [StopBefore, AppliedAndFailed, Overtaken, StopAfter, DeliveredTwice];
    let turn = |of: &[Disturbance]| vec![of[effect.number % of.len()]];
    match (std::env::var("PROOFS").as_deref(), effect.writes()) {
        (Ok("all"), true) => Disturbance::ALL.into(),
        (Ok("all"), false) => reads.into(),
        // Writes are what can go wrong; two of theirs make enough runs.
        (Ok("turns"), true) => [effect.number, effect.number + 2]
            .map(|turn| writes[turn % writes.len()])
            .into(),
        (_, true) => writes.into(),
        (_, false) => turn(&reads),
    }
}

/// The outcomes of all cases.
pub struct Counted {
    /// Effects of the undisturbed script.
    pub effects: Vec<Effect>,
    /// Disturbed runs.
    pub runs: usize,
    /// States that no undisturbed run has.
    pub followed: usize,
    /// What runs have left open.
    pub left_open: LeftOpen,
    /// What went wrong.
    pub wrong: Vec<String>,
}

/// Disturbs each effect of two imports in worlds like this, in the ways given.
pub fn every_effect<F: Future<Output = World>>(
    world: impl Fn() -> F + Sync,
    disturbances: impl Fn(&Effect) -> Vec<Disturbance> + Sync,
) -> Counted {
    let next = AtomicUsize::new(0);
    let counted = Mutex::new(Counted {
        effects: Vec::new(),
        runs: 0,
        followed: 0,
        left_open: LeftOpen::default(),
        wrong: Vec::new(),
    });
    on_all_cores(|| {
        alone(async {
            let mut oracle = Oracle::new(world().await).await;
            let cases = oracle.effects().iter().flat_map(|effect| {
                let case = |disturbance| Case {
                    effect: effect.clone(),
                    disturbance,
                };
                disturbances(effect).into_iter().map(case)
            });
            let cases: Vec<Case> = cases.collect();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                let difference = oracle.run(case).await;
                let mut counted = counted.lock().unwrap();
                counted.runs += 1;
                if !difference.is_none() {
                    let wrong = format!("{:?} {case:?}: {difference}", case.effect.step());
                    counted.wrong.push(wrong);
                }
            }
            let mut counted = counted.lock().unwrap();
            counted.effects = oracle.effects().to_vec();
            counted.followed += oracle.followed();
            counted.left_open.add(oracle.left_open());
        });
    });
    counted.into_inner().unwrap()
}

fn every_effect_of(kind: PsaKind) {
    let began = Instant::now();
    let counted = every_effect(|| World::new(kind), disturbances);
    let (effects, runs, wrong) = (counted.effects.len(), counted.runs, counted.wrong);
    println!(
        "{}: {effects} effects, {runs} disturbed runs, {} states off the straight way, {} wrong, {} s",
        name(kind),
        counted.followed,
        wrong.len(),
        began.elapsed().as_secs()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(effects >= 200 && runs >= 800);
}

#[test]
fn r37_disturbed_at_any_effect_the_import_ends_as_if_it_had_run_once() {
    let kinds: &[PsaKind] = match std::env::var("PROOFS").as_deref() {
        Ok("all") => &KINDS,
        // What differs between the two ends where the snapshot begins.
        _ => &KINDS[..1],
    };
    for kind in kinds {
        every_effect_of(*kind);
    }
}
