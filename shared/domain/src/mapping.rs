//! The durable links between a PSA and the directory.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::ids::{ManagedCompanyId, PsaCompanyId, UserId};
use crate::row::AddressId;

/// PSA company → managed company, within one integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompanyMapping {
    /// The PSA's id.
    pub company: PsaCompanyId,
    /// The managed company.
    pub managed: ManagedCompanyId,
    /// The name the PSA had when it was last carried over; only a difference to this is a renaming.
    pub name: String,
    /// How often another managed company was asked for (see [`crate::directory::Token::company`]).
    pub generation: u32,
    /// How many users its addresses are mapped to.
    #[serde(default)]
    pub users: u64,
}

/// PSA contact and address → user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMapping {
    /// Contact and slot.
    #[serde(rename = "i")]
    pub id: AddressId,
    /// The user.
    #[serde(rename = "u")]
    pub user: UserId,
    /// The address as last imported.
    #[serde(rename = "a")]
    pub address: Address,
    /// How often another user was asked for.
    #[serde(rename = "g", default)]
    pub generation: u32,
}
