//! What can start a function, told apart by shape.

use std::time::{Duration, Instant};

use domain::ids::{IdempotencyKey, ImportId, IntegrationId, MspId};
use jiff::Timestamp;
use lambda_http::request::LambdaRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::waited::Waited;

/// Time that is kept back for the last write and the answer.
const RESERVE: Duration = Duration::from_secs(5);

/// An event.
#[derive(Debug)]
pub enum Event {
    /// An HTTP request.
    Http(Box<LambdaRequest>),
    /// A piece of work from the state machine.
    Work(Work),
    /// A schedule or an event asks for an unattended import.
    Trigger(Trigger),
    /// It asks for one in a way that cannot be understood, and would not be if it came again.
    BadTrigger(UnknownEvent),
    /// The schedule of the sweeper: `{"sweep": {}}`.
    Sweep,
}

/// A piece of work on an import.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// The tenant.
    pub msp: MspId,
    /// The import.
    pub import: ImportId,
    /// Whether a schedule or an event started it: known even while the store does not answer.
    #[serde(default)]
    pub unattended: bool,
    /// The waits so far, as the last run answered them; none before the first.
    #[serde(default)]
    pub waited: Option<Waited>,
    /// Whether nothing is left but to end it.
    #[serde(default)]
    pub give_up: bool,
}

/// What a schedule or an event asks for (R48).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    /// The tenant.
    pub msp: MspId,
    /// The integration to import from.
    pub integration: IntegrationId,
    /// Identifies the event: delivered twice, it makes one import (R49).
    pub token: IdempotencyKey,
}

/// The outcome of a trigger. What is refused is refused for good; another delivery would not help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Triggered {
    /// An import has begun.
    Started {
        /// The import.
        import: ImportId,
    },
    /// The event had started an import before.
    Already {
        /// That import.
        import: ImportId,
    },
    /// No import can be made.
    Refused {
        /// The code of the problem.
        code: &'static str,
    },
}

/// The outcome of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Imports that a worker has something to do for.
    pub under_way: usize,
    /// Those of them whose worker was called again.
    pub taken_up: usize,
    /// Integrations whose scheduled moment has come.
    pub due: usize,
    /// Those of them whose import has begun.
    pub started: usize,
}

/// What a worker answers the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkOutcome {
    /// Nothing is left to do.
    Done,
    /// There is more; call again at once.
    Again(Waited),
    /// There is more; call again then.
    Wait(Timestamp, Waited),
}

/// A worker's answer as the state machine reads it, which finds every field in every answer, and hands `waited` to the next run.
#[derive(Serialize)]
struct Answer {
    outcome: &'static str,
    until: Option<Timestamp>,
    waited: Option<Waited>,
}

impl Serialize for WorkOutcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (outcome, until, waited) = match *self {
            Self::Done => ("done", None, None),
            Self::Again(waited) => ("again", None, Some(waited)),
            Self::Wait(until, waited) => ("wait", Some(until), Some(waited)),
        };
        let answer = Answer { outcome, until, waited };
        answer.serialize(serializer)
    }
}

/// The moment by which a run must have handed over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// `RESERVE` before the platform ends the run.
    pub fn before(end: Instant) -> Self {
        Self(end.checked_sub(RESERVE).unwrap_or(end))
    }

    /// So much earlier, for work that needs more time than others to hand over.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.checked_sub(by).unwrap_or(self.0))
    }

    /// Whether no further piece of work should be begun.
    pub fn is_near(self) -> bool {
        // By the clock of the pauses between retries, which tests move.
        tokio::time::Instant::now().into_std() >= self.0
    }
}

/// Why an event was not understood.
#[derive(Debug, thiserror::Error)]
#[error("an event of no known shape: {0}")]
pub struct UnknownEvent(serde_json::Error);

impl Event {
    /// Tells an event by its shape.
    pub fn read(event: Value) -> Result<Self, UnknownEvent> {
        if event.get("requestContext").is_some() {
            return serde_json::from_value(event)
                .map(|request| Self::Http(Box::new(request)))
                .map_err(UnknownEvent);
        }
        if event.get("import").is_some() {
            return serde_json::from_value(event).map(Self::Work).map_err(UnknownEvent);
        }
        if event.get("sweep").is_some() {
            return Ok(Self::Sweep);
        }
        let names_integration = event.get("integration").is_some();
        match serde_json::from_value(event) {
            Ok(trigger) => Ok(Self::Trigger(trigger)),
            Err(error) if names_integration => Ok(Self::BadTrigger(UnknownEvent(error))),
            Err(error) => Err(UnknownEvent(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use store::waited::WaitReason;

    use super::*;

    #[test]
    fn every_answer_has_every_field() {
        let until = Timestamp::UNIX_EPOCH;
        let (waited, _) = Waited::default().longer_anyway(WaitReason::Store, until);
        let answers = [
            WorkOutcome::Done,
            WorkOutcome::Again(waited),
            WorkOutcome::Wait(until, waited),
        ];
        for (answer, expected) in answers.into_iter().zip(["done", "again", "wait"]) {
            let written = serde_json::to_value(answer).unwrap();
            assert_eq!(written["outcome"], expected);
            assert_eq!(written.as_object().unwrap().len(), 3, "{written}");
        }
    }

    #[test]
    fn r63_a_worker_reads_what_the_last_run_answered() {
        let (waited, until) = Waited::default().longer_anyway(WaitReason::Store, Timestamp::UNIX_EPOCH);
        let mut event = serde_json::to_value(WorkOutcome::Wait(until, waited)).unwrap();
        for (name, value) in [("msp", "m"), ("import", "x")] {
            event[name] = value.into();
        }
        let work: Work = serde_json::from_value(event).unwrap();
        assert_eq!(work.waited, Some(waited));
    }
}
