//! The life of an import: every event in every state.

#![allow(clippy::unwrap_used, missing_docs)]

use domain::audit::AuditAction;
use domain::directory::{CreationAction, ReservationId};
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::{Ending, Event, EventKind, IllegalTransition, Import, ImportState, Person};
use domain::not_in::FoundAbsent;
use domain::plan::Counts;
use domain::problem::Problem;
use jiff::Timestamp;

use EventKind::{
    Applied, CancelRequested, Confirmed, FetchFailed, Fetched, GivenUp, LockLost, Stopped, StoppedForReview, TakenOver,
};
use ImportState::{Cancelled, Done, Executing, Failed, Fetching, Review};

/// Written apart from the table in the code: a change of either must be meant.
const LEGAL: [(ImportState, EventKind, ImportState); 14] = [
    (Fetching, Fetched, Review),
    (Fetching, FetchFailed, Failed),
    (Fetching, CancelRequested, Cancelled),
    (Fetching, LockLost, Cancelled),
    (Review, StoppedForReview, Review),
    (Review, TakenOver, Review),
    (Review, Confirmed, Executing),
    (Review, CancelRequested, Cancelled),
    (Review, LockLost, Cancelled),
    (Executing, CancelRequested, Executing),
    (Executing, LockLost, Executing),
    (Executing, Applied, Done),
    (Executing, Stopped, Cancelled),
    (Executing, GivenUp, Failed),
];

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn person(name: &str) -> Person {
    Person {
        subject: name.to_owned(),
        name: name.to_owned(),
    }
}

fn import(state: ImportState) -> Import {
    let (id, msp, integration) = (ImportId::new("x"), MspId::new("m"), IntegrationId::new("i"));
    let started = Timestamp::UNIX_EPOCH;
    let mut import = Import::new(id, msp, integration, Filter::default(), person("ana"), started);
    import.state = state;
    import
}

fn event(kind: EventKind) -> Event {
    let finished = |ending| Event::Finished(ending, Counts::default());
    match kind {
        Fetched => Event::Fetched(FoundAbsent::NOTHING),
        FetchFailed => Event::FetchFailed(Problem::Internal),
        StoppedForReview => Event::StoppedForReview(Problem::Internal),
        TakenOver => Event::TakenOver(person("ben")),
        Confirmed => Event::Confirmed {
            plan_hash: "hash".to_owned(),
            reservation: ReservationId::of(&ImportId::new("x"), "1"),
            creation: CreationAction::Stage,
            trace: None,
        },
        CancelRequested => Event::CancelRequested(person("ben")),
        LockLost => Event::LockLost,
        Applied => finished(Ending::Applied),
        Stopped => finished(Ending::Stopped),
        GivenUp => finished(Ending::GivenUp),
    }
}

#[test]
fn every_event_in_every_state_is_legal_or_refused() {
    for state in ImportState::ALL {
        for kind in EventKind::ALL {
            let legal = LEGAL.iter().find(|(from, event, _)| (*from, *event) == (state, kind));
            let applied = import(state).apply(event(kind), NOW);
            match (legal, applied) {
                (Some((_, _, to)), Ok(transition)) => {
                    assert_eq!(transition.from(), state);
                    assert_eq!(transition.import().state, *to, "{state:?} {kind:?}");
                }
                (None, Err(refused)) => assert_eq!(refused, IllegalTransition { state, event: kind }),
                (legal, applied) => panic!("{state:?} {kind:?}: {legal:?}, {applied:?}"),
            }
        }
    }
}

#[test]
fn nothing_happens_to_an_import_that_has_ended() {
    for state in [Done, Failed, Cancelled] {
        assert!(state.is_final());
        assert!(EventKind::ALL.iter().all(|kind| state.after(*kind).is_none()));
    }
}

#[test]
fn an_import_has_its_end_exactly_when_its_state_is_final() {
    for (from, kind, to) in LEGAL {
        let after = import(from).apply(event(kind), NOW).unwrap().into_import();
        assert_eq!(after.ended_at.is_some(), to.is_final(), "{from:?} {kind:?}");
        assert_eq!(after.ended_at.unwrap_or(NOW), NOW);
    }
}

#[test]
fn r41_the_audit_trail_says_what_somebody_did_and_how_an_import_ended() {
    for (from, kind, to) in LEGAL {
        let audited = import(from).apply(event(kind), NOW).unwrap().audit();
        let name = audited.as_ref().map(AuditAction::name);
        let expected = match (from, kind) {
            _ if to.is_final() => Some("ended"),
            (_, Confirmed) => Some("confirmed"),
            (_, TakenOver) => Some("taken-over"),
            (Executing, CancelRequested) => Some("stopped"),
            _ => None,
        };
        assert_eq!(name, expected, "{from:?} {kind:?}");
    }
}

#[test]
fn r48_who_stops_an_import_that_no_administrator_has_takes_it_over() {
    let mut unattended = import(Executing);
    unattended.unattended = true;
    let stopped = unattended.apply(event(CancelRequested), NOW).unwrap().into_import();
    assert_eq!(stopped.holder(), &person("ben"));
    assert!(stopped.cancelling);
    let own = import(Executing)
        .apply(event(CancelRequested), NOW)
        .unwrap()
        .into_import();
    assert_eq!(own.holder(), &person("ana"));
}

#[test]
fn r45_an_import_that_lost_its_lock_while_executing_is_finished_by_its_worker() {
    let lost = import(Executing).apply(Event::LockLost, NOW).unwrap().into_import();
    assert!(lost.abandoned && lost.error.is_none());
    let lost = import(Fetching).apply(Event::LockLost, NOW).unwrap().into_import();
    assert_eq!(lost.error, Some(Problem::ImportAbandoned));
    let lost = import(Review).apply(Event::LockLost, NOW).unwrap().into_import();
    assert_eq!(lost.error, Some(Problem::ReviewLapsed));
}
