//! Excluding companies and people for good (R96).

use api::{Api, Caller, find_integration};
use domain::exclusion::{Excludable, Exclusion, TooManyExclusions};
use domain::ids::IntegrationId;
use domain::problem::{Problem, ResourceKind};
use lambda::Services;
use store::standing::{By, ExclusionChange};

/// Excludes a company or person, for a reason and under a name.
pub async fn exclude(
    services: &Services,
    caller: &Caller,
    id: &IntegrationId,
    (what, reason): (&Excludable, (String, Option<String>)),
) -> Api<Exclusion> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, id).await?;
    let entry = services.ids.next();
    let by = by(services, caller, &entry);
    changed(tenant.exclude(id, what, reason, by).await?)
}

/// Ends an exclusion, and returns it.
pub async fn bring_back(services: &Services, caller: &Caller, id: &IntegrationId, what: &Excludable) -> Api<Exclusion> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, id).await?;
    let entry = services.ids.next();
    let by = by(services, caller, &entry);
    changed(tenant.bring_back(id, what, by).await?)
}

fn by<'a>(services: &Services, caller: &'a Caller, entry: &'a str) -> By<'a> {
    By {
        person: &caller.person,
        at: services.clock.now(),
        entry,
    }
}

fn changed(change: ExclusionChange) -> Api<Exclusion> {
    match change {
        ExclusionChange::Changed(exclusion) => Ok(*exclusion),
        ExclusionChange::Locked(holder) => Err(Problem::IntegrationLocked(holder).into()),
        ExclusionChange::Full => Err(Problem::from(TooManyExclusions).into()),
        ExclusionChange::NotExcluded => Err(Problem::not_found(ResourceKind::Exclusion).into()),
    }
}
