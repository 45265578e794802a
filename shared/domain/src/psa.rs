//! What a PSA holds, as far as an import needs it, and the ways in which reading it can fail.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, ValueId};

/// The PSA products there are clients for (R1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PsaKind {
    /// `ConnectWise` PSA, formerly Manage.
    Connectwise,
    /// Datto Autotask PSA.
    Autotask,
}

impl PsaKind {
    /// The product's name as its users know it.
    pub const fn product(self) -> &'static str {
        match self {
            Self::Connectwise => "ConnectWise PSA",
            Self::Autotask => "Autotask PSA",
        }
    }
}

/// A company of the PSA. Identified by `id` alone: names are neither unique nor stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PsaCompany {
    /// The PSA's id.
    pub id: PsaCompanyId,
    /// The name as the PSA spells it.
    pub name: String,
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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What reading a company back by its id found (R14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookedUp {
    /// It is there.
    Present(PsaCompany),
    /// The PSA keeps it, marked as deleted.
    Deleted(PsaCompanyId),
    /// The PSA does not know this id.
    Gone(PsaCompanyId),
    /// The PSA, or its answer, fails for this company alone.
    Unreadable(PsaCompanyId),
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

/// Why reading a PSA failed: one of the five PSA codes of requirements J.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
}

/// A failed read of a PSA. Holds nothing that may not be logged or shown: no credential, no address, no reply body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
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
    /// Until when the PSA asks to be left alone, if the same call may succeed then.
    pub fn asks_to_wait(&self) -> Option<jiff::Timestamp> {
        self.not_before.filter(|_| self.retryable)
    }
}
