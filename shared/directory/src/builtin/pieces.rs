//! Who is listed: the users of a managed company, packed, in the pieces in which they were created.
//!
//! All pieces of an MSP share one partition. So one query reads the users of one company, or of all companies, and is charged by its bytes.
//! Each user also has an item of its own, which says that the user holds an address. A piece is never written later than these items. A
//! piece of users who are created together is marked as unsure until each of them was seen to exist. A caller that reads an unsure piece reads
//! the users' own items, too. So every user who holds an address is listed.
//!
//! A piece of users who were created together does not change otherwise. A user who is created by hand, or gets another address, is listed
//! in a piece for this user alone. That piece is replaced at each further change of the address. It sorts behind the other pieces, and a
//! user's last entry counts.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::address::AddressKey;
use domain::directory::User;
use domain::ids::{IdempotencyKey, ManagedCompanyId};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use store::table::{PACKED, bare_item, packed_bytes, value};
use store::{Consistency, Item, Key, StoreError, Table};

use super::BuiltIn;
use super::records::ROSTER;
use crate::{DirectoryError, PackedUsers, Roster};

/// The attribute that says which users of a piece may not be there.
const UNSURE: &str = "unsure";

/// Companies whose pieces are read at once.
const READ_CONCURRENCY: usize = 16;

/// From so many companies on, the whole roster is read: each company by itself costs a read unit at least, and a call. The users of
/// all companies of a large MSP, 5,000 with 100,000 users, are 4 MB: 1,000 units and 4 calls.
const MAX_COMPANIES_ONE_BY_ONE: usize = 500;

/// Which users of a piece may not be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Unsure {
    /// Any.
    Any(bool),
    /// Those at these places.
    Some(Vec<usize>),
}

impl Unsure {
    /// Any user of a piece.
    pub const ANY: Self = Self::Any(true);

    fn contains(&self, place: usize) -> bool {
        match self {
            Self::Any(any) => *any,
            Self::Some(places) => places.contains(&place),
        }
    }
}

/// A piece as it was read.
struct Piece {
    company: ManagedCompanyId,
    users: PackedUsers,
    unsure: Option<Unsure>,
}

impl Piece {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let shape = |message: &str| StoreError::shape(ROSTER.name, message);
        packed_bytes(ROSTER, &item)?;
        let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
        let company = sk.and_then(|sk| sk.rsplit_once('#')).map(|(company, _)| company);
        let company = ManagedCompanyId::new(company.ok_or_else(|| shape("the sort key names no company"))?);
        let unsure = item
            .remove(UNSURE)
            .map(serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value);
        let unsure = unsure
            .transpose()
            .map_err(|error| StoreError::shape(ROSTER.name, error))?;
        let Some(AttributeValue::B(blob)) = item.remove(PACKED) else {
            return Err(shape("packed attribute is missing"));
        };
        Ok(Self {
            company,
            users: PackedUsers::packed(blob.into_inner()),
            unsure,
        })
    }
}

impl BuiltIn {
    fn roster_key(&self, company: &ManagedCompanyId, piece: &str) -> Key {
        Key::in_records(&self.tenant.msp, "#ROSTER", format!("{company}#{piece}"))
    }

    /// The key of the piece in which these users are created: of a repeated call the same, and of any other call another.
    pub(super) fn piece_key<'a>(
        &self,
        company: &ManagedCompanyId,
        keys: impl IntoIterator<Item = &'a IdempotencyKey>,
    ) -> Key {
        self.roster_key(company, IdempotencyKey::batch(keys).as_str())
    }

    /// A piece of users of whom those at these places, or any, may not be there.
    pub(super) fn piece(key: &Key, users: &[User], unsure: Option<&Unsure>) -> Result<Item, StoreError> {
        let mut item = piece(key, users)?;
        if let Some(unsure) = unsure {
            item.insert(UNSURE.to_owned(), value(ROSTER.name, unsure)?);
        }
        Ok(item)
    }

    /// A piece that lists a user as it is from now on. `~` sorts behind the keys of all other pieces.
    pub(super) fn piece_of_one(&self, user: &User) -> Result<Item, StoreError> {
        let key = self.roster_key(&user.company, &format!("~{}", user.id));
        piece(&key, std::slice::from_ref(user))
    }

    /// The users of these companies.
    pub(super) async fn read_roster(
        &self,
        companies: &[ManagedCompanyId],
        consistency: Consistency,
    ) -> Result<Roster, DirectoryError> {
        if companies.len() >= MAX_COMPANIES_ONE_BY_ONE {
            return self.read_whole_roster(consistency).await;
        }
        let queries = companies.iter().map(|company| async move {
            let prefix = self.roster_key(company, "");
            let query = self
                .tenant
                .query_with(Table::Records, &prefix.pk, &prefix.sk, consistency);
            query.await
        });
        let queries: Vec<_> = queries.map(FutureExt::boxed).collect();
        let items: Vec<Vec<Item>> = stream::iter(queries).buffered(READ_CONCURRENCY).try_collect().await?;
        let pieces: Result<Vec<Piece>, StoreError> = items.into_iter().flatten().map(Piece::read).collect();
        self.roster(pieces?).await
    }

    /// The users of all companies.
    pub(super) async fn read_whole_roster(&self, consistency: Consistency) -> Result<Roster, DirectoryError> {
        let partition = self.roster_key(&ManagedCompanyId::new(""), "").pk;
        let (mut pieces, mut after) = (Vec::new(), None);
        loop {
            let (items, next) = self
                .tenant
                .query_page_with(Table::Records, &partition, ("", consistency), after.as_ref(), None)
                .await?;
            for item in items {
                pieces.push(Piece::read(item)?);
            }
            after = next;
            if after.is_none() {
                return self.roster(pieces).await;
            }
        }
    }

    /// The users of pieces in the order of their keys, without those who turn out not to be there.
    async fn roster(&self, pieces: Vec<Piece>) -> Result<Roster, DirectoryError> {
        let mut unsure: Vec<AddressKey> = Vec::new();
        for piece in &pieces {
            let Some(places) = &piece.unsure else { continue };
            let users = piece.users.users(&piece.company)?.into_iter().enumerate();
            let users = users.filter(|(place, _)| places.contains(*place));
            unsure.extend(users.map(|(_, user)| user.address.key().clone()));
        }
        let there = self.holders_by_address(&unsure).await?;
        let mut companies: BTreeMap<ManagedCompanyId, Vec<PackedUsers>> = BTreeMap::new();
        for piece in pieces {
            let users = match &piece.unsure {
                None => piece.users,
                Some(places) => without_absent(&piece, places, &there)?,
            };
            companies.entry(piece.company).or_default().push(users);
        }
        Ok(Roster::new(companies))
    }
}

fn piece(key: &Key, users: &[User]) -> Result<Item, StoreError> {
    let mut item = bare_item(ROSTER, key);
    let packed = PackedUsers::of(users)?.into_bytes();
    item.insert(PACKED.to_owned(), AttributeValue::B(packed.into()));
    Ok(item)
}

/// Of the users who may not be there, those stay who hold their address.
fn without_absent(
    piece: &Piece,
    unsure: &Unsure,
    there: &HashMap<AddressKey, User>,
) -> Result<PackedUsers, StoreError> {
    let users = piece.users.users(&piece.company)?.into_iter().enumerate();
    let users = users.filter(|(place, user)| {
        let is_there = || there.get(user.address.key()).is_some_and(|holder| holder.id == user.id);
        !unsure.contains(*place) || is_there()
    });
    let users: Vec<User> = users.map(|(_, user)| user).collect();
    PackedUsers::of(&users)
}
