//! Decisions on many rows of an import.

use domain::row::{AddressStatus, ImportStatus};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub id: String,
    #[serde(flatten)]
    pub scope: Scope,
    pub selected: Option<bool>,
    #[serde(default)]
    pub reset: bool,
    pub target: Option<RuleTarget>,
}

/// Which rows a rule is about.
#[derive(Debug, Deserialize)]
#[serde(tag = "about", rename_all = "camelCase")]
pub(crate) enum Scope {
    Companies {
        #[serde(rename = "where")]
        filter: RowFilter<ImportStatus>,
    },
    People {
        /// The only company that it is about, by its id in the PSA.
        company: Option<String>,
        #[serde(rename = "where")]
        filter: PeopleFilter,
    },
}

/// The conditions for rows of one kind; those that are not there leave it open.
#[derive(Debug, Deserialize)]
pub(crate) struct RowFilter<S> {
    #[serde(default = "Vec::new")]
    pub statuses: Vec<S>,
    pub search: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub active: Option<bool>,
    pub ids: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PeopleFilter {
    #[serde(flatten)]
    pub people: RowFilter<AddressStatus>,
    /// The conditions for their companies.
    pub company: RowFilter<ImportStatus>,
}

/// What companies become by a rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RuleTarget {
    Automatic {},
    Create {},
    Suggested { least: u64 },
}
