//! Effects: what leaves the functions. Each is one call to DynamoDB (store or built-in directory) or to the PSA. They are
//! numbered in the order in which they are made, and one of them can be disturbed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use crate::wire::{Call, Gate, Verdict};

/// Effects between two that are disturbed at random.
const MEAN_DISTANCE: usize = 25;

/// What happens at the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disturbance {
    /// The process is gone before it.
    StopBefore,
    /// The process is gone after it was applied and before its answer arrives.
    StopAfter,
    /// It is applied, its answer lost; a repetition of the same request is answered.
    AnswerLost,
    /// It is applied, and every answer to it is an error, however often it is repeated.
    AppliedAndFailed,
    /// It is not applied; every answer to it is an error.
    Failed,
    /// Before it, the message being worked on is delivered again, and handled to its end.
    DeliveredTwice,
    /// Before it, the process is paused beyond its lease; the message is delivered again and handled to its end by
    /// another, and then the first one goes on.
    Overtaken,
}

impl Disturbance {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::StopBefore,
        Self::StopAfter,
        Self::AnswerLost,
        Self::AppliedAndFailed,
        Self::Failed,
        Self::DeliveredTwice,
        Self::Overtaken,
    ];
}

/// What the driver has to do while the disturbed call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// Drop the call, and all state with it.
    Stop,
    /// Deliver the message again, then [`Effects::resume`].
    Again,
    /// The same, after the lease has ended.
    AgainLate,
}

/// The effects of one world; clones are the same.
#[derive(Clone, Default)]
pub struct Effects(Arc<Inner>);

#[derive(Default)]
struct Inner {
    plan: Mutex<Plan>,
    struck: Notify,
    resumed: Notify,
}

#[derive(Default)]
struct Plan {
    armed: Option<(usize, Disturbance)>,
    /// What disturbs any effect, and how many disturbances are left to it.
    random: Option<(Rng, usize)>,
    /// Somebody waits while another one handles the message: only one thing happens at random at a time.
    is_waiting: bool,
    /// The request that keeps failing.
    failing: Option<String>,
    strike: Option<Strike>,
    names: Vec<String>,
}

impl Plan {
    /// What disturbs the effect of this number, if anything.
    fn drawn(&mut self, number: usize) -> Option<Disturbance> {
        if let Some((at, disturbance)) = self.armed
            && at == number
        {
            self.armed = None;
            return Some(disturbance);
        }
        let (rng, left) = self.random.as_mut()?;
        // A second strike would take the place of one that the driver has not seen, and the process that was struck first would hang.
        if self.is_waiting || self.strike.is_some() || *left == 0 || rng.usize(..MEAN_DISTANCE) > 0 {
            return None;
        }
        *left -= 1;
        Some(Disturbance::ALL[rng.usize(..Disturbance::ALL.len())])
    }
}

impl Gate for Effects {
    fn pass<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Verdict> {
        self.next(call).boxed()
    }
}

impl Effects {
    /// Begins to count, with nothing ahead.
    pub fn begin(&self) {
        *self.plan() = Plan::default();
    }

    /// Disturbs the effect of this number.
    pub fn arm(&self, at: usize, disturbance: Disturbance) {
        self.plan().armed = Some((at, disturbance));
    }

    /// Disturbs effects at random, so many at most, until [`begin`](Self::begin) is called.
    pub fn arm_at_random(&self, seed: u64, most: usize) {
        self.plan().random = Some((Rng::with_seed(seed), most));
    }

    /// What there was so far.
    pub fn names(&self) -> Vec<String> {
        self.plan().names.clone()
    }

    /// Whether the disturbance has not come yet.
    pub fn is_armed(&self) -> bool {
        self.plan().armed.is_some()
    }

    /// Waits for the driver's turn.
    pub async fn struck(&self) -> Strike {
        loop {
            if let Some(strike) = self.plan().strike.take() {
                return strike;
            }
            self.0.struck.notified().await;
        }
    }

    /// What kept failing does not any more.
    pub fn heal(&self) {
        self.plan().failing = None;
    }

    /// Lets the waiting call go on.
    pub fn resume(&self) {
        self.0.resumed.notify_one();
    }

    async fn next(&self, Call { name, request }: Call<'_>) -> Verdict {
        let disturbance = {
            let mut plan = self.plan();
            if plan.failing.as_deref() == Some(request) {
                return Verdict::Fail;
            }
            let number = plan.names.len();
            plan.names.push(name.to_owned());
            match plan.drawn(number) {
                Some(disturbance) => disturbance,
                None => return Verdict::Answer,
            }
        };
        match disturbance {
            Disturbance::StopBefore => self.strike(Strike::Stop, Verdict::Hang),
            Disturbance::StopAfter => self.strike(Strike::Stop, Verdict::ApplyAndHang),
            Disturbance::AnswerLost => Verdict::ApplyAndFail,
            Disturbance::AppliedAndFailed => self.keep_failing(request, Verdict::ApplyAndFail),
            Disturbance::Failed => self.keep_failing(request, Verdict::Fail),
            Disturbance::DeliveredTwice => self.wait(Strike::Again).await,
            Disturbance::Overtaken => self.wait(Strike::AgainLate).await,
        }
    }

    fn strike(&self, strike: Strike, verdict: Verdict) -> Verdict {
        self.plan().strike = Some(strike);
        self.0.struck.notify_one();
        verdict
    }

    fn keep_failing(&self, request: &str, verdict: Verdict) -> Verdict {
        self.plan().failing = Some(request.to_owned());
        verdict
    }

    async fn wait(&self, strike: Strike) -> Verdict {
        self.plan().is_waiting = true;
        self.strike(strike, Verdict::Answer);
        self.0.resumed.notified().await;
        self.plan().is_waiting = false;
        Verdict::Answer
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
