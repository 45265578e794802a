//! The directory of an MSP that has LastPass.
//!
//! What a plan rests on is read at the fetch, and kept packed: nobody waits for LastPass who looks at rows or at a plan (R87). Changes
//! go to LastPass. Before a managed company is changed its users are listed again, so that what differs is found out in time.
//!
//! LastPass knows no idempotency keys. What was asked for is therefore written down before (`creations` and `sending`), and looked for
//! afterwards; what may have been done is never asked for again at once (R82).

mod absence;
mod content;
mod creations;
mod everybody;
mod reading;
mod records;
mod remembered;
mod sending;
mod used;
mod users;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::address::{Address, AddressKey};
use domain::directory::{AddressChange, Capabilities, LicenceMode, Licences, ManagedCompany, ReservationId, User};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use jiff::{SignedDuration, Timestamp};
use store::{Consistency, Tenant};
use tokio::sync::Mutex;

use self::content::Content;
use self::remembered::LastReading;
pub use self::remembered::Remembered;
use crate::builtin::BuiltIn;
use crate::lastpass::{Company, Failed, LastPass};
use crate::{
    Directory, DirectoryError, Look, NewAddress, NewCompany, NewUser, Reading, ReadingLimits, Reservation, Roster,
    UserRequest,
};

/// What LastPass can do, as far as its documents say.
const CAPABILITIES: Capabilities = Capabilities {
    rename: false,
    change_address: AddressChange::AfterUserAgrees,
    licences: LicenceMode::Consumption,
    creation_waits: true,
    stages: true,
    forgets: true,
};

/// A list of all companies serves so long for all who wait for one of them.
const LISTING_LASTS: SignedDuration = SignedDuration::from_secs(3);

/// The users of so many companies cost more to read than to find out whether they are remembered.
const WORTH_A_LOOK: usize = 4;

/// What the time is.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A list, and when it was asked for.
type Listed<T> = Option<(Timestamp, Arc<T>)>;

/// A list that was asked for less than `LISTING_LASTS` ago.
fn recent<T>(listed: Option<&(Timestamp, Arc<T>)>, now: Timestamp) -> Option<Arc<T>> {
    let (asked, list) = listed?;
    (now.duration_since(*asked) < LISTING_LASTS).then(|| Arc::clone(list))
}

/// The users of a company, as they were listed.
struct Seen {
    users: Vec<User>,
    /// The record of who was sent to the company, as it was before they were listed.
    sent: String,
}

/// The directory of an MSP that has LastPass, for one run.
pub struct Mirror {
    content: Content,
    /// The known companies, read `LISTING_LASTS` ago at most. They may be out of date: before a company is changed, LastPass is asked
    /// whether it is still there.
    companies: Mutex<Listed<Vec<ManagedCompany>>>,
    /// Locked while all users are read: those of a large MSP, several times over, would fill the memory of a worker.
    everybody: Mutex<LastReading>,
    remembered: Arc<Remembered>,
    /// Counts changes of the directory, whichever one the MSP has.
    changes: BuiltIn,
    lastpass: Option<LastPass>,
    now: Now,
    /// Locked while LastPass is asked, so that all who need the list at once share it.
    listing: Mutex<Listed<Vec<Company>>>,
    /// The users of the companies that this run changes, as it has listed them.
    seen: Mutex<HashMap<ManagedCompanyId, Seen>>,
    /// Locked while users are sent to a company, so that this run does not overtake itself. Other runs may send users to it meanwhile.
    sending: Mutex<HashMap<ManagedCompanyId, Arc<Mutex<()>>>>,
    /// When companies were found that this run had asked for.
    made: Mutex<HashMap<ManagedCompanyId, Timestamp>>,
}

impl Mirror {
    /// The directory of a tenant. Without LastPass, for want of a key, what was read before can still be looked at.
    pub fn new(tenant: Tenant, lastpass: Option<LastPass>, now: Now, remembered: Arc<Remembered>) -> Self {
        Self {
            changes: BuiltIn::new(tenant.clone()),
            content: Content { tenant },
            companies: Mutex::default(),
            everybody: Mutex::default(),
            remembered,
            lastpass,
            now,
            listing: Mutex::default(),
            seen: Mutex::default(),
            sending: Mutex::default(),
            made: Mutex::default(),
        }
    }

    fn lastpass(&self) -> Result<&LastPass, DirectoryError> {
        let none = || DirectoryError::Unauthorized("no API key is stored".to_owned());
        self.lastpass.as_ref().ok_or_else(none)
    }

    fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// All companies of the account, as they are or were `LISTING_LASTS` ago at most.
    async fn listing(&self) -> Result<Arc<Vec<Company>>, DirectoryError> {
        let mut listing = self.listing.lock().await;
        let now = self.now();
        if let Some(companies) = recent(listing.as_ref(), now) {
            return Ok(companies);
        }
        let known: Vec<ManagedCompanyId> = match &*listing {
            Some((_, before)) => before.iter().map(|company| company.id.clone()).collect(),
            None => self.companies().await?.into_iter().map(|company| company.id).collect(),
        };
        let companies = Arc::new(self.list_companies(&known).await?);
        *listing = Some((now, Arc::clone(&companies)));
        Ok(companies)
    }

    /// Makes the next call read the known companies again.
    async fn forget_companies(&self) {
        *self.companies.lock().await = None;
    }

    /// The known companies, as they are or were `LISTING_LASTS` ago at most.
    async fn known_lately(&self) -> Result<Arc<Vec<ManagedCompany>>, DirectoryError> {
        let mut last = self.companies.lock().await;
        let now = self.now();
        if let Some(companies) = recent(last.as_ref(), now) {
            return Ok(companies);
        }
        let companies = Arc::new(self.content.companies().await?);
        *last = Some((now, Arc::clone(&companies)));
        Ok(companies)
    }
}

#[async_trait]
impl Directory for Mirror {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError> {
        self.known_lately().await.map(Arc::unwrap_or_clone)
    }

    async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError> {
        let companies = self.known_lately().await?;
        let found = companies.binary_search_by(|company| company.id.cmp(id)).ok();
        Ok(found.and_then(|at| companies.get(at)).cloned())
    }

    async fn users_of(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Arc<Roster>, DirectoryError> {
        if companies.len() >= content::MAX_COMPANIES_ONE_BY_ONE {
            return self.everybody().await;
        }
        if companies.len() >= WORTH_A_LOOK
            && let Some(everybody) = self.remembered().await?
        {
            return Ok(everybody);
        }
        Ok(Arc::new(self.content.roster(companies, consistency).await?))
    }

    /// Always with the last changes: what lacks some could not be kept for the next one who asks.
    async fn all_users(&self, _consistency: Consistency) -> Result<Arc<Roster>, DirectoryError> {
        self.everybody().await
    }

    async fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<User>, DirectoryError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        self.everybody().await?.holders(addresses)
    }

    fn reads_all_for_holders(&self) -> bool {
        true
    }

    async fn read_on(&self, from: Option<&Reading>, limits: &ReadingLimits) -> Result<Option<Reading>, DirectoryError> {
        match from {
            Some(from) => self.read_users(from, limits).await,
            None => self.read_companies(limits).await,
        }
    }

    async fn look_again(&self, company: &ManagedCompanyId) -> Result<Look, DirectoryError> {
        match self.look_at_users(company).await {
            Ok(differs) => Ok(if differs { Look::Differs } else { Look::AsKnown }),
            Err(Refused::Gone) => Ok(Look::Gone),
            Err(refused) => Err(refused.into_error()),
        }
    }

    async fn answers(&self) -> Result<(), DirectoryError> {
        Ok(self.lastpass()?.check().await?)
    }

    async fn create_company(&self, key: &IdempotencyKey, name: &str) -> Result<NewCompany, DirectoryError> {
        self.ask_for_company(key, name).await
    }

    async fn send_again(&self, key: &IdempotencyKey) -> Result<(), DirectoryError> {
        self.forget_unknown(key).await
    }

    async fn requested(&self, key: &IdempotencyKey) -> Result<Option<NewCompany>, DirectoryError> {
        self.look_for_requested(key).await
    }

    async fn rename_company(&self, _id: &ManagedCompanyId, _name: &str) -> Result<bool, DirectoryError> {
        Err(DirectoryError::Refused("LastPass does not rename companies".into()))
    }

    async fn create_users(
        &self,
        company: &ManagedCompanyId,
        users: &[UserRequest],
    ) -> Vec<Result<NewUser, DirectoryError>> {
        match self.send_users(company, users).await {
            Ok(outcomes) => outcomes,
            Err(error) => users.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        from: Option<&Address>,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        self.ask_for_address((company, user), from, address).await
    }

    async fn version(&self, now: Timestamp) -> Result<Option<u64>, DirectoryError> {
        self.changes.version(now).await
    }

    async fn begin_changes(&self, by: &str, now: Timestamp) -> Result<(), DirectoryError> {
        self.changes.begin_changes(by, now).await
    }

    async fn end_changes(&self, by: &str) -> Result<(), DirectoryError> {
        self.changes.end_changes(by).await
    }

    async fn licences(&self) -> Result<Licences, DirectoryError> {
        let used = self.used().await?;
        Ok(Licences {
            mode: LicenceMode::Consumption,
            total: used,
            used,
            reserved: 0,
            available: 0,
        })
    }

    async fn reserve(&self, reservation: &ReservationId, _licences: u64) -> Result<Reservation, DirectoryError> {
        self.note_reservation(reservation).await?;
        Ok(Reservation::Made)
    }

    async fn reservations(&self) -> Result<Vec<ReservationId>, DirectoryError> {
        self.noted_reservations().await
    }

    async fn release(&self, reservation: &ReservationId, used: u64) -> Result<(), DirectoryError> {
        self.note_used(reservation, used).await
    }
}

/// Why the users of a company could not be listed.
enum Refused {
    /// There is no such company.
    Gone,
    /// The company is there, and LastPass does not show its users.
    Hidden,
    Failed(DirectoryError),
}

impl Refused {
    fn into_error(self) -> DirectoryError {
        match self {
            Self::Gone => DirectoryError::Refused("LastPass does not know the company".into()),
            Self::Hidden => DirectoryError::Refused("LastPass does not show the users of the company".into()),
            Self::Failed(error) => error,
        }
    }
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed.into())
    }
}

impl From<DirectoryError> for Refused {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(error)
    }
}
