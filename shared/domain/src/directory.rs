//! What the directory (the password manager) holds, and the idempotency keys by which it recognises a repeated call.

mod capabilities;
mod chosen;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::address::{Address, AddressKey};
use crate::ids::{AddressId, IdempotencyKey, ImportId, IntegrationId, ManagedCompanyId, PsaCompanyId, UserId};
use crate::name;

pub use capabilities::{AddressChange, Capabilities, CreationAction};
pub use chosen::{ChosenDirectory, DirectoryKind, LASTPASS_COMPANY};

/// A managed company: a client of the MSP in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagedCompany {
    /// The id of the managed company in the directory.
    pub id: ManagedCompanyId,
    /// The name of the managed company in the directory.
    pub name: String,
    /// Whether the directory has suspended it (R85). Absent means `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// How many users it may have. Absent if the directory keeps no limit (R89).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_limit: Option<u64>,
}

impl ManagedCompany {
    /// One that is active and has no limit.
    pub const fn new(id: ManagedCompanyId, name: String) -> Self {
        Self {
            id,
            name,
            suspended: false,
            licence_limit: None,
        }
    }

    /// Whether it has this cleaned name, stored earlier with characters that nobody sees.
    pub fn is_misspelled(&self, name: &str) -> bool {
        self.name != name && name::clean(&self.name) == name
    }
}

/// How far a user has come. A user who was created has not enrolled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UserState {
    /// The user was created, and the invitation is open.
    Invited,
    /// The person has signed in.
    Enrolled,
    /// The user was created and is not invited yet.
    Staged,
    /// The invitation expired before the person followed it.
    InvitationExpired,
    /// An administrator of the directory has to approve the user.
    AwaitingApproval,
    /// An administrator of the directory has disabled the user.
    Disabled,
}

/// A user of a managed company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's id in the directory.
    pub id: UserId,
    /// The id of the managed company that the user belongs to.
    pub company: ManagedCompanyId,
    /// The user's email address.
    pub address: Address,
    /// The person's name.
    pub name: String,
    /// How far the user has come.
    pub state: UserState,
}

/// Who holds an address, MSP-wide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressHolder {
    /// The comparable address.
    pub address: AddressKey,
    /// The user that has it.
    pub user: UserId,
    /// The managed company of that user.
    pub company: ManagedCompanyId,
}

/// How the directory charges for users (R46, R47).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LicenceMode {
    /// The MSP has a fixed number of licences, which can run out.
    Pool,
    /// The directory charges by use, and no licence is ever refused.
    Consumption,
}

/// The MSP's licences. In a pool `used + reserved + available = total` at all times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Licences {
    /// How the directory charges.
    pub mode: LicenceMode,
    /// How many licences the MSP has.
    pub total: u64,
    /// How many licences users hold.
    pub used: u64,
    /// How many licences imports under way have reserved.
    pub reserved: u64,
    /// How many licences are free.
    pub available: u64,
}

/// Names licences reserved by one confirmation of one import. An import that is confirmed twice has two: one confirmation may
/// have died half-way or give up, and its reservation must not be taken for the one that the other needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReservationId(String);

impl ReservationId {
    /// For a confirmation, by an id of its own.
    pub fn of(import: &ImportId, confirmation: &str) -> Self {
        Self(format!("{import}.{confirmation}"))
    }

    /// The import.
    pub fn import(&self) -> ImportId {
        ImportId::new(self.0.rsplit_once('.').map_or(self.0.as_str(), |(import, _)| import))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl IdempotencyKey {
    /// For the managed company of a PSA company. `generation` grows with every *unassign*, which asks for another one.
    pub fn company(integration: &IntegrationId, company: &PsaCompanyId, generation: u32) -> Self {
        Self::hashed(&[
            "company",
            integration.as_str(),
            company.as_str(),
            &generation.to_string(),
        ])
    }

    /// For the user that an import creates for one address of a contact. Another import asks for another user: by then the row
    /// may hold another address, and a user that was created has its own, by which it is found.
    pub fn user(import: &ImportId, company: &ManagedCompanyId, address: &AddressId) -> Self {
        Self::hashed(&["user", import.as_str(), company.as_str(), address.as_str()])
    }

    /// For something made by hand, under a unique id of that call.
    pub fn by_hand(id: &str) -> Self {
        Self::hashed(&["by-hand", id])
    }

    /// For a sign-in, by the token that came of it.
    pub fn sign_in(token: &str) -> Self {
        Self::hashed(&["sign-in", token])
    }

    /// For a batch of calls, by the keys of its calls.
    pub fn batch<'a>(keys: impl IntoIterator<Item = &'a Self>) -> Self {
        let keys = keys.into_iter().map(Self::as_str);
        Self::hashed(&std::iter::once("batch").chain(keys).collect::<Vec<_>>())
    }

    /// 32 hexadecimal digits.
    fn hashed(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self::new(hex::encode(&hash.finalize()[..16]))
    }
}
