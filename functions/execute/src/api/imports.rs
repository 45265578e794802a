//! `GET /integrations/{i}/imports` (R41) and `DELETE /imports/{x}`

use api::{
    Api, Call, Caller, CallerWith, Cursor, ImportView, Json, List, PageQuery, Path, Routes, State, find_integration,
};
use domain::ids::{ImportId, IntegrationId};
use domain::problem::Code;
use lambda::Services;
use lambda::metrics::listed;
use serde_json::{Value, json};

use crate::cancel::cancel;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations/{i}/imports", history, || {
        Call::new("listImports", "Lists the imports of an integration, the newest first")
            .query::<PageQuery>()
            .answers::<List<ImportView>>(200, json!({ "items": [example("done")], "next": null }))
            .refuses(&[Code::IntegrationNotFound])
    })
    .delete("/imports/{x}", end, || {
        Call::new(
            "cancelImport",
            "Ends an import; an executing one first finishes what it has begun",
        )
        .answers::<ImportView>(200, example("cancelled"))
        .refuses(&[Code::IntegrationLocked, Code::ImportAbandoned, Code::WrongState])
    })
}

pub fn example(state: &str) -> Value {
    json!({
        "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "integration": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "state": state,
        "progress": { "companies": 40, "contacts": 600, "pages": 2, "total": 640, "orphans": 0, "executed": 0 }, "unattended": false,
        "startedBy": "ana@noordzee.example", "startedAt": "2026-03-02T08:00:00Z",
        "reviewUntil": "2026-03-09T08:00:00Z", "rowsUntil": "2026-03-16T08:00:00Z", "resultUntil": "2027-04-06T08:00:00Z",
    })
}

async fn history(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<ImportView>>> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, &id).await?;
    let limit = i32::try_from(page.limit.0).unwrap_or(i32::MAX);
    let after = page.after.as_ref().map(Cursor::as_str);
    let (imports, next) = tenant.history(&id, after, limit).await?;
    Ok(Json(List {
        items: listed(imports).into_iter().map(ImportView::line).collect(),
        next,
    }))
}

async fn end(State(services): State<Services>, caller: Caller, Path(id): Path<ImportId>) -> Api<Json<ImportView>> {
    let ended = cancel(&services, &caller, &id).await?;
    Ok(Json(ImportView::of(&services, ended).await?))
}
