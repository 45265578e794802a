//! Items of the built-in directory as they are stored, each with its kind and the number of its schema.

use std::collections::HashMap;

use domain::address::{Address, AddressKey};
use domain::directory::{AddressHolder, LicenceMode, ManagedCompany, ReservationId, User, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use domain::name;
use serde::{Deserialize, Serialize};
use store::Kind;

pub(super) const MANAGED_COMPANY: Kind = Kind::first("managed company");
pub(super) const USER: Kind = Kind::first("user");
pub(super) const CLAIM: Kind = Kind::first("claim");
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

/// The claim of an address by the user that has it: see [`AddressHolder`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClaimRecord {
    pub address: AddressKey,
    pub user: UserId,
    pub company: ManagedCompanyId,
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
        Self {
            id: record.id,
            name: record.name,
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

impl From<ClaimRecord> for AddressHolder {
    fn from(record: ClaimRecord) -> Self {
        Self {
            address: record.address,
            user: record.user,
            company: record.company,
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
        pin::<ClaimRecord>(&json!({ "address": "ana@x.example", "user": "u-1", "company": "c-1" }));
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
