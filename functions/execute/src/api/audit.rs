//! `/integrations/{i}/audit` and `/audit`: who changed what, when, before and after (R41)

use api::{Api, Call, Caller, CallerWith, Cursor, Json, Limit, List, PageQuery, Path, Routes, State, find_integration};
use domain::audit::{AuditAction, Entry};
use domain::ids::{ImportId, IntegrationId};
use domain::problem::Code;
use jiff::Timestamp;
use lambda::Services;
use lambda::metrics::listed;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::audit::{AuditId, trail_of_msp};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations/{i}/audit", list, || {
        Call::new(
            "listAudit",
            "Lists who changed what and when, with the values before and after; the newest first",
        )
        .query::<PageQuery>()
        .answers::<List<EntryView>>(200, json!({ "items": [example()], "next": null }))
        .refuses(&[Code::IntegrationNotFound])
    })
    .get("/audit", list_of_msp, || {
        Call::new(
            "listMspAudit",
            "Lists who signed in to the console and who chose the directory; the newest first",
        )
        .query::<PageQuery>()
        .answers::<List<EntryView>>(200, json!({ "items": [example_of_msp()], "next": null }))
    })
}

fn example() -> Value {
    json!({
        "id": "1772438400000.0198c2f51b2e7d4f8c6a9b0c1d2e3f40.company.251.0", "at": "2026-03-02T08:00:00Z",
        "by": "ana@noordzee.example", "import": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "action": "companyImported",
        "company": { "id": "251", "name": "Bakkerij Postma" },
        "changes": [{
            "action": "changeAddress", "company": { "id": "251", "name": "Bakkerij Postma" },
            "address": { "id": "1204~7781", "address": "jan@bakkerijpostma.example", "contact": "Jan Postma" },
            "before": { "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "address": "j.postma@bakkerijpostma.example" },
            "after": { "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "address": "jan@bakkerijpostma.example" },
            "reason": "changed_in_psa",
        }],
    })
}

fn example_of_msp() -> Value {
    json!({
        "id": "1772438400000.directory.1", "at": "2026-03-02T08:00:00Z", "by": "ana@noordzee.example",
        "action": "directoryChosen", "before": "builtIn", "after": "lastpass",
    })
}

/// An entry of the audit trail. `action` says what was done, and which further fields the entry has.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
struct EntryView {
    /// The id of the entry.
    id: String,
    /// When it was done.
    at: Timestamp,
    /// Who did it: an administrator's email address, or the integration's name for a schedule or an event.
    by: String,
    /// The import in which it was done. Absent if it was done outside of an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<ImportId>,
    #[serde(flatten)]
    action: AuditAction,
}

impl EntryView {
    fn of((id, entry): (AuditId, Entry)) -> Self {
        Self {
            id: id.as_str().to_owned(),
            at: entry.at,
            by: entry.by.name,
            import: entry.import,
            action: entry.action,
        }
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<EntryView>>> {
    let tenant = services.tenant(&caller.msp);
    let began = match tenant.removed(&id).await? {
        Some(removed) => removed.integration.created_at,
        None => find_integration(&tenant, &id).await?.created_at,
    };
    read(&services, &caller, (&id, began), &page).await
}

async fn list_of_msp(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
) -> Api<Json<List<EntryView>>> {
    // When an MSP began is not stored: all that is kept is read.
    read(&services, &caller, (&trail_of_msp(), Timestamp::MIN), &page).await
}

/// Reads a page of a trail, which has no entries from before `began`.
async fn read(
    services: &Services,
    caller: &Caller,
    (trail, began): (&IntegrationId, Timestamp),
    page: &PageQuery,
) -> Api<Json<List<EntryView>>> {
    let tenant = services.tenant(&caller.msp);
    let after = match &page.after {
        Some(after) => Some(AuditId::parse(after.as_str()).ok_or_else(Cursor::refused)?),
        None => None,
    };
    let Limit(limit) = page.limit;
    let span = (began, services.clock.now());
    let (entries, next) = tenant.audit_page(trail, after.as_ref(), span, limit).await?;
    Ok(Json(List {
        items: listed(entries).into_iter().map(EntryView::of).collect(),
        next: next.map(|id| id.as_str().to_owned()),
    }))
}
