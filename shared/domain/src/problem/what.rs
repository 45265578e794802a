//! What some problems are about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::mapping::MAX_DROPPED;

/// The most decisions on many rows that an import has, and each of its companies.
pub const MAX_RULES: usize = 50;

/// The most rows that all rules of an import, or of one of its companies, together name by their ids: so many fit into an item.
pub const MAX_NAMED_ROWS: usize = 50_000;

/// The most companies and people of one integration that are excluded. All of them are one stored item, which every plan reads.
pub const MAX_EXCLUSIONS: usize = 2_000;

/// What is looked for by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    /// An import.
    Import,
    /// A company row.
    CompanyOfImport,
    /// An address row.
    AddressOfCompany,
    /// A managed company.
    ManagedCompany,
    /// A user of a managed company.
    User,
    /// A decision on many rows.
    Rule,
    /// A company or person that is excluded for good.
    Exclusion,
    /// The mapping of a company or of an address.
    Mapping,
    /// Something at an address of the API.
    Resource,
}

/// What the service limits (R65), so that one MSP cannot take what all share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Limited {
    /// Integrations of an MSP.
    Integrations,
    /// Companies of a PSA that match the filter.
    Companies,
    /// Contacts of a PSA that match the filter.
    Contacts,
    /// Rules of an import, or of one of its companies (R69).
    Rules,
    /// Rows that the rules of an import, or of one of its companies, name by their ids (R75).
    NamedRows,
    /// Companies and people of an integration that are excluded (R96).
    Exclusions,
    /// Companies of an integration whose mapping was dropped by hand (R96).
    DroppedMappings,
}

impl Limited {
    /// The largest number.
    pub const fn limit(self) -> u64 {
        match self {
            Self::Integrations => 20,
            Self::Companies => 50_000,
            Self::Contacts => 1_000_000,
            Self::Rules => MAX_RULES as u64,
            Self::NamedRows => MAX_NAMED_ROWS as u64,
            Self::Exclusions => MAX_EXCLUSIONS as u64,
            Self::DroppedMappings => MAX_DROPPED as u64,
        }
    }

    /// Refuses a number above the largest.
    pub const fn check(self, count: u64) -> Result<(), Problem> {
        if count > self.limit() {
            return Err(Problem::LimitExceeded { of: self });
        }
        Ok(())
    }
}

/// Why the address of a PSA is refused. Never repeats the address, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UrlRefused {
    /// No address at all.
    Empty,
    /// Not to be read as one.
    NotAnAddress,
    /// Anything but https.
    NotHttps,
    /// A user name or a password in front of the host.
    UserInfo,
    /// A number where a name belongs.
    IpLiteral,
    /// Any port but 443.
    Port,
    /// A name that does not exist on the public internet.
    PrivateName,
    /// Not one of the vendor's, where only those exist.
    NotTheVendor,
}
