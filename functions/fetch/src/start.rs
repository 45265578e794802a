//! Starting an import: the attributes to filter by, the filter, the lock (R2, R6, R7, R44, R45).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::filter::{Attribute, Filter, InvalidFilter};
use domain::ids::{ImportId, IntegrationId};
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use runtime::{Api, Body, Caller, ImportView, List, Services};
use serde::Deserialize;
use store::imports::Started;
use store::integrations::Integration;

use crate::deadline;

pub(crate) async fn attributes(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<Attribute>>> {
    let integration = find(&services, &caller, &id).await?;
    Ok(Json(List::whole(
        read_attributes(&services, &caller, &integration).await?,
    )))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewImport {
    #[serde(default)]
    filter: Filter,
}

pub(crate) async fn start(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Body(new): Body<NewImport>,
) -> Api<impl IntoResponse> {
    let tenant = services.tenant(&caller.msp);
    let integration = find(&services, &caller, &id).await?;
    // Before the PSA is asked anything: whoever finds the integration taken need not wait for it.
    if let Some(holder) = tenant.holder(&id, services.clock.now()).await? {
        return Err(Problem::IntegrationLocked(holder).into());
    }
    if services.secrets.read(&caller.msp, &id).await?.is_none() {
        return Err(Problem::CredentialsRequired { field: None }.into());
    }
    if !new.filter.0.is_empty() {
        let attributes = read_attributes(&services, &caller, &integration).await?;
        new.filter.check(&attributes).map_err(invalid)?;
    }
    let now = services.clock.now();
    let import = Import {
        id: ImportId::new(services.ids.next()),
        msp: caller.msp,
        integration: id,
        state: ImportState::Fetching,
        abandoned: false,
        cancelling: false,
        filter: new.filter,
        started_by: caller.person,
        started_at: now,
        ended_at: None,
        plan_hash: None,
        counts: None,
        error: None,
    };
    if let Started::Locked(holder) = tenant.start(&import, now).await? {
        return Err(Problem::IntegrationLocked(holder).into());
    }
    let location = format!("/imports/{}", import.id);
    let view = ImportView::of(&services, import).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)))
}

async fn find(services: &Services, caller: &Caller, id: &IntegrationId) -> Api<Integration> {
    let found = services.tenant(&caller.msp).integration(id).await?;
    Ok(found.ok_or(Problem::IntegrationNotFound)?)
}

async fn read_attributes(services: &Services, caller: &Caller, integration: &Integration) -> Api<Vec<Attribute>> {
    let psa = services.psa(&caller.msp, integration, deadline()).await?;
    let failed = |failure| Problem::Psa {
        psa: integration.kind,
        failure,
    };
    Ok(psa.attributes().await.map_err(failed)?)
}

fn invalid(filter: InvalidFilter) -> Problem {
    let (attribute, value) = match filter {
        InvalidFilter::UnknownAttribute(attribute) | InvalidFilter::NoValue(attribute) => (attribute, None),
        InvalidFilter::UnknownValue(attribute, value) => (attribute, Some(value.to_string())),
    };
    Problem::InvalidFilter {
        attribute: attribute.to_string(),
        value,
    }
}
