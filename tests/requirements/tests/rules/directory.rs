//! A directory as a remote one is: slow, and losing replies of calls that it has applied.

use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use directory::builtin::BuiltIn;
use directory::{
    Directory, DirectoryError, NewAddress, NewCompany, NewUser, PackedUsers, Reservation, Roster, UserRequest,
};
use domain::address::{Address, AddressKey};
use domain::directory::{Licences, ManagedCompany, ReservationId, User};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use futures::{FutureExt, StreamExt};
use lambda::DirectoryFactory;
use store::Consistency;
use tokio::sync::{Notify, OnceCell};

/// What goes wrong, counted over all mutating calls.
#[derive(Default)]
pub struct Trouble {
    pub calls: AtomicUsize,
    /// Every so many calls, the reply is lost; 0 is never.
    pub lose_every: usize,
    /// Told at this call.
    pub tell_at: usize,
    pub told: Notify,
    /// Whether that call waits until it may go on.
    pub hold: bool,
    pub go_on: Notify,
    /// How long a call takes.
    pub takes: Option<Duration>,
    /// The user of this address is refused.
    pub refuse: Option<String>,
    /// Whoever creates the user of this address gets no answer.
    pub ignore: Option<String>,
    /// Whoever creates the user of this address gets no answer, but the user is there.
    pub never_answer: Option<String>,
    /// The user of this address is held, and not listed.
    pub hide: Option<String>,
    /// From the call that is told on, nothing is answered.
    pub falls_silent: bool,
    /// The reply to the next call that sets licences aside is lost.
    pub loses_reservation: AtomicBool,
    /// Nothing is answered.
    pub is_silent: AtomicBool,
    /// Whether the list of companies stays as it was when it was first read, as it does for a worker during its run.
    pub lags: AtomicBool,
    pub listed: OnceCell<Vec<ManagedCompany>>,
}

pub struct Remote {
    inner: BuiltIn,
    trouble: Arc<Trouble>,
}

pub fn remote(trouble: &Arc<Trouble>) -> DirectoryFactory {
    let trouble = Arc::clone(trouble);
    Arc::new(move |tenant| {
        Arc::new(Remote {
            inner: BuiltIn::new(tenant),
            trouble: Arc::clone(&trouble),
        })
    })
}

impl Trouble {
    /// What every call meets first.
    fn reach(&self) -> Result<(), DirectoryError> {
        if self.is_silent.load(Ordering::SeqCst) {
            return Err(DirectoryError::Unavailable("nobody is there".to_owned()));
        }
        Ok(())
    }

    /// The users as they are listed: one may be there already and not be shown yet.
    fn without_hidden(&self, companies: &[ManagedCompanyId], all: &Roster) -> Result<Roster, DirectoryError> {
        let mut shown = BTreeMap::new();
        for company in companies {
            let users = all.users(company)?.into_iter();
            let users = users.filter(|user| self.hide.as_deref() != Some(user.address.original()));
            let users = PackedUsers::of(&users.collect::<Vec<_>>())?;
            shown.insert(company.clone(), vec![users]);
        }
        Ok(Roster::new(shown))
    }

    /// Lets a call that was applied go unanswered, or answered late.
    async fn on_the_way<T>(&self, answer: Result<T, DirectoryError>) -> Result<T, DirectoryError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if call == self.tell_at {
            self.is_silent.store(self.falls_silent, Ordering::SeqCst);
            self.told.notify_one();
            if self.hold {
                self.go_on.notified().await;
            }
        }
        tokio::time::sleep(self.takes.unwrap_or(Duration::from_millis(2))).await;
        if self.lose_every > 0 && call.is_multiple_of(self.lose_every) {
            return Err(DirectoryError::Unavailable("the reply was lost".to_owned()));
        }
        answer
    }
}

impl Remote {
    /// Creates one user of a batch.
    async fn create_user(&self, company: &ManagedCompanyId, user: &UserRequest) -> Result<NewUser, DirectoryError> {
        let is = |trouble: &Option<String>| trouble.as_deref() == Some(user.address.original());
        self.trouble.reach()?;
        if is(&self.trouble.refuse) {
            return Err(DirectoryError::Refused("not this one".into()));
        }
        if is(&self.trouble.ignore) {
            return Err(DirectoryError::Unavailable("no answer".to_owned()));
        }
        let answer = self.inner.create_users(company, slice::from_ref(user)).await.remove(0);
        if is(&self.trouble.never_answer) {
            return Err(DirectoryError::Unavailable("the reply is always lost".to_owned()));
        }
        self.trouble.on_the_way(answer).await
    }
}

#[async_trait]
impl Directory for Remote {
    async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError> {
        self.trouble.reach()?;
        if self.trouble.lags.load(Ordering::SeqCst) {
            let listed = self.trouble.listed.get_or_try_init(|| self.inner.companies()).await;
            return listed.cloned();
        }
        self.inner.companies().await
    }

    async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError> {
        self.trouble.reach()?;
        self.inner.company(id).await
    }

    async fn users_of(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Arc<Roster>, DirectoryError> {
        self.trouble.reach()?;
        let roster = self.inner.users_of(companies, consistency).await?;
        self.trouble.without_hidden(companies, &roster).map(Arc::new)
    }

    async fn all_users(&self, consistency: Consistency) -> Result<Arc<Roster>, DirectoryError> {
        self.trouble.reach()?;
        let companies = self.inner.companies().await?.into_iter().map(|company| company.id);
        let companies: Vec<ManagedCompanyId> = companies.collect();
        self.users_of(&companies, consistency).await
    }

    async fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<User>, DirectoryError> {
        self.trouble.reach()?;
        self.inner.holders(addresses).await
    }

    async fn create_company(&self, key: &IdempotencyKey, name: &str) -> Result<NewCompany, DirectoryError> {
        self.trouble.reach()?;
        let answer = self.inner.create_company(key, name).await;
        self.trouble.on_the_way(answer).await
    }

    async fn rename_company(&self, id: &ManagedCompanyId, name: &str) -> Result<bool, DirectoryError> {
        self.trouble.reach()?;
        let answer = self.inner.rename_company(id, name).await;
        self.trouble.on_the_way(answer).await
    }

    async fn create_users(
        &self,
        company: &ManagedCompanyId,
        users: &[UserRequest],
    ) -> Vec<Result<NewUser, DirectoryError>> {
        let calls: Vec<_> = users
            .iter()
            .map(|user| self.create_user(company, user).boxed())
            .collect();
        futures::stream::iter(calls).buffered(4).collect().await
    }

    async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        from: Option<&Address>,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        self.trouble.reach()?;
        let answer = self.inner.change_address(company, user, from, address).await;
        self.trouble.on_the_way(answer).await
    }

    async fn licences(&self) -> Result<Licences, DirectoryError> {
        self.trouble.reach()?;
        self.inner.licences().await
    }

    async fn reserve(&self, reservation: &ReservationId, licences: u64) -> Result<Reservation, DirectoryError> {
        self.trouble.reach()?;
        let answer = self.inner.reserve(reservation, licences).await;
        if self.trouble.loses_reservation.swap(false, Ordering::SeqCst) {
            return Err(DirectoryError::Unavailable("the reply was lost".to_owned()));
        }
        answer
    }

    async fn reservations(&self) -> Result<Vec<ReservationId>, DirectoryError> {
        self.trouble.reach()?;
        self.inner.reservations().await
    }

    async fn release(&self, reservation: &ReservationId, used: u64) -> Result<(), DirectoryError> {
        self.trouble.reach()?;
        self.inner.release(reservation, used).await
    }
}
