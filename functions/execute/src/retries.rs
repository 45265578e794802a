//! Calls to the directory that go unanswered: repeated, then looked up, and blamed on a row only if the directory answers others.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use backon::Retryable;
use directory::DirectoryError;
use domain::ids::PsaCompanyId;
use domain::plan::Reason;
use domain::quotation::Quotation;
use jiff::Timestamp;
use tracing::warn;

use crate::context::Run;

/// Why a call failed.
pub(crate) enum Failure {
    /// The row has failed.
    OfRow(RowFailure),
    /// Time ended, or the directory answers nobody: the next run repeats the call.
    Open,
}

/// Why a row failed.
pub(crate) struct RowFailure {
    pub reason: Reason,
    /// What the directory said of it.
    pub said: Option<Quotation>,
}

impl From<Reason> for RowFailure {
    fn from(reason: Reason) -> Self {
        Self { reason, said: None }
    }
}

impl From<DirectoryError> for RowFailure {
    /// Of a call that the directory refused.
    fn from(error: DirectoryError) -> Self {
        let said = match error {
            DirectoryError::Refused(rejection) => rejection.said,
            _ => None,
        };
        Self {
            reason: Reason::DirectoryRefused,
            said,
        }
    }
}

impl Failure {
    /// The row has failed for a reason that needs no words of the directory.
    pub fn of(reason: Reason) -> Self {
        Self::OfRow(reason.into())
    }

    /// The directory does something later for a row of this company. An import that is given up does not wait for it.
    pub fn later(run: &Run, company: &PsaCompanyId, until: Timestamp) -> Self {
        if run.give_up {
            return Self::of(Reason::GivenUp);
        }
        run.note_wait(company, until);
        Self::Open
    }
}

/// Repeats a call that gave no answer, with the same token, as long as there is time for it. In the end `look_up` asks the
/// directory whether it was applied: its answer may have been lost every time.
pub(crate) async fn with_retries<T, C, L>(
    run: &Run,
    call: impl Fn() -> C,
    look_up: impl FnOnce() -> L,
) -> Result<T, Failure>
where
    C: Future<Output = Result<T, DirectoryError>>,
    L: Future<Output = Result<Option<T>, DirectoryError>>,
{
    let backoff = run.services.directory_retry.with_jitter();
    let in_time = |error: &DirectoryError| error.may_be_applied() && !run.is_to_end();
    let may_be_applied = AtomicBool::new(false);
    let call = || async {
        let answer = call().await;
        if answer.as_ref().is_err_and(DirectoryError::may_be_applied) {
            may_be_applied.store(true, Ordering::Relaxed);
        }
        answer
    };
    let before = run.answered();
    let error = match call.retry(backoff).when(in_time).await {
        Ok(answer) => {
            run.count_answered();
            return Ok(answer);
        }
        Err(error) => error,
    };
    // One that was refused, each time it was tried, changes nothing later.
    if may_be_applied.into_inner() {
        run.note_unanswered();
    }
    // The time of the run ended before the call had its turn, or just now. As long as the directory answers others, that is no outage: the
    // next run repeats the call.
    let is_late = run.deadline.is_near();
    let is_silent = run.answered() == 0;
    if error.asks_to_wait().is_some() && is_late && !is_silent {
        return Err(Failure::Open);
    }
    // Every row has to end in an outcome (R36). No later run has a better key, and nobody knows when a service that is silent answers; a
    // directory in our own store answers as soon as outcomes can be written.
    let is_elsewhere = run.directory.capabilities().creation_waits;
    let is_silence = is_elsewhere && error.is_retryable() && (is_silent || !is_late);
    if run.give_up && (error.is_of_key() || is_silence) {
        return match look_up().await {
            Ok(Some(answer)) => Ok(answer),
            _ => Err(Failure::of(Reason::GivenUp)),
        };
    }
    // No row is to blame, and none would fare better now.
    if error.is_of_key() || error.asks_to_wait().is_some() {
        run.record_outage(error);
        return Err(Failure::Open);
    }
    if !error.is_retryable() {
        warn!(import = %run.import.id, %error, "the directory refused a row");
        return Err(Failure::OfRow(error.into()));
    }
    if run.is_to_end() {
        return Err(Failure::Open);
    }
    match look_up().await {
        Ok(Some(answer)) => return Ok(answer),
        Err(outage) if outage.is_retryable() || (outage.is_of_key() && !run.give_up) => {
            run.record_outage(outage);
            return Err(Failure::Open);
        }
        Ok(None) if !run.may_blame(before) => {
            run.record_outage(error);
            return Err(Failure::Open);
        }
        Ok(None) | Err(_) => {}
    }
    warn!(import = %run.import.id, %error, "the directory failed a row");
    Err(Failure::of(Reason::DirectoryUnavailable))
}

/// Liveness probe for calls whose effect cannot be looked up, or was looked for in vain: what a directory holds may be known from our own
/// store, which answers while the directory is down.
pub(crate) async fn answers_at_all<T>(run: &Run) -> Result<Option<T>, DirectoryError> {
    run.directory.answers().await.map(|()| None)
}
