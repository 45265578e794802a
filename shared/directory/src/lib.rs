//! The port to the password manager that holds managed companies, users and licences.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::address::{Address, AddressKey};
use domain::directory::{Capabilities, CreationAction, Licences, ManagedCompany, ReservationId, User};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use domain::name::NameKey;
use domain::problem::DirectoryFailure;
use domain::quotation::Quotation;
use jiff::Timestamp;
use store::Consistency;

pub mod builtin;
pub mod lastpass;
pub mod mirror;
mod reading;
mod roster;

pub use reading::{Reading, ReadingLimits};
pub use retry::RetryPolicy;
pub use roster::{PackedUsers, Roster};

/// For calls that the directory does not answer. Some twenty seconds: longer than a failover takes, and much shorter than a run.
pub const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(100),
    cap: Duration::from_secs(5),
    repeats: 8,
};

/// A directory of one MSP.
///
/// This port is made for a remote, non-transactional, rate-limited, asynchronous service: a call may take long, and its reply may be lost
/// after the call was applied. So every call may be repeated. A call that creates something takes an [`IdempotencyKey`]: a second call with
/// the same key creates nothing more. A call that changes something names the new value, not the difference. If somebody else was faster,
/// for example with an address, that is an outcome and not an error. Nothing can be deleted (R50).
#[async_trait]
pub trait Directory: Send + Sync {
    /// What it can do. A plan says so before anything is carried out (R83).
    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL_AT_ONCE
    }

    /// All managed companies.
    async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError>;

    /// One managed company.
    async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError>;

    /// The managed companies of a name (R21), as [`companies`](Self::companies) would show them.
    async fn namesakes(&self, name: &str) -> Result<Vec<ManagedCompany>, DirectoryError> {
        let (name, mut companies) = (NameKey::of(name), self.companies().await?);
        companies.retain(|company| NameKey::of(&company.name) == name);
        Ok(companies)
    }

    /// All users of these managed companies; none of a company that does not exist. With [`Consistency::Eventual`] the last changes may
    /// be missing, if that costs less.
    async fn users_of(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Arc<Roster>, DirectoryError>;

    /// All users of all managed companies. Costs less than asking for most of the companies.
    async fn all_users(&self, consistency: Consistency) -> Result<Arc<Roster>, DirectoryError>;

    /// All users of a managed company; none if there is no such company.
    async fn users(&self, company: &ManagedCompanyId) -> Result<Vec<User>, DirectoryError> {
        let roster = self.users_of(std::slice::from_ref(company), Consistency::Strong);
        let roster = roster.await?;
        roster.users(company)
    }

    /// Whether [`holders`](Self::holders) costs as much as reading all users.
    fn reads_all_for_holders(&self) -> bool {
        false
    }

    /// The users who hold these addresses, in whatever managed company; addresses that nobody holds are left out. May know a user
    /// whom the lists of users do not show yet.
    async fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<User>, DirectoryError>;

    /// Reads the next part of a directory that shows stored users instead of reading them each time (R87). A fetch repeats the call, each
    /// time from where the last one stopped, until it returns `None`: then everything is read that has to be. If an error that passes ends
    /// a call which has read something, the call returns how far it came, and the next one the error if it lasts. Other directories return
    /// `None` at once.
    async fn read_on(
        &self,
        _from: Option<&Reading>,
        _limits: &ReadingLimits,
    ) -> Result<Option<Reading>, DirectoryError> {
        Ok(None)
    }

    /// Reads the users of a managed company just before it is changed, where they are only remembered.
    async fn look_again(&self, _company: &ManagedCompanyId) -> Result<Look, DirectoryError> {
        Ok(Look::AsKnown)
    }

    /// Whether it answers at all, and takes the credentials.
    async fn answers(&self) -> Result<(), DirectoryError> {
        self.licences().await.map(drop)
    }

    /// Creates a managed company.
    async fn create_company(&self, key: &IdempotencyKey, name: &str) -> Result<NewCompany, DirectoryError>;

    /// An administrator wants a company sent again that was asked for with this key: what is known of the request is forgotten if it is a
    /// day old and its outcome is unknown (R82).
    async fn send_again(&self, _key: &IdempotencyKey) -> Result<(), DirectoryError> {
        Ok(())
    }

    /// What became of a managed company that was asked for with this key; `None` if it was not. Asks for nothing. Only directories whose
    /// creations wait have such requests.
    async fn requested(&self, _key: &IdempotencyKey) -> Result<Option<NewCompany>, DirectoryError> {
        Ok(None)
    }

    /// Renames a managed company; `false` if there is none of that id.
    async fn rename_company(&self, id: &ManagedCompanyId, name: &str) -> Result<bool, DirectoryError>;

    /// Creates users of one managed company. Each has an outcome of its own, in the order of `users`: one that fails does not stop
    /// the others. Takes no licences by itself: [`reserve`](Self::reserve) has.
    async fn create_users(
        &self,
        company: &ManagedCompanyId,
        users: &[UserRequest],
    ) -> Vec<Result<NewUser, DirectoryError>>;

    /// Gives a user another address, if it has `from`, or if that is left open. Repeating it changes nothing.
    async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        from: Option<&Address>,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError>;

    /// Names what companies and users there are now: as long as it is the same, nothing has changed that a plan rests on. `None` while
    /// somebody is changing something, and always if the directory cannot tell.
    async fn version(&self, _now: Timestamp) -> Result<Option<u64>, DirectoryError> {
        Ok(None)
    }

    /// Says that `by` is about to change companies or users. Who changes the directory calls this first.
    async fn begin_changes(&self, _by: &str, _now: Timestamp) -> Result<(), DirectoryError> {
        Ok(())
    }

    /// Says that all is changed that `by` was about to change. Not called if a change may still be on its way, since its answer is missing.
    async fn end_changes(&self, _by: &str) -> Result<(), DirectoryError> {
        Ok(())
    }

    /// The MSP's licences.
    async fn licences(&self) -> Result<Licences, DirectoryError>;

    /// Reserves licences, all or none. Repeating it changes nothing.
    async fn reserve(&self, reservation: &ReservationId, licences: u64) -> Result<Reservation, DirectoryError>;

    /// All reservations.
    async fn reservations(&self) -> Result<Vec<ReservationId>, DirectoryError>;

    /// Turns `used` of the reserved licences into used ones and releases the rest. Repeating it changes nothing.
    async fn release(&self, reservation: &ReservationId, used: u64) -> Result<(), DirectoryError>;
}

/// A user that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRequest {
    /// What the user is for.
    pub key: IdempotencyKey,
    /// Its address.
    pub address: Address,
    /// The person's name.
    pub name: String,
    /// Whether the user is invited at once, if the directory lets us choose (R86).
    pub action: CreationAction,
}

/// What a look at a managed company has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Its users are as they were known.
    AsKnown,
    /// They were not, and are known now.
    Differs,
    /// The company is not there any more.
    Gone,
}

/// The outcome of asking for a managed company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewCompany {
    /// It is there, now or since an earlier call with this key.
    Created(ManagedCompanyId),
    /// It was asked for, or has to wait for another one; ask again at this moment.
    Waits(Timestamp),
    /// The creation was requested, and its outcome is unknown. The request is not repeated.
    Unknown,
}

/// The outcome of creating a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewUser {
    /// It is there, now or since an earlier call with this key.
    Created(UserId),
    /// Somebody else has the address.
    AddressTaken(User),
    /// Somebody whom the directory does not name has the address; with what it says, if it says anything.
    AddressTakenElsewhere(Option<Quotation>),
    /// It may have been created; ask again at this moment.
    Waits(Timestamp),
}

/// The outcome of changing an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewAddress {
    /// The user has it.
    Changed,
    /// The user has been asked, and has the old one until the answer (R84).
    WaitsForUser,
    /// The directory does not change the address of this user (R83); with what it says, if it says anything.
    NotPossible(Option<Quotation>),
    /// Somebody else has it.
    AddressTaken(User),
    /// The user has neither it nor the one from which it was to be changed.
    ChangedMeanwhile,
    /// There is no such user.
    NoSuchUser,
}

/// The outcome of reserving licences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// They are reserved.
    Made,
    /// Too few are left; none were.
    Insufficient {
        /// How many are left.
        available: u64,
    },
}

/// Why a directory refuses a call: in our words, which may be logged, and perhaps in its own, which are for administrators alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    reason: String,
    /// What the directory says.
    pub said: Option<Quotation>,
}

impl Rejection {
    /// With what the directory says of it.
    pub fn quoting(reason: impl Into<String>, said: Option<Quotation>) -> Self {
        Self {
            reason: reason.into(),
            said,
        }
    }
}

impl From<&str> for Rejection {
    fn from(reason: &str) -> Self {
        Self::quoting(reason, None)
    }
}

impl From<String> for Rejection {
    fn from(reason: String) -> Self {
        Self::quoting(reason, None)
    }
}

/// Without what the directory says.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A call that failed. Says nothing that may not be logged.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DirectoryError {
    /// No answer, or one that says to come again: the call may have been applied. Repeat it with the same key.
    #[error("the directory did not answer: {0}")]
    Unavailable(String),
    /// Nothing was done, and the directory asks to come back at this moment.
    #[error("the directory asks to wait until {1}: {0}")]
    Busy(String, Timestamp),
    /// An answer that will not change by repeating.
    #[error("the directory refused: {0}")]
    Refused(Rejection),
    /// The directory rejects the key of the MSP, whatever it is asked.
    #[error("the directory rejects the credentials: {0}")]
    Unauthorized(String),
    /// The key of the MSP lacks a right.
    #[error("the directory does not allow it: {0}")]
    Forbidden(String),
}

impl DirectoryError {
    /// Whether the key of the MSP is at fault, so that every other call fails as well.
    pub const fn is_of_key(&self) -> bool {
        matches!(self, Self::Unauthorized(_) | Self::Forbidden(_))
    }

    /// When it asks to come back, if it does.
    pub const fn asks_to_wait(&self) -> Option<Timestamp> {
        match self {
            Self::Busy(_, until) => Some(*until),
            _ => None,
        }
    }

    /// What it is to an administrator.
    pub const fn failure(&self) -> DirectoryFailure {
        match self {
            Self::Unauthorized(_) => DirectoryFailure::Unauthorized,
            Self::Forbidden(_) => DirectoryFailure::Forbidden,
            Self::Unavailable(_) | Self::Busy(..) | Self::Refused(_) => DirectoryFailure::Unavailable,
        }
    }

    /// Whether the call may have been applied all the same, now or later.
    pub const fn may_be_applied(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether repeating the call makes sense.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy(..))
    }
}
