//! `GET /imports/{x}` (R8)

use api::{Api, Call, Caller, ImportView, IntegrationLock, Json, Path, Routes, State, find_import};
use domain::ids::ImportId;
use domain::not_in::PeopleCounts;
use domain::problem::Problem;
use lambda::Services;
use serde_json::json;
use store::imports::Moved;

use super::decision;
use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}", show, || {
        let example = json!({
            "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "integration": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "state": "executing",
            "filter": { "companyType": ["1"] }, "phase": { "name": "applying", "done": 17, "total": 40 }, "excluded": { "companies": 1, "people": 3 },
            "progress": {
                "companies": 40, "contacts": 600, "pages": 2, "total": 640, "orphans": 0, "sorted": 40, "toSort": 40, "executed": 17, "toExecute": 40,
                "outcomes": {
                    "companies": { "created": 15, "linked": 1, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1 },
                    "users": { "created": 210, "linked": 4, "changedAddress": 0, "unchanged": 0, "skipped": 9, "failed": 0 },
                },
            },
            "unattended": false,
            "waiting": { "for": "directory", "until": "2026-03-02T08:24:00Z" },
            "peopleNotIn": { "count": 0, "reasons": PeopleCounts::NONE },
            "startedBy": "ana@noordzee.example", "startedAt": "2026-03-02T08:00:00Z",
            "reviewUntil": "2026-03-09T08:00:00Z", "rowsUntil": "2026-03-16T08:00:00Z", "resultUntil": "2027-04-06T08:00:00Z",
            "lock": { "holder": "ana@noordzee.example", "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z" },
        });
        Call::new("showImport", "Shows an import, with its progress and its lock").answers::<ImportView>(200, example)
    })
    .post("/imports/{x}/keep", keep, || {
        let example = json!({
            "holder": "ana@noordzee.example", "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:55:00Z",
            "import": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40",
        });
        Call::new(
            "keepImport",
            "Renews the lock of an import in review, as a decision does; reading does not renew it",
        )
        .answers::<IntegrationLock>(200, example)
        .refuses(&decision::REFUSED)
    })
}

async fn keep(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
) -> Api<Json<IntegrationLock>> {
    let import = review::in_review(&services, &caller, &id).await?;
    let (tenant, now) = (services.tenant(&caller.msp), services.clock.now());
    if !matches!(tenant.keep(&import, now).await?, Moved::Committed) {
        return Err(review::not_in_review(&services, &import).await);
    }
    let holder = tenant.holder(&import.integration, now).await?;
    Ok(Json(holder.map(IntegrationLock::from).ok_or(Problem::ImportAbandoned)?))
}

async fn show(State(services): State<Services>, caller: Caller, Path(id): Path<ImportId>) -> Api<Json<ImportView>> {
    let import = find_import(&services, &caller, &id).await?;
    Ok(Json(ImportView::of(&services, import).await?))
}
