//! The users of several managed companies at once.
//!
//! Those of a large MSP would fill the memory of a worker, so they stay packed until those of one company are asked for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::OnceLock;

use domain::address::{Address, AddressKey};
use domain::directory::{User, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use domain::name;
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use store::{StoreError, packed};

use crate::DirectoryError;

/// What errors call packed users.
const USERS: &str = "packed users";

/// Some users of one managed company, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedUsers(Vec<u8>);

/// A packed user, without the company, which all of them share.
#[derive(Debug, Serialize, Deserialize)]
struct UserRecord {
    #[serde(rename = "i")]
    id: UserId,
    #[serde(rename = "a")]
    address: Address,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "s")]
    state: UserState,
}

/// Of a packed user the address alone.
#[derive(Deserialize)]
struct AddressRecord {
    #[serde(rename = "a")]
    address: Address,
}

impl PackedUsers {
    /// Packs users of one managed company.
    pub fn of<'a>(users: impl IntoIterator<Item = &'a User>) -> Result<Self, StoreError> {
        let records = users.into_iter().map(|user| UserRecord {
            id: user.id.clone(),
            address: user.address.clone(),
            name: user.name.clone(),
            state: user.state,
        });
        packed::pack(USERS, &records.collect::<Vec<_>>()).map(Self)
    }

    /// Users as they were packed before.
    pub const fn packed(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The packed form.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The users, in the order in which they were packed.
    pub fn users(&self, company: &ManagedCompanyId) -> Result<Vec<User>, StoreError> {
        let records: Vec<UserRecord> = packed::unpack(USERS, &self.0)?;
        let users = records.into_iter().map(|record| User {
            id: record.id,
            company: company.clone(),
            address: record.address,
            // Earlier versions stored names as the PSA spelled them.
            name: name::cleaned(record.name),
            state: record.state,
        });
        Ok(users.collect())
    }

    fn addresses(&self) -> Result<Vec<Address>, StoreError> {
        let records: Vec<AddressRecord> = packed::unpack(USERS, &self.0)?;
        Ok(records.into_iter().map(|record| record.address).collect())
    }
}

/// The users of several managed companies.
#[derive(Debug, Default)]
pub struct Roster {
    /// In the order of the ids, each with its packed users. Of a user in several of them the last one holds.
    companies: Vec<(ManagedCompanyId, Vec<PackedUsers>)>,
    /// The hash of each address with the place of its company. Made when holders are first asked for. Half a million take 4 MB.
    by_address: OnceLock<Vec<(u32, u32)>>,
    /// Hashes the addresses, differently in each process: nobody can choose addresses of one hash.
    hasher: RandomState,
}

impl Roster {
    /// The users of these companies. Of a user who is packed several times, the last time holds.
    pub fn new(companies: BTreeMap<ManagedCompanyId, Vec<PackedUsers>>) -> Self {
        Self {
            companies: companies.into_iter().collect(),
            by_address: OnceLock::new(),
            hasher: RandomState::default(),
        }
    }

    /// The users of one company, in the order of their ids; none if it is not among those that were asked for.
    pub fn users(&self, company: &ManagedCompanyId) -> Result<Vec<User>, DirectoryError> {
        let found = self.companies.binary_search_by(|(id, _)| id.cmp(company));
        match found.ok().and_then(|at| self.companies.get(at)) {
            Some(company) => Ok(users_of(company)?),
            None => Ok(Vec::new()),
        }
    }

    /// The users of these companies who hold one of the addresses.
    pub fn holders(&self, addresses: &[AddressKey]) -> Result<Vec<User>, DirectoryError> {
        let by_address = self.by_address()?;
        let mut asked: BTreeMap<u32, HashSet<&AddressKey>> = BTreeMap::new();
        for address in addresses {
            let hash = self.hash(address);
            let first = by_address.partition_point(|(other, _)| *other < hash);
            let equal = by_address.iter().skip(first).take_while(|(other, _)| *other == hash);
            for (_, at) in equal {
                asked.entry(*at).or_default().insert(address);
            }
        }
        let mut holders = Vec::new();
        for (at, addresses) in asked {
            let Some(company) = self.companies.get(at as usize) else {
                continue;
            };
            let users = users_of(company)?.into_iter();
            holders.extend(users.filter(|user| addresses.contains(user.address.key())));
        }
        Ok(holders)
    }

    /// Addresses of equal hashes are told apart by their texts.
    fn hash(&self, address: &AddressKey) -> u32 {
        let [.., a, b, c, d] = self.hasher.hash_one(address).to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    fn by_address(&self) -> Result<&[(u32, u32)], DirectoryError> {
        if let Some(index) = self.by_address.get() {
            return Ok(index);
        }
        let mut index = Vec::new();
        for (at, (_, packed)) in (0_u32..).zip(&self.companies) {
            for packed in packed {
                // Of a user who is packed several times those of before as well: who has which address is looked at in the end.
                let addresses = packed.addresses()?;
                let hashes = addresses.iter().map(|address| self.hash(address.key()));
                index.extend(hashes.map(|hash| (hash, at)));
            }
        }
        index.sort_unstable();
        Ok(self.by_address.get_or_init(|| index))
    }
}

fn users_of((company, packed): &(ManagedCompanyId, Vec<PackedUsers>)) -> Result<Vec<User>, StoreError> {
    let mut users = if let [packed] = packed.as_slice() {
        packed.users(company)?
    } else {
        let mut users = HashMap::new();
        for packed in packed {
            users.extend(packed.users(company)?.into_iter().map(|user| (user.id.clone(), user)));
        }
        users.into_values().collect()
    };
    users.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(users)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(company: &str, id: &str, address: &str) -> User {
        User {
            id: UserId::new(id),
            company: ManagedCompanyId::new(company),
            address: address.parse().unwrap(),
            name: "Ana".to_owned(),
            state: UserState::Invited,
        }
    }

    fn roster(users: &[&[User]]) -> Roster {
        let mut companies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for users in users {
            let packed = PackedUsers::of(*users).unwrap();
            companies.entry(users[0].company.clone()).or_default().push(packed);
        }
        Roster::new(companies)
    }

    #[test]
    fn users_are_packed_so() {
        let packed = PackedUsers::of(&[user("c", "u-1", "Ana@x.example")]).unwrap();
        let stored: Value = packed::unpack(USERS, &packed.0).unwrap();
        assert_eq!(
            stored,
            json!([{ "i": "u-1", "a": "Ana@x.example", "n": "Ana", "s": "invited" }])
        );
    }

    #[test]
    fn a_name_of_an_earlier_version_is_cleaned() {
        let record = json!([{ "i": "u", "a": "a@x.example", "n": " A\u{200b}na", "s": "enrolled" }]);
        let packed = PackedUsers::packed(packed::pack(USERS, &record).unwrap());
        assert_eq!(packed.users(&ManagedCompanyId::new("c")).unwrap()[0].name, "Ana");
    }

    #[test]
    fn the_last_entry_of_a_user_holds() {
        let before = [user("c", "u-1", "a@x.example"), user("c", "u-2", "b@x.example")];
        let roster = roster(&[
            &before,
            &[user("c", "u-1", "c@x.example")],
            &[user("d", "u-3", "d@x.example")],
        ]);
        let of = |company: &str| {
            let users = roster.users(&ManagedCompanyId::new(company)).unwrap();
            let addresses = users.iter().map(|user| user.address.original().to_owned());
            addresses.collect::<Vec<_>>()
        };
        assert_eq!(of("c"), ["c@x.example", "b@x.example"]);
        assert_eq!(of("d"), ["d@x.example"]);
        assert_eq!(of("e"), [""; 0]);
    }

    #[test]
    fn holders_are_found_in_all_companies_by_their_last_address() {
        let roster = roster(&[
            &[user("c", "u-1", "a@x.example"), user("c", "u-2", "b@x.example")],
            &[user("c", "u-1", "c@x.example")],
            &[user("d", "u-3", "d@x.example")],
        ]);
        let asked = [
            "A@x.example",
            "B@x.example",
            "c@x.example",
            "d@x.example",
            "e@x.example",
        ];
        let asked = asked.map(|address| address.parse::<Address>().unwrap().key().clone());
        let holders = roster.holders(&asked).unwrap();
        let holders: Vec<&str> = holders.iter().map(|user| user.id.as_str()).collect();
        assert_eq!(holders, ["u-1", "u-2", "u-3"]);
    }
}
