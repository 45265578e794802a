//! What was read of LastPass, packed: one list of companies, and the users of each company by themselves.
//!
//! The users of a company are one item, or several if there are many. The keys of the further items have the moment at which they were
//! written. These items count once the first item, which is written last, has the same moment. Users who were created later are in
//! additional items until the company is read again. All of this can be read from LastPass again. That is done for a company before it is
//! changed, so what is missing or out of date is found in time.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::directory::{ManagedCompany, User};
use domain::ids::ManagedCompanyId;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Kind;
use store::expiry::{expire, expires_within};
use store::table::{PACKED, bare_item, body, item, packed_body, packed_bytes, packed_item, text};
use store::{Consistency, Item, Key, PutOutcome, StoreError, Table, Tenant};

use super::records::{COMPANIES, CompanyRecord, HEAD, HeadRecord, RENEWED_DAYS, USERS};
use crate::{DirectoryError, PackedUsers, Roster};

/// Companies of one item: their names are less than a third of what an item may have.
const COMPANIES_PER_ITEM: usize = 3_000;

/// Users of one item.
const USERS_PER_ITEM: usize = 1_500;

/// Companies whose users are read at once.
const READ_CONCURRENCY: usize = 16;

/// From so many companies on, the users of all are read: see the built-in directory.
pub(super) const MAX_COMPANIES_ONE_BY_ONE: usize = 500;

/// What the names of items have that were added to a list for companies made since.
const MADE: &str = "made#";

/// The attribute of the head that names the list of companies: a moment.
const LISTED: &str = "listed";

/// An attribute of the first item of a company's users: the moment at which these users were written. Keys of further items have it, too.
const PARTS: &str = "parts";

/// The users of one company as they are known, and the items that hold them.
#[derive(Debug)]
pub(super) struct KnownUsers {
    items: Vec<Item>,
    pub users: Vec<User>,
}

impl KnownUsers {
    /// Whether these are other users, or the first that are known.
    pub(super) fn differ_from(&self, users: &[User]) -> bool {
        self.items.is_empty() || self.users != users
    }

    /// Whether they are several items that are about to be written again, only so that they are kept.
    pub(super) fn is_renewed_in_parts(&self, now: Timestamp) -> bool {
        self.items.len() > 1 && self.items.iter().any(|item| expires_within(item, now, RENEWED_DAYS))
    }

    /// When they were last written as a whole.
    pub(super) fn written(&self) -> Option<Timestamp> {
        let parts = self.items.iter().find_map(|item| item.get(PARTS)?.as_s().ok());
        Timestamp::from_millisecond(parts?.parse().ok()?).ok()
    }
}

/// What was read of LastPass.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub tenant: Tenant,
}

impl Content {
    pub(super) fn key(&self, sk: impl Into<String>) -> Key {
        Key::in_records(&self.tenant.msp, "#LASTPASS", sk)
    }

    fn users_key(&self, company: &ManagedCompanyId, part: &str) -> Key {
        Key::in_records(&self.tenant.msp, "#LASTPASSUSERS", format!("{company}#{part}"))
    }

    pub(super) async fn head(&self) -> Result<HeadRecord, DirectoryError> {
        let found = self.tenant.get(Table::Records, &self.key("HEAD")).await?;
        let head = found.map(|item| packed_body(HEAD, &item)).transpose()?;
        Ok(head.unwrap_or_default())
    }

    pub(super) async fn write_head(&self, head: &HeadRecord, now: Timestamp) -> Result<(), DirectoryError> {
        let mut item = packed_item(HEAD, &self.key("HEAD"), head)?;
        item.insert(LISTED.to_owned(), text(&head.version));
        expire(&mut item, HEAD, now);
        // A worker that was paused must not lead back to a list that a later one has deleted.
        let condition = "attribute_not_exists(listed) OR listed <= :listed";
        let values = [(":listed", text(&head.version))];
        let put = self.tenant.put_alone(Table::Records, item, condition, &values);
        match put.await? {
            PutOutcome::Applied => Ok(()),
            PutOutcome::Refused(_) => {
                let overtaken = "another worker has read the companies since";
                Err(DirectoryError::Unavailable(overtaken.to_owned()))
            }
        }
    }

    async fn write(&self, kind: Kind, mut item: Item, now: Timestamp) -> Result<(), DirectoryError> {
        expire(&mut item, kind, now);
        Ok(self.tenant.replace_alone(Table::Records, item).await?)
    }

    pub(super) async fn companies(&self) -> Result<Vec<ManagedCompany>, DirectoryError> {
        let head = self.head().await?;
        self.companies_of(&head).await
    }

    pub(super) async fn companies_of(&self, head: &HeadRecord) -> Result<Vec<ManagedCompany>, DirectoryError> {
        if head.items == 0 {
            return Ok(Vec::new());
        }
        let key = self.key(listed(&head.version));
        let items = self.tenant.query(Table::Records, &key.pk, &key.sk).await?;
        // Read again since the head was: the list is there, under another name.
        let is_of_list = |item: &&Item| {
            let sk = sort_key(item);
            sk.strip_prefix(&key.sk).is_some_and(|rest| !rest.starts_with(MADE))
        };
        if items.iter().filter(is_of_list).count() < head.items {
            return Err(DirectoryError::Unavailable("the companies are being read".to_owned()));
        }
        let mut all = Vec::new();
        for item in items {
            let records: Vec<CompanyRecord> = packed_body(COMPANIES, &item)?;
            all.extend(records.into_iter().map(ManagedCompany::from));
        }
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all.dedup_by(|one, other| one.id == other.id);
        Ok(all)
    }

    /// Adds a company that was made since they were listed.
    pub(super) async fn add_company(&self, company: &ManagedCompany, now: Timestamp) -> Result<(), DirectoryError> {
        let head = self.head().await?;
        let key = self.key(format!("{}{MADE}{}", listed(&head.version), company.id));
        let item = packed_item(COMPANIES, &key, &[CompanyRecord::from(company)])?;
        self.write(COMPANIES, item, now).await
    }

    /// Writes the companies under a name of their own, which the head has to be given.
    pub(super) async fn write_companies(
        &self,
        companies: &[ManagedCompany],
        now: Timestamp,
    ) -> Result<(String, usize), DirectoryError> {
        let version = version(now);
        for (number, companies) in companies.chunks(COMPANIES_PER_ITEM).enumerate() {
            let records: Vec<CompanyRecord> = companies.iter().map(CompanyRecord::from).collect();
            let key = self.key(format!("{}{number:04}", listed(&version)));
            let item = packed_item(COMPANIES, &key, &records)?;
            self.write(COMPANIES, item, now).await?;
        }
        Ok((version, companies.len().div_ceil(COMPANIES_PER_ITEM)))
    }

    /// Whether the list of companies has to be written again so that it is kept.
    pub(super) async fn is_running_out(&self, now: Timestamp) -> Result<bool, DirectoryError> {
        let head = self.tenant.get(Table::Records, &self.key("HEAD")).await?;
        Ok(head.is_none_or(|head| expires_within(&head, now, RENEWED_DAYS)))
    }

    /// Deletes the lists of companies that the head does not name any more (R67).
    pub(super) async fn drop_superseded(&self, head: &HeadRecord) -> Result<(), DirectoryError> {
        let pk = self.key("").pk;
        let current = listed(&head.version);
        for item in self.tenant.query(Table::Records, &pk, "COMPANIES#").await? {
            let sk = sort_key(&item);
            if !sk.starts_with(&current) {
                self.tenant.delete_alone(Table::Records, &self.key(sk)).await?;
            }
        }
        Ok(())
    }

    async fn items_of(&self, company: &ManagedCompanyId, consistency: Consistency) -> Result<Vec<Item>, StoreError> {
        let prefix = self.users_key(company, "");
        let query = self
            .tenant
            .query_with(Table::Records, &prefix.pk, &prefix.sk, consistency);
        query.await
    }

    /// The users of a company as they are known.
    pub(super) async fn known_users(&self, company: &ManagedCompanyId) -> Result<KnownUsers, DirectoryError> {
        let items = self.items_of(company, Consistency::Strong).await?;
        let users = roster([(company.clone(), items.as_slice())])?.users(company)?;
        Ok(KnownUsers { items, users })
    }

    /// Replaces the users of a company, unless they are as they were.
    pub(super) async fn write_users(
        &self,
        company: &ManagedCompanyId,
        (known, users): (&KnownUsers, &[User]),
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let before = &known.items;
        let is_current = !before.iter().any(|item| expires_within(item, now, RENEWED_DAYS));
        if is_current && !known.differ_from(users) {
            return Ok(());
        }
        let version = self.write_parts(company, users, now).await?;
        let first = self.users_key(company, "0");
        let current = format!("{}#{version}#", first.sk);
        for sk in before.iter().map(sort_key) {
            if sk != first.sk && !sk.starts_with(&current) {
                let pk = first.pk.clone();
                self.tenant.delete_alone(Table::Records, &Key { pk, sk }).await?;
            }
        }
        Ok(())
    }

    /// Writes the users of a company, the first item last: with it they count.
    async fn write_parts(
        &self,
        company: &ManagedCompanyId,
        users: &[User],
        now: Timestamp,
    ) -> Result<String, DirectoryError> {
        let version = version(now);
        let (first, further) = users.split_at(users.len().min(USERS_PER_ITEM));
        for (number, users) in further.chunks(USERS_PER_ITEM).enumerate() {
            let key = self.users_key(company, &format!("0#{version}#{number:04}"));
            self.write(USERS, users_item(&key, users)?, now).await?;
        }
        let mut item = users_item(&self.users_key(company, "0"), first)?;
        item.insert(PARTS.to_owned(), text(&version));
        self.write(USERS, item, now).await?;
        Ok(version)
    }

    /// Adds users who were created since the company was read.
    pub(super) async fn add_users(
        &self,
        company: &ManagedCompanyId,
        users: &[User],
        (name, now): (&str, Timestamp),
    ) -> Result<(), DirectoryError> {
        if users.is_empty() {
            return Ok(());
        }
        let key = self.users_key(company, &format!("1#{name}"));
        self.write(USERS, users_item(&key, users)?, now).await
    }

    /// Forgets the users of a company that is not listed any more.
    pub(super) async fn drop_users(&self, company: &ManagedCompanyId) -> Result<(), DirectoryError> {
        let pk = self.users_key(company, "").pk;
        for item in self.items_of(company, Consistency::Strong).await? {
            let (pk, sk) = (pk.clone(), sort_key(&item));
            self.tenant.delete_alone(Table::Records, &Key { pk, sk }).await?;
        }
        Ok(())
    }

    /// The users of these companies.
    pub(super) async fn roster(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Roster, DirectoryError> {
        let queries = companies.iter().map(|company| {
            let read = async move {
                let items = self.items_of(company, consistency).await?;
                Ok::<_, StoreError>((company.clone(), items))
            };
            read.boxed()
        });
        let queries: Vec<_> = queries.collect();
        let items: Vec<_> = stream::iter(queries).buffered(READ_CONCURRENCY).try_collect().await?;
        roster(items.iter().map(|(company, items)| (company.clone(), items.as_slice())))
    }

    /// The users of all companies.
    pub(super) async fn whole_roster(&self, consistency: Consistency) -> Result<Roster, DirectoryError> {
        let pk = self.users_key(&ManagedCompanyId::new(""), "").pk;
        let items = self.tenant.query_with(Table::Records, &pk, "", consistency).await?;
        let companies = items.chunk_by(|one, other| company_of(one) == company_of(other));
        let companies = companies.filter_map(|items| Some((ManagedCompanyId::new(company_of(items.first()?)), items)));
        roster(companies)
    }

    /// A small item, if it is there.
    pub(super) async fn small<T: DeserializeOwned>(&self, kind: Kind, key: &Key) -> Result<Option<T>, DirectoryError> {
        let found = self.tenant.get(Table::Records, key).await?;
        Ok(found.map(|item| body(kind, item)).transpose()?)
    }

    /// A small item as it is to be written.
    pub(super) fn small_item<T: Serialize>(
        kind: Kind,
        key: &Key,
        record: &T,
        now: Timestamp,
    ) -> Result<Item, StoreError> {
        let mut item = item(kind, key, record)?;
        expire(&mut item, kind, now);
        Ok(item)
    }
}

/// What the items begin with that have the companies of one list.
fn listed(version: &str) -> String {
    format!("COMPANIES#{version}#")
}

/// Names what is written at a moment, so that later names sort behind earlier ones.
fn version(now: Timestamp) -> String {
    format!("{:013}", now.as_millisecond())
}

fn sort_key(item: &Item) -> String {
    let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
    sk.cloned().unwrap_or_default()
}

fn company_of(item: &Item) -> String {
    let sk = sort_key(item);
    sk.split('#').next().unwrap_or_default().to_owned()
}

fn users_item(key: &Key, users: &[User]) -> Result<Item, StoreError> {
    let mut item = bare_item(USERS, key);
    let packed = PackedUsers::of(users)?.into_bytes();
    item.insert(PACKED.to_owned(), AttributeValue::B(packed.into()));
    Ok(item)
}

/// The users of companies by their items, without parts that no first item names.
fn roster<'a>(companies: impl IntoIterator<Item = (ManagedCompanyId, &'a [Item])>) -> Result<Roster, DirectoryError> {
    let mut all = BTreeMap::new();
    for (company, items) in companies {
        let parts = items.iter().find_map(|item| item.get(PARTS)?.as_s().ok());
        let further = format!("{company}#0#");
        let current = parts.map(|parts| format!("{further}{parts}#"));
        let counts =
            |sk: &str| !sk.starts_with(&further) || current.as_ref().is_some_and(|current| sk.starts_with(current));
        let mut packed = Vec::new();
        for item in items.iter().filter(|item| counts(&sort_key(item))) {
            packed.push(PackedUsers::packed(packed_bytes(USERS, item)?.to_vec()));
        }
        all.insert(company, packed);
    }
    Ok(Roster::new(all))
}
