//! An administrator confirms a plan by its hash (R35, R39, R46).

use api::{Api, ApiError, Caller, authorize, find_import, find_integration};
use directory::Reservation;
use domain::directory::{CreationAction, ReservationId};
use domain::ids::ImportId;
use domain::import::{Event, Import, ImportState};
use domain::policy::Policy;
use domain::problem::Problem;
use futures::FutureExt;
use lambda::{Services, trace};
use planning::{KeptPlanReader, Planning, WholePlan, rests_on};
use store::imports::{Confirmed, Moved};
use store::retry::Attempts;

use crate::licences;

/// What an administrator agrees to.
pub struct Agreement {
    pub plan_hash: String,
    /// Whether a mass change is meant.
    pub mass_change: bool,
    /// Whether new users are invited at once; by default, as the integration's policy says.
    pub creation: Option<CreationAction>,
}

/// Begins an import with the plan that is agreed to.
pub async fn confirm(services: &Services, caller: &Caller, id: &ImportId, agreed: &Agreement) -> Api<Import> {
    let mut attempts = Attempts::at("plan under confirmation");
    loop {
        let import = find_import(services, caller, id).await?;
        let import = authorize(services, caller, import).await?;
        if import.state != ImportState::Review {
            return Err(Problem::WrongState { state: import.state }.into());
        }
        // Applying the plan reads the rows: they must be there until it is done.
        if services.clock.now() >= import.review_until() {
            return Err(Problem::SnapshotExpired.into());
        }
        // Before any row is read: a decision that comes later is not in the plan.
        let decisions = services.tenant(&import.msp).decisions(&import.integration).await?;
        let integration = find_integration(&services.tenant(&import.msp), &import.integration).await?;
        let plan = agreed_plan(services, &import, agreed, &integration.policy).await?;
        let creation = agreed.creation.unwrap_or(integration.policy.creation);
        if let Some(begun) = begin(services, import, plan, (decisions, creation)).await? {
            return Ok(begun);
        }
        attempts.again().await?;
    }
}

/// The plan as it is now, if it is the one that is agreed to.
async fn agreed_plan(services: &Services, import: &Import, agreed: &Agreement, policy: &Policy) -> Api<WholePlan> {
    let tenant = services.tenant(&import.msp);
    let plan = if let Some(kept) = kept_plan(services, import).await? {
        kept
    } else {
        let planning = Planning::open(
            tenant,
            services.remembered_directory(&import.msp).await?,
            import.clone(),
        );
        planning.await?.whole().await?
    };
    if plan.totals.hash != agreed.plan_hash {
        let hash = plan.totals.hash;
        return Err(Problem::PlanChanged { hash }.into());
    }
    match plan.totals.mass_change(policy.mass_change) {
        Some(change) if !agreed.mass_change => Err(Problem::MassChange(change).into()),
        _ => Ok(plan),
    }
}

/// The plan that was computed when it was shown, if nothing that it rests on has changed since (R71).
async fn kept_plan(services: &Services, import: &Import) -> Api<Option<WholePlan>> {
    let (tenant, directory) = (
        services.tenant(&import.msp),
        services.remembered_directory(&import.msp).await?,
    );
    let Some(rests_on) = rests_on(&tenant, &*directory, import, services.clock.now()).await? else {
        return Ok(None);
    };
    match KeptPlanReader::read(&tenant, &directory, import, rests_on).await? {
        Some(kept) => Ok(kept.whole().await?),
        None => Ok(None),
    }
}

/// Reserves the licences and begins the import; `None` if a row was decided on since the plan was computed.
async fn begin(
    services: &Services,
    import: Import,
    plan: WholePlan,
    (decisions, creation): (u64, CreationAction),
) -> Api<Option<Import>> {
    let tenant = services.tenant(&import.msp);
    let own = ReservationId::of(&import.id, &services.ids.next());
    let event = Event::Confirmed {
        plan_hash: plan.totals.hash.clone(),
        reservation: own.clone(),
        creation,
        trace: trace(),
    };
    let confirmed = import.apply(event, services.clock.now()).map_err(Problem::from)?;
    let invalidate_others = || invalidate_others(services, &import, &own, &plan.totals.hash).boxed();
    if import.reservation.is_some() {
        invalidate_others().await?;
    }
    let needed = plan.totals.licences;
    let reserved = licences::reserve::<ApiError>(services, &import, &own, needed, invalidate_others).await?;
    if let Reservation::Insufficient { available } = reserved {
        return Err(Problem::InsufficientLicences { needed, available }.into());
    }
    let confirmation = tenant.confirmation(&import, &own, &plan.confirmed())?;
    tenant.write_ahead(confirmation).await?;
    let outcome = tenant.confirm(&confirmed, decisions, services.clock.now()).await?;
    if let Confirmed::Committed = outcome {
        return Ok(Some(confirmed.into_import()));
    }
    licences::release_refused(services, &import, &own).await?;
    match outcome {
        Confirmed::Refused(refused) => Err(not_moved(services, &import, &plan.totals.hash, refused).await?),
        Confirmed::Committed | Confirmed::DecidedMeanwhile => Ok(None),
    }
}

/// Makes sure that no other confirmation succeeds from now on.
async fn invalidate_others(services: &Services, import: &Import, own: &ReservationId, hash: &str) -> Api<()> {
    let tenant = services.tenant(&import.msp);
    match tenant.set_only_confirmation(import, own, services.clock.now()).await? {
        Moved::Committed => Ok(()),
        refused => Err(not_moved(services, import, hash, refused).await?),
    }
}

async fn not_moved(services: &Services, import: &Import, hash: &str, moved: Moved) -> Api<ApiError> {
    let now = services.tenant(&import.msp).import(&import.id).await?;
    Ok(match (moved, now) {
        (Moved::WrongState, Some(now)) if now.state != ImportState::Review => {
            Problem::WrongState { state: now.state }.into()
        }
        // It was confirmed once more at the same moment.
        (Moved::WrongState, Some(_)) => Problem::PlanChanged { hash: hash.to_owned() }.into(),
        _ => Problem::ImportAbandoned.into(),
    })
}
