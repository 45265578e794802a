//! Outcomes of rows, as the journal holds them.

use domain::ids::AddressId;
use domain::plan::{Outcome, RowOutcome};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// See [`RowOutcome`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "RowOutcome")]
pub(crate) struct RowOutcomeRecord {
    #[serde(rename = "i")]
    address: Option<AddressId>,
    #[serde(rename = "o")]
    outcome: Outcome,
}

/// One of several.
#[derive(Deserialize)]
struct Owned(#[serde(with = "RowOutcomeRecord")] RowOutcome);

/// One of several that are borrowed.
struct Borrowed<'a>(&'a RowOutcome);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RowOutcomeRecord::serialize(self.0, serializer)
    }
}

/// Writes outcomes that are part of another record.
pub(crate) fn serialize<S: Serializer>(outcomes: &[RowOutcome], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(outcomes.iter().map(Borrowed))
}

/// Reads outcomes that are part of another record.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RowOutcome>, D::Error> {
    let outcomes = Vec::<Owned>::deserialize(deserializer)?;
    Ok(outcomes.into_iter().map(|outcome| outcome.0).collect())
}

#[cfg(test)]
mod tests {
    use domain::plan::Reason;
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn r40_outcomes_are_stored_under_short_names() {
        #[derive(Serialize, Deserialize)]
        struct Item {
            #[serde(with = "super")]
            of: Vec<RowOutcome>,
        }
        let stored =
            json!({ "of": [{ "i": null, "o": "created" }, { "i": "7~3", "o": { "failed": "address_conflict" } }] });
        let item: Item = from_value(stored.clone()).unwrap();
        assert_eq!(item.of[1].outcome, Outcome::Failed(Reason::AddressConflict));
        assert_eq!(to_value(&item).unwrap(), stored);
    }
}
