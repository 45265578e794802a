//! What every part of an execution works with.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use directory::{Directory, DirectoryError};
use domain::ids::PsaCompanyId;
use domain::plan::Reason;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::journal::ConfirmedCompany;
use store::waited::Waited;
use tokio::sync::{Mutex, OnceCell};
use tracing::{debug, warn};
use worker::Stop;

/// How long an administrator who cancels waits at most before a worker notices, besides the calls under way.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Waits in a row, 38 minutes together, before the only row that is left without an answer is blamed.
const WAITS_BEFORE_BLAME: u32 = 5;

/// Where an execution stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position {
    /// The last company up to which every selected one has its outcome.
    pub after: Option<PsaCompanyId>,
    /// How many rows of the company behind it have their outcomes: one that is skipped may have more rows than fit into a
    /// transaction.
    #[serde(default)]
    pub within: usize,
    /// Packs of skipped companies, written so far.
    pub packs: u64,
}

/// A run of the worker on an import, with what is confirmed and what stops it.
pub(crate) struct Run {
    worker: worker::Run,
    pub directory: Arc<dyn Directory>,
    /// The version of the MSP's choice of a directory. It stays as long as an import executes.
    pub choice: u64,
    pub confirmed: HashMap<PsaCompanyId, ConfirmedCompany>,
    /// The reason for skipping rows that are not begun, if they are to be skipped.
    pub skip: Option<Reason>,
    /// Set once the directory does not answer for any row.
    outage: OnceLock<DirectoryError>,
    /// Calls for rows that the directory has answered in this run.
    answered: AtomicU64,
    /// How the work has waited before this run.
    waited: Waited,
    /// Set once an administrator is seen to have asked to stop.
    cancelled: AtomicBool,
    /// When the import was last read to see whether it is cancelled.
    looked: Mutex<Timestamp>,
    /// Set once the directory knows that this run changes it.
    changes: OnceCell<()>,
    /// Held while the decisions that outlast the import are changed.
    pub standing: Mutex<()>,
    /// Whether a call that may have changed the directory got no answer: it may be applied later.
    is_unanswered: AtomicBool,
    /// Whether an outcome was recorded since the last call of `take_recorded`.
    recorded: AtomicBool,
    /// The companies for which the directory does something later, and when to ask again.
    waits: std::sync::Mutex<HashMap<PsaCompanyId, Timestamp>>,
}

impl Deref for Run {
    type Target = worker::Run;

    fn deref(&self) -> &worker::Run {
        &self.worker
    }
}

impl Run {
    pub async fn open(
        worker: worker::Run,
        confirmed: HashMap<PsaCompanyId, ConfirmedCompany>,
        waited: Waited,
    ) -> Result<Self, StoreError> {
        let import = &worker.import;
        let skip = match (worker.give_up || import.abandoned, import.cancelling) {
            (true, _) => Some(Reason::GivenUp),
            (false, true) => Some(Reason::Cancelled),
            (false, false) => None,
        };
        Ok(Self {
            choice: worker.tenant.chosen_directory().await?.version,
            directory: worker
                .services
                .directory_of(&import.msp, Some(worker.deadline.0))
                .await?,
            confirmed,
            skip,
            outage: OnceLock::new(),
            answered: AtomicU64::new(0),
            waited,
            cancelled: AtomicBool::new(import.cancelling),
            looked: Mutex::new(worker.services.clock.now()),
            changes: OnceCell::new(),
            standing: Mutex::new(()),
            is_unanswered: AtomicBool::new(false),
            recorded: AtomicBool::new(false),
            waits: std::sync::Mutex::default(),
            worker,
        })
    }

    /// The run of the worker, to move its import on.
    pub const fn worker(&mut self) -> &mut worker::Run {
        &mut self.worker
    }

    /// Reads the import again: an administrator may have cancelled it meanwhile.
    pub async fn look_for_cancel(&mut self) -> Result<(), Stop> {
        if let Some(now) = self.tenant.import(&self.import.id).await?
            && now.cancelling
        {
            self.worker.import.cancelling = true;
            self.worker.import.taken_over_by = now.taken_over_by;
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

    /// Whether the import is cancelled. Asked before each batch of a company's users; reads the import at most once per `LOOK_EVERY`.
    pub async fn is_cancelled(&self) -> bool {
        if self.cancelled.load(Ordering::Relaxed) {
            return true;
        }
        // Several companies are worked on at once. If another one looks at this moment, this one does not wait for it.
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

    /// Says in the directory that this run is about to change it, if it has not said so yet (R71).
    pub async fn begin_changes(&self) -> Result<(), Stop> {
        let name = self.lease.version(&self.import);
        let begin = || self.directory.begin_changes(&name, self.services.clock.now());
        Ok(self.changes.get_or_try_init(begin).await.copied()?)
    }

    /// Notes that a call which may have changed the directory got no answer.
    pub fn note_unanswered(&self) {
        self.is_unanswered.store(true, Ordering::Relaxed);
    }

    /// Tells the directory that the changes this run has begun are complete. It does not do so if a change may still be applied later.
    /// Then, and if the call fails, the directory counts as changing until the longest time that a run may last has passed.
    pub async fn end_changes(&mut self) {
        if self.is_unanswered.load(Ordering::Relaxed) || self.changes.take().is_none() {
            return;
        }
        if let Err(error) = self.directory.end_changes(&self.lease.version(&self.import)).await {
            warn!(import = %self.import.id, %error, "the end of changes could not be noted");
        }
    }

    /// Whether no further piece of work should be begun.
    pub fn is_to_end(&self) -> bool {
        self.deadline.is_near() || self.outage.get().is_some()
    }

    /// Notes that outcomes were recorded: the work got further, even if no company is done yet.
    pub fn note_recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    /// Whether outcomes were recorded since the last call.
    pub fn take_recorded(&self) -> bool {
        self.recorded.swap(false, Ordering::Relaxed)
    }

    /// Notes that the directory does something later for a company, and when to ask again.
    pub fn note_wait(&self, company: &PsaCompanyId, until: Timestamp) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = waits.entry(company.clone()).or_insert(until);
        *earliest = until.min(*earliest);
    }

    /// Whether it is too early to ask again for what the directory does later for a company. If it is not, the wait is forgotten. An import
    /// that is cancelled need not wait for a user: it only has to find out who was created.
    pub fn is_too_early(&self, company: &PsaCompanyId) -> bool {
        let now = self.services.clock.now();
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let is_too_early = self.skip.is_none() && waits.get(company).is_some_and(|until| now < *until);
        if !is_too_early {
            waits.remove(company);
        }
        is_too_early
    }

    /// When to ask again for what the directory does later; nothing if it does nothing later.
    pub fn waits(&self) -> Option<Timestamp> {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.values().min().copied()
    }

    /// Counts a call for a row that the directory has answered.
    pub fn count_answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls for rows the directory has answered in this run.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Whether a row may be blamed for a call that got no answer. `before` is how many calls for rows had been answered when it began. If
    /// none was answered since, the directory may be down for all rows, even if it can be read. After `WAITS_BEFORE_BLAME` consecutive
    /// waits the row may be blamed all the same: it may be the only one that is left.
    pub fn may_blame(&self, before: u64) -> bool {
        self.answered() > before || self.waited.in_a_row() >= WAITS_BEFORE_BLAME
    }

    /// Ends the run, since no row is to blame.
    pub fn record_outage(&self, outage: DirectoryError) {
        let _ = self.outage.set(outage);
    }

    /// An error if the directory does not answer for any row.
    pub fn check_outage(&self) -> Result<(), Stop> {
        match self.outage.get() {
            Some(outage) => Err(outage.clone().into()),
            None => Ok(()),
        }
    }
}
