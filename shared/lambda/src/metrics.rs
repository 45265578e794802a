//! What operators count, in CloudWatch's embedded metric format: one line of the log for each run that counted something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::import::{Import, ImportState};
use domain::plan::{Counts, Effect};
use domain::problem::{Cause, Code, Problem};
use psa::Psa;
use serde_json::{Map, Value, json};
use store::Readable;

/// Where the metrics are found in CloudWatch. Their one dimension is the function's name.
pub const NAMESPACE: &str = "psa-import";

tokio::task_local! {
    static TALLY: Arc<Tally>;
}

macro_rules! metrics {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {
        /// What is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric { $($(#[$doc])+ $name),+ }

        /// Everything that is counted.
        pub const ALL: &[Metric] = &[$(Metric::$name),+];

        impl Metric {
            /// Its name in CloudWatch.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }
    };
}

metrics! {
    /// Imports that began.
    ImportsStarted,
    /// Imports that ended in the state `done`.
    ImportsDone,
    /// Imports that failed by a fault of this service.
    ImportsFailedOurs,
    /// Imports that failed for what the customer can mend.
    ImportsFailedCustomer,
    /// Imports that failed because their PSA did.
    ImportsFailedPsa,
    /// Unattended imports that stopped in review by a fault of this service.
    ImportsStoppedOurs,
    /// Unattended imports that stopped in review for an administrator.
    ImportsStoppedCustomer,
    /// Unattended imports that stopped in review because of their PSA.
    ImportsStoppedPsa,
    /// Unattended imports that were refused by a fault of this service.
    ImportsRefusedOurs,
    /// Unattended imports that were refused for what the customer can mend.
    ImportsRefusedCustomer,
    /// Unattended imports that were refused because of their PSA.
    ImportsRefusedPsa,
    /// Imports that were cancelled while they were applied.
    ImportsCancelled,
    /// Imports that nobody worked on any more.
    ImportsTakenUp,
    /// Times that a worker began to wait for a PSA.
    WaitsForPsa,
    /// Times that a worker began to wait for the directory.
    WaitsForDirectory,
    /// Times that a worker began to wait for the store.
    WaitsForStore,
    /// Times that a worker began to wait for the import before its own.
    WaitsForImport,
    /// Milliseconds from the start of an import until its worker begins.
    PickUpDelay,
    /// Companies and users that were created.
    RowsCreated,
    /// Companies and users that were there already and were linked.
    RowsLinked,
    /// Companies renamed and users moved to another address.
    RowsChanged,
    /// Companies and users that needed nothing.
    RowsUnchanged,
    /// Companies and users that were skipped.
    RowsSkipped,
    /// Companies and users that failed.
    RowsFailed,
    /// Requests to PSAs, repetitions included.
    PsaRequests,
    /// Requests to PSAs that repeated a failed one.
    PsaRetries,
    /// Write units of DynamoDB.
    WriteUnits,
    /// Starts that found the integration taken.
    LockRefusals,
    /// Records that were left out of a list, since they cannot be read.
    RecordsUnreadable,
    /// Calls of the API that were answered with a fault of this service.
    ApiFaults,
    /// Calls of the API that were answered with a failure of a PSA.
    ApiPsaFailures,
    /// Scheduled imports that were left out, since the one before was still running.
    SchedulesSkipped,
    /// Integrations with a schedule that had no finished import for 48 hours, counted once.
    SchedulesOverdue,
    /// Sweeps that came to their end.
    Sweeps,
}

/// A mishap of an import, counted by whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The import failed.
    Failed,
    /// The unattended import stopped in review.
    Stopped,
    /// The unattended import was refused.
    Refused,
}

impl Mishap {
    /// What counts it.
    pub const fn metric(self, cause: Cause) -> Metric {
        match (self, cause) {
            (Self::Failed, Cause::Ours) => Metric::ImportsFailedOurs,
            (Self::Failed, Cause::Customer) => Metric::ImportsFailedCustomer,
            (Self::Failed, Cause::Psa) => Metric::ImportsFailedPsa,
            (Self::Stopped, Cause::Ours) => Metric::ImportsStoppedOurs,
            (Self::Stopped, Cause::Customer) => Metric::ImportsStoppedCustomer,
            (Self::Stopped, Cause::Psa) => Metric::ImportsStoppedPsa,
            (Self::Refused, Cause::Ours) => Metric::ImportsRefusedOurs,
            (Self::Refused, Cause::Customer) => Metric::ImportsRefusedCustomer,
            (Self::Refused, Cause::Psa) => Metric::ImportsRefusedPsa,
        }
    }
}

/// What one run has counted so far.
#[derive(Default)]
pub(crate) struct Tally {
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    counts: BTreeMap<Metric, f64>,
    about: Map<String, Value>,
    /// The clients of PSAs that the run has used. Each counts its own requests.
    psas: Vec<Arc<dyn Psa>>,
}

/// Counts for the run that is under way. Outside of a run nothing is counted.
pub fn count(metric: Metric, number: u64) {
    // Exact up to 2⁵³.
    #[expect(clippy::cast_precision_loss, reason = "CloudWatch has nothing else")]
    add(metric, number as f64);
}

/// Counts a mishap of an import. A failure that another worker may have written first is counted only once it was applied.
pub fn count_mishap(mishap: Mishap, code: Code) {
    count(mishap.metric(code.cause()), 1);
}

pub(crate) fn add(metric: Metric, number: f64) {
    with(|counted| *counted.counts.entry(metric).or_default() += number);
}

/// The lines of a list that can be read; counts those that cannot.
pub fn listed<T>(list: Readable<T>) -> Vec<T> {
    if list.unreadable > 0 {
        count(Metric::RecordsUnreadable, list.unreadable);
    }
    list.items
}

/// Counts the end of an import that was applied, and its rows.
pub fn count_ended(import: &Import, counts: Counts) {
    for (metric, effect) in [
        (Metric::RowsCreated, Effect::Created),
        (Metric::RowsLinked, Effect::Linked),
        (Metric::RowsChanged, Effect::Changed),
        (Metric::RowsUnchanged, Effect::Unchanged),
        (Metric::RowsSkipped, Effect::Skipped),
        (Metric::RowsFailed, Effect::Failed),
    ] {
        count(metric, counts.of(effect));
    }
    match import.state {
        ImportState::Done => count(Metric::ImportsDone, 1),
        ImportState::Cancelled => count(Metric::ImportsCancelled, 1),
        _ => count_mishap(
            Mishap::Failed,
            import.error.as_ref().map_or(Code::Internal, Problem::code),
        ),
    }
}

/// Says which import the run is about.
pub(crate) fn attach(import: &Import, trace: Option<String>) {
    with(|counted| {
        let about = &mut counted.about;
        about.insert("import".to_owned(), json!(import.id));
        about.insert("integration".to_owned(), json!(import.integration));
        about.extend(trace.map(|trace| ("trace".to_owned(), json!(trace))));
    });
}

/// Counts what this client will have asked by the end of the run.
pub(crate) fn watch(psa: &Arc<dyn Psa>) {
    with(|counted| counted.psas.push(Arc::clone(psa)));
}

fn with(change: impl FnOnce(&mut Counted)) {
    let _ = TALLY.try_with(|tally| change(&mut tally.counted.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Runs, and counts meanwhile.
pub(crate) async fn tallied<F: Future>(run: F) -> (F::Output, Arc<Tally>) {
    let tally = Arc::<Tally>::default();
    (TALLY.scope(Arc::clone(&tally), run).await, tally)
}

impl Tally {
    /// The line for CloudWatch; `None` if nothing was counted.
    pub fn line(&self, function: &str, now: jiff::Timestamp) -> Option<Value> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::cast_precision_loss, reason = "CloudWatch has nothing else")]
        for psa in std::mem::take(&mut counted.psas) {
            let stats = psa.stats();
            *counted.counts.entry(Metric::PsaRequests).or_default() += stats.requests as f64;
            *counted.counts.entry(Metric::PsaRetries).or_default() += stats.retries as f64;
        }
        if counted.counts.is_empty() {
            return None;
        }
        let names = counted.counts.keys().map(|metric| {
            let unit = match metric {
                Metric::PickUpDelay => "Milliseconds",
                _ => "Count",
            };
            json!({ "Name": metric.name(), "Unit": unit })
        });
        let mut line = json!({
            "_aws": {
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["FunctionName"]],
                    "Metrics": names.collect::<Vec<_>>(),
                }],
            },
            "FunctionName": function,
        });
        if let Some(fields) = line.as_object_mut() {
            fields.extend(counted.about.clone());
            let counts = counted.counts.iter();
            fields.extend(counts.map(|(metric, number)| (metric.name().to_owned(), json!(number))));
        }
        Some(line)
    }
}
