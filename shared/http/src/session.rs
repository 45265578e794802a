//! The requests of one run to one service: counted, limited, repeated within a budget and never beyond the deadline.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use backon::Retryable;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use reqwest::Response;
use reqwest::header::{DATE, LINK, RETRY_AFTER};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::call::{Answer, Call, RetryScope};
use crate::classification::RetryAdvice;
use crate::client::HttpClient;
use crate::fault::Fault;
use crate::policy::HttpPolicy;
use crate::refusal::Refusal;
use crate::reply::{self, Unreadable};
use crate::retry_after::retry_after;
use crate::rules::classify;
use crate::said::Said;

/// How many requests a session has made, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Every request, repetitions included.
    pub requests: u64,
    /// Those that repeated a failed one.
    pub retries: u64,
}

/// When to come back to a rate limit that outlasts the retries and names no time. Services count by the minute or longer.
const LIMIT_PASSES: Duration = Duration::from_mins(1);

/// So many requests that are answered allow one repetition more.
const EARNED_BY: u32 = 10;

/// The requests of one run.
#[derive(Debug)]
pub struct Session {
    http: HttpClient,
    deadline: Instant,
    request_id: Option<&'static str>,
    /// The longest wait that the service may ask for within this session.
    longest_pause: Duration,
    /// How long before the deadline no change is sent any more.
    for_an_answer: Duration,
    retries_left: AtomicU32,
    successes: AtomicU32,
    requests: AtomicU64,
    retries: AtomicU64,
    first_answer: OnceLock<Timestamp>,
    /// Lets one large reply be in memory.
    large: Semaphore,
}

impl Session {
    /// Opens a session that makes no request after the deadline. `request_id` names the header in which the service returns the id
    /// that it gives a request, in lower case.
    pub fn new(http: HttpClient, deadline: Instant, request_id: Option<&'static str>) -> Self {
        Self {
            retries_left: AtomicU32::new(http.policy.retry_budget),
            successes: AtomicU32::new(0),
            http,
            deadline,
            request_id,
            longest_pause: Duration::MAX,
            for_an_answer: Duration::ZERO,
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            first_answer: OnceLock::new(),
            large: Semaphore::new(1),
        }
    }

    /// Ends a call at once if the service asks for a longer wait than this, and says when to come back.
    #[must_use]
    pub const fn with_longest_pause(mut self, longest: Duration) -> Self {
        self.longest_pause = longest;
        self
    }

    /// Sends no request that changes something if less than this is left for its answer: one that the deadline cuts off may have been
    /// applied.
    #[must_use]
    pub const fn with_time_for_an_answer(mut self, time: Duration) -> Self {
        self.for_an_answer = time;
        self
    }

    /// The time after `wait`, rounded up to whole seconds: Step Functions does not say whether it accepts fractions.
    pub fn after(&self, wait: Duration) -> Option<Timestamp> {
        let wait = SignedDuration::try_from(wait).ok()?;
        let moment = self.http.now.now().checked_add(wait).ok()?;
        let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
        moment.round(up).ok()
    }

    /// What requests may do.
    pub fn policy(&self) -> &HttpPolicy {
        &self.http.policy
    }

    /// When the service first answered with what was asked, by its own clock, if it says so.
    pub fn first_answer(&self) -> Option<Timestamp> {
        self.first_answer.get().copied()
    }

    /// The requests so far.
    pub fn stats(&self) -> Stats {
        Stats {
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
        }
    }

    /// Makes the request until it is answered or there is no point in asking again.
    pub async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Answer<T>, Refusal> {
        let mut too_long = None;
        let retry = AtomicU32::new(0);
        let outcome = (|| self.attempt(call, retry.fetch_add(1, Relaxed)))
            // Without jitter: `wait` draws each anew from the whole of its interval, which spreads better than a jitter on top of it.
            .retry(self.http.policy.retry.backoff())
            .when(|refusal| match refusal.classification.advice {
                RetryAdvice::Soon => match call.retry {
                    RetryScope::Faults => true,
                    RetryScope::NotRecords => !refusal.may_be_by_a_record(),
                    RetryScope::Limits => false,
                },
                RetryAdvice::WhenLimitPasses => true,
                RetryAdvice::Never | RetryAdvice::Later => false,
            })
            .adjust(|refusal, longest| self.wait(call, longest?, refusal.retry_after, &mut too_long))
            .await;
        if outcome.is_ok() {
            self.earn();
        }
        outcome.map_err(|refusal| {
            let wait = match refusal.classification.advice {
                _ if refusal.is_late() => Some(Duration::ZERO),
                // A caller with more time than one run may come back for it (R43).
                RetryAdvice::WhenLimitPasses => too_long.or(Some(LIMIT_PASSES)),
                _ => too_long,
            };
            let not_before = wait.and_then(|wait| self.after(wait));
            Refusal { not_before, ..refusal }
        })
    }

    /// How long to wait before the next attempt; `None` when the time or the budget does not allow one, which a later run has anew.
    fn wait(
        &self,
        call: &Call<'_>,
        longest: Duration,
        asked: Option<Duration>,
        too_long: &mut Option<Duration>,
    ) -> Option<Duration> {
        let wait = longest.mul_f64(fastrand::f64()).max(asked.unwrap_or_default());
        let is_long = asked > Some(self.longest_pause);
        if is_long || wait >= self.left(call) || !self.spend() {
            *too_long = Some(wait);
            return None;
        }
        self.retries.fetch_add(1, Relaxed);
        Some(wait)
    }

    /// How long a request of this call may still be sent.
    fn left(&self, call: &Call<'_>) -> Duration {
        let kept = match call.retry {
            RetryScope::Limits => self.for_an_answer,
            RetryScope::Faults | RetryScope::NotRecords => Duration::ZERO,
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        left.saturating_sub(kept)
    }

    /// Takes one repetition from the budget, if it has any.
    fn spend(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.retries_left.fetch_update(Relaxed, Relaxed, one_less).is_ok()
    }

    /// A run that reads a lot may repeat more: what matters is the rate of faults, not their number.
    fn earn(&self) {
        let successes = self.successes.fetch_add(1, Relaxed).wrapping_add(1);
        if successes.is_multiple_of(EARNED_BY) {
            self.retries_left.fetch_add(1, Relaxed);
        }
    }

    async fn attempt<T: DeserializeOwned>(&self, call: &Call<'_>, retry: u32) -> Result<Answer<T>, Refusal> {
        // The gate is never closed, so that the only way not to pass it is to be late.
        let permit = call
            .gate
            .enter()
            .await
            .map_err(|_| Refusal::of(call, None, Fault::Late.classification()))?;
        if self.left(call).is_zero() {
            return Err(Refusal::of(call, None, Fault::Late.classification()));
        }
        self.requests.fetch_add(1, Relaxed);
        let started = Instant::now();
        let left = self.deadline.saturating_duration_since(started);
        let sent = self.send(call, left.min(self.http.policy.timeout)).await;
        let status = sent.as_ref().ok().map(|response| response.status().as_u16());
        let request_id = sent.as_ref().ok().and_then(|response| self.request_id(response));
        let outcome = match sent {
            Ok(response) => self.receive(call, response).await,
            Err(error) => Err(Refusal::of(call, None, reply::fault(&error).classification())),
        };
        let is_limit = |refusal: &Refusal| refusal.classification.advice == RetryAdvice::WhenLimitPasses;
        call.gate
            .leave(permit, started.elapsed(), outcome.as_ref().is_err_and(is_limit));
        tracing::debug!(
            method = %call.endpoint.method,
            path = call.url.path(),
            status,
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            retry,
            request_id,
            refused = outcome.as_ref().err().map(|refusal| refusal.classification.reason),
            "sent a request"
        );
        outcome
    }

    fn request_id(&self, response: &Response) -> Option<String> {
        let id = response.headers().get(self.request_id?)?;
        id.to_str().ok().map(str::to_owned)
    }

    async fn send(&self, call: &Call<'_>, timeout: Duration) -> Result<Response, reqwest::Error> {
        self.http
            .client
            .request(call.endpoint.method.clone(), call.url.clone())
            .headers(call.headers.clone())
            .body(call.body.clone())
            .timeout(timeout)
            .send()
            .await
    }

    async fn receive<T: DeserializeOwned>(&self, call: &Call<'_>, response: Response) -> Result<Answer<T>, Refusal> {
        let status = response.status().as_u16();
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        if !call.endpoint.accepts.contains(&status) {
            let asked = header(RETRY_AFTER).and_then(|text| retry_after(&text, self.http.now.now().into()));
            let body = reply::read_refusal(response).await;
            let classification = classify(call.rules, status, call.deployment, &body);
            let refusal = Refusal::of(call, Some(status), classification);
            return Err(Refusal {
                retry_after: asked,
                said: Said::read(&body),
                ..refusal
            });
        }
        let link = header(LINK);
        let date = header(DATE).and_then(|text| reply::date(&text));
        let (longest, may_be_empty) = (self.http.policy.largest_reply, status != 200);
        match reply::read(response, longest, may_be_empty, &self.large).await {
            Ok(value) => {
                if let Some(date) = date {
                    self.first_answer.get_or_init(|| date);
                }
                Ok(Answer { value, link, date })
            }
            Err(Unreadable { fault, at }) => Err(Refusal {
                at,
                ..Refusal::of(call, Some(status), fault.classification())
            }),
        }
    }
}
