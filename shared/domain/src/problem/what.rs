//! What some problems are about, in words of either language.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What is looked for by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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

impl ResourceKind {
    pub(super) const fn text(self, language: Language) -> &'static str {
        match self {
            Self::Import => language.pick("import", "import"),
            Self::CompanyOfImport => language.pick("company in this import", "bedrijf in deze import"),
            Self::AddressOfCompany => language.pick("address of this company", "adres van dit bedrijf"),
            Self::ManagedCompany => language.pick("managed company", "beheerd bedrijf"),
            Self::User => language.pick("user of this managed company", "gebruiker van dit beheerde bedrijf"),
            Self::Resource => language.pick("call", "aanroep"),
        }
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

impl UrlRefused {
    /// A half-sentence.
    pub const fn text(self, language: Language) -> &'static str {
        match self {
            Self::Empty => language.pick("it is empty", "het is leeg"),
            Self::NotAnAddress => language.pick("it is no address", "het is geen adres"),
            Self::NotHttps => language.pick("it must begin with https://", "het moet met https:// beginnen"),
            Self::UserInfo => language.pick(
                "it must not hold a user name or a password",
                "er mag geen gebruikersnaam of wachtwoord in staan",
            ),
            Self::IpLiteral => language.pick(
                "it must be a name, not an IP address",
                "het moet een naam zijn, geen IP-adres",
            ),
            Self::Port => language.pick(
                "it must not name a port other than 443",
                "er mag geen andere poort dan 443 in staan",
            ),
            Self::PrivateName => language.pick(
                "it must be a name of the public internet",
                "het moet een naam van het openbare internet zijn",
            ),
            Self::NotTheVendor => language.pick("it must be under autotask.net", "het moet onder autotask.net vallen"),
        }
    }
}
