//! Mappings of companies and of their addresses.

use domain::address::{Address, AddressKey};
use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId, PsaContactId, UserId};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::name;
use domain::remembered::Remembered;
use serde::{Deserialize, Serialize};

use super::remembered;
use crate::schema::Kind;

pub(crate) const COMPANY_MAPPING: Kind = Kind::first("company mapping");
pub(crate) const MANAGED_CLAIM: Kind = Kind::first("managed claim");
/// Version 1 numbered its items, version 2 says in their keys where each begins.
pub(crate) const ADDRESS_MAPPINGS: Kind = Kind {
    schema: 2,
    ..Kind::first("address mappings")
};

/// See [`CompanyMapping`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CompanyMappingRecord {
    company: PsaCompanyId,
    managed: ManagedCompanyId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    generation: u32,
    #[serde(default)]
    users: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<ManagedCompanyId>,
}

/// See [`AddressMapping`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AddressMappingRecord {
    #[serde(rename = "i")]
    pub id: AddressId,
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "a")]
    address: Address,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<AddressKey>,
    // As in `RememberedRecord`, which would be read in two steps: there may be half a million.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    sharers: Vec<PsaContactId>,
    /// There are more than could be listed.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    many: bool,
    /// The address that the user was asked to agree to.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    asked_for: Option<Address>,
}

impl From<&CompanyMapping> for CompanyMappingRecord {
    fn from(mapping: &CompanyMapping) -> Self {
        Self {
            company: mapping.company.clone(),
            managed: mapping.managed.clone(),
            name: mapping.name.clone(),
            identifier: mapping.identifier.clone(),
            generation: mapping.generation,
            users: mapping.users,
            former: mapping.former.clone(),
        }
    }
}

impl From<CompanyMappingRecord> for CompanyMapping {
    fn from(record: CompanyMappingRecord) -> Self {
        Self {
            company: record.company,
            managed: record.managed,
            // Earlier versions stored names as the PSA spelled them.
            name: name::cleaned(record.name),
            identifier: record.identifier,
            generation: record.generation,
            users: record.users,
            former: record.former,
        }
    }
}

impl AddressMappingRecord {
    /// Whether somebody else had the address when it was last imported.
    pub const fn has_sharers(&self) -> bool {
        self.many || !self.sharers.is_empty()
    }
}

impl From<&AddressMapping> for AddressMappingRecord {
    fn from(mapping: &AddressMapping) -> Self {
        let (sharers, many) = remembered::stored(&mapping.remembered.sharers);
        Self {
            id: mapping.id.clone(),
            user: mapping.user.clone(),
            address: mapping.address.clone(),
            others: mapping.other_addresses.clone(),
            name: mapping.remembered.name.clone(),
            sharers,
            many,
            asked_for: mapping.remembered.asked_for.clone(),
        }
    }
}

impl From<AddressMappingRecord> for AddressMapping {
    fn from(record: AddressMappingRecord) -> Self {
        Self {
            id: record.id,
            user: record.user,
            address: record.address,
            other_addresses: record.others,
            remembered: Remembered {
                name: record.name,
                sharers: remembered::read(record.sharers, record.many),
                asked_for: record.asked_for,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    fn stored() -> Value {
        json!({ "i": "12~1", "u": "u-1", "a": "Ana@X.example", "o": ["ana@y.example"] })
    }

    fn mapping(stored: Value) -> AddressMapping {
        from_value::<AddressMappingRecord>(stored).unwrap().into()
    }

    #[test]
    fn an_address_mapping_is_stored_under_one_letter_each() {
        let mapping = mapping(stored());
        assert_eq!((mapping.id.as_str(), mapping.user.as_str()), ("12~1", "u-1"));
        assert_eq!(mapping.address.original(), "Ana@X.example");
        assert_eq!(mapping.other_addresses[0].as_str(), "ana@y.example");
        assert_eq!(to_value(AddressMappingRecord::from(&mapping)).unwrap(), stored());
    }

    #[test]
    fn an_address_mapping_without_other_addresses_says_nothing_of_them() {
        let stored = json!({ "i": "12~1", "u": "u-1", "a": "ana@x.example" });
        let mut later = stored.clone();
        later["x"] = json!(1);
        assert_eq!(to_value(AddressMappingRecord::from(&mapping(later))).unwrap(), stored);
    }
}
