//! The users of managed companies, and who holds addresses, read as cheaply as it gets.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use directory::{Directory, DirectoryError, Roster};
use domain::address::AddressKey;
use domain::directory::{AddressHolder, Capabilities, ManagedCompany, User};
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::ManagedCompanyId;
use domain::plan::planner;
use store::Consistency;
use tokio::sync::OnceCell;

/// The users of so many companies are about what is read of a directory at once for the price of one company by itself.
const COMPANIES_PER_READ: usize = 5;

/// However small the directory is, so much is asked for one by one.
const MIN_ONE_BY_ONE: usize = 100;

/// The users that the companies of a plan are compared with.
///
/// What is asked for one by one costs a read each; all users together are charged by their bytes. Nobody knows beforehand how much a plan
/// will ask for. So it is asked one by one until that has cost as much as all users would, and all are read then: that is at
/// most twice as much as the cheaper way. Who does know says so ([`People::expect`]).
pub(crate) struct People {
    directory: Arc<dyn Directory>,
    /// Whether their lists, and the address mappings that they are compared with, may lack the last changes.
    pub consistency: Consistency,
    /// How much may be asked for one by one.
    enough: usize,
    asked: AtomicUsize,
    all: OnceCell<Arc<Roster>>,
    /// All users, of a directory that finds no holder of an address otherwise.
    for_holders: OnceCell<Arc<Roster>>,
}

impl People {
    pub(crate) fn new(directory: Arc<dyn Directory>, companies: usize) -> Self {
        Self {
            directory,
            consistency: Consistency::Strong,
            enough: MIN_ONE_BY_ONE.max(companies / COMPANIES_PER_READ),
            asked: AtomicUsize::new(0),
            all: OnceCell::new(),
            for_holders: OnceCell::new(),
        }
    }

    /// The same people, of whom the last changes may be missing.
    pub(crate) fn of_late(&self) -> Self {
        Self {
            directory: Arc::clone(&self.directory),
            consistency: Consistency::Eventual,
            enough: self.enough,
            asked: AtomicUsize::new(0),
            all: OnceCell::new(),
            for_holders: OnceCell::new(),
        }
    }

    /// What the directory can do.
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.directory.capabilities()
    }

    /// The same people, of whom nothing is read yet.
    pub(crate) fn afresh(&self) -> Self {
        Self {
            consistency: Consistency::Strong,
            ..self.of_late()
        }
    }

    /// One managed company.
    pub(crate) async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError> {
        self.directory.company(id).await
    }

    /// Adds to the facts of companies the users of their managed companies.
    pub(crate) async fn add_users(
        &self,
        all: &mut [CompanyFacts],
        companies: &ManagedCompanies,
    ) -> Result<(), DirectoryError> {
        let managed = all.iter().map(|facts| planner::managed_company(facts, companies));
        let managed: Vec<Option<ManagedCompanyId>> = managed.collect();
        let asked: Vec<ManagedCompanyId> = managed.iter().flatten().cloned().collect();
        if asked.is_empty() {
            return Ok(());
        }
        let roster = match self.everybody(asked.len()).await? {
            Some(everybody) => everybody,
            None => self.directory.users_of(&asked, self.consistency).await?,
        };
        for (facts, managed) in all.iter_mut().zip(managed) {
            if let Some(managed) = managed {
                let users = roster.users(&managed)?;
                facts.users = users.into_iter().map(|user| (user.id.clone(), user)).collect();
            }
        }
        Ok(())
    }

    /// Adds to the facts of companies who holds these addresses, which none of their users has. A user of the very company is one of
    /// its users, though the list did not show it.
    pub(crate) async fn add_holders(
        &self,
        all: &mut [CompanyFacts],
        addresses: Vec<Vec<AddressKey>>,
        companies: &ManagedCompanies,
    ) -> Result<(), DirectoryError> {
        let asked = addresses.concat();
        if asked.is_empty() {
            return Ok(());
        }
        let holders = if self.directory.reads_all_for_holders() {
            // Not for the users of a company, who are read afresh.
            let read = || self.directory.all_users(self.consistency);
            self.for_holders.get_or_try_init(read).await?.holders(&asked)?
        } else {
            match self.everybody(asked.len()).await? {
                Some(everybody) => everybody.holders(&asked)?,
                None => self.directory.holders(&asked).await?,
            }
        };
        let holders: HashMap<AddressKey, User> = holders
            .into_iter()
            .map(|user| (user.address.key().clone(), user))
            .collect();
        for (facts, addresses) in all.iter_mut().zip(addresses) {
            let managed = planner::managed_company(facts, companies);
            for address in addresses {
                let Some(user) = holders.get(&address) else { continue };
                if Some(&user.company) == managed.as_ref() {
                    facts.users.insert(user.id.clone(), user.clone());
                } else {
                    facts.holders.insert(address, holder(user));
                }
            }
        }
        Ok(())
    }

    /// Says that the users of about so many companies will be asked for: if all users together cost less, the first call reads them.
    pub(crate) fn expect(&self, companies: usize) {
        if companies > self.enough {
            self.asked.store(companies, Ordering::Relaxed);
        }
    }

    /// All users, once they cost no more than what was asked for one by one.
    async fn everybody(&self, more: usize) -> Result<Option<Arc<Roster>>, DirectoryError> {
        if let Some(all) = self.all.get() {
            return Ok(Some(Arc::clone(all)));
        }
        if self.asked.fetch_add(more, Ordering::Relaxed) + more <= self.enough {
            return Ok(None);
        }
        let read = || self.directory.all_users(self.consistency);
        Ok(Some(Arc::clone(self.all.get_or_try_init(read).await?)))
    }
}

fn holder(user: &User) -> AddressHolder {
    AddressHolder {
        address: user.address.key().clone(),
        user: user.id.clone(),
        company: user.company.clone(),
    }
}
