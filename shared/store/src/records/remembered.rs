//! What mappings, and the plans that rewrite them, remember of those who had an address.

use std::borrow::Cow;

use domain::address::Address;
use domain::ids::PsaContactId;
use domain::remembered::{Remembered, Sharers};
use serde::{Deserialize, Serialize};

/// See [`Remembered`]. Part of other records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RememberedRecord<'a> {
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    sharers: Vec<PsaContactId>,
    /// There are more than could be listed.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    many: bool,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    asked_for: Option<Cow<'a, Address>>,
}

/// Sharers as records have them: those that are listed, and whether there are more than could be.
pub(crate) fn stored(sharers: &Sharers) -> (Vec<PsaContactId>, bool) {
    (sharers.listed().cloned().collect(), *sharers == Sharers::Many)
}

/// Sharers of what records have.
pub(crate) fn read(listed: Vec<PsaContactId>, many: bool) -> Sharers {
    if many {
        Sharers::Many
    } else {
        listed.into_iter().collect()
    }
}

impl<'a> From<&'a Remembered> for RememberedRecord<'a> {
    fn from(remembered: &'a Remembered) -> Self {
        let (sharers, many) = stored(&remembered.sharers);
        Self {
            name: remembered.name.as_deref().map(Cow::Borrowed),
            sharers,
            many,
            asked_for: remembered.asked_for.as_ref().map(Cow::Borrowed),
        }
    }
}

impl From<RememberedRecord<'_>> for Remembered {
    fn from(record: RememberedRecord<'_>) -> Self {
        Self {
            name: record.name.map(Cow::into_owned),
            sharers: read(record.sharers, record.many),
            asked_for: record.asked_for.map(Cow::into_owned),
        }
    }
}
