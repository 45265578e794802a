//! One run of the worker over the selected companies (R34–R37).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use directory::{Directory, DirectoryError};
use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import, ImportState};
use domain::plan::{PLAN_SCHEMA, Reason};
use futures::{StreamExt, TryStreamExt, pin_mut};
use jiff::Timestamp;
use planning::{Planning, PlanningError};
use runtime::{Deadline, Services, Work, WorkOutcome, attach_to_span};
use serde::{Deserialize, Serialize};
use store::checkpoint::Checkpoint;
use store::journal::ConfirmedCompany;
use store::lock::{Lease, LeaseOutcome};
use store::tx::{Action, Outcome, Transaction};
use store::{StoreError, Tenant};
use tokio::sync::Mutex;
use tracing::{debug, info, warn};

use crate::apply::{Applied, apply};
use crate::finish;
use crate::slices::slices;
use crate::unattended;

/// Companies worked on at once.
const COMPANY_CONCURRENCY: usize = 8;

/// The most companies between two checkpoints.
const MAX_COMPANIES_PER_CHECKPOINT: usize = 1_000;

/// Rows passed over between two checkpoints: what is kept in memory until they are written.
const MAX_SKIPPED_ROWS: usize = 50_000;

/// The longest time between two checkpoints, well within a worker's lease.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// How long an administrator who cancels waits at most before a worker notices, besides the calls under way.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long a run that found the directory silent leaves it alone.
const PAUSE: Duration = Duration::from_mins(1);

/// How often in a row that happens before the import is given up.
const MAX_PAUSES: u32 = 30;

/// Where an execution stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    /// The last company up to which every selected one has its outcome.
    pub after: Option<PsaCompanyId>,
    /// How many rows of the company behind it have their outcomes: one that is passed over may have more rows than fit into a
    /// transaction.
    #[serde(default)]
    pub within: usize,
    /// Packs of companies passed over, written so far.
    pub packs: u64,
    /// Pauses since the last company that got its outcome.
    #[serde(default)]
    pauses: u32,
}

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// Another worker has the place.
    #[error("the lease was lost")]
    LeaseLost,
    /// The store failed; the platform calls again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory failed where no row can be blamed; one that is silent is left alone for a while.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl From<PlanningError> for Stop {
    fn from(error: PlanningError) -> Self {
        error.cause()
    }
}

impl Stop {
    /// Whether another run may get further.
    fn passes(&self) -> bool {
        match self {
            Self::LeaseLost => false,
            Self::Store(error) => error.passes(),
            Self::Directory(error) => error.is_retryable(),
        }
    }
}

/// What a run works with.
pub(crate) struct Run {
    pub services: Services,
    pub tenant: Tenant,
    pub directory: Arc<dyn Directory>,
    pub import: Import,
    pub confirmed: HashMap<PsaCompanyId, ConfirmedCompany>,
    pub deadline: Deadline,
    /// Rows that are not begun are passed over with this.
    pub skip: Option<Reason>,
    /// Set once the directory answers nobody any more.
    outage: OnceLock<DirectoryError>,
    /// Set once an administrator is seen to have asked to stop.
    cancelled: AtomicBool,
    /// When that was last looked at.
    looked: Mutex<Timestamp>,
    lease: Lease,
    /// Two transactions on the lock at once would only get in each other's way.
    turn: Mutex<()>,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn work(services: Services, work: Work, deadline: Deadline) -> Result<WorkOutcome, Error> {
    let tenant = services.tenant(&work.msp);
    let import = tenant.import(&work.import).await?;
    let assigned = |import: &Import| import.assignment() == Some(Assignment::Execute);
    let Some(import) = import.filter(assigned) else {
        return Ok(WorkOutcome::Done(()));
    };
    attach_to_span(&import);
    if import.state == ImportState::Review {
        return unattended::decide(&services, import, &work).await;
    }
    let now = services.clock.now();
    let outcome = if import.abandoned {
        tenant.acquire_final_lease(&import, now).await?
    } else {
        tenant.acquire_lease(&import, now).await?
    };
    let lease = match outcome {
        LeaseOutcome::Acquired(lease) => lease,
        LeaseOutcome::Busy(until) if work.give_up => {
            return Err(format!("another worker is at it until {until}").into());
        }
        LeaseOutcome::Busy(until) => return Ok(WorkOutcome::Wait(until)),
        LeaseOutcome::LockLost => return Ok(WorkOutcome::Done(())),
    };
    // Another worker may have ended this abandoned import already; then the next import writes, and this one must not.
    if import.abandoned && !tenant.import(&import.id).await?.is_some_and(|now| assigned(&now)) {
        lease.leave_if_possible(&tenant).await;
        return Ok(WorkOutcome::Done(()));
    }
    let directory = services.directory(&work.msp);
    let confirmed = match tenant.confirmed(&import).await {
        // An abandoned import begins no further company, so it can end without the confirmed plan.
        Err(error) if import.abandoned && !error.passes() => {
            warn!(import = %import.id, %error, "the confirmed plan of an abandoned import cannot be read; ending without it");
            HashMap::new()
        }
        confirmed => confirmed?,
    };
    if let Some(schema) = confirmed.values().find_map(ConfirmedCompany::other_schema) {
        warn!(
            import = %import.id,
            "confirmed by another version of psa-import (plan schema {schema}, this version has {PLAN_SCHEMA}): its companies count as changed"
        );
    }
    let skip = match (work.give_up || import.abandoned, import.cancelling) {
        (true, _) => Some(Reason::GivenUp),
        (false, true) => Some(Reason::Cancelled),
        (false, false) => None,
    };
    let (is_cancelled, looked) = (import.cancelling, services.clock.now());
    let mut run = Run {
        services,
        tenant,
        directory,
        import,
        confirmed,
        deadline,
        skip,
        outage: OnceLock::new(),
        cancelled: AtomicBool::new(is_cancelled),
        looked: Mutex::new(looked),
        lease,
        turn: Mutex::new(()),
    };
    match run.go_on().await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::LeaseLost) => Ok(WorkOutcome::Done(())),
        // What cannot be carried out cannot be passed over either; the import ends with what is in the journal. Not for what passes:
        // then it is tried again, in the end by the sweeper, until every row is accounted for.
        Err(error) if work.give_up && !error.passes() => {
            warn!(import = %run.import.id, %error, "giving up with rows unaccounted for");
            finish::finish_import(&mut run)
                .await
                .map(|()| WorkOutcome::Done(()))
                .map_err(Into::into)
        }
        Err(Stop::Directory(error)) if error.is_retryable() && !work.give_up => run.pause(error).await,
        Err(other) => {
            run.lease.leave_if_possible(&run.tenant).await;
            Err(other.into())
        }
    }
}

impl Run {
    async fn go_on(&mut self) -> Result<WorkOutcome, Stop> {
        let mut checkpoint = self
            .tenant
            .checkpoint::<Position>(&self.import, Assignment::Execute)
            .await?;
        info!(import = %self.import.id, after = ?checkpoint.position.after, "execution goes on");
        let planning = Planning::open(self.tenant.clone(), Arc::clone(&self.directory), self.import.clone()).await?;
        loop {
            let batch = self.next_companies(&planning, &mut checkpoint).await?;
            if let Some(outage) = self.outage.get() {
                return Err(Stop::Directory(outage.clone()));
            }
            if matches!(batch, Batch::OutOfTime) {
                self.commit(self.lease.leaving(&self.tenant)?).await?;
                return Ok(WorkOutcome::Again(()));
            }
            // After the last one too: rows that it passed over make the import a cancelled one.
            self.look_for_cancel().await?;
            if matches!(batch, Batch::Last) {
                break;
            }
        }
        finish::finish_import(self).await?;
        Ok(WorkOutcome::Done(()))
    }

    /// Leaves a directory that is silent alone for a while, unless that has been tried often enough.
    async fn pause(&self, outage: DirectoryError) -> Result<WorkOutcome, Error> {
        let mut checkpoint = self
            .tenant
            .checkpoint::<Position>(&self.import, Assignment::Execute)
            .await?;
        if checkpoint.position.pauses >= MAX_PAUSES {
            self.lease.leave_if_possible(&self.tenant).await;
            return Err(outage.into());
        }
        checkpoint.position.pauses += 1;
        warn!(import = %self.import.id, error = %outage, pauses = checkpoint.position.pauses, "the directory is silent");
        let mut tx = self.lease.leaving(&self.tenant)?;
        self.tenant
            .advance(&mut tx, &self.import, Assignment::Execute, &checkpoint)?;
        match self.commit(tx).await {
            Ok(()) => Ok(WorkOutcome::Wait(self.services.clock.now() + PAUSE)),
            Err(Stop::LeaseLost) => Ok(WorkOutcome::Done(())),
            Err(other) => Err(other.into()),
        }
    }

    /// Carries out the next companies, several at once, and moves the checkpoint past those that have their outcomes.
    async fn next_companies(&self, planning: &Planning, checkpoint: &mut Checkpoint<Position>) -> Result<Batch, Stop> {
        let rows = planning
            .selected(checkpoint.position.after.as_ref())
            .map_err(Stop::from)
            .take(MAX_COMPANIES_PER_CHECKPOINT);
        let due = Instant::now() + CHECKPOINT_EVERY;
        let skipped = AtomicUsize::new(0);
        let is_full = || Instant::now() >= due || skipped.load(Ordering::Relaxed) >= MAX_SKIPPED_ROWS;
        let is_time_up = || self.is_to_end() || is_full();
        // Only of the first company some rows may have their outcomes without the others.
        let mut named = checkpoint.position.within;
        let carried = rows
            .try_take_while(|_| std::future::ready(Ok(!is_time_up())))
            .map_ok(|row| {
                let (company, named) = (row.id.clone(), std::mem::take(&mut named));
                async move { Ok((company, apply(self, planning, row, named).await?)) }
            })
            .try_buffered(COMPANY_CONCURRENCY);
        pin_mut!(carried);
        let (mut done, mut is_whole) = (Vec::new(), true);
        // Those behind an unfinished one come to their own ends too, and are found in the journal by the next run.
        while let Some((company, carried)) = carried.try_next().await? {
            is_whole &= !matches!(carried, Applied::Unfinished);
            if !is_whole {
                continue;
            }
            let entries = match carried {
                Applied::Skipped(entries) => entries,
                _ => Vec::new(),
            };
            skipped.fetch_add(entries.iter().map(|entry| entry.rest.len()).sum(), Ordering::Relaxed);
            done.push((company, entries));
        }
        checkpoint.position.pauses = 0;
        for slice in slices(&self.tenant, &self.import, checkpoint, &done)? {
            let mut tx = self.transaction()?;
            for action in slice.actions {
                tx.push(action)?;
            }
            self.tenant
                .advance(&mut tx, &self.import, Assignment::Execute, &slice.checkpoint)?;
            self.commit(tx).await?;
            *checkpoint = slice.checkpoint;
        }
        Ok(if self.deadline.is_near() {
            Batch::OutOfTime
        } else if is_time_up() || done.len() == MAX_COMPANIES_PER_CHECKPOINT {
            Batch::More
        } else {
            Batch::Last
        })
    }

    /// Adds a write to a transaction of this worker; one that has no room for it is applied first.
    pub async fn add(&self, tx: &mut Transaction, action: Action) -> Result<(), Stop> {
        if !tx.has_room_for([&action]) {
            let full = std::mem::replace(tx, self.transaction()?);
            self.commit(full).await?;
        }
        Ok(tx.push(action)?)
    }

    async fn look_for_cancel(&mut self) -> Result<(), Stop> {
        if let Some(now) = self.tenant.import(&self.import.id).await?
            && now.cancelling
        {
            self.import.cancelling = true;
            self.import.taken_over_by = now.taken_over_by;
            self.skip = self.skip.or(Some(Reason::Cancelled));
        }
        Ok(())
    }

    /// The reason for skipping rows that are not begun, if they are to be skipped. Reads the import again: an administrator may
    /// have cancelled it meanwhile.
    pub async fn skips(&self) -> Result<Option<Reason>, Stop> {
        if self.skip.is_some() {
            return Ok(self.skip);
        }
        let now = self.tenant.import(&self.import.id).await?;
        Ok(now.filter(|now| now.cancelling).map(|_| Reason::Cancelled))
    }

    /// Whether the import is cancelled, for use between the users of a company. Reads the import at most once per `LOOK_EVERY`.
    pub async fn is_cancelled(&self) -> bool {
        if self.cancelled.load(Ordering::Relaxed) {
            return true;
        }
        // Whoever is next looks; nobody waits for that.
        let Ok(mut looked) = self.looked.try_lock() else {
            return false;
        };
        let now = self.services.clock.now();
        if now < *looked + LOOK_EVERY {
            return false;
        }
        *looked = now;
        let is_cancelled = match self.tenant.import(&self.import.id).await {
            Ok(import) => import.is_some_and(|import| import.cancelling),
            Err(error) => {
                debug!(%error, "whether the import is cancelled could not be looked at");
                false
            }
        };
        self.cancelled.store(is_cancelled, Ordering::Relaxed);
        is_cancelled
    }

    /// Whether no further piece of work should be begun.
    pub fn is_to_end(&self) -> bool {
        self.deadline.is_near() || self.outage.get().is_some()
    }

    /// Ends the run: no row is to blame.
    pub fn record_outage(&self, outage: DirectoryError) {
        let _ = self.outage.set(outage);
    }

    /// A transaction that only this worker can apply.
    pub fn transaction(&self) -> Result<Transaction, Stop> {
        Ok(self.lease.transaction(&self.tenant, self.services.clock.now())?)
    }

    /// Applies a transaction of this worker that nothing but a lost lease can refuse.
    pub async fn commit(&self, tx: Transaction) -> Result<(), Stop> {
        match self.try_commit(tx).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(Stop::LeaseLost),
        }
    }

    /// Applies a transaction of this worker; a refusal other than of the lease is the caller's to read.
    pub async fn try_commit(&self, tx: Transaction) -> Result<Outcome, Stop> {
        let _turn = self.turn.lock().await;
        let outcome = tx.commit(&self.tenant).await?;
        if outcome.refused(0) {
            Err(Stop::LeaseLost)
        } else {
            Ok(outcome)
        }
    }

    /// The proof of being the one worker.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }
}

enum Batch {
    More,
    Last,
    OutOfTime,
}
