//! Lists of company ids as they are stored: PSAs count, so each id is stored as the difference from the one before it.

use domain::ids::PsaCompanyId;
use serde::{Deserialize, Serialize};

/// Ids in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum IdsRecord {
    /// The first id, then differences.
    Numbers(Vec<i64>),
    /// Ids of which some are no numbers, or not spelled as numbers are.
    Texts(Vec<PsaCompanyId>),
}

impl IdsRecord {
    pub(crate) fn of<'a>(ids: impl IntoIterator<Item = &'a PsaCompanyId> + Clone) -> Self {
        let mut before = 0;
        let differences = ids.clone().into_iter().map(|id| {
            let number = number(id)?;
            let difference = number - before;
            before = number;
            Some(difference)
        });
        match differences.collect() {
            Some(differences) => Self::Numbers(differences),
            None => Self::Texts(ids.into_iter().cloned().collect()),
        }
    }

    pub(crate) fn into_ids(self) -> Vec<PsaCompanyId> {
        match self {
            Self::Texts(ids) => ids,
            Self::Numbers(differences) => {
                let ids = differences.into_iter().scan(0_i64, |number, difference| {
                    *number = number.saturating_add(difference);
                    Some(PsaCompanyId::new(number.to_string()))
                });
                ids.collect()
            }
        }
    }
}

/// The number that an id is, if it is read back as the same text. None is so large that a difference could overflow.
fn number(id: &PsaCompanyId) -> Option<i64> {
    let number: i64 = id.as_str().parse().ok()?;
    ((0..1 << 60).contains(&number) && number.to_string() == id.as_str()).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_are_read_as_they_were_stored(ids in prop::collection::vec(prop_oneof!["[0-9]{1,25}", "[1-9][0-9]{0,9}", "[a-z0-9-]{0,9}"], 0..50)) {
            let ids: Vec<PsaCompanyId> = ids.into_iter().map(PsaCompanyId::new).collect();
            let stored = serde_json::to_string(&IdsRecord::of(&ids)).unwrap();
            prop_assert_eq!(serde_json::from_str::<IdsRecord>(&stored).unwrap().into_ids(), ids);
        }

        #[test]
        fn numbers_are_stored_as_differences(ids in prop::collection::vec(0..1_000_000_u64, 1..50)) {
            let ids: Vec<PsaCompanyId> = ids.into_iter().map(|id| PsaCompanyId::new(id.to_string())).collect();
            prop_assert!(matches!(IdsRecord::of(&ids), IdsRecord::Numbers(_)));
        }
    }
}
