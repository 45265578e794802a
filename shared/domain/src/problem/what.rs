//! What some problems are about.

use serde::{Deserialize, Serialize};

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
    /// Something at an address of the API.
    Resource,
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
