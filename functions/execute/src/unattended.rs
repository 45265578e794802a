//! An unattended import whose snapshot is complete: the rows are decided by policy already; the plan is confirmed, or the import
//! stops in review for an administrator (R39, R48).

use async_trait::async_trait;
use directory::Reservation;
use domain::directory::{CreationAction, ReservationId};
use domain::import::{Assignment, Event};
use domain::problem::Problem;
use futures::FutureExt;
use lambda::metrics::{Mishap, count_mishap};
use store::Item;
use store::checkpoint::Checkpoint;
use store::imports::Moved;
use store::retry::Attempts;
use store::tx::Action;
use tracing::info;
use worker::{Failed, Job, Next, Run, Stop};

use crate::context::Position;
use crate::licences;
use crate::unattended_plan::{Found, Plan};

/// Decides whether the plan of an unattended import is confirmed.
pub(crate) struct Decision {
    run: Run,
}

#[async_trait]
impl Job for Decision {
    const ASSIGNMENT: Assignment = Assignment::Execute;
    type Position = Position;

    async fn open(run: &Run, _checkpoint: Option<&Checkpoint<Position>>) -> Result<Self, Stop> {
        Ok(Self { run: run.clone() })
    }

    async fn step(&mut self, checkpoint: &mut Checkpoint<Position>) -> Result<Next, Stop> {
        if self.run.give_up {
            self.stop(Problem::Internal).await?;
        } else {
            self.decide(checkpoint).await?;
        }
        Ok(Next::Done)
    }

    async fn fail(&mut self, stop: Stop) -> Result<Failed, Stop> {
        if stop.passes() && !self.run.give_up {
            return Ok(Failed::GivesUp);
        }
        if stop.passes() || !self.run.give_up {
            return Err(stop);
        }
        self.stop(Problem::Internal).await?;
        Ok(Failed::Ended)
    }
}

impl Decision {
    async fn decide(&mut self, checkpoint: &Checkpoint<Position>) -> Result<(), Stop> {
        let mut attempts = Attempts::at("plan under confirmation");
        while !self.decide_once(checkpoint).await? {
            attempts.again().await?;
        }
        Ok(())
    }

    /// Confirms the plan as it is now, or stops; `false` if somebody decided for good since the plan was computed.
    async fn decide_once(&mut self, checkpoint: &Checkpoint<Position>) -> Result<bool, Stop> {
        let run = &self.run;
        let integration = run.tenant.integration(&run.import.integration).await?;
        let integration = integration.ok_or(Problem::IntegrationNotFound)?;
        let found = Found::now(run, integration.policy.mass_change).await?;
        if let Some(change) = found.plan.mass_change {
            return self.stop(Problem::MassChange(change)).await.map(|()| true);
        }
        self.confirm(&found, integration.policy.creation, checkpoint).await
    }

    async fn confirm(
        &mut self,
        found: &Found,
        creation: CreationAction,
        checkpoint: &Checkpoint<Position>,
    ) -> Result<bool, Stop> {
        let (run, Found { plan, standing, .. }) = (&self.run, found);
        let own = ReservationId::of(&run.import.id, &run.services.ids.next());
        let (ahead, mut confirmation) = more(run, &own, plan, checkpoint)?;
        let confirmed = Event::Confirmed {
            plan_hash: plan.hash.clone(),
            reservation: own.clone(),
            creation,
            trace: None,
        };
        let invalidate_others = || invalidate_others(run, &own).boxed();
        if run.import.reservation.is_some() {
            invalidate_others().await?;
        }
        let needed = plan.licences;
        let reserved = licences::reserve(&run.services, &run.import, &own, needed, invalidate_others).await?;
        if let Reservation::Insufficient { available } = reserved {
            let stopped = self.stop(Problem::InsufficientLicences { needed, available }).await;
            return stopped.map(|()| true);
        }
        run.tenant.write_ahead(ahead).await?;
        // An exclusion that comes between plan and confirmation would take a confirmed company out of the execution.
        confirmation.push(run.tenant.standing_unchanged(&run.import.integration, standing)?);
        confirmation.push(found.kept(run)?);
        match self.run.transition(confirmed, confirmation).await? {
            Moved::Committed => info!(import = %self.run.import.id, "an unattended import goes ahead"),
            // It was cancelled, or lost its lock or its lease; or somebody decided for good.
            Moved::LockLost | Moved::WrongState => {
                let run = &self.run;
                licences::release_refused(&run.services, &run.import, &own).await?;
                let is_unchanged = run.tenant.is_standing(&run.import.integration, standing).await?;
                // This run may have made its own confirmation the only one: the next one has to be made so again.
                let now = run.tenant.import(&run.import.id).await?;
                self.run.import.reservation = now.and_then(|now| now.reservation);
                return Ok(is_unchanged);
            }
        }
        Ok(true)
    }

    /// Leaves the import in review, for an administrator to find and finish.
    async fn stop(&mut self, reason: Problem) -> Result<(), Stop> {
        info!(import = %self.run.import.id, code = reason.code().as_str(), "an unattended import stops in review");
        let code = reason.code();
        let stopped = Event::StoppedForReview(reason);
        // Refused: it was cancelled, or lost its lock, and has ended all the same.
        if let Moved::Committed = self.run.transition(stopped, Vec::new()).await? {
            count_mishap(Mishap::Stopped, code);
        }
        Ok(())
    }
}

/// What is written before the confirmation: the outcomes of the companies that need nothing, and what is confirmed for the others. And
/// with it: how far the execution is then.
fn more(
    run: &Run,
    own: &ReservationId,
    plan: &Plan,
    checkpoint: &Checkpoint<Position>,
) -> Result<(Vec<Item>, Vec<Action>), Stop> {
    let (tenant, import) = (&run.tenant, &run.import);
    let (mut ahead, executed, outcomes) = tenant.skipped_ahead(import, own, &plan.unchanged)?;
    ahead.extend(tenant.confirmation(import, own, &plan.confirmed)?);
    let mut checkpoint = checkpoint.clone();
    checkpoint.waited.reset();
    checkpoint.progress.executed = executed as u64;
    checkpoint.progress.outcomes = (executed > 0).then_some(outcomes);
    checkpoint.progress.to_execute = Some(plan.companies as u64);
    let along = vec![tenant.advance_action(import, Assignment::Execute, &checkpoint)?];
    Ok((ahead, along))
}

/// Makes sure that no worker before this one confirms the plan from now on.
async fn invalidate_others(run: &Run, own: &ReservationId) -> Result<(), Stop> {
    let now = run.services.clock.now();
    match run
        .tenant
        .set_only_confirmation_as_worker(&run.lease, &run.import, own, now)
        .await?
    {
        Moved::Committed => Ok(()),
        // It was cancelled, or lost its lock or its lease: its end releases what is reserved.
        Moved::LockLost | Moved::WrongState => Err(Stop::LeaseLost),
    }
}
