//! The import or integration that a call is about, and who may decide on it.

use domain::ids::{ImportId, IntegrationId};
use domain::import::{Event, Import};
use domain::integration::Integration;
use domain::problem::{Problem, ResourceKind};
use lambda::{Services, attach_to_span};
use store::Tenant;
use store::imports::Moved;

use crate::{Api, Caller};

/// The integration of this id; a problem if the MSP has none.
pub async fn find_integration(tenant: &Tenant, id: &IntegrationId) -> Api<Integration> {
    let found = tenant.integration(id).await?;
    Ok(found.ok_or(Problem::IntegrationNotFound)?)
}

/// The import, whatever its state and its administrator. One that has expired may still be in the table.
pub async fn find_import(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let found = services.tenant(&caller.msp).import(id).await?;
    let found = found.filter(|import| services.clock.now() < import.result_until());
    let import = found.ok_or_else(|| Problem::not_found(ResourceKind::Import))?;
    attach_to_span(&import);
    Ok(import)
}

/// The import, if the caller may decide on it (R44): it is theirs, it has ended, or they take over what an unattended
/// import left in review (R48).
pub async fn authorize(services: &Services, caller: &Caller, import: Import) -> Api<Import> {
    if import.state.is_final() || import.holder().subject == caller.person.subject {
        return Ok(import);
    }
    let tenant = services.tenant(&caller.msp);
    let now = services.clock.now();
    if import.is_for_the_taking()
        && let Ok(taken) = import.apply(Event::TakenOver(caller.person.clone()), now)
        && let Moved::Committed = tenant.take_over(&taken, import.holder(), now).await?
    {
        return Ok(taken.into_import());
    }
    let holder = tenant.holder(&import.integration, now).await?;
    Err(holder
        .map_or(Problem::ImportAbandoned, Problem::IntegrationLocked)
        .into())
}
