//! The users of one company, several at once. One that fails does not stop the others (R36).

use directory::{DirectoryError, NewAddress, NewUser};
use domain::address::Address;
use domain::directory::{AddressHolder, ManagedCompany};
use domain::ids::{IdempotencyKey, UserId};
use domain::plan::{Outcome, Reason, UserPlan, UserStep};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};

use crate::context::Run;
use crate::retries::{Failure, with_retries};

/// Calls to the directory for one company at once.
const USER_CONCURRENCY: usize = 4;

/// How one user ended.
pub(crate) struct Done {
    pub outcome: Outcome,
    /// The user that the address is mapped to from here on; `None` leaves the mapping as it is.
    pub user: Option<UserId>,
}

impl Done {
    const fn skipped(reason: Reason) -> Self {
        Self::unmapped(Outcome::Skipped(reason))
    }

    const fn failed(reason: Reason) -> Self {
        Self::unmapped(Outcome::Failed(reason))
    }

    const fn unmapped(outcome: Outcome) -> Self {
        Self { outcome, user: None }
    }

    /// The step of the row is applied, and leads to this user.
    const fn applied(row: &UserPlan, user: UserId) -> Self {
        Self {
            outcome: row.step.outcome(),
            user: Some(user),
        }
    }
}

/// Applies the steps of users in the order of the plan, as many as there is time for. An administrator may cancel in their midst:
/// then no further user is begun.
pub(crate) async fn apply(run: &Run, managed: &ManagedCompany, users: &[UserPlan], may_be_begun: bool) -> Vec<Done> {
    let in_time = |user| async move {
        if run.is_to_end() {
            return None;
        }
        let done = match (run.is_cancelled().await, may_be_begun) {
            (false, _) => one(run, managed, user).await,
            (true, true) => begun(run, managed, user).await,
            (true, false) => Ok(Done::skipped(Reason::Cancelled)),
        };
        match done {
            Ok(done) => Some(done),
            Err(Failure::OfRow(reason)) => Some(Done::failed(reason)),
            Err(Failure::Open) => None,
        }
    };
    let calls: Vec<BoxFuture<'_, Option<Done>>> = users.iter().map(|user| in_time(user).boxed()).collect();
    let done: Vec<Option<Done>> = futures::stream::iter(calls).buffered(USER_CONCURRENCY).collect().await;
    done.into_iter().map_while(|done| done).collect()
}

/// Skips users.
pub(crate) fn skip(users: &[UserPlan], reason: Reason) -> Vec<Done> {
    users.iter().map(|_| Done::skipped(reason)).collect()
}

async fn one(run: &Run, managed: &ManagedCompany, user: &UserPlan) -> Result<Done, Failure> {
    let Some(address) = &user.address else {
        return Ok(Done::skipped(Reason::NoAddress));
    };
    Ok(match &user.step {
        UserStep::Skip(_) => Done::unmapped(user.step.outcome()),
        UserStep::Unchanged(id) | UserStep::Link(id) => Done::applied(user, id.clone()),
        UserStep::Create => create(run, managed, user, address).await?,
        UserStep::ChangeAddress { user: id, .. } => change_address(run, managed, user, (id, address)).await?,
    })
}

/// What an earlier run of this import has done to a user before it died: asked, not done again.
async fn begun(run: &Run, managed: &ManagedCompany, user: &UserPlan) -> Result<Done, Failure> {
    let cancelled = Done::skipped(Reason::Cancelled);
    let Some(address) = &user.address else {
        return Ok(cancelled);
    };
    if !matches!(user.step, UserStep::Create | UserStep::ChangeAddress { .. }) {
        return Ok(cancelled);
    }
    let look = || holder(run, address);
    let holder = with_retries(run, look, || async { look().await.map(Some) }).await?;
    Ok(match (&user.step, holder) {
        (UserStep::Create, Some(holder)) if holder.company == managed.id => Done::applied(user, holder.user),
        (UserStep::ChangeAddress { user: id, from, .. }, Some(holder)) if holder.user == *id && from != address => {
            Done::applied(user, holder.user)
        }
        _ => cancelled,
    })
}

async fn create(run: &Run, managed: &ManagedCompany, user: &UserPlan, address: &Address) -> Result<Done, Failure> {
    let key = IdempotencyKey::user(&run.import.id, &managed.id, &user.id);
    let call = || run.directory.create_user(&key, &managed.id, address, &user.name);
    // Nobody had the address when the plan was confirmed: a user who has it here and now was created by this call.
    let look_up = || async {
        let holder = holder(run, address).await?;
        Ok(holder
            .filter(|holder| holder.company == managed.id)
            .map(|holder| NewUser::Created(holder.user)))
    };
    Ok(match with_retries(run, call, look_up).await? {
        NewUser::Created(id) => Done::applied(user, id),
        NewUser::AddressTaken(_) => Done::failed(Reason::AddressConflict),
    })
}

async fn change_address(
    run: &Run,
    managed: &ManagedCompany,
    user: &UserPlan,
    (id, address): (&UserId, &Address),
) -> Result<Done, Failure> {
    let call = || run.directory.change_address(&managed.id, id, address);
    let look_up = || async {
        let holder = holder(run, address).await?;
        Ok(holder.filter(|holder| holder.user == *id).map(|_| NewAddress::Changed))
    };
    Ok(match with_retries(run, call, look_up).await? {
        NewAddress::Changed => Done::applied(user, id.clone()),
        NewAddress::AddressTaken(_) => Done::failed(Reason::AddressConflict),
        NewAddress::NoSuchUser => Done::failed(Reason::UserNotFound),
    })
}

async fn holder(run: &Run, address: &Address) -> Result<Option<AddressHolder>, DirectoryError> {
    Ok(run.directory.holders(&[address.key().clone()]).await?.pop())
}
