//! Users, each one item whose key is its address: so its address is its own in the whole MSP, and creating it is one conditional write.

use std::collections::HashMap;

use domain::address::{Address, AddressKey};
use domain::directory::{User, UserState};
use domain::ids::{IdempotencyKey, ManagedCompanyId, UserId};
use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use store::expiry::expire;
use store::table::{body, item, text};
use store::tx::{Transaction, TransactionOutcome};
use store::{Consistency, Item, Key, PutOutcome, StoreError, Table};

use super::pieces::Unsure;
use super::records::{FORMER_ADDRESS, FormerAddressRecord, USER, UserRecord};
use super::{BuiltIn, licences};
use crate::{DirectoryError, NewAddress, NewUser, UserRequest};

/// Users of one piece that are written at once.
const WRITE_CONCURRENCY: usize = 16;

/// An address is free if nobody holds it, unless this very user held it before: then the call that created it there is repeated.
const FREE: &str = "attribute_not_exists(pk) OR (attribute_exists(moved) AND #id <> :id)";

/// A user moves to an address that is free or its own, also if it was its own before.
const FREE_OR_MINE: &str = "attribute_not_exists(pk) OR attribute_exists(moved) OR #id = :id";

/// Whether a user holds an address.
const MINE: &str = "#id = :id AND attribute_not_exists(moved)";

impl BuiltIn {
    /// Creates users who are listed together.
    pub(super) async fn create_piece(
        &self,
        company: &ManagedCompanyId,
        requests: &[UserRequest],
    ) -> Vec<Result<NewUser, DirectoryError>> {
        let key = self.piece_key(company, requests.iter().map(|request| &request.key));
        let users = requests.iter().map(|request| invited(company, request));
        let users: Vec<User> = users.collect();
        // Before the first user is there: a user must not be held and not listed. It is there already if the call is repeated.
        let listed = async {
            let piece = Self::piece(&key, &users, Some(&Unsure::ANY))?;
            self.tenant.add_alone(Table::Records, piece).await
        };
        if let Err(error) = listed.await {
            let error = DirectoryError::from(error);
            return users.iter().map(|_| Err(error.clone())).collect();
        }
        let calls = users.iter().map(|user| self.create_alone(user).boxed());
        let calls: Vec<_> = calls.collect();
        let outcomes: Vec<Result<NewUser, DirectoryError>> =
            stream::iter(calls).buffered(WRITE_CONCURRENCY).collect().await;
        let is_there = |outcome: &Result<NewUser, DirectoryError>| matches!(outcome, Ok(NewUser::Created(_)));
        let unsure = outcomes.iter().enumerate().filter(|(_, outcome)| !is_there(outcome));
        let unsure: Vec<usize> = unsure.map(|(place, _)| place).collect();
        if unsure.len() < outcomes.len()
            && let Err(error) = self.list(&key, &users, unsure).await
        {
            // Readers of the piece then look at each of its users: that costs more, and finds the same users.
            tracing::warn!(%error, "created users are still listed as unsure");
        }
        outcomes
    }

    /// Lists users of whom all but those at these places were seen to be there.
    async fn list(&self, key: &Key, users: &[User], unsure: Vec<usize>) -> Result<(), StoreError> {
        let unsure = (!unsure.is_empty()).then_some(Unsure::Some(unsure));
        let piece = Self::piece(key, users, unsure.as_ref())?;
        let there = "attribute_exists(pk)";
        self.tenant
            .put_alone(Table::Records, piece, there, &[])
            .await
            .map(|_| ())
    }

    async fn create_alone(&self, user: &User) -> Result<NewUser, DirectoryError> {
        let values = [(":id", text(user.id.as_str()))];
        let item = self.user_item(user)?;
        match self.tenant.put_alone(Table::Records, item, FREE, &values).await? {
            PutOutcome::Applied => Ok(NewUser::Created(user.id.clone())),
            PutOutcome::Refused(holder) => of_refused(user, holder),
        }
    }

    /// Creates a user by hand, with one licence of its own; `None` if none is free.
    pub async fn create_user_by_hand(
        &self,
        company: &ManagedCompanyId,
        request: &UserRequest,
    ) -> Result<Option<NewUser>, DirectoryError> {
        let user = invited(company, request);
        let mut tx = Transaction::new();
        let values = [(":id", text(user.id.as_str()))];
        let created = tx.put_if(&self.tenant, Table::Records, self.user_item(&user)?, FREE, &values)?;
        tx.put(&self.tenant, Table::Records, self.piece_of_one(&user)?)?;
        licences::use_one(&self.tenant, &mut tx).await?;
        match tx.commit(&self.tenant).await? {
            TransactionOutcome::Committed => Ok(Some(NewUser::Created(user.id))),
            // The user of a repeated call is there already, and a taken address needs no licence.
            TransactionOutcome::Refused(refusals) if refusals.contains(created) => {
                of_refused(&user, refusals.item(created)).map(Some)
            }
            // Nothing but the licence has another condition.
            TransactionOutcome::Refused(_) => Ok(None),
        }
    }

    /// One user of a managed company.
    pub async fn user(&self, company: &ManagedCompanyId, user: &UserId) -> Result<Option<User>, DirectoryError> {
        let roster = self.read_roster(std::slice::from_ref(company), Consistency::Strong);
        let roster = roster.await?;
        Ok(roster.users(company)?.into_iter().find(|found| found.id == *user))
    }

    /// Gives a user the address, in one transaction that holds only while the user has the address that was found: of two changes at
    /// once one loses, so that no address is left behind. `None` if this one did.
    pub(super) async fn move_user(
        &self,
        found: &User,
        address: &Address,
    ) -> Result<Option<NewAddress>, DirectoryError> {
        if found.address.original() == address.original() {
            return Ok(Some(NewAddress::Changed));
        }
        let user = User {
            address: address.clone(),
            ..found.clone()
        };
        let (mut tx, mine) = (Transaction::new(), [(":id", text(found.id.as_str()))]);
        let is_respelled = found.address == *address;
        let condition = if is_respelled { MINE } else { FREE_OR_MINE };
        let moved = tx.put_if(&self.tenant, Table::Records, self.user_item(&user)?, condition, &mine)?;
        if !is_respelled {
            let left = self.former_address(found)?;
            tx.put_if(&self.tenant, Table::Records, left, MINE, &mine)?;
        }
        tx.put(&self.tenant, Table::Records, self.piece_of_one(&user)?)?;
        let holder = match tx.commit(&self.tenant).await? {
            TransactionOutcome::Committed => return Ok(Some(NewAddress::Changed)),
            TransactionOutcome::Refused(refusals) => refusals.item(moved),
        };
        let holder = holder.map(read_user).transpose()?.flatten();
        Ok(holder
            .filter(|holder| holder.id != found.id)
            .map(NewAddress::AddressTaken))
    }

    /// The users who hold these addresses, from their own items.
    pub(super) async fn holders_by_address(
        &self,
        addresses: &[AddressKey],
    ) -> Result<HashMap<AddressKey, User>, DirectoryError> {
        let items = self.batch_get(addresses.iter().map(|address| self.user_key(address)));
        let mut holders = HashMap::new();
        for item in items.await? {
            if let Some(user) = read_user(item)? {
                holders.insert(user.address.key().clone(), user);
            }
        }
        Ok(holders)
    }

    fn user_key(&self, address: &AddressKey) -> Key {
        Key::in_records(&self.tenant.msp, &format!("#ADDRESS#{}", address.as_str()), "USER")
    }

    fn user_item(&self, user: &User) -> Result<Item, StoreError> {
        item(USER, &self.user_key(user.address.key()), &UserRecord::from(user))
    }

    /// What a user leaves at its address.
    fn former_address(&self, user: &User) -> Result<Item, StoreError> {
        let record = FormerAddressRecord {
            id: user.id.clone(),
            moved: true,
        };
        let mut item = item(FORMER_ADDRESS, &self.user_key(user.address.key()), &record)?;
        expire(&mut item, FORMER_ADDRESS, Timestamp::now());
        Ok(item)
    }
}

/// The user that a request asks for: its id is made of its key, so that a repeated call asks for the same.
fn invited(company: &ManagedCompanyId, request: &UserRequest) -> User {
    User {
        id: user_id(&request.key),
        company: company.clone(),
        address: request.address.clone(),
        name: request.name.clone(),
        state: UserState::Invited,
    }
}

/// As many of a key's digits as are certain to tell users apart, 80 bits: an id stands in four items, and longer ones would cost more.
const USER_ID_DIGITS: usize = 20;

fn user_id(key: &IdempotencyKey) -> UserId {
    let key = key.as_str();
    UserId::new(format!("u-{}", key.get(..USER_ID_DIGITS).unwrap_or(key)))
}

/// The outcome for a user whose address is not free.
fn of_refused(user: &User, at_address: Option<Item>) -> Result<NewUser, DirectoryError> {
    let unknown = || DirectoryError::Unavailable(format!("the holder of {:?} could not be read", user.address));
    let at_address = at_address.ok_or_else(unknown)?;
    // A repeated call: the user is there, or was and has moved since.
    if at_address.get("id") == Some(&text(user.id.as_str())) {
        return Ok(NewUser::Created(user.id.clone()));
    }
    let holder = read_user(at_address)?.ok_or_else(unknown)?;
    Ok(NewUser::AddressTaken(holder))
}

/// The user at an address, unless it has moved.
fn read_user(item: Item) -> Result<Option<User>, StoreError> {
    if item.contains_key("moved") {
        return Ok(None);
    }
    Ok(Some(body::<UserRecord>(USER, item)?.into()))
}
