//! The directory that needs no other system: managed companies, users and licences in the records table.
//!
//! Ids are made from tokens, so a repeated call meets what the first one wrote.

mod licences;
mod records;

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::address::{Address, AddressKey};
use domain::directory::{AddressHolder, LicenceMode, Licences, ManagedCompany, ReservationId, User, UserState};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use store::retry::Attempts;
use store::table::{body, item, text};
use store::tx::{ActionId, Refusals, Transaction, TransactionOutcome};
use store::{Item, Key, StoreError, Table, Tenant};

use self::records::{CLAIM, ClaimRecord, MANAGED_COMPANY, ManagedCompanyRecord, USER, UserRecord};
use crate::{Directory, DirectoryError, NewAddress, NewUser, Reservation};

/// What the sort keys of managed companies and of users begin with.
const COMPANY_PREFIX: &str = "COMPANY#";
const USER_PREFIX: &str = "USER#";

/// Keys of one `BatchGetItem`.
const BATCH_SIZE: usize = 100;

/// How often a change of an address is tried while others change the same user: each that is lost is another's that was made.
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

    /// Creates a user by hand, with one licence of its own.
    pub async fn create_user_by_hand(
        &self,
        key: &IdempotencyKey,
        company: &ManagedCompanyId,
        address: &Address,
        name: &str,
    ) -> Result<Option<NewUser>, DirectoryError> {
        let mut creation = self.creation(key, company, address, name)?;
        let licence = licences::use_one(&self.tenant, &mut creation.tx).await?;
        // The user of a repeated call is there already, and a taken address needs no licence.
        let is_licence_missing = |refusals: &Refusals| {
            let is_refused = |action| refusals.contains(action);
            is_refused(licence) && !is_refused(creation.user) && !is_refused(creation.claim)
        };
        match std::mem::take(&mut creation.tx).commit(&self.tenant).await? {
            TransactionOutcome::Refused(refusals) if is_licence_missing(&refusals) => Ok(None),
            outcome => creation.read(outcome, address).map(Some),
        }
    }

    /// One user of a managed company.
    pub async fn user(&self, company: &ManagedCompanyId, user: &UserId) -> Result<Option<User>, DirectoryError> {
        let found = self.tenant.get(Table::Records, &self.user_key(company, user)).await?;
        found.map(read_user).transpose()
    }

    fn company_key(&self, id: &ManagedCompanyId) -> Key {
        Key::in_records(&self.tenant.msp, "", format!("{COMPANY_PREFIX}{id}"))
    }

    fn user_key(&self, company: &ManagedCompanyId, user: &UserId) -> Key {
        Key::in_records(
            &self.tenant.msp,
            &format!("#COMPANY#{company}"),
            format!("{USER_PREFIX}{user}"),
        )
    }

    fn claim_key(&self, address: &AddressKey) -> Key {
        Key::in_records(&self.tenant.msp, &format!("#ADDRESS#{}", address.as_str()), "CLAIM")
    }

    fn creation(
        &self,
        key: &IdempotencyKey,
        company: &ManagedCompanyId,
        address: &Address,
        name: &str,
    ) -> Result<Creation, DirectoryError> {
        let user = UserRecord {
            id: user_id(key),
            company: company.clone(),
            address: address.clone(),
            name: name.to_owned(),
            state: UserState::Invited,
        };
        let claim = ClaimRecord {
            address: address.key().clone(),
            user: user.id.clone(),
            company: company.clone(),
        };
        let mut tx = Transaction::new();
        let user_item = item(USER, &self.user_key(company, &user.id), &user)?;
        let claim_item = item(CLAIM, &self.claim_key(address.key()), &claim)?;
        Ok(Creation {
            user: tx.add(&self.tenant, Table::Records, user_item)?,
            claim: tx.add(&self.tenant, Table::Records, claim_item)?,
            id: user.id,
            tx,
        })
    }
}

/// A user that is being created together with the claim on its address.
struct Creation {
    id: UserId,
    tx: Transaction,
    user: ActionId,
    claim: ActionId,
}

impl Creation {
    fn read(self, outcome: TransactionOutcome, address: &Address) -> Result<NewUser, DirectoryError> {
        let refusals = match outcome {
            TransactionOutcome::Committed => return Ok(NewUser::Created(self.id)),
            // The user of this key is there: the call is a repetition.
            TransactionOutcome::Refused(refusals) if refusals.contains(self.user) => {
                return Ok(NewUser::Created(self.id));
            }
            TransactionOutcome::Refused(refusals) => refusals,
        };
        match refusals.item(self.claim) {
            Some(holder) => Ok(NewUser::AddressTaken(read_claim(holder)?)),
            None => Err(DirectoryError::Unavailable(format!(
                "claim of {address:?} could not be read"
            ))),
        }
    }
}

#[async_trait]
impl Directory for BuiltIn {
    async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError> {
        let pk = self.company_key(&ManagedCompanyId::new("")).pk;
        let items = self.tenant.query(Table::Records, &pk, COMPANY_PREFIX).await?;
        items.into_iter().map(read_company).collect()
    }

    async fn company(&self, id: &ManagedCompanyId) -> Result<Option<ManagedCompany>, DirectoryError> {
        let found = self.tenant.get(Table::Records, &self.company_key(id)).await?;
        found.map(read_company).transpose()
    }

    async fn users(&self, company: &ManagedCompanyId) -> Result<Vec<User>, DirectoryError> {
        let pk = self.user_key(company, &UserId::new("")).pk;
        let items = self.tenant.query(Table::Records, &pk, USER_PREFIX).await?;
        items.into_iter().map(read_user).collect()
    }

    async fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<AddressHolder>, DirectoryError> {
        let mut holders = Vec::new();
        // A batch must not name an item twice.
        let unique: Vec<&AddressKey> = addresses.iter().collect::<BTreeSet<_>>().into_iter().collect();
        for chunk in unique.chunks(BATCH_SIZE) {
            let mut keys: Vec<Item> = chunk.iter().map(|address| self.claim_key(address).to_item()).collect();
            let mut attempts = Attempts::at("answer to a batch of addresses");
            loop {
                let asked = keys.len();
                let (found, rest) = self.batch_get(keys).await?;
                if rest.len() < asked {
                    attempts = Attempts::at("answer to a batch of addresses");
                }
                for item in found {
                    holders.push(read_claim(item)?);
                }
                if rest.is_empty() {
                    break;
                }
                // A table that has no room leaves keys over; asked again at once, it would have none either.
                attempts.again().await?;
                keys = rest;
            }
        }
        Ok(holders)
    }

    async fn create_company(&self, key: &IdempotencyKey, name: &str) -> Result<ManagedCompanyId, DirectoryError> {
        let company = ManagedCompanyRecord {
            id: ManagedCompanyId::new(format!("c-{}", key.as_str())),
            name: name.to_owned(),
        };
        let item = item(MANAGED_COMPANY, &self.company_key(&company.id), &company)?;
        // If not, the company of this key is there already.
        let _ = self.tenant.add_alone(Table::Records, item).await?;
        Ok(company.id)
    }

    async fn rename_company(&self, id: &ManagedCompanyId, name: &str) -> Result<bool, DirectoryError> {
        let (key, values) = (self.company_key(id), [(":name", text(name))]);
        let (update, condition) = ("SET #name = :name", "attribute_exists(pk)");
        let renamed = self
            .tenant
            .update_alone(Table::Records, &key, update, condition, &values);
        Ok(renamed.await?)
    }

    async fn create_user(
        &self,
        key: &IdempotencyKey,
        company: &ManagedCompanyId,
        address: &Address,
        name: &str,
    ) -> Result<NewUser, DirectoryError> {
        let mut creation = self.creation(key, company, address, name)?;
        let outcome = std::mem::take(&mut creation.tx).commit(&self.tenant).await?;
        creation.read(outcome, address)
    }

    async fn change_address(
        &self,
        company: &ManagedCompanyId,
        user: &UserId,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        for _ in 0..MAX_ADDRESS_CHANGES {
            let Some(found) = self.user(company, user).await? else {
                return Ok(NewAddress::NoSuchUser);
            };
            if let Some(changed) = self.move_claim(&found, address).await? {
                return Ok(changed);
            }
        }
        Err(DirectoryError::Unavailable(
            "every attempt to change the user lost to a concurrent change".to_owned(),
        ))
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

impl BuiltIn {
    /// Gives the user the address and moves its claim, in one transaction that holds only while the user has the address that was
    /// read: of two changes at once one loses, so that no claim is left behind. `None` if this one did.
    async fn move_claim(&self, found: &User, address: &Address) -> Result<Option<NewAddress>, DirectoryError> {
        let mut tx = Transaction::new();
        let values = [
            (":new", text(address.original())),
            (":old", text(found.address.original())),
        ];
        tx.update(
            &self.tenant,
            Table::Records,
            &self.user_key(&found.company, &found.id),
            "SET address = :new",
            "address = :old",
            &values,
        )?;
        // A claim of the user's own is in nobody's way; one that an earlier version made may lie under a key of that version.
        let mine = [(":user", text(found.id.as_str()))];
        let free_or_mine = "attribute_not_exists(pk) OR #user = :user";
        let moves = found.address != *address;
        let mut new_claim = None;
        if moves || !found.address.is_clean() {
            let claim = ClaimRecord {
                address: address.key().clone(),
                user: found.id.clone(),
                company: found.company.clone(),
            };
            let claim = item(CLAIM, &self.claim_key(address.key()), &claim)?;
            new_claim = Some(tx.put_if(&self.tenant, Table::Records, claim, free_or_mine, &mine)?);
        }
        if moves {
            let left = self.claim_key(found.address.key());
            tx.delete(&self.tenant, Table::Records, &left, free_or_mine, &mine)?;
        }
        let holder = match tx.commit(&self.tenant).await? {
            TransactionOutcome::Committed => return Ok(Some(NewAddress::Changed)),
            TransactionOutcome::Refused(refusals) => new_claim.and_then(|claim| refusals.item(claim)),
        };
        holder
            .map(|holder| Ok(NewAddress::AddressTaken(read_claim(holder)?)))
            .transpose()
    }

    /// The items found, and the keys that were not looked at.
    async fn batch_get(&self, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), DirectoryError> {
        let table = self.tenant.table(Table::Records);
        let request = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|error| DirectoryError::Refused(error.to_string()))?;
        let answer = self
            .tenant
            .client()
            .batch_get_item()
            .request_items(table, request)
            .send()
            .await
            .map_err(|error| StoreError::sdk("BatchGetItem", error))?;
        let found = answer
            .responses
            .and_then(|mut tables| tables.remove(table))
            .unwrap_or_default();
        let rest = answer
            .unprocessed_keys
            .and_then(|mut tables| tables.remove(table))
            .map(|rest| rest.keys)
            .unwrap_or_default();
        Ok((found, rest))
    }
}

fn read_company(item: Item) -> Result<ManagedCompany, DirectoryError> {
    Ok(body::<ManagedCompanyRecord>(MANAGED_COMPANY, item)?.into())
}

fn read_user(item: Item) -> Result<User, DirectoryError> {
    Ok(body::<UserRecord>(USER, item)?.into())
}

fn read_claim(item: Item) -> Result<AddressHolder, DirectoryError> {
    Ok(body::<ClaimRecord>(CLAIM, item)?.into())
}

fn user_id(key: &IdempotencyKey) -> UserId {
    UserId::new(format!("u-{}", key.as_str()))
}

impl From<StoreError> for DirectoryError {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.passes() => Self::Unavailable(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}
