//! What is stored of LastPass, and of what it was asked for.

use domain::address::AddressKey;
use domain::directory::{ManagedCompany, ReservationId};
use domain::ids::ManagedCompanyId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Kind;

/// How many days content of LastPass is kept that no fetch renews: an MSP that has left is forgotten then (R67).
const CONTENT_DAYS: i64 = 30;

/// How many days it is known what was asked for: as long as the audit trail.
const CREATION_DAYS: i64 = 400;

/// Content that has fewer days left is written again by the fetch that reads it.
pub(super) const RENEWED_DAYS: i64 = 15;

pub(super) const HEAD: Kind = Kind::first("what is known of LastPass").kept(CONTENT_DAYS);
pub(super) const COMPANIES: Kind = Kind::first("companies of LastPass").kept(CONTENT_DAYS);
pub(super) const USERS: Kind = Kind::first("users of LastPass").kept(CONTENT_DAYS);
pub(super) const CREATION: Kind = Kind::first("creation in LastPass").kept(CREATION_DAYS);
pub(super) const NAME: Kind = Kind::first("name of a creation in LastPass").kept(CREATION_DAYS);
/// Since schema 2 users are named by digests of their addresses; before, by idempotency keys, which no later import has.
pub(super) const SENDING: Kind = Kind {
    schema: 2,
    ..Kind::first("users sent to LastPass").kept(1)
};
pub(super) const USED: Kind = Kind::first("users created in LastPass").kept(CONTENT_DAYS);
pub(super) const ASKING: Kind = Kind::first("address asked of LastPass").kept(CREATION_DAYS);

/// What is known as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeadRecord {
    /// Names the list of companies, by the moment at which it was read. The list was written in `items` items.
    #[serde(rename = "v")]
    pub version: String,
    #[serde(rename = "n")]
    pub items: usize,
    /// Users that were counted when all were last read.
    #[serde(rename = "u", default)]
    pub users: u64,
    /// When the last reading of all users began that came to its end.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub walked: Option<Timestamp>,
    /// Companies that are listed and whose users are still to be read.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<ManagedCompanyId>,
}

/// A managed company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CompanyRecord {
    #[serde(rename = "i")]
    id: ManagedCompanyId,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    licence_limit: Option<u64>,
}

impl From<&ManagedCompany> for CompanyRecord {
    fn from(company: &ManagedCompany) -> Self {
        Self {
            id: company.id.clone(),
            name: company.name.clone(),
            suspended: company.suspended,
            licence_limit: company.licence_limit,
        }
    }
}

impl From<CompanyRecord> for ManagedCompany {
    fn from(record: CompanyRecord) -> Self {
        Self {
            suspended: record.suspended,
            licence_limit: record.licence_limit,
            ..Self::new(record.id, record.name)
        }
    }
}

/// A confirmed import, and how many users it has created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UsedRecord {
    pub reservation: ReservationId,
    /// When it was confirmed, or ended.
    pub at: Timestamp,
    /// Users that it has created; once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u64>,
}

/// A managed company that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CreationRecord {
    /// The name it was asked for with.
    pub name: String,
    /// Companies of that name there were before.
    pub known: Vec<ManagedCompanyId>,
    pub asked: Timestamp,
    /// Whether LastPass has accepted it.
    #[serde(default)]
    pub accepted: bool,
    /// Where LastPass says what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it has become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ManagedCompanyId>,
}

/// Who asks for a company of a name: one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameRecord {
    /// The key of the creation.
    pub holder: String,
    pub since: Timestamp,
}

/// The address that a user may have been asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AskingRecord {
    pub address: AddressKey,
    /// Who asks: a number that nobody else has.
    pub by: String,
}

/// Users of one company who were sent, by digests of their addresses, and when: of each an answer may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SendingRecord {
    pub users: Vec<(String, Timestamp)>,
    /// A number that no other write of this record has: who writes it next has to have read it.
    #[serde(default)]
    pub by: String,
}
