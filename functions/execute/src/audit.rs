//! Who changed what, when, before and after (R41).

use axum::Json;
use axum::extract::State;
use domain::audit::{AuditAction, Entry};
use domain::directory::ManagedCompany;
use domain::ids::{ImportId, IntegrationId};
use domain::plan::{CompanyPlan, Outcome, PlanChange, PlanSide, Step, changes};
use domain::problem::Problem;
use jiff::Timestamp;
use runtime::metrics::listed;
use runtime::{Api, CallerWith, Limit, List, PageQuery, PathIds, Position, Services};
use schemars::JsonSchema;
use serde::Serialize;
use store::audit::AuditId;

use crate::users::Done;

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
    PathIds(id): PathIds<IntegrationId>,
) -> Api<Json<List<EntryView>>> {
    let tenant = services.tenant(&caller.msp);
    let integration = tenant.integration(&id).await?.ok_or(Problem::IntegrationNotFound)?;
    let after = match &page.after {
        Some(after) => Some(AuditId::parse(after.as_str()).ok_or_else(Position::refused)?),
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

/// What was done to a company, for the audit trail: what was planned, less what failed, with the ids it got. `users` are in the order
/// of the plan; `company` is `None` for the later chunks of a large company.
pub(crate) fn applied(
    plan: &CompanyPlan,
    managed: &ManagedCompany,
    company: Option<&Outcome>,
    users: &[Done],
) -> Vec<PlanChange> {
    let (of_company, of_users): (Vec<_>, Vec<_>) =
        changes(plan).into_iter().partition(|change| change.address.is_none());
    let of_company = of_company
        .into_iter()
        .filter(|_| company.is_some_and(Outcome::is_change));
    let of_company = of_company.map(|mut change| {
        if matches!(change.action, Step::CreateCompany | Step::LinkCompany) {
            change.after = Some(PlanSide::named(&managed.id, &managed.name));
        }
        change
    });
    let of_users = of_users
        .into_iter()
        .zip(users)
        .filter(|(_, done)| done.outcome.is_change());
    let of_users = of_users.map(|(mut change, done)| {
        if let Some(after) = &mut change.after {
            after.user.clone_from(&done.user);
        }
        change
    });
    of_company.chain(of_users).collect()
}
