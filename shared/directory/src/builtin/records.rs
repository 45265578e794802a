//! Items of the built-in directory as they are stored, each with its kind and the number of its schema.

use std::collections::HashMap;

use domain::address::Address;
use domain::directory::{LicenceMode, ManagedCompany, ReservationId, User, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use domain::import::retention::ROWS_DAYS;
use domain::name;
use serde::{Deserialize, Serialize};
use store::Kind;

pub(super) const MANAGED_COMPANY: Kind = Kind::first("managed company");
pub(super) const COMPANY_NAME: Kind = Kind::first("name of a managed company");
pub(super) const CHANGES: Kind = Kind::first("changes of the directory");
pub(super) const USER: Kind = Kind::first("user");
pub(super) const FORMER_ADDRESS: Kind = Kind::first("former address").kept(ROWS_DAYS);
pub(super) const ROSTER: Kind = Kind::first("roster");
pub(super) const LICENCES: Kind = Kind::first("licences");

/// See [`ManagedCompany`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ManagedCompanyRecord {
    pub id: ManagedCompanyId,
    pub name: String,
}

/// See [`User`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserRecord {
    pub id: UserId,
    pub company: ManagedCompanyId,
    pub address: Address,
    pub name: String,
    pub state: UserState,
}

/// Left at an address that a user had before, so that a repeated call which created the user there finds that it has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FormerAddressRecord {
    pub id: UserId,
    /// Always true; tells the record from a [`UserRecord`].
    pub moved: bool,
}

/// The licences of an MSP.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LicencesRecord {
    pub mode: LicenceMode,
    pub total: u64,
    pub used: u64,
    /// Below zero where use is billed and nothing is refused (R47).
    pub available: i64,
    pub reservations: HashMap<ReservationId, u64>,
}

impl From<ManagedCompanyRecord> for ManagedCompany {
    fn from(record: ManagedCompanyRecord) -> Self {
        Self::new(record.id, record.name)
    }
}

impl From<&User> for UserRecord {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            company: user.company.clone(),
            address: user.address.clone(),
            name: user.name.clone(),
            state: user.state,
        }
    }
}

impl From<UserRecord> for User {
    fn from(record: UserRecord) -> Self {
        Self {
            id: record.id,
            company: record.company,
            address: record.address,
            // Earlier versions stored names as the PSA spelled them.
            name: name::clean(&record.name),
            state: record.state,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    /// The record reads and writes this form, and ignores a field of a later version.
    fn pin<T: Serialize + for<'de> Deserialize<'de>>(stored: &Value) {
        let mut later = stored.clone();
        later["later"] = json!({ "any": "thing" });
        assert_eq!(&to_value(from_value::<T>(later).unwrap()).unwrap(), stored);
    }

    #[test]
    fn records_are_stored_so() {
        pin::<ManagedCompanyRecord>(&json!({ "id": "c-1", "name": "Acme" }));
        let user =
            json!({ "id": "u-1", "company": "c-1", "address": "Ana@x.example", "name": "Ana", "state": "invited" });
        pin::<UserRecord>(&user);
        pin::<FormerAddressRecord>(&json!({ "id": "u-1", "moved": true }));
        let licences = json!({ "mode": "pool", "total": 9, "used": 2, "available": -1, "reservations": { "x.1": 3 } });
        pin::<LicencesRecord>(&licences);
    }

    #[test]
    fn a_name_of_an_earlier_version_is_cleaned() {
        let stored =
            json!({ "id": "u", "company": "c", "address": "a@x.example", "name": " A\u{200b}na", "state": "enrolled" });
        let user = User::from(from_value::<UserRecord>(stored).unwrap());
        assert_eq!(user.name, "Ana");
    }
}
