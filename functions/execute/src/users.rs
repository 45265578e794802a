//! The users of one company, several at once. One that fails does not stop the others (R36).

use std::future::Future;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use directory::{DirectoryError, NewAddress, NewUser};
use domain::address::Address;
use domain::directory::{ManagedCompany, Token};
use domain::ids::UserId;
use domain::outcome::{Outcome, RowCode};
use domain::plan::{UserPlan, UserStep};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tracing::warn;

use crate::work::Run;

/// Calls to the directory for one company at once.
const AT_ONCE: usize = 4;

/// What came of one user.
pub(crate) struct Done {
    pub outcome: Outcome,
    /// The user that the address is mapped to from here on; `None` leaves the mapping as it is.
    pub user: Option<UserId>,
}

impl Done {
    const fn skipped(code: RowCode) -> Self {
        Self {
            outcome: Outcome::Skipped(code),
            user: None,
        }
    }

    const fn mapped(outcome: Outcome, user: UserId) -> Self {
        Self {
            outcome,
            user: Some(user),
        }
    }

    const fn failed(code: RowCode) -> Self {
        Self {
            outcome: Outcome::Failed(code),
            user: None,
        }
    }
}

/// Carries out users in the order of the plan, as many as there is time for.
pub(crate) async fn carry_out(run: &Run, managed: &ManagedCompany, users: &[UserPlan]) -> Vec<Done> {
    let in_time = |user| async move {
        if run.deadline.is_near() {
            None
        } else {
            Some(one(run, managed, user).await)
        }
    };
    let calls: Vec<BoxFuture<'_, Option<Done>>> = users.iter().map(|user| in_time(user).boxed()).collect();
    let done: Vec<Option<Done>> = futures::stream::iter(calls).buffered(AT_ONCE).collect().await;
    done.into_iter().map_while(|done| done).collect()
}

/// Passes over users.
pub(crate) fn passed_over(users: &[UserPlan], code: RowCode) -> Vec<Done> {
    users.iter().map(|_| Done::skipped(code)).collect()
}

async fn one(run: &Run, managed: &ManagedCompany, user: &UserPlan) -> Done {
    let Some(address) = &user.address else {
        return Done::skipped(RowCode::NoAddress);
    };
    match &user.step {
        UserStep::Skip(reason) => Done::skipped(reason.into()),
        UserStep::Unchanged(id) => Done::mapped(Outcome::Unchanged, id.clone()),
        UserStep::Link(id) => Done::mapped(Outcome::Linked, id.clone()),
        UserStep::Create => create(run, managed, user, address).await,
        UserStep::ChangeAddress { user: id, .. } => {
            match patiently(run, || run.directory.change_address(&managed.id, id, address)).await {
                Ok(NewAddress::Changed) => Done::mapped(Outcome::ChangedAddress, id.clone()),
                Ok(NewAddress::AddressTaken(_)) => Done::failed(RowCode::AddressConflict),
                Ok(NewAddress::NoSuchUser) => Done::failed(RowCode::UserNotFound),
                Err(code) => Done::failed(code),
            }
        }
    }
}

async fn create(run: &Run, managed: &ManagedCompany, user: &UserPlan, address: &Address) -> Done {
    let token = Token::user(&run.import.integration, &managed.id, &user.id, user.generation);
    match patiently(run, || {
        run.directory.create_user(&token, &managed.id, address, &user.name)
    })
    .await
    {
        Ok(NewUser::Created(id)) => Done::mapped(Outcome::Created, id),
        Ok(NewUser::AddressTaken(_)) => Done::failed(RowCode::AddressConflict),
        Err(code) => Done::failed(code),
    }
}

/// Repeats a call that gave no answer, with the same token, as long as there is time for it.
pub(crate) async fn patiently<T, F>(run: &Run, call: impl Fn() -> F) -> Result<T, RowCode>
where
    F: Future<Output = Result<T, DirectoryError>>,
{
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(8)
        .with_jitter();
    let in_time = |error: &DirectoryError| error.is_retryable() && Instant::now() < run.deadline.0;
    call.retry(backoff).when(in_time).await.map_err(|error| {
        warn!(import = %run.import.id, %error, "the directory failed a row");
        if error.is_retryable() {
            RowCode::DirectoryUnavailable
        } else {
            RowCode::DirectoryRefused
        }
    })
}
