//! The directory that needs no other system: managed companies, users and licences in the records table.
//!
//! Ids are made from idempotency keys, so a repeated call meets what the first one wrote.

mod batch;
mod changes;
mod licences;
mod names;
mod pieces;
mod records;
mod users;

use std::sync::Arc;

use async_trait::async_trait;
use domain::address::{Address, AddressKey};
use domain::directory::{LicenceMode, Licences, ManagedCompany, ReservationId, User};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use jiff::Timestamp;
use store::table::{body, item, text};
use store::{Consistency, Item, Key, StoreError, Table, Tenant};

use self::records::{MANAGED_COMPANY, ManagedCompanyRecord};
use crate::{Directory, DirectoryError, NewAddress, NewCompany, NewUser, Reservation, Roster, UserRequest};

/// What the sort keys of managed companies begin with.
const COMPANY_PREFIX: &str = "COMPANY#";

/// The most users of one piece of the roster: those of an unsure one are looked at with one `BatchGetItem`.
const MAX_USERS_PER_PIECE: usize = 100;

/// The most addresses whose holders are asked for one by one, at a read unit each. Above it the whole roster is read, at about one for
/// a hundred users.
const MAX_ADDRESSES_ONE_BY_ONE: usize = 5_000;

/// How often a change of an address is tried while others change the same user. An attempt fails only if another change was made.
const MAX_ADDRESS_CHANGES: usize = 10;

/// The built-in directory of one MSP.
#[derive(Debug, Clone)]
pub struct BuiltIn {
    tenant: Tenant,
}

impl BuiltIn {
    /// The directory of a tenant.
    pub const fn new(tenant: Tenant) -> Self {
        Self { tenant }
    }

    /// Sets the number of licences and how they are charged; `false` if fewer than are in use or reserved.
    pub async fn set_licences(&self, mode: LicenceMode, total: u64) -> Result<bool, DirectoryError> {
        licences::set(&self.tenant, mode, total).await
    }

    fn company_key(&self, id: &ManagedCompanyId) -> Key {
        Key::in_records(&self.tenant.msp, "", format!("{COMPANY_PREFIX}{id}"))
    }
}

#[async_trait]
impl Directory for BuiltIn {
    async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError> {
        let pk = self.company_key(&ManagedCompanyId::new("")).pk;
        let mut all = Vec::new();
        let take = |item| {
            all.push(read_company(item)?);
            Ok::<(), DirectoryError>(())
        };
        self.tenant
            .query_each(Table::Records, (&pk, COMPANY_PREFIX), take)
            .await?;
        Ok(all)
    }

    async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError> {
        let found = self.tenant.get(Table::Records, &self.company_key(id)).await?;
        found.map(read_company).transpose()
    }

    async fn namesakes(&self, name: &str) -> Result<Vec<ManagedCompany>, DirectoryError> {
        self.named(name).await
    }

    async fn users_of(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Arc<Roster>, DirectoryError> {
        Ok(Arc::new(self.read_roster(companies, consistency).await?))
    }

    async fn all_users(&self, consistency: Consistency) -> Result<Arc<Roster>, DirectoryError> {
        Ok(Arc::new(self.read_whole_roster(consistency).await?))
    }

    async fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<User>, DirectoryError> {
        // Both are exact: see `pieces`.
        if addresses.len() > MAX_ADDRESSES_ONE_BY_ONE {
            let roster = self.read_whole_roster(Consistency::Strong).await?;
            return roster.holders(addresses);
        }
        Ok(self.holders_by_address(addresses).await?.into_values().collect())
    }

    async fn create_company(&self, key: &IdempotencyKey, name: &str) -> Result<NewCompany, DirectoryError> {
        let company = ManagedCompanyRecord {
            id: ManagedCompanyId::new(format!("c-{}", key.as_str())),
            name: name.to_owned(),
        };
        self.add_name(&company.id, name).await?;
        let item = item(MANAGED_COMPANY, &self.company_key(&company.id), &company)?;
        // If not, the company of this key is there already.
        let _ = self.tenant.add_alone(Table::Records, item).await?;
        Ok(NewCompany::Created(company.id))
    }

    async fn rename_company(&self, id: &ManagedCompanyId, name: &str) -> Result<bool, DirectoryError> {
        self.add_name(id, name).await?;
        let (key, values) = (self.company_key(id), [(":name", text(name))]);
        let (update, condition) = ("SET #name = :name", "attribute_exists(pk)");
        let renamed = self
            .tenant
            .update_alone(Table::Records, &key, update, condition, &values);
        Ok(renamed.await?)
    }

    async fn create_users(
        &self,
        company: &ManagedCompanyId,
        users: &[UserRequest],
    ) -> Vec<Result<NewUser, DirectoryError>> {
        let mut outcomes = Vec::with_capacity(users.len());
        for users in users.chunks(MAX_USERS_PER_PIECE) {
            outcomes.extend(self.create_piece(company, users).await);
        }
        outcomes
    }

    async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        from: Option<&Address>,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        for _ in 0..MAX_ADDRESS_CHANGES {
            let Some(found) = self.user(company, user).await? else {
                return Ok(NewAddress::NoSuchUser);
            };
            if found.address != *address && from.is_some_and(|from| found.address != *from) {
                return Ok(NewAddress::ChangedMeanwhile);
            }
            if let Some(changed) = self.move_user(&found, address).await? {
                return Ok(changed);
            }
        }
        Err(DirectoryError::Unavailable(
            "every attempt to change the user lost to a concurrent change".to_owned(),
        ))
    }

    async fn version(&self, now: Timestamp) -> Result<Option<u64>, DirectoryError> {
        Ok(self.number_of_changes(now).await?)
    }

    async fn begin_changes(&self, by: &str, now: Timestamp) -> Result<(), DirectoryError> {
        Ok(self.begin(by, now).await?)
    }

    async fn end_changes(&self, by: &str) -> Result<(), DirectoryError> {
        Ok(self.end(by).await?)
    }

    async fn licences(&self) -> Result<Licences, DirectoryError> {
        licences::read(&self.tenant).await
    }

    async fn reserve(&self, reservation: &ReservationId, licences: u64) -> Result<Reservation, DirectoryError> {
        licences::reserve(&self.tenant, reservation, licences).await
    }

    async fn reservations(&self) -> Result<Vec<ReservationId>, DirectoryError> {
        licences::reservations(&self.tenant).await
    }

    async fn release(&self, reservation: &ReservationId, used: u64) -> Result<(), DirectoryError> {
        licences::release(&self.tenant, reservation, used).await
    }
}

fn read_company(item: Item) -> Result<ManagedCompany, DirectoryError> {
    Ok(body::<ManagedCompanyRecord>(MANAGED_COMPANY, item)?.into())
}

impl From<StoreError> for DirectoryError {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.passes() => Self::Unavailable(error.to_string()),
            error => Self::Refused(error.to_string().into()),
        }
    }
}
