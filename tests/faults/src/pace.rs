//! DynamoDB that takes time, and no more units a second than AWS lets it take. Pauses and answers take tokio's time, which a test can pause:
//! then an hour of waiting takes no longer than the work in it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use local_aws::{Capacity, Limiter, Refused};
use tokio::time::{Instant, sleep};

use crate::ticking::Ticking;

/// What one answer takes: more than it mostly does on AWS.
const ANSWER: Duration = Duration::from_millis(10);

/// How far a paused clock moves at once.
const STEP: Duration = Duration::from_millis(1);

/// The time limits of a call and of an attempt at it, as `lambda` sets them for the functions.
pub(crate) const LIMITS: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(4)];

/// How fast DynamoDB is; clones are the same.
#[derive(Clone)]
pub struct Pace {
    /// What holds it to its capacity.
    pub limiter: Arc<Limiter>,
}

impl Pace {
    /// Nothing of the capacity is used up.
    pub fn new(capacity: Capacity) -> Self {
        let began = Instant::now();
        let clock = move || {
            let passed = SignedDuration::try_from(began.elapsed()).unwrap();
            Timestamp::UNIX_EPOCH + passed
        };
        let limiter = Arc::new(Limiter::new(capacity, Arc::new(clock)));
        Self { limiter }
    }

    /// Lets the time of an answer pass.
    pub(crate) async fn answer(&self) {
        sleep(ANSWER).await;
    }

    /// Answers a request within the capacity.
    pub(crate) fn apply(&self, operation: &str, body: &str, apply: &dyn Fn(&str) -> (u16, String)) -> (u16, String) {
        match self.limiter.admit(operation, body.as_bytes()) {
            Err(Refused(refusal)) => (400, refusal),
            Ok(None) => apply(body),
            Ok(Some(mut admitted)) => {
                let part = admitted.body.take().map(|body| String::from_utf8(body).unwrap());
                let (status, answer) = apply(part.as_deref().unwrap_or(body));
                let answer = self.limiter.charge(operation, admitted, answer.into_bytes());
                (status, String::from_utf8(answer).unwrap())
            }
        }
    }
}

/// Moves a world's clock along with tokio's, which has to be paused. The steps are short, so that what is on its way through a socket
/// arrives before a time limit does.
pub async fn tick(ticking: Ticking) {
    let (began, mut told) = (Instant::now(), 0);
    loop {
        sleep(STEP).await;
        // Not one second for so many steps: tokio rounds each of them up to its own milliseconds.
        let passed = i64::try_from(began.elapsed().as_secs()).unwrap();
        ticking.advance(passed - told);
        told = passed;
    }
}
