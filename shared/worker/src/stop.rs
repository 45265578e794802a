//! Why a run ends before its job is done.

use directory::DirectoryError;
use domain::import::IllegalTransition;
use domain::problem::Problem;
use domain::psa::PsaFailure;
use lambda::OpenError;
use planning::PlanningError;
use store::StoreError;
use store::fenced::FencedOutcome;
use store::waited::WaitReason;

/// Why a run ends before its job is done.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Another worker has the lease, or the import does not hold the integration any more.
    #[error("the lease was lost")]
    LeaseLost,
    /// What the job waited for did not come in time.
    #[error("waited too long for {0}")]
    WaitedTooLong(WaitReason),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory failed where no row can be blamed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The PSA could not be read.
    #[error(transparent)]
    Psa(#[from] PsaFailure),
    /// The job met a problem that an administrator is shown.
    #[error("{}", .0.code().as_str())]
    Problem(Box<Problem>),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            // Like any other failure of the PSA: it may pass.
            OpenError::Problem(problem) => match *problem {
                Problem::Psa { failure, .. } => Self::Psa(failure),
                problem => problem.into(),
            },
        }
    }
}

impl From<PlanningError> for Stop {
    fn from(error: PlanningError) -> Self {
        error.cause()
    }
}

impl From<IllegalTransition> for Stop {
    fn from(illegal: IllegalTransition) -> Self {
        Problem::from(illegal).into()
    }
}

impl Stop {
    /// Whether another run may get further.
    pub fn passes(&self) -> bool {
        match self {
            Self::LeaseLost | Self::WaitedTooLong(_) | Self::Problem(_) => false,
            Self::Store(error) => error.passes(),
            Self::Directory(error) => error.is_retryable(),
            Self::Psa(failure) => failure.retryable,
        }
    }
}

/// Reads the outcome of a transaction that nothing but a lost lease can refuse.
pub fn fenced(outcome: &FencedOutcome) -> Result<(), Stop> {
    if outcome.committed() {
        Ok(())
    } else {
        Err(Stop::LeaseLost)
    }
}
