//! An unattended import whose snapshot is complete: the rows are decided by policy already; the plan goes ahead, or stops in
//! review for an administrator (R39, R48).

use domain::directory::ReservationId;
use domain::import::{Import, ImportState};
use domain::problem::Problem;
use futures::FutureExt;
use planning::{Planning, PlanningError, WholePlan};
use runtime::{Api, ApiError, Services, Work, WorkOutcome};
use store::Tenant;
use store::imports::Moved;
use store::lock::{Lease, LeaseOutcome};
use tracing::info;

use crate::licences;

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn decide(services: &Services, import: Import, work: &Work) -> Result<WorkOutcome, Error> {
    let tenant = services.tenant(&import.msp);
    let lease = match tenant.acquire_lease(&import, services.clock.now()).await? {
        LeaseOutcome::Acquired(lease) => lease,
        LeaseOutcome::Busy(until) if work.give_up => {
            return Err(format!("another worker is at it until {until}").into());
        }
        LeaseOutcome::Busy(until) => return Ok(WorkOutcome::Wait(until)),
        LeaseOutcome::LockLost => return Ok(WorkOutcome::Done(())),
    };
    // As it is now that nobody else works on it: a worker before this one may have been through.
    let now = tenant.import(&import.id).await?;
    let is_undecided = |now: &Import| now.state == ImportState::Review && now.unattended;
    let Some(mut import) = now.filter(is_undecided) else {
        lease.leave_if_possible(&tenant).await;
        return Ok(WorkOutcome::Done(()));
    };
    let decided = if work.give_up {
        stop(services, &tenant, &lease, &mut import, Problem::Internal).await
    } else {
        Box::pin(go_ahead(services, &tenant, &lease, &mut import)).await
    };
    if let Err(error) = decided {
        // It was cancelled, or lost its lock or its worker's place: what was set aside is given back by whoever ends it.
        if *error.problem == Problem::ImportAbandoned {
            return Ok(WorkOutcome::Done(()));
        }
        lease.leave_if_possible(&tenant).await;
        return Err(error.into());
    }
    Ok(WorkOutcome::Done(()))
}

async fn go_ahead(services: &Services, tenant: &Tenant, lease: &Lease, import: &mut Import) -> Api<()> {
    let integration = tenant.integration(&import.integration).await?;
    let integration = integration.ok_or(Problem::IntegrationNotFound)?;
    let planning = Planning::open(tenant.clone(), services.directory(&import.msp), import.clone())
        .await
        .map_err(PlanningError::cause::<ApiError>)?;
    let plan = planning.whole().await.map_err(PlanningError::cause::<ApiError>)?;
    if let Some(change) = planning.mass_change(integration.policy.mass_change, plan.changes) {
        return stop(services, tenant, lease, import, Problem::MassChange(change)).await;
    }
    begin(services, tenant, lease, import, plan).await
}

async fn begin(services: &Services, tenant: &Tenant, lease: &Lease, import: &mut Import, plan: WholePlan) -> Api<()> {
    let mut executing = import.clone();
    executing.state = ImportState::Executing;
    executing.plan_hash = Some(plan.hash);
    let own = ReservationId::of(&import.id, &services.ids.next());
    let has_others = executing.reservation.replace(own.clone()).is_some();
    let invalidate_others = || invalidate_others(services, tenant, lease, &executing).boxed();
    if has_others {
        invalidate_others().await?;
    }
    match licences::reserve(services, &executing, &own, plan.licences, invalidate_others).await {
        Ok(()) => {}
        Err(ApiError { problem, .. }) if matches!(*problem, Problem::InsufficientLicences { .. }) => {
            return stop(services, tenant, lease, import, *problem).await;
        }
        Err(other) => return Err(other),
    }
    let confirmation = tenant.confirmation(&executing, &plan.confirmed)?;
    let confirmation = tenant.write_ahead(confirmation).await?;
    match tenant
        .hand_over_with(
            lease,
            &executing,
            ImportState::Review,
            services.clock.now(),
            confirmation,
        )
        .await?
    {
        Moved::Committed => info!(import = %import.id, "an unattended import goes ahead"),
        // It was cancelled, or lost its lock or its worker's place.
        Moved::LockLost | Moved::WrongState => licences::give_back(services, &executing, &own).await?,
    }
    Ok(())
}

/// Makes sure that no worker before this one goes ahead from here on.
async fn invalidate_others(services: &Services, tenant: &Tenant, lease: &Lease, import: &Import) -> Api<()> {
    match tenant
        .set_only_confirmation_as_worker(lease, import, services.clock.now())
        .await?
    {
        Moved::Committed => Ok(()),
        Moved::LockLost | Moved::WrongState => Err(Problem::ImportAbandoned.into()),
    }
}

/// Leaves the import in review, for an administrator to find and finish.
async fn stop(services: &Services, tenant: &Tenant, lease: &Lease, import: &mut Import, why: Problem) -> Api<()> {
    info!(import = %import.id, code = why.code().as_str(), "an unattended import stops in review");
    import.unattended = false;
    import.stopped = Some(why);
    // Refused: it was cancelled, or lost its lock, and has ended all the same.
    let _ = tenant
        .hand_over(lease, import, ImportState::Review, services.clock.now())
        .await?;
    Ok(())
}
