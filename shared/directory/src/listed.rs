//! Lists that were read before, for whoever searches in them: with every letter that somebody types they are asked for again, and those of
//! a large MSP cost hundreds of read units. As long as the directory names the same version, they are as they were.

use std::sync::{Arc, Mutex, PoisonError};

use domain::directory::{ManagedCompany, User};
use domain::ids::{ManagedCompanyId, MspId};
use jiff::Timestamp;
use store::Consistency;

use crate::{Directory, DirectoryError, Roster};

/// The lists that this process has read last, one of each kind: those of several large MSPs would fill its memory.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    companies: Arc<Last<MspId, Vec<ManagedCompany>>>,
    users: Arc<Last<(MspId, ManagedCompanyId), Roster>>,
}

/// What was read last, of what, and under which version of the directory.
#[derive(Debug)]
struct Last<K, T>(Mutex<Option<(K, u64, Arc<T>)>>);

impl<K, T> Default for Last<K, T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: PartialEq, T> Last<K, T> {
    /// What was read of this under the version, or is read now.
    async fn read(
        &self,
        of: K,
        version: Option<u64>,
        read: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<Arc<T>, DirectoryError> {
        let Some(version) = version else {
            return read.await.map(Arc::new);
        };
        if let Some(known) = self.known(&of, version) {
            return Ok(known);
        }
        let list = Arc::new(read.await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((of, version, Arc::clone(&list)));
        Ok(list)
    }

    fn known(&self, of: &K, version: u64) -> Option<Arc<T>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().filter(|last| last.0 == *of && last.1 == version);
        last.map(|last| Arc::clone(&last.2))
    }
}

impl Listed {
    /// All managed companies of an MSP, in the order of their ids.
    pub async fn companies(
        &self,
        msp: &MspId,
        directory: &dyn Directory,
        now: Timestamp,
    ) -> Result<Arc<Vec<ManagedCompany>>, DirectoryError> {
        // Before the list is read: what changes later makes it another version.
        let version = directory.version(now).await?;
        let read = async {
            let mut companies = directory.companies().await?;
            companies.sort_by(|one, other| one.id.cmp(&other.id));
            Ok(companies)
        };
        self.companies.read(msp.clone(), version, read).await
    }

    /// All users of a managed company of an MSP, in the order of their ids; none if there is no such company.
    pub async fn users(
        &self,
        msp: &MspId,
        company: &ManagedCompanyId,
        directory: &dyn Directory,
        now: Timestamp,
    ) -> Result<Vec<User>, DirectoryError> {
        let version = directory.version(now).await?;
        let read = directory.users_of(std::slice::from_ref(company), Consistency::Strong);
        let of = (msp.clone(), company.clone());
        self.users.read(of, version, read).await?.users(company)
    }
}
