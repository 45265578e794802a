//! Imports as they are stored, with the reasons for which they failed or stopped.

use std::collections::BTreeMap;

use domain::directory::ReservationId;
use domain::filter::Filter;
use domain::ids::{AttributeId, ImportId, ValueId};
use domain::import::{Ending, Event, Import, Person};
use domain::plan::Counts;
use domain::plan::mass_change::MassChange;
use domain::problem::Problem;
use domain::psa::{PsaFailure, PsaFailureKind, PsaKind};
use serde_json::{Value, json};

use super::{without, written};
use crate::wire::{Wire, import, now};

fn person(name: &str) -> Person {
    Person {
        subject: name.to_lowercase(),
        name: name.to_owned(),
    }
}

/// An import that has been through everything, but for failures.
fn finished() -> Import {
    let moved = |import: Import, event| import.apply(event, now()).unwrap().into_import();
    let mut import = import();
    import.unattended = true;
    import.filter = Filter(BTreeMap::from([(AttributeId::new("type"), vec![ValueId::new("1")])]));
    let import = moved(import, Event::Fetched);
    let import = moved(import, Event::TakenOver(person("Bram")));
    let confirmed = Event::Confirmed {
        plan_hash: "5f0c".to_owned(),
        reservation: ReservationId::of(&ImportId::new("x"), "1"),
        trace: Some("t-1".to_owned()),
    };
    moved(
        moved(import, confirmed),
        Event::Finished(Ending::Applied, Counts::default()),
    )
}

fn stored_new_import() -> Value {
    let none = json!({ "NULL": true });
    json!({
        "pk": { "S": "MSP#m#IMPORT#x" }, "sk": { "S": "IMPORT" }, "schema": { "N": "1" }, "expires": { "N": "1807776000" },
        "assignment": { "S": "fetch" }, "id": { "S": "x" }, "msp": { "S": "m" }, "integration": { "S": "i" },
        "state": { "S": "fetching" }, "abandoned": { "BOOL": false }, "cancelling": { "BOOL": false }, "filter": { "M": {} },
        "startedBy": { "M": { "subject": { "S": "ana" }, "name": { "S": "Ana" } } }, "takenOverBy": none,
        "unattended": { "BOOL": false }, "fetchedAt": none, "stopped": none, "startedAt": { "S": "2027-01-15T08:00:00Z" },
        "endedAt": none, "planHash": none, "counts": none, "error": none,
    })
}

fn stored_finished() -> Value {
    let at = json!({ "S": "2027-01-15T08:00:00Z" });
    let counts = |change: &str| {
        let names = ["created", "linked", change, "unchanged", "skipped", "failed"];
        let counts = names.map(|name| (name.to_owned(), json!({ "N": "0" })));
        json!({ "M": Value::Object(counts.into_iter().collect()) })
    };
    let mut item = stored_new_import();
    item.as_object_mut().unwrap().remove("assignment");
    let fields = json!({
        "state": { "S": "done" }, "filter": { "M": { "type": { "L": [{ "S": "1" }] } } }, "unattended": { "BOOL": true },
        "takenOverBy": { "M": { "subject": { "S": "bram" }, "name": { "S": "Bram" } } }, "fetchedAt": at, "endedAt": at,
        "trace": { "S": "t-1" }, "reservation": { "S": "x.1" }, "planHash": { "S": "5f0c" },
        "counts": { "M": { "companies": counts("updated"), "users": counts("changedAddress") } },
    });
    item.as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    item
}

/// The import's item as it is written when it starts.
async fn started(import: &Import) -> Value {
    let wire = Wire::willing();
    let _ = wire.tenant().start(import, None, now()).await.unwrap();
    written(&wire)[1]["Put"]["Item"].clone()
}

async fn found(item: Value) -> Import {
    let found = Wire::holding(item).tenant().import(&ImportId::new("x")).await;
    found.unwrap().unwrap()
}

#[tokio::test]
async fn an_import_is_stored_and_read_so() {
    for (import, stored) in [(import(), stored_new_import()), (finished(), stored_finished())] {
        assert_eq!(started(&import).await, stored);
        assert_eq!(format!("{:?}", found(stored).await), format!("{import:?}"));
    }
}

#[tokio::test]
async fn an_import_of_an_earlier_version_has_the_defaults() {
    let later = [
        "schema",
        "cancelling",
        "takenOverBy",
        "unattended",
        "fetchedAt",
        "stopped",
        "endedAt",
        "planHash",
        "counts",
        "error",
    ];
    let old = without(stored_new_import(), &later);
    assert_eq!(format!("{:?}", found(old).await), format!("{:?}", import()));
}

/// Problems with which imports fail or stop, each with the form it is stored in.
fn failures() -> Vec<(Problem, Value)> {
    let failure = |missing_right: Option<&str>| Problem::Psa {
        psa: PsaKind::Autotask.into(),
        failure: PsaFailure {
            kind: PsaFailureKind::PsaForbidden,
            endpoint: "GET /Companies".to_owned(),
            reason: "403".to_owned(),
            missing_right: missing_right.map(str::to_owned),
            retryable: missing_right.is_none(),
            not_before: missing_right.is_none().then(now),
        },
    };
    let stored = |missing_right, retryable, not_before| {
        let failure = json!({
            "kind": { "S": "psa_forbidden" }, "endpoint": { "S": "GET /Companies" }, "reason": { "S": "403" },
            "missingRight": missing_right, "retryable": { "BOOL": retryable }, "notBefore": not_before,
        });
        json!({ "M": { "psa": { "M": { "psa": { "S": "autotask" }, "failure": { "M": failure } } } } })
    };
    let none = json!({ "NULL": true });
    let at = json!({ "S": "2027-01-15T08:00:00Z" });
    vec![
        (Problem::ImportAbandoned, json!({ "S": "importAbandoned" })),
        (Problem::Internal, json!({ "S": "internal" })),
        (Problem::IntegrationNotFound, json!({ "S": "integrationNotFound" })),
        (Problem::NewerVersion, json!({ "S": "newerVersion" })),
        (
            Problem::CredentialsRequired { field: None },
            json!({ "M": { "credentialsRequired": { "M": { "field": { "NULL": true } } } } }),
        ),
        (
            Problem::MassChange(MassChange {
                changes: 140,
                limit: 50,
            }),
            json!({ "M": { "massChange": { "M": { "changes": { "N": "140" }, "limit": { "N": "50" } } } } }),
        ),
        (
            Problem::InsufficientLicences {
                needed: 12,
                available: 3,
            },
            json!({ "M": { "insufficientLicences": { "M": { "needed": { "N": "12" }, "available": { "N": "3" } } } } }),
        ),
        (
            failure(Some("Companies")),
            stored(json!({ "S": "Companies" }), false, none.clone()),
        ),
        (failure(None), stored(none, true, at)),
    ]
}

#[tokio::test]
async fn a_failure_is_stored_and_read_so() {
    for (problem, form) in failures() {
        let mut import = import();
        import.error = Some(problem.clone());
        import.stopped = Some(problem);
        let stored = started(&import).await;
        assert_eq!((&stored["error"], &stored["stopped"]), (&form, &form));
        let found = found(stored).await;
        assert_eq!((found.error, found.stopped), (import.error, import.stopped));
    }
}
