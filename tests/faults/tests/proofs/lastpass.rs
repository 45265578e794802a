//! With LastPass as the directory: whatever happens at whichever effect, requests to LastPass among them, nothing is lost, nothing is
//! there twice, no mail is sent twice, and nothing is detached, suspended or deleted (R37, R82, R86, R88).
//!
//! One thing may be left open: whether a company was made whose request never got an answer. It is not asked for again by itself; here
//! the administrator does what the row says, a day later, and then all is as it should be.

use std::sync::Arc;
use std::time::Instant;

use domain::psa::PsaKind;
use faults::cases::{Case, Effect, Oracle};
use faults::effects::Disturbance;
use faults::left_open::LeftOpen;
use faults::script::name;
use faults::wire::Sabotage;
use faults::world::World;

use crate::cores::alone;
use crate::crash::{Counted, every_effect};
use crate::server::KINDS;

/// In CI every so manieth of the other effects is disturbed, with one PSA.
const SHARE: usize = 4;

/// Written down before LastPass is asked for something, and after; and which list of companies counts.
const NOTES: [&str; 5] = ["CREATING#", "CREATION#", "SENDING#", "ASKING#", " HEAD"];

fn is_all() -> bool {
    std::env::var("PROOFS").as_deref() == Ok("all")
}

/// What is tried at an effect: everything where LastPass changes something, and where that is noted; at other writes what is likely to go
/// wrong, and by turns what is not; at reads one disturbance, by turns. `PROOFS=all` does so at every effect, for both PSAs, and tries all
/// four at every read, as with the built-in directory. `EFFECT=4.160` tries everything at one effect.
fn tried(effect: &Effect) -> Vec<Disturbance> {
    use Disturbance::{AnswerLost, AppliedAndFailed, DeliveredTwice, Failed, Overtaken, StopAfter, StopBefore};
    if let Ok(only) = std::env::var("EFFECT") {
        let is_it = only == format!("{}.{}", effect.at, effect.number);
        return if is_it { Disturbance::ALL.into() } else { Vec::new() };
    }
    let is_noted = NOTES.iter().any(|note| effect.name.contains(note));
    if effect.writes() && (is_of_lastpass(effect) || is_noted) {
        return Disturbance::ALL.into();
    }
    if !is_all() && !effect.number.is_multiple_of(SHARE) {
        return Vec::new();
    }
    let turn = |of: &[Disturbance]| of[effect.number / SHARE % of.len()];
    if effect.writes() {
        let likely = [StopBefore, StopAfter, AppliedAndFailed];
        let other = [AnswerLost, Failed, DeliveredTwice, Overtaken];
        return likely.into_iter().chain([turn(&other)]).collect();
    }
    // Not a request to LastPass that keeps failing: a row is blamed for that if LastPass answers for others meanwhile, which is a matter of
    // luck.
    let failing = if is_of_lastpass(effect) { AnswerLost } else { Failed };
    let reads = [StopBefore, failing, DeliveredTwice, Overtaken];
    if is_all() { reads.into() } else { vec![turn(&reads)] }
}

fn is_of_lastpass(effect: &Effect) -> bool {
    effect.name.contains("/business/")
}

fn row(kind: PsaKind, counted: &Counted, seconds: u64) -> String {
    let lastpass = counted.effects.iter().filter(|effect| is_of_lastpass(effect)).count();
    let LeftOpen { companies, mails } = counted.left_open;
    format!(
        "| {} | {} | {lastpass} | {} | {companies} | {mails} | {} | {seconds} |",
        name(kind),
        counted.effects.len(),
        counted.runs,
        counted.wrong.len()
    )
}

#[test]
fn r82_disturbed_at_any_effect_an_import_into_lastpass_ends_as_if_it_had_run_once() {
    let kinds: &[PsaKind] = if is_all() { &KINDS } else { &KINDS[..1] };
    println!(
        "| into LastPass from | effects | of them requests to LastPass | disturbed runs | companies left open | mails left open | wrong | s |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let mut runs = 0;
    for kind in kinds {
        let began = Instant::now();
        let counted = every_effect(|| World::with_lastpass(*kind), tried);
        println!("{}", row(*kind, &counted, began.elapsed().as_secs()));
        assert!(counted.wrong.is_empty(), "{}", counted.wrong.join("\n"));
        runs += counted.runs;
    }
    let enough = if is_all() { 5_000 } else { 200 };
    assert!(runs >= enough || std::env::var("EFFECT").is_ok(), "{runs} runs");
}

/// The product without a look at who was asked for another address before, on the wire.
fn without_notes() -> Sabotage {
    Arc::new(|operation, body| {
        let is_note = body["Item"]["sk"]["S"]
            .as_str()
            .is_some_and(|key| key.starts_with("ASKING#"));
        if operation == "PutItem" && is_note {
            body["ConditionExpression"] = "attribute_not_exists(pk) OR attribute_exists(pk)".into();
            body.as_object_mut().unwrap().remove("ExpressionAttributeNames");
            body.as_object_mut().unwrap().remove("ExpressionAttributeValues");
        }
    })
}

/// What there is twice when processes die after asking somebody for another address.
async fn there_twice(sabotage: Option<Sabotage>) -> Vec<String> {
    let mut world = World::with_lastpass(PsaKind::Connectwise).await;
    world.sabotage = sabotage;
    let mut oracle = Oracle::new(world).await;
    let asking = oracle
        .effects()
        .iter()
        .filter(|effect| effect.name.starts_with("PATCH "));
    let asking: Vec<Effect> = asking.cloned().collect();
    assert!(!asking.is_empty());
    let mut twice = Vec::new();
    for effect in asking {
        let disturbance = Disturbance::StopAfter;
        twice.extend(oracle.run(&Case { effect, disturbance }).await.twice);
    }
    twice
}

#[test]
fn r86_without_a_note_of_who_was_asked_a_mail_is_sent_twice() {
    let twice = alone(there_twice(Some(without_notes())));
    assert!(
        twice.iter().any(|what| what.contains("mail \"addressChange\"")),
        "{twice:?}"
    );
    assert_eq!(alone(there_twice(None)), Vec::<String>::new());
}
