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
use store::lock::{Guard, Hired};
use tracing::info;

use crate::licences;

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn decide(services: &Services, import: Import, work: &Work) -> Result<WorkOutcome, Error> {
    let tenant = services.tenant(&import.msp);
    let guard = match tenant.hire(&import, services.clock.now()).await? {
        Hired::Yes(guard) => guard,
        Hired::Busy(until) if work.give_up => return Err(format!("another worker is at it until {until}").into()),
        Hired::Busy(until) => return Ok(WorkOutcome::Wait(until)),
        Hired::Lost => return Ok(WorkOutcome::Done(())),
    };
    // As it is now that nobody else works on it: a worker before this one may have been through.
    let now = tenant.import(&import.id).await?;
    let is_undecided = |now: &Import| now.state == ImportState::Review && now.unattended;
    let Some(mut import) = now.filter(is_undecided) else {
        guard.leave_if_possible(&tenant).await;
        return Ok(WorkOutcome::Done(()));
    };
    let decided = if work.give_up {
        stop(services, &tenant, &guard, &mut import, Problem::Internal).await
    } else {
        Box::pin(go_ahead(services, &tenant, &guard, &mut import)).await
    };
    if let Err(error) = decided {
        // It was cancelled, or lost its lock or its worker's place: what was set aside is given back by whoever ends it.
        if *error.problem == Problem::ImportAbandoned {
            return Ok(WorkOutcome::Done(()));
        }
        guard.leave_if_possible(&tenant).await;
        return Err(error.into());
    }
    Ok(WorkOutcome::Done(()))
}

async fn go_ahead(services: &Services, tenant: &Tenant, guard: &Guard, import: &mut Import) -> Api<()> {
    let integration = tenant.integration(&import.integration).await?;
    let integration = integration.ok_or(Problem::IntegrationNotFound)?;
    let planning = Planning::open(tenant.clone(), services.directory(&import.msp), import.clone())
        .await
        .map_err(PlanningError::cause::<ApiError>)?;
    let plan = planning.whole().await.map_err(PlanningError::cause::<ApiError>)?;
    if let Some(change) = planning.mass_change(integration.policy.mass_change, plan.changes) {
        return stop(services, tenant, guard, import, Problem::MassChange(change)).await;
    }
    begin(services, tenant, guard, import, plan).await
}

async fn begin(services: &Services, tenant: &Tenant, guard: &Guard, import: &mut Import, plan: WholePlan) -> Api<()> {
    let mut executing = import.clone();
    executing.state = ImportState::Executing;
    executing.plan_hash = Some(plan.hash);
    let own = ReservationId::of(&import.id, &services.ids.next());
    let is_overruled = executing.reservation.replace(own.clone()).is_some();
    let overrule = || overrule(services, tenant, guard, &executing).boxed();
    if is_overruled {
        overrule().await?;
    }
    match licences::reserve(services, &executing, &own, plan.licences, overrule).await {
        Ok(()) => {}
        Err(ApiError { problem, .. }) if matches!(*problem, Problem::InsufficientLicences { .. }) => {
            return stop(services, tenant, guard, import, *problem).await;
        }
        Err(other) => return Err(other),
    }
    let agreement = tenant.agreement(&executing, &plan.agreed)?;
    let agree = tenant.write_ahead(agreement).await?;
    match tenant
        .hand_over_with(guard, &executing, ImportState::Review, services.clock.now(), agree)
        .await?
    {
        Moved::Yes => info!(import = %import.id, "an unattended import goes ahead"),
        // It was cancelled, or lost its lock or its worker's place.
        Moved::LockLost | Moved::WrongState => licences::give_back(services, &executing, &own).await?,
    }
    Ok(())
}

/// Makes sure that no worker before this one goes ahead from here on.
async fn overrule(services: &Services, tenant: &Tenant, guard: &Guard, import: &Import) -> Api<()> {
    match tenant.intend_as_worker(guard, import, services.clock.now()).await? {
        Moved::Yes => Ok(()),
        Moved::LockLost | Moved::WrongState => Err(Problem::ImportAbandoned.into()),
    }
}

/// Leaves the import in review, for an administrator to find and finish.
async fn stop(services: &Services, tenant: &Tenant, guard: &Guard, import: &mut Import, why: Problem) -> Api<()> {
    info!(import = %import.id, code = why.code().as_str(), "an unattended import stops in review");
    import.unattended = false;
    import.stopped = Some(why);
    // Refused: it was cancelled, or lost its lock, and has ended all the same.
    let _ = tenant
        .hand_over(guard, import, ImportState::Review, services.clock.now())
        .await?;
    Ok(())
}
