//! A bad night: from some moment on, and for so long on the world's clock, one thing does not answer. Each attempt at it takes the time
//! that it takes in production, and everything else takes none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use directory::{Directory, DirectoryError, NewAddress, NewCompany, NewUser, Reservation, Roster, UserRequest};
use domain::address::{Address, AddressKey};
use domain::directory::{Licences, ManagedCompany, ReservationId, User};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use store::Consistency;
use tokio::sync::Notify;

use crate::ticking::Ticking;

/// What does not answer, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// DynamoDB answers 500.
    StoreError,
    /// DynamoDB has no room.
    StoreThrottling,
    /// DynamoDB never answers.
    StoreHanging,
    /// Secrets Manager answers 500.
    SecretsError,
    /// Secrets Manager takes no more calls.
    SecretsThrottling,
    /// Secrets Manager never answers.
    SecretsHanging,
    /// The PSA answers 503.
    Psa503,
    /// The PSA answers 500.
    Psa500,
    /// The PSA never answers.
    PsaHanging,
    /// Nobody listens at the PSA's address.
    PsaRefused,
    /// The PSA's name is not known.
    PsaUnknownName,
    /// The directory never answers.
    DirectorySilent,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::StoreError,
        Self::StoreThrottling,
        Self::StoreHanging,
        Self::SecretsError,
        Self::SecretsThrottling,
        Self::SecretsHanging,
        Self::Psa503,
        Self::Psa500,
        Self::PsaHanging,
        Self::PsaRefused,
        Self::PsaUnknownName,
        Self::DirectorySilent,
    ];

    /// As the table calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StoreError => "store answers 500",
            Self::StoreThrottling => "store throttles",
            Self::StoreHanging => "store hangs",
            Self::SecretsError => "secrets answer 500",
            Self::SecretsThrottling => "secrets throttle",
            Self::SecretsHanging => "secrets hang",
            Self::Psa503 => "PSA answers 503",
            Self::Psa500 => "PSA answers 500",
            Self::PsaHanging => "PSA times out",
            Self::PsaRefused => "PSA refuses connections",
            Self::PsaUnknownName => "PSA's name is unknown",
            Self::DirectorySilent => "directory is silent",
        }
    }

    /// Whether it is the PSA that does not answer.
    pub const fn is_of_psa(self) -> bool {
        matches!(
            self,
            Self::Psa503 | Self::Psa500 | Self::PsaHanging | Self::PsaRefused | Self::PsaUnknownName
        )
    }

    /// Whether DynamoDB does not answer.
    pub const fn is_of_store(self) -> bool {
        matches!(self, Self::StoreError | Self::StoreThrottling | Self::StoreHanging)
    }

    /// Whether Secrets Manager does not answer.
    pub const fn is_of_secrets(self) -> bool {
        matches!(
            self,
            Self::SecretsError | Self::SecretsThrottling | Self::SecretsHanging
        )
    }

    /// Whether only a run that begins meets it: where the PSA is, and its credentials, are read once in a run.
    pub const fn is_met_at_the_begin_of_a_run(self) -> bool {
        matches!(self, Self::PsaRefused | Self::PsaUnknownName) || self.is_of_secrets()
    }

    /// Seconds that one attempt takes, the pause behind it included; of a call to AWS, all of its attempts.
    const fn takes(self) -> i64 {
        match self {
            Self::StoreError | Self::StoreThrottling | Self::SecretsError | Self::SecretsThrottling => 5,
            Self::StoreHanging | Self::SecretsHanging => 15,
            Self::PsaHanging => 60,
            _ => 2,
        }
    }
}

/// When a fault begins, by the call that is about to be made.
pub type Begins = fn(call: &str) -> bool;

struct Plan {
    fault: Fault,
    seconds: i64,
    begins: Begins,
    /// Whether the run that makes this call dies of it.
    kills: bool,
    is_dying: bool,
    ends: Option<i64>,
}

/// The night of one world; clones are the same.
#[derive(Clone)]
pub struct Night {
    ticking: Ticking,
    plan: Arc<Mutex<Option<Plan>>>,
    death: Arc<Notify>,
}

impl Night {
    pub(crate) fn new(ticking: Ticking) -> Self {
        Self {
            ticking,
            plan: Arc::default(),
            death: Arc::default(),
        }
    }

    /// A fault of so many seconds, which begins with the first such call.
    pub fn plan(&self, fault: Fault, seconds: i64, begins: Begins) {
        self.plan_once(fault, seconds, begins, false);
    }

    /// The same, and the run that makes the call dies with it.
    pub fn plan_death(&self, fault: Fault, seconds: i64, begins: Begins) {
        self.plan_once(fault, seconds, begins, true);
    }

    fn plan_once(&self, fault: Fault, seconds: i64, begins: Begins, kills: bool) {
        *self.lock() = Some(Plan {
            fault,
            seconds,
            begins,
            kills,
            is_dying: false,
            ends: None,
        });
    }

    /// A fault of so many seconds, which begins now.
    pub fn begin(&self, fault: Fault, seconds: i64) {
        self.plan(fault, seconds, |_| false);
        self.start();
    }

    /// The planned fault begins now, if it has not begun.
    pub fn start(&self) {
        if let Some(plan) = self.lock().as_mut()
            && plan.ends.is_none()
        {
            plan.ends = Some(self.ticking.seconds() + plan.seconds);
            if plan.kills {
                plan.is_dying = true;
                self.death.notify_waiters();
            }
        }
    }

    /// Returns when the run at hand has died.
    pub async fn death(&self) {
        self.death.notified().await;
        if let Some(plan) = self.lock().as_mut() {
            plan.is_dying = false;
        }
    }

    /// Whether the run at hand has died, so that none of its calls has an effect any more.
    pub(crate) fn is_dying(&self) -> bool {
        self.lock().as_ref().is_some_and(|plan| plan.is_dying)
    }

    /// Nothing is wrong, now and later.
    pub fn calm(&self) {
        *self.lock() = None;
    }

    /// Whether the planned fault has begun, whether or not it has ended.
    pub fn has_begun(&self) -> bool {
        self.lock().as_ref().is_some_and(|plan| plan.ends.is_some())
    }

    /// The fault of now.
    pub fn now(&self) -> Option<Fault> {
        let now = self.ticking.seconds();
        let plan = self.lock();
        let plan = plan.as_ref()?;
        plan.ends.filter(|ends| now < *ends).map(|_| plan.fault)
    }

    /// The fault that a call meets, one of those that it can meet. The attempt takes its time.
    pub(crate) fn meets(&self, call: &str, can_meet: fn(Fault) -> bool) -> Option<Fault> {
        let begins = self.lock().as_ref().is_some_and(|plan| (plan.begins)(call));
        if begins {
            self.start();
        }
        let fault = self.now().filter(|fault| can_meet(*fault))?;
        self.ticking.advance(fault.takes());
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A directory that may be silent.
pub(crate) struct Silent<D> {
    pub inner: D,
    pub night: Night,
}

impl<D> Silent<D> {
    fn reach(&self) -> Result<(), DirectoryError> {
        match self.night.meets("directory", |fault| fault == Fault::DirectorySilent) {
            Some(_) => Err(DirectoryError::Unavailable("nobody is there".to_owned())),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl<D: Directory> Directory for Silent<D> {
    async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError> {
        self.reach()?;
        self.inner.companies().await
    }

    async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError> {
        self.reach()?;
        self.inner.company(id).await
    }

    async fn users_of(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Arc<Roster>, DirectoryError> {
        self.reach()?;
        self.inner.users_of(companies, consistency).await
    }

    async fn all_users(&self, consistency: Consistency) -> Result<Arc<Roster>, DirectoryError> {
        self.reach()?;
        self.inner.all_users(consistency).await
    }

    async fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<User>, DirectoryError> {
        self.reach()?;
        self.inner.holders(addresses).await
    }

    async fn create_company(&self, key: &IdempotencyKey, name: &str) -> Result<NewCompany, DirectoryError> {
        self.reach()?;
        self.inner.create_company(key, name).await
    }

    async fn rename_company(&self, id: &ManagedCompanyId, name: &str) -> Result<bool, DirectoryError> {
        self.reach()?;
        self.inner.rename_company(id, name).await
    }

    async fn create_users(
        &self,
        company: &ManagedCompanyId,
        users: &[UserRequest],
    ) -> Vec<Result<NewUser, DirectoryError>> {
        if let Err(error) = self.reach() {
            return users.iter().map(|_| Err(error.clone())).collect();
        }
        self.inner.create_users(company, users).await
    }

    async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        from: Option<&Address>,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        self.reach()?;
        self.inner.change_address(company, user, from, address).await
    }

    async fn licences(&self) -> Result<Licences, DirectoryError> {
        self.reach()?;
        self.inner.licences().await
    }

    async fn reserve(&self, reservation: &ReservationId, licences: u64) -> Result<Reservation, DirectoryError> {
        self.reach()?;
        self.inner.reserve(reservation, licences).await
    }

    async fn reservations(&self) -> Result<Vec<ReservationId>, DirectoryError> {
        self.reach()?;
        self.inner.reservations().await
    }

    async fn release(&self, reservation: &ReservationId, used: u64) -> Result<(), DirectoryError> {
        self.reach()?;
        self.inner.release(reservation, used).await
    }
}
