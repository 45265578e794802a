//! Integrations (R1–R5).

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::audit::{AuditAction, Entry};
use domain::ids::IntegrationId;
use domain::name::Name;
use domain::object;
use domain::policy::Policy;
use domain::problem::{Mistake, Problem};
use domain::psa::PsaKind;
use domain::text::Text;
use psa::{Credentials, SubmittedCredentials};
use runtime::metrics::listed;
use runtime::{Api, Body, Caller, CallerWith, List, PageQuery, PathIds, Services};
use schemars::JsonSchema;
use serde::Deserialize;
use store::integrations::Integration;

use crate::deadline;
use crate::view::IntegrationView;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewIntegration {
    kind: PsaKind,
    name: Name<100>,
    /// The host name that the PSA is opened with.
    address: Text<0, 500>,
    /// The login company; `ConnectWise` only.
    company_id: Option<Text<0, 100>>,
    #[serde(default, deserialize_with = "object::only")]
    credentials: SubmittedCredentials,
}

pub(crate) async fn add(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewIntegration>,
) -> Api<impl IntoResponse> {
    let credentials = complete(new.kind, new.credentials, new.company_id.as_deref())?;
    let integration = Integration {
        id: IntegrationId::new(services.ids.next()),
        kind: new.kind,
        name: new.name.into(),
        address: new.address.into(),
        company_id: new.company_id.map(String::from),
        policy: Policy::default(),
        last_filter: None,
        created_at: services.clock.now(),
    };
    check(&services, &integration, &credentials).await?;
    // The secret first: an integration never stands without its credentials.
    services
        .secrets
        .write(&caller.msp, &integration.id, &credentials.to_secret_json())
        .await?;
    services
        .tenant(&caller.msp)
        .add_integration(&integration, &caller.person)
        .await?;
    let location = format!("/integrations/{}", integration.id);
    let view = IntegrationView::of(&services, &caller.msp, integration).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)))
}

pub(crate) async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
) -> Api<Json<List<IntegrationView>>> {
    let all = listed(services.tenant(&caller.msp).integrations().await?);
    let page = List::page(all, &page, |integration| integration.id.as_str().to_owned());
    let mut items = Vec::new();
    for integration in page.items {
        items.push(IntegrationView::of(&services, &caller.msp, integration).await?);
    }
    Ok(Json(List { items, next: page.next }))
}

pub(crate) async fn show(
    State(services): State<Services>,
    caller: Caller,
    PathIds(id): PathIds<IntegrationId>,
) -> Api<Json<IntegrationView>> {
    let integration = find(&services, &caller, &id).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, integration).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCredentials {
    #[serde(default, deserialize_with = "object::only")]
    credentials: SubmittedCredentials,
}

pub(crate) async fn replace_credentials(
    State(services): State<Services>,
    caller: Caller,
    PathIds(id): PathIds<IntegrationId>,
    Body(new): Body<NewCredentials>,
) -> Api<Json<IntegrationView>> {
    let integration = find(&services, &caller, &id).await?;
    let credentials = complete(integration.kind, new.credentials, integration.company_id.as_deref())?;
    check(&services, &integration, &credentials).await?;
    services
        .secrets
        .write(&caller.msp, &id, &credentials.to_secret_json())
        .await?;
    let entry = Entry {
        at: services.clock.now(),
        by: caller.person.clone(),
        import: None,
        act: AuditAction::CredentialsReplaced,
    };
    let tenant = services.tenant(&caller.msp);
    tenant.audit_alone(&id, &entry, &services.ids.next()).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, integration).await?))
}

pub(crate) async fn replace_policy(
    State(services): State<Services>,
    caller: Caller,
    PathIds(id): PathIds<IntegrationId>,
    Body(policy): Body<Policy>,
) -> Api<Json<IntegrationView>> {
    let integration = find(&services, &caller, &id).await?;
    if policy.mass_change.percent > 100 {
        return Err(Problem::invalid("/massChange/percent", Mistake::TooLarge(100)).into());
    }
    if !policy.filter.0.is_empty() {
        let failed = |failure| Problem::Psa {
            psa: integration.kind,
            failure,
        };
        let psa = services.psa(&caller.msp, &integration, deadline()).await?;
        let attributes = psa.attributes().await.map_err(failed)?;
        policy.filter.check(&attributes).map_err(Problem::from)?;
    }
    services
        .tenant(&caller.msp)
        .set_policy(&id, &policy, &caller.person, services.clock.now())
        .await?;
    show(State(services), caller, PathIds(id)).await
}

async fn find(services: &Services, caller: &Caller, id: &IntegrationId) -> Api<Integration> {
    let found = services.tenant(&caller.msp).integration(id).await?;
    Ok(found.ok_or(Problem::IntegrationNotFound)?)
}

/// Every field is there; nothing is asked of the PSA before that (R5).
fn complete(kind: PsaKind, submitted: SubmittedCredentials, company_id: Option<&str>) -> Result<Credentials, Problem> {
    let missing = |field: &str| Problem::CredentialsRequired {
        field: Some(field.to_owned()),
    };
    if kind == PsaKind::Connectwise {
        let company_id = company_id.map_or("", str::trim);
        if company_id.is_empty() {
            return Err(missing("companyId"));
        }
        if !psa::is_company_id(company_id) {
            return Err(Problem::invalid("/companyId", Mistake::CompanyIdCharacters));
        }
    } else if company_id.is_some_and(|id| !id.trim().is_empty()) {
        return Err(Problem::invalid("/companyId", Mistake::ConnectwiseOnly));
    }
    if let Some(field) = submitted.foreign_to(kind) {
        let mistake = Mistake::ForeignCredential(kind.product());
        return Err(Problem::invalid(format!("/credentials/{field}"), mistake));
    }
    submitted.complete(kind).map_err(|error| missing(error.field))
}

/// Reads one company and one contact with the credentials (R5).
async fn check(services: &Services, integration: &Integration, credentials: &Credentials) -> Api<()> {
    let failed = |failure| Problem::Psa {
        psa: integration.kind,
        failure,
    };
    let psa = services.connect(integration, credentials, deadline())?;
    Ok(psa.check().await.map_err(failed)?)
}
