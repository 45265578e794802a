//! What a PSA holds, as far as an import needs it, and the ways in which reading it can fail.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};

/// The PSA products that the service can read (R1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PsaKind {
    /// `ConnectWise` PSA, formerly Manage.
    Connectwise,
    /// Datto Autotask PSA.
    Autotask,
}

impl PsaKind {
    /// Every product, in the order of the API document.
    pub const ALL: [Self; 2] = [Self::Connectwise, Self::Autotask];

    /// How items and the API spell it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Connectwise => "connectwise",
            Self::Autotask => "autotask",
        }
    }

    /// The product's name as its users know it.
    pub const fn product(self) -> &'static str {
        match self {
            Self::Connectwise => "ConnectWise PSA",
            Self::Autotask => "Autotask PSA",
        }
    }
}

/// Which PSA an integration reads: the id of a vendor's descriptor, as items and the API spell it.
///
/// Every [`PsaKind`] has one. The type is open all the same: code that reads an item need not know the product; only code that connects
/// must.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VendorId([u8; VendorId::LONGEST]);

/// The text cannot be the id of a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a PSA product")]
pub struct NotAVendorId;

impl VendorId {
    /// The most characters. They are kept in place, so that an id can be copied into every failure.
    const LONGEST: usize = 16;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::LONGEST);
        str::from_utf8(&self.0[..end]).unwrap_or_default()
    }

    /// The product's name as its users know it; the id, if it is of no product of this version.
    pub fn product(&self) -> &str {
        match PsaKind::ALL.into_iter().find(|kind| self == kind) {
            Some(kind) => kind.product(),
            None => self.as_str(),
        }
    }
}

impl TryFrom<&str> for VendorId {
    type Error = NotAVendorId;

    fn try_from(id: &str) -> Result<Self, NotAVendorId> {
        let mut bytes = [0; Self::LONGEST];
        let plain = !id.is_empty()
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let room = bytes.get_mut(..id.len()).filter(|_| plain).ok_or(NotAVendorId)?;
        room.copy_from_slice(id.as_bytes());
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for VendorId {
    type Error = NotAVendorId;

    fn try_from(id: String) -> Result<Self, NotAVendorId> {
        Self::try_from(id.as_str())
    }
}

impl From<VendorId> for String {
    fn from(id: VendorId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<PsaKind> for VendorId {
    fn from(kind: PsaKind) -> Self {
        // The fallback is never used: a test converts every kind.
        Self::try_from(kind.id()).unwrap_or(Self([0; Self::LONGEST]))
    }
}

impl PartialEq<PsaKind> for VendorId {
    fn eq(&self, kind: &PsaKind) -> bool {
        self.as_str() == kind.id()
    }
}

impl fmt::Debug for VendorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A company of the PSA. Identified by `id` alone: names are neither unique nor stable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PsaCompany {
    /// The PSA's id.
    pub id: PsaCompanyId,
    /// The name as the PSA spells it.
    pub name: String,
    /// The short name that some PSAs keep next to the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// What the column *type* shows.
    pub types: Vec<String>,
    /// What the column *PSA status* shows.
    pub status: String,
    /// Whether the PSA counts the company as active.
    pub active: bool,
    /// The MSP's own company (R12).
    pub own: bool,
    /// The company's web site, if the PSA knows one.
    pub website: Option<String>,
    /// Values by which the company can be filtered; an attribute may have several.
    #[serde(default)]
    pub values: Vec<(AttributeId, ValueId)>,
}

/// A contact of the PSA with every address it has.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PsaContact {
    /// The PSA's id.
    pub id: PsaContactId,
    /// The company the contact hangs on; some hang on none.
    pub company: Option<PsaCompanyId>,
    /// First and last name, joined.
    pub name: String,
    /// Whether the PSA counts the contact as active.
    pub active: bool,
    /// Addresses as the PSA spells them, the preferred one first; may be empty, invalid or repeated.
    pub addresses: Vec<PsaAddress>,
    /// Values by which the contact can be filtered.
    #[serde(default)]
    pub values: Vec<(AttributeId, ValueId)>,
}

impl fmt::Debug for PsaContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PsaContact")
            .field("id", &self.id)
            .field("company", &self.company)
            .finish_non_exhaustive()
    }
}

/// One address of a contact, unchecked.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PsaAddress {
    /// Which of the contact's addresses this is.
    pub slot: AddressSlot,
    /// The text that stands there.
    pub text: String,
}

impl fmt::Debug for PsaAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PsaAddress")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

/// What reading a record back by its id found: a company (R14), or a contact (R55).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookedUp<Record = PsaCompany, Id = PsaCompanyId> {
    /// It is there.
    Present(Record),
    /// The PSA keeps it, marked as deleted.
    Deleted(Id),
    /// The PSA does not know this id.
    Gone(Id),
    /// The PSA, or its answer, fails for this record alone.
    Unreadable(Id),
}

/// Where a walk stands. Opaque to everyone but the client that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One page of a walk by id.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the order of their ids.
    pub items: Vec<T>,
    /// Where to go on; `None` means that the walk is provably complete.
    pub next: Option<Cursor>,
}

/// How many companies and contacts match a filter, where the PSA tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Matching companies.
    pub companies: u64,
    /// Matching contacts.
    pub contacts: u64,
}

/// What the PSA says has changed since a moment, and how many rows there are now (R77).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Companies that changed, whatever their state and the filter.
    pub companies: Vec<LookedUp>,
    /// Contacts that changed, whatever the filter.
    pub contacts: Vec<PsaContact>,
    /// How many rows the filter accepts, as the PSA counts them.
    pub totals: Totals,
    /// When the PSA answered, by its own clock: what changes later is not among the changes. `None` if it does not say.
    pub as_of: Option<jiff::Timestamp>,
}

/// What asking for changes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangesRead {
    /// All of them were read.
    All(Changes),
    /// So many have changed that reading everything is as cheap.
    TooMany,
    /// The PSA does not say what changed.
    NotOffered,
}

/// What a client has read of the PSA's tables and needs to make records of changed rows. Opaque to everyone but the client that made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tables(pub String);

/// Why reading a PSA failed; each kind has a code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PsaFailureKind {
    /// The PSA answers 5xx, still after retries.
    PsaServerError,
    /// Credentials are invalid, expired or revoked.
    PsaUnauthorized,
    /// The credentials lack a right.
    PsaForbidden,
    /// Unexpected data: not JSON, wrong schema, truncated, wrong content type.
    PsaInvalidResponse,
    /// Anything else: timeout, DNS, TLS, a rate limit that does not end.
    PsaUnknownError,
    /// The PSA answers as another tenant than the integration's (R51).
    PsaOtherTenant,
}

impl PsaFailureKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::PsaServerError,
        Self::PsaUnauthorized,
        Self::PsaForbidden,
        Self::PsaInvalidResponse,
        Self::PsaUnknownError,
        Self::PsaOtherTenant,
    ];
}

/// A failed read of a PSA. Holds nothing that may not be logged or shown: no credential, no address, no reply body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?} at {endpoint}: {reason}")]
pub struct PsaFailure {
    /// Which of the codes this is.
    pub kind: PsaFailureKind,
    /// What was asked, such as `GET /company/companies`.
    pub endpoint: String,
    /// For the log: what happened, in our own words.
    pub reason: String,
    /// The right to grant in the PSA, when one is missing.
    pub missing_right: Option<String>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The earliest moment at which asking again makes sense, when the PSA named one that does not fit into this run.
    pub not_before: Option<jiff::Timestamp>,
}

impl PsaFailure {
    /// The PSA answers as another tenant than the integration's. No later call of the same credentials succeeds.
    pub fn other_tenant(reason: &str) -> Self {
        Self {
            kind: PsaFailureKind::PsaOtherTenant,
            endpoint: "tenant".to_owned(),
            reason: reason.to_owned(),
            missing_right: None,
            retryable: false,
            not_before: None,
        }
    }

    /// Until when the PSA asks to be left alone, if the same call may succeed then.
    pub fn asks_to_wait(&self) -> Option<jiff::Timestamp> {
        self.not_before.filter(|_| self.retryable)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn r01_a_kind_and_its_vendor_id_are_spelled_alike() {
        for kind in PsaKind::ALL {
            let id = VendorId::from(kind);
            assert_eq!(json!(kind), json!(id));
            assert_eq!(serde_json::from_value::<VendorId>(json!(kind)).unwrap(), kind);
            assert_eq!(id.product(), kind.product());
        }
    }

    #[test]
    fn a_vendor_id_is_a_short_plain_word() {
        for id in ["x", "halo", "0123456789abcdef"] {
            assert_eq!(VendorId::try_from(id).unwrap().as_str(), id);
        }
        for text in ["", "Halo", "halo psa", "0123456789abcdefg", "h\u{e4}lo", "a\0"] {
            assert_eq!(VendorId::try_from(text), Err(NotAVendorId), "{text:?}");
        }
    }
}
