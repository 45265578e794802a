//! Starting an import: the attributes to filter by, the filter, the lock (R2, R6, R7, R44, R45).

use api::{Api, Body, Caller, CallerWith, ImportView, List, PageQuery, Path};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::filter::{Attribute, Filter};
use domain::ids::{IdempotencyKey, ImportId, IntegrationId, MspId};
use domain::import::Import;
use domain::problem::Problem;
use lambda::metrics::{Metric, count};
use lambda::{Services, trace};
use schemars::JsonSchema;
use serde::Deserialize;
use store::imports::Started;
use store::integrations::Integration;

use crate::deadline;

pub(crate) async fn attributes(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<Attribute>>> {
    let integration = find(&services, &caller, &id).await?;
    let attributes = read_attributes(&services, &caller.msp, &integration).await?;
    Ok(Json(List::counted(attributes, &page)?))
}

#[derive(Deserialize, JsonSchema)]
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
    let integration = find(&services, &caller, &id).await?;
    let mut import = Import::new(
        ImportId::new(services.ids.next()),
        caller.msp,
        id,
        new.filter,
        caller.person,
        services.clock.now(),
    );
    import.trace = trace();
    match begin(&services, &integration, &import, None).await? {
        Started::Locked(holder) => Err(Problem::IntegrationLocked(holder).into()),
        Started::Running | Started::Already(_) => {
            let location = format!("/imports/{}", import.id);
            let view = ImportView::of(&services, import).await?;
            Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)))
        }
    }
}

/// Checks that an import can be made, and takes the lock for it.
pub(crate) async fn begin(
    services: &Services,
    integration: &Integration,
    import: &Import,
    occasion: Option<&IdempotencyKey>,
) -> Api<Started> {
    let tenant = services.tenant(&import.msp);
    // Before the PSA is asked anything: whoever finds the integration taken need not wait for it, and an occasion that has
    // started its import has nothing to do with what became of the PSA since.
    match occasion {
        Some(occasion) => {
            if let Some(known) = tenant.started_by(&integration.id, occasion).await? {
                return Ok(Started::Already(known));
            }
        }
        None => {
            if let Some(holder) = tenant.holder(&integration.id, services.clock.now()).await? {
                count(Metric::LockRefusals, 1);
                return Ok(Started::Locked(holder));
            }
        }
    }
    if services.secrets.read(&import.msp, &integration.id).await?.is_none() {
        return Err(Problem::CredentialsRequired { field: None }.into());
    }
    if !import.filter.0.is_empty() {
        let attributes = read_attributes(services, &import.msp, integration).await?;
        import.filter.check(&attributes).map_err(Problem::from)?;
    }
    let started = tenant.start(import, occasion, services.clock.now()).await?;
    match started {
        Started::Running => count(Metric::ImportsStarted, 1),
        Started::Locked(_) => count(Metric::LockRefusals, 1),
        Started::Already(_) => {}
    }
    Ok(started)
}

async fn find(services: &Services, caller: &Caller, id: &IntegrationId) -> Api<Integration> {
    let found = services.tenant(&caller.msp).integration(id).await?;
    Ok(found.ok_or(Problem::IntegrationNotFound)?)
}

async fn read_attributes(services: &Services, msp: &MspId, integration: &Integration) -> Api<Vec<Attribute>> {
    let psa = services.psa(msp, integration, deadline()).await?;
    let failed = |failure| Problem::Psa {
        psa: integration.kind,
        failure,
    };
    Ok(psa.attributes().await.map_err(failed)?)
}
