//! Who changed what, when, before and after (R41).

use api::{Api, CallerWith, Cursor, Limit, List, PageQuery, Path};
use axum::Json;
use axum::extract::State;
use domain::audit::{AuditAction, Entry};
use domain::ids::{ImportId, IntegrationId};
use domain::problem::Problem;
use jiff::Timestamp;
use lambda::Services;
use lambda::metrics::listed;
use schemars::JsonSchema;
use serde::Serialize;
use store::audit::AuditId;

/// An entry as it is shown.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
pub(crate) struct EntryView {
    id: String,
    at: Timestamp,
    /// An administrator, or the integration's own principal.
    by: String,
    /// The import in which it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<ImportId>,
    #[serde(flatten)]
    act: AuditAction,
}

impl EntryView {
    fn of((id, entry): (AuditId, Entry)) -> Self {
        Self {
            id: id.as_str().to_owned(),
            at: entry.at,
            by: entry.by.name,
            import: entry.import,
            act: entry.act,
        }
    }
}

pub(crate) async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<EntryView>>> {
    let tenant = services.tenant(&caller.msp);
    let integration = tenant.integration(&id).await?.ok_or(Problem::IntegrationNotFound)?;
    let after = match &page.after {
        Some(after) => Some(AuditId::parse(after.as_str()).ok_or_else(Cursor::refused)?),
        None => None,
    };
    let Limit(limit) = page.limit;
    let span = (integration.created_at, services.clock.now());
    let (entries, next) = tenant.audit_page(&id, after.as_ref(), span, limit).await?;
    Ok(Json(List {
        items: listed(entries).into_iter().map(EntryView::of).collect(),
        next: next.map(|id| id.as_str().to_owned()),
    }))
}
