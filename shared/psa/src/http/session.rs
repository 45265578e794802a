//! The requests of one run to one PSA: counted, limited, repeated within a budget and never beyond the deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use backon::Retryable;
use bytes::Bytes;
use domain::psa::{PsaFailure, PsaFailureKind};
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use reqwest::header::{HeaderMap, LINK, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

use crate::connector::Now;

use super::policy::HttpPolicy;
use super::reply::{self, Unreadable};
use super::retry_after::retry_after;
use super::verdict::{Again, Fault, Place, Rule, Verdict, judge};

/// How many requests a client has made, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Every request, repetitions included.
    pub requests: u64,
    /// Those that repeated a failed one.
    pub retries: u64,
}

/// One thing that can be asked of a PSA.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// As failures and the log name it.
    pub(crate) name: &'static str,
    /// The right that it takes, in the vendor's words.
    pub(crate) right: &'static str,
}

/// One request, with what is needed to judge its answer.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) repeat: Repeat,
    pub(crate) place: Place,
    pub(crate) rules: &'static [Rule],
    pub(crate) gate: &'a Semaphore,
}

/// The failures after which a request is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Rate limits and transient faults.
    Faults,
    /// Rate limits and transient faults, except those that a single record may cause.
    NotRecords,
    /// Rate limits only.
    Limits,
}

/// A success.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    pub(crate) link: Option<String>,
}

/// A failure that may still turn out to have another cause.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: Option<u16>,
    endpoint: &'static Endpoint,
    verdict: Verdict,
    at: Option<String>,
    retry_after: Option<Duration>,
    not_before: Option<Timestamp>,
}

/// A failure, and whether a single one of the records that were asked for may be its cause.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) failure: PsaFailure,
    pub(crate) by_a_record: bool,
}

/// When to come back to a rate limit that outlasts the retries and names no time. Both PSAs count by the minute or longer.
const LIMIT_PASSES: Duration = Duration::from_mins(1);

/// So many requests that are answered allow one repetition more.
const EARNED_BY: u32 = 10;

pub(crate) struct Session {
    client: reqwest::Client,
    policy: Arc<HttpPolicy>,
    deadline: Instant,
    now: Now,
    retries_left: AtomicU32,
    successes: AtomicU32,
    requests: AtomicU64,
    retries: AtomicU64,
}

impl Session {
    pub(crate) fn new(client: reqwest::Client, policy: Arc<HttpPolicy>, deadline: Instant, now: Now) -> Self {
        Self {
            retries_left: AtomicU32::new(policy.retry_budget),
            successes: AtomicU32::new(0),
            client,
            policy,
            deadline,
            now,
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }
    }

    /// The time after `wait`, rounded up to whole seconds: Step Functions does not say whether it accepts fractions.
    pub(crate) fn after(&self, wait: Duration) -> Option<Timestamp> {
        let wait = SignedDuration::try_from(wait).ok()?;
        let moment = self.now.now().checked_add(wait).ok()?;
        let up = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
        moment.round(up).ok()
    }

    pub(crate) fn policy(&self) -> &HttpPolicy {
        &self.policy
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
        }
    }

    /// Makes the request until it is answered or there is no point in asking again.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Answer<T>, Refusal> {
        let mut too_long = None;
        let retry = AtomicU32::new(0);
        let outcome = (|| self.attempt(call, retry.fetch_add(1, Relaxed)))
            // Without jitter: `wait` draws each anew from the whole of its interval, which spreads better than a jitter on top of it.
            .retry(self.policy.retry.backoff())
            .when(|refusal| match refusal.verdict.again {
                Again::Soon => match call.repeat {
                    Repeat::Faults => true,
                    Repeat::NotRecords => !refusal.may_be_by_a_record(),
                    Repeat::Limits => false,
                },
                Again::WhenLimitPasses => true,
                Again::Never | Again::Later => false,
            })
            .adjust(|refusal, longest| self.wait(longest?, refusal.retry_after, &mut too_long))
            .await;
        if outcome.is_ok() {
            self.earn();
        }
        outcome.map_err(|refusal| {
            let wait = match refusal.verdict.again {
                _ if refusal.is_late() => Some(Duration::ZERO),
                // Whoever has more time than one run may come back for it (R43).
                Again::WhenLimitPasses => too_long.or(Some(LIMIT_PASSES)),
                _ => too_long,
            };
            let not_before = wait.and_then(|wait| self.after(wait));
            Refusal { not_before, ..refusal }
        })
    }

    /// How long to wait before the next attempt; `None` when the time or the budget does not allow one, which a later run has anew.
    fn wait(&self, longest: Duration, asked: Option<Duration>, too_long: &mut Option<Duration>) -> Option<Duration> {
        let wait = longest.mul_f64(fastrand::f64()).max(asked.unwrap_or_default());
        let in_time = Instant::now() + wait < self.deadline;
        if !in_time || !self.spend() {
            *too_long = Some(wait);
            return None;
        }
        self.retries.fetch_add(1, Relaxed);
        Some(wait)
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
        let _permit = call
            .gate
            .acquire()
            .await
            .map_err(|_| call.refused(None, Fault::Late.verdict()))?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(call.refused(None, Fault::Late.verdict()));
        }
        self.requests.fetch_add(1, Relaxed);
        let started = Instant::now();
        let sent = self.send(call, left.min(self.policy.timeout)).await;
        let (status, request_id) = sent.as_ref().map_or((None, None), |response| {
            let id = response
                .headers()
                .get("x-cw-request-id")
                .and_then(|id| id.to_str().ok());
            (Some(response.status().as_u16()), id.map(str::to_owned))
        });
        let outcome = match sent {
            Ok(response) => self.receive(call, response).await,
            Err(error) => Err(call.refused(None, reply::fault(&error).verdict())),
        };
        tracing::debug!(
            method = %call.endpoint.method(),
            path = call.url.path(),
            status,
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            retry,
            request_id,
            refused = outcome.as_ref().err().map(|refusal| refusal.verdict.reason),
            "asked the PSA"
        );
        outcome
    }

    async fn send(&self, call: &Call<'_>, timeout: Duration) -> Result<Response, reqwest::Error> {
        self.client
            .request(call.endpoint.method(), call.url.clone())
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
        if status != 200 {
            let asked = header(RETRY_AFTER).and_then(|text| retry_after(&text, self.now.now().into()));
            let verdict = judge(call.rules, status, call.place, &reply::read_refusal(response).await);
            let refusal = call.refused(Some(status), verdict);
            return Err(Refusal {
                retry_after: asked,
                ..refusal
            });
        }
        let link = header(LINK);
        match reply::read(response, self.policy.largest_reply).await {
            Ok(value) => Ok(Answer { value, link }),
            Err(Unreadable { fault, at }) => Err(Refusal {
                at,
                ..call.refused(Some(status), fault.verdict())
            }),
        }
    }
}

impl Refusal {
    fn is_late(&self) -> bool {
        self.verdict == Fault::Late.verdict()
    }

    /// A page fails as a whole if one of its records cannot be shown: by the PSA, or to us.
    fn may_be_by_a_record(&self) -> bool {
        match self.status {
            Some(500) => self.verdict.kind == PsaFailureKind::PsaServerError,
            Some(200) => self.verdict == Fault::Malformed.verdict(),
            _ => false,
        }
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self {
            by_a_record: refusal.may_be_by_a_record(),
            failure: refusal.into(),
        }
    }
}

impl From<PsaFailure> for Failed {
    fn from(failure: PsaFailure) -> Self {
        Self {
            failure,
            by_a_record: false,
        }
    }
}

impl From<Failed> for PsaFailure {
    fn from(failed: Failed) -> Self {
        failed.failure
    }
}

impl Call<'_> {
    fn refused(&self, status: Option<u16>, verdict: Verdict) -> Refusal {
        Refusal {
            status,
            endpoint: self.endpoint,
            verdict,
            at: None,
            retry_after: None,
            not_before: None,
        }
    }
}

impl Endpoint {
    fn method(&self) -> Method {
        if self.name.starts_with("POST ") {
            Method::POST
        } else {
            Method::GET
        }
    }

    /// The path of its name.
    pub(crate) fn path(&self) -> impl Iterator<Item = &str> {
        self.name.split('/').skip(1)
    }

    /// A failure of this endpoint that no status tells.
    pub(crate) fn failure(&self, verdict: Verdict, detail: &str) -> PsaFailure {
        let forbidden = verdict.kind == PsaFailureKind::PsaForbidden;
        PsaFailure {
            kind: verdict.kind,
            endpoint: self.name.to_owned(),
            reason: format!("{}{detail}", verdict.reason),
            missing_right: forbidden.then(|| self.right.to_owned()),
            retryable: verdict.again != Again::Never,
            not_before: None,
        }
    }
}

impl From<Refusal> for PsaFailure {
    fn from(refusal: Refusal) -> Self {
        let status = refusal.status.filter(|status| *status != 200);
        let status = status.map_or_else(String::new, |status| format!(" (status {status})"));
        let at = refusal.at.map_or_else(String::new, |at| format!(" (at {at})"));
        let failure = refusal.endpoint.failure(refusal.verdict, &(status + &at));
        tracing::warn!(endpoint = failure.endpoint, kind = ?failure.kind, reason = failure.reason, "the PSA was not read");
        Self {
            not_before: refusal.not_before,
            ..failure
        }
    }
}
