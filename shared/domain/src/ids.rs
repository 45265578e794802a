//! Identifiers. Each is an opaque string of its own type, so that one can never be passed for another. Clones share the text: a plan has
//! each of half a million in several places.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{self, InvalidText, ReadText};

/// The most characters of an identifier, so that every key made of it stays below the limits of keys.
pub const MAX_LENGTH: usize = 200;

/// Checks an identifier that comes from outside. One that was made here always passes.
pub fn check(id: &str) -> Result<(), InvalidText> {
    text::check(id, 0, MAX_LENGTH)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        #[schemars(inline, extend("maxLength" = MAX_LENGTH))]
        pub struct $name(Arc<str>);

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(id: String) -> Result<Self, InvalidText> {
                check(&id)?;
                Ok(Self::new(id))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let id = deserializer.deserialize_str(ReadText(|id: &str| check(id).map(|()| Self::new(id))))?;
                id.map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                (*id.0).to_owned()
            }
        }

        impl $name {
            /// Wraps an identifier as it is; identifiers are opaque.
            pub fn new(id: impl AsRef<str>) -> Self {
                Self(id.as_ref().into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// The tenant: the account that owns integrations, managed companies and licences.
    MspId
);
id!(
    /// The id of an integration: one PSA connected to one MSP.
    IntegrationId
);
id!(
    /// The id of an import: one pass from the PSA to the directory.
    ImportId
);
id!(
    /// Identifies one intended change, and is the same in every repetition of it: a schedule or event that names its import by one
    /// starts it once (R49), and the directory answers a repeated call with its first answer and changes nothing.
    IdempotencyKey
);
id!(
    /// Names the credentials of an integration among the secrets of its MSP. One that is connected again gets another.
    SecretId
);
id!(
    /// Identifies the tenant of a PSA within one product: equal values mean the same tenant (R51).
    TenantFingerprint
);
id!(
    /// The id of a company in the PSA. Autotask gives the MSP's own organisation the id `0`, which is valid.
    PsaCompanyId
);
id!(
    /// The id of a contact in the PSA.
    PsaContactId
);
id!(
    /// What distinguishes the addresses of one contact in the PSA: the communication item (`ConnectWise`) or the field
    /// (Autotask).
    AddressSlot
);
id!(
    /// The id of a managed company in the directory.
    ManagedCompanyId
);
id!(
    /// The id of a user in the directory.
    UserId
);
id!(
    /// The id of an attribute that a PSA can be filtered by, such as `companyType`.
    AttributeId
);
id!(
    /// The id of one value of an attribute.
    ValueId
);

/// The id of an address row within its company: the contact's id, `~`, and the slot of the address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(inline)]
pub struct AddressId(Arc<str>);

impl<'de> Deserialize<'de> for AddressId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadText(|id: &str| Self::new(id)))
    }
}

impl Serialize for AddressId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl AddressId {
    /// The id of one address of one contact.
    pub fn of(contact: &PsaContactId, slot: &AddressSlot) -> Self {
        Self(format!("{contact}~{slot}").into())
    }

    /// Wraps an id as it came from outside.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(id.as_ref().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The contact the address belongs to.
    pub fn contact(&self) -> &str {
        self.0.split_once('~').map_or(self.as_str(), |(contact, _)| contact)
    }
}

impl fmt::Display for AddressId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
