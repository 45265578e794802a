//! Which rows a rule is about (R69, R70).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{AddressId, PsaCompanyId};
use crate::name::{NameKey, Searched};
use crate::row::{AddressStatus, CompanyRow, ImportStatus, SnapshotAddress};

/// A text of a filter. It is folded once, for all the names that it is compared with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Sought {
    text: String,
    key: NameKey,
    searched: Searched,
}

/// Which company rows a rule is about. What is not asked for is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CompanyFilter {
    /// Of one of these statuses; of any, if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<ImportStatus>,
    /// Whose name holds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Sought>,
    /// Of this type of the PSA.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Sought>,
    /// Whether the PSA counts them as active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// These and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<BTreeSet<PsaCompanyId>>,
}

/// Which address rows a rule is about. What is not asked for is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersonFilter {
    /// Of one of these statuses; of any, if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<AddressStatus>,
    /// Whose name or address holds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Sought>,
    /// Whether the PSA counts them as active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// These and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<BTreeSet<AddressId>>,
    /// Of these companies.
    pub company: CompanyFilter,
}

impl CompanyFilter {
    /// Whether a row is one of those asked for.
    pub fn accepts(&self, row: &CompanyRow) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && self.active.is_none_or(|active| active == row.active)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&row.id))
            && self.search.as_ref().is_none_or(|search| search.is_in(&row.name))
            && self
                .kind
                .as_ref()
                .is_none_or(|kind| row.types.iter().any(|name| kind.is(name)))
    }
}

impl PersonFilter {
    /// Whether an address row is one of those asked for, whatever its company and its status.
    pub(super) fn may_accept(&self, address: &SnapshotAddress) -> bool {
        let holds = |search: &Sought| search.is_in(&address.name) || search.is_in(address.text());
        self.active.is_none_or(|active| active == address.active)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&address.id))
            && self.search.as_ref().is_none_or(holds)
    }
}

impl Sought {
    /// Whether a name holds it, whatever the case and the accents of either (R73).
    fn is_in(&self, name: &str) -> bool {
        self.searched.is_in(name)
    }

    /// Whether it is the name, however either is spelled (R21).
    fn is(&self, name: &str) -> bool {
        NameKey::of(name) == self.key
    }
}

impl From<String> for Sought {
    fn from(text: String) -> Self {
        Self {
            key: NameKey::of(&text),
            searched: Searched::of(&text),
            text,
        }
    }
}

impl From<Sought> for String {
    fn from(sought: Sought) -> Self {
        sought.text
    }
}

impl PartialEq for Sought {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Sought {}

/// Shows its length alone: it may be somebody's name.
impl fmt::Debug for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sought({} bytes)", self.text.len())
    }
}
