//! The life of an import: every event in every state.

#![allow(clippy::unwrap_used, missing_docs)]

use domain::audit::AuditAction;
use domain::directory::ReservationId;
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::{
    Assignment, Ending, Event, EventKind, IllegalTransition, Import, ImportState, Person, PhaseName, Progress,
};
use domain::not_in::FoundAbsent;
use domain::plan::Counts;
use domain::problem::{Code, Problem};
use domain::published::Happening;
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

fn after(state: ImportState, event: Event) -> Import {
    import(state).apply(event, NOW).unwrap().into_import()
}

#[test]
fn r08_what_an_event_brings_is_kept_with_the_import() {
    assert_eq!(after(Fetching, event(Fetched)).fetched_at, Some(NOW));
    assert_eq!(after(Fetching, event(FetchFailed)).error, Some(Problem::Internal));
    assert_eq!(after(Review, event(TakenOver)).holder(), &person("ben"));
    let counts = after(Executing, event(Applied));
    assert!(counts.counts.is_some() && counts.error.is_none());
    assert_eq!(after(Executing, event(GivenUp)).error, Some(Problem::ImportAbandoned));
}

#[test]
fn r35_a_confirmation_is_kept_with_its_plan_and_its_licences() {
    let confirmed = import(Review).apply(event(Confirmed), NOW).unwrap();
    let reservation = ReservationId::of(&ImportId::new("x"), "1");
    assert_eq!(confirmed.confirmed_reservation(), Some(&reservation));
    let import = confirmed.import();
    assert_eq!(
        (&import.plan_hash, &import.reservation),
        (&Some("hash".to_owned()), &Some(reservation))
    );
    // Later, the reservation is no news.
    let stopped = import.apply(event(CancelRequested), NOW).unwrap();
    assert_eq!(stopped.confirmed_reservation(), None);
}

#[test]
fn r39_an_import_that_stops_for_review_waits_for_an_administrator() {
    let mut unattended = import(Review);
    unattended.unattended = true;
    assert!(unattended.has_no_administrator() && !unattended.is_for_the_taking());
    let stopped = unattended.apply(event(StoppedForReview), NOW).unwrap().into_import();
    assert!(!stopped.unattended && stopped.has_no_administrator() && stopped.is_for_the_taking());
    assert_eq!(stopped.stopped, Some(Problem::Internal));
    let taken = stopped.apply(event(TakenOver), NOW).unwrap().into_import();
    assert!(!taken.has_no_administrator() && !taken.is_for_the_taking());
}

#[test]
fn r48_a_worker_has_its_assignment_by_the_state() {
    let mut unattended = import(Review);
    unattended.unattended = true;
    let assignments = [import(Fetching), import(Executing), unattended].map(|import| import.assignment());
    assert_eq!(
        assignments,
        [Assignment::Fetch, Assignment::Execute, Assignment::Execute].map(Some)
    );
    for state in [Review, Done, Failed, Cancelled] {
        assert_eq!(import(state).assignment(), None, "{state:?}");
    }
    assert_eq!(
        [Assignment::Fetch, Assignment::Execute].map(Assignment::as_str),
        ["fetch", "execute"]
    );
}

#[test]
fn r74_each_phase_says_how_much_of_it_is_done() {
    let progress = Progress {
        companies: 40,
        contacts: 600,
        total: Some(700),
        executed: 3,
        to_execute: Some(9),
        ..Progress::default()
    };
    let phase = |state| progress.phase(state).map(|phase| (phase.name, phase.done, phase.total));
    assert_eq!(phase(Fetching), Some((PhaseName::Reading, 640, Some(700))));
    assert_eq!(phase(Executing), Some((PhaseName::Applying, 3, Some(9))));
    for state in [Review, Done, Failed, Cancelled] {
        assert_eq!(phase(state), None, "{state:?}");
    }
}

#[test]
fn r97_operators_hear_of_imports_that_end_or_stop() {
    for (from, kind, to) in LEGAL {
        let published = import(from).apply(event(kind), NOW).unwrap().published(NOW);
        let expected = match kind {
            _ if to.is_final() => Some(Happening::Ended),
            StoppedForReview => Some(Happening::Stopped),
            _ => None,
        };
        assert_eq!(
            published.as_ref().map(|event| event.what),
            expected,
            "{from:?} {kind:?}"
        );
        let Some(event) = published else { continue };
        assert_eq!((event.state, event.at), (Some(to), NOW));
        let code = match kind {
            FetchFailed | StoppedForReview => Some(Code::Internal),
            LockLost if from == Review => Some(Code::ReviewLapsed),
            GivenUp | LockLost => Some(Code::ImportAbandoned),
            _ => None,
        };
        assert_eq!(event.code, code, "{from:?} {kind:?}");
    }
}

#[test]
fn r97_an_event_has_an_id_and_says_who_started_the_import() {
    let mut scheduled = import(Executing);
    scheduled.started_by = Person::principal(&IntegrationId::new("i"), "Ours");
    let published = |import: Import| import.apply(event(Applied), NOW).unwrap().published(NOW).unwrap();
    let (attended, unattended) = (published(import(Executing)), published(scheduled));
    assert_eq!(attended.id, "x.ended");
    assert!(!attended.unattended && unattended.unattended);
    let fields = unattended.fields();
    let field = |name: &str| fields.iter().find(|(field, _)| *field == name).unwrap().1.as_str();
    assert_eq!(
        ["import", "state", "cause", "look"].map(field),
        ["x", "done", "", "/imports/x"]
    );
}

#[test]
fn r67_each_part_of_an_import_is_kept_for_its_days() {
    let import = import(Done);
    let kept = [
        import.staged_until(),
        import.review_until(),
        import.rows_until(),
        import.result_until(),
    ];
    let days = kept.map(|until| until.duration_since(import.started_at).as_hours() / 24);
    assert_eq!(days, [2, 7, 14, 400]);
}
