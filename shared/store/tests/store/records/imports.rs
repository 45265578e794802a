//! Imports as they are stored, with the reasons for which they failed or stopped.

use std::collections::BTreeMap;

use domain::directory::{CreationAction, ReservationId};
use domain::filter::Filter;
use domain::ids::{AttributeId, ImportId, ValueId};
use domain::import::{Ending, Event, Import, ImportState, Person};
use domain::not_in::FoundAbsent;
use domain::plan::Counts;
use domain::plan::mass_change::MassChange;
use domain::problem::{Problem, UrlRefused};
use domain::psa::{PsaFailure, PsaFailureKind, PsaKind};
use jiff::Timestamp;
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
    let import = moved(import, Event::Fetched(FoundAbsent::NOTHING));
    let import = moved(import, Event::TakenOver(person("Bram")));
    let confirmed = Event::Confirmed {
        plan_hash: "5f0c".to_owned(),
        reservation: ReservationId::of(&ImportId::new("x"), "1"),
        creation: CreationAction::Stage,
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
        "pk": { "S": "MSP#m#IMPORT#x" }, "sk": { "S": "IMPORT" }, "schema": { "N": "1" }, "expires": { "N": "1834560000" },
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

/// A problem with which imports fail or stop, with the form it is stored in, and the one that imports of schema 1 have.
struct Failure {
    problem: Problem,
    stored: Value,
    schema_1: Value,
}

/// A failure without facts, or with these ones.
fn failure(problem: Problem, (code, name): (&str, &str), facts: Option<Value>) -> Failure {
    let (stored, schema_1) = match facts {
        None => (json!({ "code": { "S": code } }), json!({ "S": name })),
        Some(facts) => {
            let facts = json!({ "M": facts });
            (
                json!({ "code": { "S": code }, "facts": facts }),
                json!({ "M": { name: facts } }),
            )
        }
    };
    Failure {
        problem,
        stored: json!({ "M": stored }),
        schema_1,
    }
}

fn psa_failure(kind: PsaFailureKind, code: &str, not_before: Option<Timestamp>) -> Failure {
    let none = json!({ "NULL": true });
    let at = not_before.map_or(none.clone(), |at| json!({ "S": at.to_string() }));
    let right = not_before.map_or(json!({ "S": "Companies" }), |_| none);
    let facts = json!({
        "endpoint": { "S": "GET /Companies" }, "reason": { "S": "403" },
        "missingRight": right, "retryable": { "BOOL": not_before.is_some() }, "notBefore": at,
    });
    let with = |name: &str, value: &str| {
        let mut facts = facts.clone();
        facts[name] = json!({ "S": value });
        facts
    };
    Failure {
        problem: Problem::Psa {
            psa: PsaKind::Autotask.into(),
            failure: PsaFailure {
                kind,
                endpoint: "GET /Companies".to_owned(),
                reason: "403".to_owned(),
                missing_right: not_before.is_none().then(|| "Companies".to_owned()),
                retryable: not_before.is_some(),
                not_before,
            },
        },
        stored: json!({ "M": { "code": { "S": code }, "facts": { "M": with("psa", "autotask") } } }),
        schema_1: json!({ "M": { "psa": { "M": {
            "psa": { "S": "autotask" }, "failure": { "M": with("kind", code) },
        } } } }),
    }
}

fn failures() -> Vec<Failure> {
    let change = MassChange {
        changes: 140,
        limit: 50,
    };
    let too_few = Problem::InsufficientLicences {
        needed: 12,
        available: 3,
    };
    let private = Problem::InvalidPsaAddress {
        reason: UrlRefused::PrivateName,
    };
    let wrong = Problem::WrongState {
        state: ImportState::Done,
    };
    let field = |field: Option<&str>| Problem::CredentialsRequired {
        field: field.map(str::to_owned),
    };
    let number = |number: u64| json!({ "N": number.to_string() });
    vec![
        failure(Problem::ImportAbandoned, ("import_abandoned", "importAbandoned"), None),
        failure(Problem::Internal, ("internal_error", "internal"), None),
        failure(
            Problem::IntegrationNotFound,
            ("integration_not_found", "integrationNotFound"),
            None,
        ),
        failure(Problem::NewerVersion, ("newer_version", "newerVersion"), None),
        failure(
            field(None),
            ("credentials_required", "credentialsRequired"),
            Some(json!({ "field": { "NULL": true } })),
        ),
        failure(
            field(Some("secret")),
            ("credentials_required", "credentialsRequired"),
            Some(json!({ "field": { "S": "secret" } })),
        ),
        failure(
            private,
            ("invalid_psa_address", "invalidPsaAddress"),
            Some(json!({ "reason": { "S": "privateName" } })),
        ),
        failure(
            wrong,
            ("wrong_state", "wrongState"),
            Some(json!({ "state": { "S": "done" } })),
        ),
        failure(
            Problem::MassChange(change),
            ("mass_change", "massChange"),
            Some(json!({ "changes": number(140), "limit": number(50) })),
        ),
        failure(
            too_few,
            ("insufficient_licences", "insufficientLicences"),
            Some(json!({ "needed": number(12), "available": number(3) })),
        ),
        psa_failure(PsaFailureKind::PsaServerError, "psa_server_error", Some(now())),
        psa_failure(PsaFailureKind::PsaUnauthorized, "psa_unauthorized", None),
        psa_failure(PsaFailureKind::PsaForbidden, "psa_forbidden", None),
        psa_failure(PsaFailureKind::PsaInvalidResponse, "psa_invalid_response", None),
        psa_failure(PsaFailureKind::PsaUnknownError, "psa_unknown_error", Some(now())),
    ]
}

#[tokio::test]
async fn a_failure_is_stored_and_read_by_its_code() {
    // Schema 1 has no name for this one.
    let lapsed = failure(Problem::ReviewLapsed, ("review_lapsed", ""), None);
    for failure in failures().into_iter().chain([lapsed]) {
        let mut import = import();
        import.error = Some(failure.problem);
        let stored = started(&import).await;
        // A version that knows schema 1 only cannot read it, and says so.
        assert_eq!(
            (&stored["error"], &stored["schema"]),
            (&failure.stored, &json!({ "N": "2" }))
        );
        assert_eq!(found(stored).await.error, import.error);
        import.stopped = import.error.take();
        let stored = started(&import).await;
        assert_eq!(
            (&stored["stopped"], &stored["schema"]),
            (&failure.stored, &json!({ "N": "2" }))
        );
        assert_eq!(found(stored).await.stopped, import.stopped);
    }
}

#[tokio::test]
async fn a_failure_of_schema_1_is_read_by_its_name() {
    for failure in failures() {
        let mut item = stored_new_import();
        item["error"] = failure.schema_1.clone();
        item["stopped"] = failure.schema_1;
        let found = found(item).await;
        assert_eq!(
            (found.error.as_ref(), &found.stopped),
            (Some(&failure.problem), &found.error)
        );
    }
}

#[tokio::test]
async fn a_failure_that_only_a_newer_version_knows_is_shown_as_such() {
    let facts = json!({ "M": { "tenant": { "S": "t" } } });
    for strange in [
        json!({ "M": { "code": { "S": "psa_other_tenant" } } }),
        json!({ "M": { "code": { "S": "psa_other_tenant" }, "facts": facts } }),
        json!({ "M": { "code": { "S": "mass_change" }, "facts": facts } }),
        json!({ "S": "psaOtherTenant" }),
        json!({ "M": { "psaOtherTenant": facts } }),
        json!({ "M": { "psa": facts } }),
        json!({ "M": { "psa": { "S": "t" } } }),
        json!({ "M": {} }),
    ] {
        let mut item = stored_new_import();
        item["error"] = strange.clone();
        assert_eq!(found(item).await.error, Some(Problem::NewerVersion), "{strange}");
    }
}
