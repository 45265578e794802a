//! What mappings, and the plans that rewrite them, remember of those who had an address.

use domain::ids::PsaContactId;
use domain::remembered::{Remembered, Sharers};
use serde::{Deserialize, Serialize};

/// See [`Remembered`]. Part of other records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RememberedRecord {
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    sharers: Vec<PsaContactId>,
    /// There are more than could be listed.
    #[serde(rename = "m", default, skip_serializing_if = "std::ops::Not::not")]
    many: bool,
}

impl From<&Remembered> for RememberedRecord {
    fn from(remembered: &Remembered) -> Self {
        let sharers = match &remembered.sharers {
            Sharers::Of(some) => some.iter().cloned().collect(),
            Sharers::Many => Vec::new(),
        };
        Self {
            name: remembered.name.clone(),
            sharers,
            many: remembered.sharers == Sharers::Many,
        }
    }
}

impl From<RememberedRecord> for Remembered {
    fn from(record: RememberedRecord) -> Self {
        let sharers = if record.many {
            Sharers::Many
        } else {
            record.sharers.into_iter().collect()
        };
        Self {
            name: record.name,
            sharers,
        }
    }
}
