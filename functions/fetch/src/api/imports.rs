//! `POST /integrations/{i}/imports` (R2, R7, R45)

use api::{Api, Body, Call, Caller, ImportView, Json, Path, Routes, State, find_integration};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId};
use domain::import::Import;
use domain::problem::{Code, Problem};
use lambda::{Services, trace};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use store::imports::Started;

use crate::start::begin;

pub fn routes<R: Routes>(to: R) -> R {
    to.post("/integrations/{i}/imports", start, || {
        Call::new("startImport", "Starts an import and takes the integration's lock")
            .body::<NewImport>(json!({ "filter": { "companyType": ["1"] } }))
            .answers::<ImportView>(202, example())
            .located()
            .refuses(&[Code::IntegrationNotFound, Code::InvalidFilter, Code::IntegrationLocked])
            .reads_psa()
    })
}

fn example() -> Value {
    json!({
        "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "integration": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "state": "fetching",
        "progress": { "companies": 0, "contacts": 0, "pages": 0, "orphans": 0, "executed": 0 }, "unattended": false,
        "startedBy": "ana@noordzee.example", "startedAt": "2026-03-02T08:00:00Z",
        "reviewUntil": "2026-03-09T08:00:00Z", "rowsUntil": "2026-03-16T08:00:00Z", "resultUntil": "2027-04-06T08:00:00Z",
        "lock": { "holder": "ana@noordzee.example", "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z" },
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewImport {
    /// Which companies and contacts to read: the accepted values of each attribute. All attributes must match, each with one of its
    /// values. Empty reads everything.
    #[serde(default)]
    filter: Filter,
    /// Whether to read everything even if changes would do. Needed after edits that the PSA gave no new date.
    #[serde(default)]
    full: bool,
}

async fn start(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Body(new): Body<NewImport>,
) -> Api<impl IntoResponse> {
    let integration = find_integration(&services.tenant(&caller.msp), &id).await?;
    let (import, now) = (ImportId::new(services.ids.next()), services.clock.now());
    let mut import = Import::new(import, caller.msp, id, new.filter, caller.person, now);
    import.full = new.full;
    import.trace = trace();
    match begin(&services, &integration, &import, None).await? {
        Started::Locked(holder) if holder.person.subject == import.started_by.subject => {
            return Err(Problem::LockedByCaller(holder).into());
        }
        Started::Locked(holder) => return Err(Problem::IntegrationLocked(holder).into()),
        Started::Removed => return Err(Problem::IntegrationNotFound.into()),
        Started::Running | Started::Already(_) | Started::Paused => {}
    }
    let location = format!("/imports/{}", import.id);
    let view = ImportView::of(&services, import).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)))
}
