//! One run of the worker on an import, under its lease.

use std::sync::Arc;
use std::time::Duration;

use domain::import::{Assignment, Event, Import};
use lambda::{Deadline, Services, Work, WorkOutcome, attach_to_span};
use store::fenced::{FencedOutcome, FencedTransaction};
use store::imports::Moved;
use store::lease::{Lease, LeaseOutcome};
use store::tx::{Action, TransactionOutcome};
use store::waited::Waited;
use store::{StoreError, Tenant};

use crate::group::Group;
use crate::wait::wait_unwritten;
use crate::{Error, Stop, Wait, fenced};

/// What a run works with.
#[derive(Clone)]
pub struct Run {
    /// Clock, ids, directory, PSAs.
    pub services: Services,
    /// The tenant of the import.
    pub tenant: Tenant,
    /// The import as it was read under the lease.
    pub import: Import,
    /// The lease.
    pub lease: Lease,
    /// When the run must end.
    pub deadline: Deadline,
    /// Whether the import must end: the platform gave up, or the job did ([`crate::Failed::GivesUp`]).
    pub give_up: bool,
    /// The waits so far, as the platform handed them over.
    pub waited: Waited,
    /// How long the work may wait in all for faults that pass.
    pub allowance: Duration,
    group: Arc<Group>,
}

/// The answer to a worker that was called for an import.
pub enum Acquired {
    /// The lease is ours.
    Run(Box<Run>),
    /// There is nothing to do now.
    Nothing(WorkOutcome),
}

/// Acquires the lease for an import that still has this assignment. The import is read again under the lease: a worker before this
/// one may have moved it on. While the store does not answer, there is nothing to do but to wait.
pub async fn acquire(
    services: Services,
    work: Work,
    deadline: Deadline,
    assignment: Assignment,
) -> Result<Acquired, Error> {
    let (now, waited) = (services.clock.now(), work.waited.unwrap_or_default());
    match acquire_once(services, work, deadline, assignment).await {
        Ok(acquired) => Ok(acquired),
        Err(error) => Ok(Acquired::Nothing(wait_unwritten(error.into(), waited, now)?)),
    }
}

async fn acquire_once(
    services: Services,
    work: Work,
    deadline: Deadline,
    assignment: Assignment,
) -> Result<Acquired, StoreError> {
    let tenant = services.tenant(&work.msp);
    let nothing = Acquired::Nothing(WorkOutcome::Done);
    let is_assigned = |import: &Import| import.assignment() == Some(assignment);
    let Some(import) = tenant.import(&work.import).await?.filter(is_assigned) else {
        return Ok(nothing);
    };
    attach_to_span(&import);
    let waited = work.waited.unwrap_or_default();
    let lease = match tenant.acquire_lease(&import, services.clock.now()).await? {
        LeaseOutcome::Acquired(lease) => lease,
        LeaseOutcome::Busy(until) => return Ok(Acquired::Nothing(WorkOutcome::Wait(until, waited))),
        LeaseOutcome::LockLost => return Ok(nothing),
    };
    let state = import.state;
    let is_as_before = |import: &Import| is_assigned(import) && import.state == state;
    let read = tenant.import(&import.id).await;
    let Ok(Some(import)) = read.as_ref().map(|import| import.clone().filter(is_as_before)) else {
        lease.leave_if_possible(&tenant).await;
        return read.map(|_| nothing);
    };
    Ok(Acquired::Run(Box::new(Run {
        allowance: services.patience.of(assignment, import.unattended),
        services,
        tenant,
        import,
        lease,
        deadline,
        give_up: work.give_up,
        waited,
        group: Arc::default(),
    })))
}

impl Run {
    /// The same run, which is to give the import up.
    pub(crate) fn giving_up(&self) -> Self {
        Self {
            give_up: true,
            ..self.clone()
        }
    }

    /// Whether a stop passes, and the work, which has waited so long, may wait for it.
    pub fn may_wait(&self, stop: &Stop, waited: Waited) -> bool {
        let next = Wait::after(stop).and_then(|wait| wait.next(waited, self.services.clock.now(), self.allowance));
        next.is_some() && !self.give_up
    }

    /// A transaction that only this worker can apply.
    pub fn transaction(&self) -> Result<FencedTransaction, Stop> {
        Ok(self.lease.transaction(&self.tenant, self.services.clock.now())?)
    }

    /// Applies a transaction of this worker, maybe together with others of it, that nothing but a lost lease can refuse.
    pub async fn commit(&self, tx: FencedTransaction) -> Result<(), Stop> {
        fenced(&self.group.commit(&self.tenant, tx).await?)
    }

    /// Applies a transaction of this worker; a refusal other than of the lease is the caller's to read.
    pub async fn try_commit(&self, tx: FencedTransaction) -> Result<TransactionOutcome, Stop> {
        match self.group.commit(&self.tenant, tx).await? {
            FencedOutcome::Committed => Ok(TransactionOutcome::Committed),
            FencedOutcome::Refused(refusals) => Ok(TransactionOutcome::Refused(refusals)),
            FencedOutcome::FenceLost(_) => Err(Stop::LeaseLost),
        }
    }

    /// Adds a write to a transaction of this worker; one that has no room for it is applied first.
    pub async fn add(&self, tx: &mut FencedTransaction, action: Action) -> Result<(), Stop> {
        if !tx.has_room_for([&action]) {
            let full = std::mem::replace(tx, self.transaction()?);
            self.commit(full).await?;
        }
        tx.push(action)?;
        Ok(())
    }

    /// Moves the import on, with `more` in the same transaction, and gives the lease up.
    pub async fn transition(&mut self, event: Event, more: Vec<Action>) -> Result<Moved, Stop> {
        let now = self.services.clock.now();
        let transition = self.import.apply(event, now)?;
        let moved = self
            .tenant
            .transition_as_worker(&self.lease, &transition, now, more)
            .await?;
        if let Moved::Committed = moved {
            self.import = transition.into_import();
        }
        Ok(moved)
    }
}
