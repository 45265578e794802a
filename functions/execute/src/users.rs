//! The users of one company, several at once. One that fails does not stop the others (R36).

use std::collections::HashMap;
use std::sync::Mutex;

use directory::{DirectoryError, NewAddress, NewUser, UserRequest};
use domain::address::Address;
use domain::directory::{ManagedCompany, User};
use domain::ids::{IdempotencyKey, PsaCompanyId, UserId};
use domain::plan::{Outcome, Reason, UserPlan, UserStep};
use domain::quotation::Quotation;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tracing::warn;

use crate::context::Run;
use crate::retries::{Failure, RowFailure, answers_at_all, with_retries};

/// Calls to the directory for one company at once.
const USER_CONCURRENCY: usize = 4;

/// Users between two looks at the time that is left, and at whether the import is cancelled: few, since a directory may take long for
/// each. The built-in one lists so many in an item of a kilobyte.
const BATCH_SIZE: usize = 25;

/// What the directory says of a user that it was to create.
type Answer = Result<NewUser, DirectoryError>;

/// A company of the PSA, and the managed company that its users are to be in.
type Company<'a> = (&'a PsaCompanyId, &'a ManagedCompany);

/// How one user ended.
pub(crate) struct Done {
    pub outcome: Outcome,
    /// The user that the address is mapped to from here on; `None` leaves the mapping as it is.
    pub user: Option<UserId>,
    /// What the directory said, if it refused the row.
    pub said: Option<Quotation>,
}

impl Done {
    /// Whether the user was asked for another address just now, or earlier, and has yet to agree (R84).
    pub(crate) fn is_asked(&self) -> bool {
        self.outcome == Outcome::Skipped(Reason::WaitsForUser)
    }

    const fn skipped(reason: Reason) -> Self {
        Self::unmapped(Outcome::Skipped(reason))
    }

    const fn failed(reason: Reason) -> Self {
        Self::unmapped(Outcome::Failed(reason))
    }

    /// With what the directory said of the row.
    fn quoting(self, said: Option<Quotation>) -> Self {
        Self { said, ..self }
    }

    const fn unmapped(outcome: Outcome) -> Self {
        Self {
            outcome,
            user: None,
            said: None,
        }
    }

    /// The step of the row is applied, and leads to this user.
    const fn applied(row: &UserPlan, user: UserId) -> Self {
        Self {
            outcome: row.step.outcome(),
            user: Some(user),
            said: None,
        }
    }
}

/// Applies the steps of users in the order of the plan, as many as there is time for. An administrator may cancel in their midst:
/// then no further batch of users is begun.
pub(crate) async fn apply(run: &Run, company: Company<'_>, users: &[UserPlan], may_be_begun: bool) -> Vec<Done> {
    let ((_, managed), mut is_looked_at) = (company, false);
    let mut done = Vec::with_capacity(users.len());
    for batch in users.chunks(BATCH_SIZE) {
        if run.is_to_end() {
            break;
        }
        let applied = match (run.is_cancelled().await, may_be_begun) {
            (false, _) => apply_batch(run, company, batch).await,
            (true, true) => {
                // An earlier run may have died between a call and the note of what it did. One look: a directory that is down does not
                // keep a cancelled import from its end.
                if !is_looked_at && let Err(error) = run.directory.look_again(&managed.id).await {
                    warn!(import = %run.import.id, %error, "ending a cancelled import without another look at the directory");
                }
                is_looked_at = true;
                outcomes(batch.iter().map(|user| begun(run, managed, user).boxed())).await
            }
            (true, false) => skip(batch, Reason::Cancelled).into_iter().map(Ok).collect(),
        };
        for applied in applied {
            match applied {
                Ok(applied) => done.push(applied),
                Err(Failure::OfRow(RowFailure { reason, said })) => {
                    let failed = Done::failed(reason);
                    done.push(Done { said, ..failed });
                }
                Err(Failure::Open) => return done,
            }
        }
    }
    done
}

/// Applies the steps of some users. Those that are to be created are asked for in one call.
async fn apply_batch(run: &Run, company: Company<'_>, users: &[UserPlan]) -> Vec<Result<Done, Failure>> {
    let (_, managed) = company;
    let requests = users.iter().filter_map(|user| match (&user.step, &user.address) {
        (UserStep::Create, Some(address)) => Some(request(run, managed, user, address)),
        _ => None,
    });
    let requests: Vec<UserRequest> = requests.collect();
    let answers = if requests.is_empty() {
        Vec::new()
    } else {
        run.directory.create_users(&managed.id, &requests).await
    };
    let keys = requests.into_iter().map(|request| request.key);
    let mut answers: HashMap<IdempotencyKey, Answer> = keys.zip(answers).collect();
    let with_answers = users.iter().map(|user| {
        let answer = answers.remove(&key(run, managed, user));
        one(run, company, user, answer).boxed()
    });
    outcomes(with_answers).await
}

/// The outcomes of users, several at once, in their order.
async fn outcomes<'a>(users: impl Iterator<Item = BoxFuture<'a, Result<Done, Failure>>>) -> Vec<Result<Done, Failure>> {
    let users: Vec<_> = users.collect();
    futures::stream::iter(users).buffered(USER_CONCURRENCY).collect().await
}

/// Skips users.
pub(crate) fn skip(users: &[UserPlan], reason: Reason) -> Vec<Done> {
    users.iter().map(|_| Done::skipped(reason)).collect()
}

/// Applies the step of one user, whose creation has got an answer.
async fn one(run: &Run, company: Company<'_>, user: &UserPlan, answer: Option<Answer>) -> Result<Done, Failure> {
    let Some(address) = &user.address else {
        return Ok(Done::skipped(Reason::NoAddress));
    };
    Ok(match &user.step {
        UserStep::Skip(_) => Done::unmapped(user.step.outcome()),
        UserStep::Unchanged(id) | UserStep::Link(id) => Done::applied(user, id.clone()),
        UserStep::Create => create(run, company, (user, address), answer).await?,
        UserStep::ChangeAddress { user: id, from, .. } => {
            change_address(run, company.1, user, (id, from, address)).await?
        }
    })
}

/// What an earlier run of this import did to a user before it died, as far as the directory is known; nothing is done again.
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
        (UserStep::Create, Some(holder)) if holder.company == managed.id => Done::applied(user, holder.id),
        (UserStep::ChangeAddress { user: id, from, .. }, Some(holder)) if holder.id == *id && from != address => {
            Done::applied(user, holder.id)
        }
        _ => cancelled,
    })
}

/// Creates one user. The first attempt was the call for a whole batch; while there is no answer, calls for this user alone follow.
async fn create(
    run: &Run,
    (company, managed): Company<'_>,
    (user, address): (&UserPlan, &Address),
    answer: Option<Answer>,
) -> Result<Done, Failure> {
    let answer = Mutex::new(answer);
    let request = [request(run, managed, user, address)];
    let call = || {
        let answer = answer.lock().ok().and_then(|mut answer| answer.take());
        let again = || run.directory.create_users(&managed.id, &request);
        async move {
            match answer {
                Some(answer) => answer,
                None => again().await.pop().unwrap_or_else(no_answer),
            }
        }
    };
    // Nobody had the address when the plan was confirmed: a user who has it here and now was created by this call.
    let look_up = || async {
        let holder = holder(run, address).await?;
        match holder.filter(|holder| holder.company == managed.id) {
            Some(holder) => Ok(Some(NewUser::Created(holder.id))),
            None => answers_at_all(run).await,
        }
    };
    Ok(match with_retries(run, call, look_up).await? {
        NewUser::Created(id) => Done::applied(user, id),
        NewUser::AddressTaken(_) => Done::failed(Reason::AddressConflict),
        NewUser::AddressTakenElsewhere(said) => Done::failed(Reason::AddressConflict).quoting(said),
        NewUser::Waits(until) => return Err(Failure::later(run, company, until)),
    })
}

fn no_answer() -> Answer {
    Err(DirectoryError::Unavailable("no outcome for a user".to_owned()))
}

fn key(run: &Run, managed: &ManagedCompany, user: &UserPlan) -> IdempotencyKey {
    IdempotencyKey::user(&run.import.id, &managed.id, &user.id)
}

fn request(run: &Run, managed: &ManagedCompany, user: &UserPlan, address: &Address) -> UserRequest {
    UserRequest {
        key: key(run, managed, user),
        address: address.clone(),
        name: user.name.clone(),
        action: run.import.creation,
    }
}

async fn change_address(
    run: &Run,
    managed: &ManagedCompany,
    user: &UserPlan,
    (id, from, address): (&UserId, &Address, &Address),
) -> Result<Done, Failure> {
    let call = || run.directory.change_address(&managed.id, id, Some(from), address);
    let look_up = || async {
        let holder = holder(run, address).await?;
        match holder.filter(|holder| holder.id == *id) {
            Some(_) => Ok(Some(NewAddress::Changed)),
            None => answers_at_all(run).await,
        }
    };
    Ok(match with_retries(run, call, look_up).await? {
        NewAddress::Changed => Done::applied(user, id.clone()),
        NewAddress::AddressTaken(_) => Done::failed(Reason::AddressConflict),
        NewAddress::ChangedMeanwhile => Done::failed(Reason::PlanChanged),
        NewAddress::NoSuchUser => Done::failed(Reason::UserNotFound),
        NewAddress::WaitsForUser => Done::skipped(Reason::WaitsForUser),
        NewAddress::NotPossible(said) => Done::failed(Reason::AddressCannotChange).quoting(said),
    })
}

async fn holder(run: &Run, address: &Address) -> Result<Option<User>, DirectoryError> {
    Ok(run.directory.holders(&[address.key().clone()]).await?.pop())
}
