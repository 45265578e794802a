//! The users of one company, as LastPass lists them now.

use std::collections::HashMap;

use domain::address::{Address, AddressKey};
use domain::directory::User;
use domain::ids::{ManagedCompanyId, UserId};
use store::table::text;
use store::{Key, PutOutcome, Table};

use super::content::Content;
use super::records::{ASKING, AskingRecord};
use super::{Mirror, Refused, Seen};
use crate::lastpass::{Failed, LastPass};
use crate::{Directory as _, DirectoryError, NewAddress};

impl Mirror {
    /// Lists the users of a company that this run is about to change, and has them at hand. Returns whether they differ from what was
    /// known.
    pub(super) async fn look_at_users(&self, company: &ManagedCompanyId) -> Result<bool, Refused> {
        // First: whom another run sends from now on, the list may not show.
        let sent = self.sent(company).await?.by;
        let (users, differs) = self.list_users(company).await?;
        self.seen.lock().await.insert(company.clone(), Seen { users, sent });
        Ok(differs)
    }

    /// Lists the users of a company, and stores them. Returns them, and whether they differ from what was known.
    pub(super) async fn list_users(&self, company: &ManagedCompanyId) -> Result<(Vec<User>, bool), Refused> {
        let known = self.content.known_users(company).await?;
        let users = self.list_persons(company, &known.users).await?;
        let differs = known.differ_from(&users);
        // Mark the change before the users are written. If the process wrote them first and then died, the next run would find no
        // difference and mark nothing, and a plan that rests on the old users would still count.
        let by = format!("reading {company} {}", self.now());
        // Who reads between two items that are renewed finds some of each.
        let is_seen = differs || known.is_renewed_in_parts(self.now());
        if is_seen {
            self.begin_changes(&by, self.now()).await?;
        }
        self.content.write_users(company, (&known, &users), self.now()).await?;
        if is_seen {
            self.end_changes(&by).await?;
        }
        Ok((users, differs))
    }

    /// The users of a company by address, as they were listed in this run.
    pub(super) async fn users_by_address(
        &self,
        company: &ManagedCompanyId,
    ) -> Result<HashMap<AddressKey, User>, DirectoryError> {
        let is_seen = self.seen.lock().await.contains_key(company);
        if is_seen {
            self.seen_by_address(company).await
        } else {
            self.list_by_address(company).await
        }
    }

    /// The users of a company by address, as they are listed now.
    pub(super) async fn list_by_address(
        &self,
        company: &ManagedCompanyId,
    ) -> Result<HashMap<AddressKey, User>, DirectoryError> {
        match self.look_at_users(company).await {
            Ok(_) => self.seen_by_address(company).await,
            Err(Refused::Gone) => Ok(HashMap::new()),
            // One that was just made may not be known everywhere yet: nobody is in it.
            Err(Refused::Hidden) if self.is_new(company).await? => Ok(HashMap::new()),
            Err(refused) => Err(refused.into_error()),
        }
    }

    async fn seen_by_address(&self, company: &ManagedCompanyId) -> Result<HashMap<AddressKey, User>, DirectoryError> {
        let seen = self.seen.lock().await;
        let users = seen.get(company).into_iter().flat_map(|seen| &seen.users);
        let users = users.map(|user| (user.address.key().clone(), user.clone()));
        Ok(users.collect())
    }

    pub(super) async fn add_seen(&self, company: &ManagedCompanyId, users: Vec<User>) {
        if let Some(seen) = self.seen.lock().await.get_mut(company) {
            seen.users.extend(users);
        }
    }

    /// Asks LastPass for another address of a user. LastPass may ask the person to agree. So if the answer is lost, the request is not
    /// repeated. The address is stored before the request, so that later runs know of it even if this run dies (R86).
    pub(super) async fn ask_for_address(
        &self,
        (company, user): (&ManagedCompanyId, &UserId),
        from: Option<&Address>,
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        let lastpass = self.lastpass()?;
        let before = match lastpass.user(company, user).await {
            Ok(person) => person,
            Err(Failed::NotFound(_)) => return Ok(NewAddress::NoSuchUser),
            // Of this user, not of the key: the company was listed just before.
            Err(Failed::Forbidden(refused)) => return Ok(NewAddress::NotPossible(refused.said)),
            Err(failed) => return Err(failed.into()),
        };
        let asking = self.content.key(format!("ASKING#{company}#{user}"));
        if before.address == *address {
            // Should the address change back and forth, the person is asked once more.
            self.content.tenant.delete_alone(Table::Records, &asking).await?;
            return Ok(NewAddress::Changed);
        }
        if from.is_some_and(|from| before.address != *from) {
            return Ok(NewAddress::ChangedMeanwhile);
        }
        if !self.is_to_ask(&asking, address).await? {
            return Ok(NewAddress::WaitsForUser);
        }
        let answer = lastpass.change_address(company, user, address).await;
        if answer.as_ref().is_err_and(|failed| !failed.may_be_applied()) {
            self.content.tenant.delete_alone(Table::Records, &asking).await?;
        }
        match answer {
            Ok(()) | Err(Failed::Unanswered(_)) => self.after_asking(lastpass, (company, user), address).await,
            Err(Failed::Rejected(refused, 409)) => {
                let holders = self.everybody().await?;
                let holders = holders.holders(&[address.key().clone()])?;
                let holder = holders.into_iter().find(|holder| holder.id != *user);
                Ok(holder.map_or(NewAddress::NotPossible(refused.said), NewAddress::AddressTaken))
            }
            Err(Failed::Rejected(refused, _) | Failed::Forbidden(refused)) => Ok(NewAddress::NotPossible(refused.said)),
            Err(Failed::NotFound(_)) => Ok(NewAddress::NoSuchUser),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Writes down that a user is asked for an address; `false` if the user has been, as far as anybody knows.
    async fn is_to_ask(&self, asking: &Key, address: &Address) -> Result<bool, DirectoryError> {
        let record = AskingRecord {
            address: address.key().clone(),
            by: format!("{:016x}", fastrand::u64(..)),
        };
        let item = Content::small_item(ASKING, asking, &record, self.now())?;
        // Its own, should the answer be lost and the request repeated.
        let condition = "attribute_not_exists(pk) OR address <> :address OR #by = :by";
        let values = [(":address", text(record.address.as_str())), (":by", text(&record.by))];
        let put = self.content.tenant.put_alone(Table::Records, item, condition, &values);
        Ok(matches!(put.await?, PutOutcome::Applied))
    }

    /// What LastPass answers does not say whether the person has to agree; what it shows does.
    async fn after_asking(
        &self,
        lastpass: &LastPass,
        (company, user): (&ManagedCompanyId, &UserId),
        address: &Address,
    ) -> Result<NewAddress, DirectoryError> {
        let after = lastpass.user(company, user).await;
        if !after.is_ok_and(|person| person.address == *address) {
            return Ok(NewAddress::WaitsForUser);
        }
        match self.look_at_users(company).await {
            Ok(_) | Err(Refused::Gone | Refused::Hidden) => Ok(NewAddress::Changed),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}
