//! Stands for the `EventBridge` Pipe: from the table's stream, through the filter, to one execution a record.
//!
//! dynoxide writes a stream record in the transaction of the write itself and keeps it in the database's file, so a
//! record survives whatever the item survives. With a position file the pipe therefore only has to remember how far it
//! has come: after a crash every record whose execution had not ended is delivered again.

mod bus;
mod filter;
mod progress;
mod record;
mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::Record;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{DynamoDb, Error, Outcome, StateMachine, Template};
use progress::Progress;
use stream::Stream;

pub use bus::{Bus, EventsPipe, InputTemplate};
pub use filter::Filter;

/// A burst of writes is read at once, this long after its first.
const GATHER: Duration = Duration::from_millis(20);

/// Writes through the sandbox's `DynamoDB` wake the pipe; this is for those that do not come through it, and for faults.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);

/// What the pipe goes by.
#[derive(Debug, Clone)]
pub struct PipeOptions {
    /// Where the position is kept; without it, every start delivers the whole stream.
    pub position: Option<PathBuf>,
    /// How long executions may go on after the pipe was told to stop, to let the functions at work come to their end.
    pub grace: Duration,
}

impl Default for PipeOptions {
    fn default() -> Self {
        Self {
            position: None,
            grace: Duration::from_secs(10),
        }
    }
}

/// The pipe at work. Dropping it ends its executions wherever they are, as a crash would.
#[derive(Debug)]
pub struct Pipe {
    paused: Arc<Mutex<bool>>,
    losing: Arc<AtomicBool>,
    failed: Arc<AtomicU64>,
    most_at_once: Arc<AtomicUsize>,
    bus: Bus,
    wake: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Pipe {
    /// Reads the stream of the template's source table and starts an execution for every record that its filter lets
    /// through. One pipe a `DynamoDb`, because one is woken by its writes.
    pub async fn start(
        template: &Template,
        dynamodb: &DynamoDb,
        machine: StateMachine,
        options: PipeOptions,
    ) -> Result<Self, Error> {
        let stream = Stream::new(
            dynamodb.streams_client(),
            stream_arn(template.pipe_source(), dynamodb).await?,
        );
        let (paused, wake) = (Arc::new(Mutex::new(false)), dynamodb.writes());
        let (losing, failed) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (stop, bus) = (CancellationToken::new(), Bus::default());
        let most_at_once = Arc::<AtomicUsize>::default();
        let delivery = Delivery {
            progress: Progress::load(options.position, stream.arn())?,
            stream,
            filter: template.pipe_filter().clone(),
            events: template.events_pipe().clone(),
            bus: bus.clone(),
            machine,
            executions: JoinSet::new(),
            paused: paused.clone(),
            losing: losing.clone(),
            failed: failed.clone(),
            most_at_once: most_at_once.clone(),
            wake: wake.clone(),
            stop: stop.clone(),
        };
        let task = tokio::spawn(delivery.run(options.grace));
        Ok(Self {
            paused,
            losing,
            failed,
            most_at_once,
            bus,
            wake,
            stop,
            task,
        })
    }

    /// Holds back the delivery of records, or lets it go on. Once this returns, no execution is started while paused;
    /// those at work go on.
    pub async fn pause(&self, paused: bool) {
        *self.paused.lock().await = paused;
        self.wake.notify_one();
    }

    /// Lets records go that should be delivered, or not any more: those whose delivery failed too often, and which in the cloud
    /// end as dead letters.
    pub fn lose(&self, losing: bool) {
        self.losing.store(losing, Ordering::SeqCst);
    }

    /// What the second pipe has put on its event bus. It reads the stream together with this one: after a restart some come again.
    pub fn events(&self) -> Vec<Value> {
        self.bus.events()
    }

    /// How many executions have failed: what CloudWatch has as `ExecutionsFailed`.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::SeqCst)
    }

    /// How many executions were under way at once at most.
    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// Delivers no more, and gives the functions at work the grace to come to their end. What has not ended is
    /// delivered again by the next start.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // A panic in the task is in the log already, and there is nothing left to stop.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn stream_arn(table: &str, dynamodb: &DynamoDb) -> Result<String, Error> {
    let described = dynamodb.direct_client().describe_table().table_name(table).send().await;
    let described = described.map_err(|error| Error::DynamoDb(DisplayErrorContext(error).to_string()))?;
    let arn = described.table.and_then(|table| table.latest_stream_arn);
    arn.ok_or_else(|| Error::DynamoDb(format!("{table} has no stream")))
}

struct Delivery {
    stream: Stream,
    filter: Filter,
    events: EventsPipe,
    bus: Bus,
    machine: StateMachine,
    progress: Progress,
    executions: JoinSet<Ended>,
    paused: Arc<Mutex<bool>>,
    losing: Arc<AtomicBool>,
    failed: Arc<AtomicU64>,
    most_at_once: Arc<AtomicUsize>,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

/// An execution that came to its end, and the record it was for.
struct Ended {
    shard: String,
    sequence: String,
    outcome: Outcome,
}

impl Delivery {
    async fn run(mut self, grace: Duration) {
        // Records may be waiting from before the start.
        self.wake.notify_one();
        while !self.stop.is_cancelled() {
            tokio::select! {
                () = self.stop.cancelled() => {}
                Some(ended) = self.executions.join_next() => {
                    self.ended(ended);
                    // The other branch may have been woken already, and is dropped here.
                    self.wake.notify_one();
                }
                () = woken(&self.wake) => self.deliver().await,
            }
        }
        let ended = async {
            while let Some(ended) = self.executions.join_next().await {
                self.ended(ended);
            }
        };
        // Those still at work are aborted when the set is dropped.
        let _ = tokio::time::timeout(grace, ended).await;
    }

    /// The lock is held until all that was read is started, so that a pause cannot come in between.
    async fn deliver(&mut self) {
        let paused = self.paused.clone();
        let paused = paused.lock().await;
        if *paused {
            return;
        }
        for (shard, records) in self.stream.read(&self.progress).await {
            if !records.is_empty() {
                // A full page may have more behind it.
                self.wake.notify_one();
            }
            for record in &records {
                self.take(&shard, record);
            }
        }
    }

    fn take(&mut self, shard: &str, record: &Record) {
        let Some(sequence) = record.dynamodb().and_then(|change| change.sequence_number()) else {
            return;
        };
        let event = record::event(record, self.stream.arn());
        self.bus.take(&self.events, &event);
        let due = self.filter.matches(&event) && !self.progress.has_ended(shard, sequence);
        let due = due && !self.losing.load(Ordering::SeqCst);
        self.progress.read(shard, sequence, due);
        if due {
            self.begin(shard.to_owned(), sequence.to_owned(), event);
        }
    }

    fn begin(&mut self, shard: String, sequence: String, event: Value) {
        let (machine, stop) = (self.machine.clone(), self.stop.clone());
        self.executions.spawn(async move {
            let outcome = machine.execute(json!([event]), &stop).await;
            Ended {
                shard,
                sequence,
                outcome,
            }
        });
        self.most_at_once.fetch_max(self.executions.len(), Ordering::SeqCst);
    }

    fn ended(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        let ended = match ended {
            Ok(Ended {
                outcome: Outcome::Interrupted,
                ..
            }) => return,
            Ok(ended) => ended,
            Err(error) => return error!(%error, "an execution panicked; its record is delivered again after a restart"),
        };
        if matches!(ended.outcome, Outcome::Failed { .. }) {
            self.failed.fetch_add(1, Ordering::SeqCst);
        }
        info!(sequence = ended.sequence, outcome = ?ended.outcome, "execution ended");
        if let Err(error) = self.progress.ended(&ended.shard, &ended.sequence) {
            error!(%error, "the pipe's position cannot be kept; records may be delivered twice");
        }
    }
}

async fn woken(wake: &Notify) {
    if tokio::time::timeout(IDLE_INTERVAL, wake.notified()).await.is_ok() {
        tokio::time::sleep(GATHER).await;
    }
}
