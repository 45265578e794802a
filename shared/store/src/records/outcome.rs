//! Outcomes of rows, as the journal holds them.

use domain::ids::AddressId;
use domain::plan::{Outcome, RowOutcome};
use domain::quotation::Quotation;
use serde::{Deserialize, Serialize};

/// See [`RowOutcome`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "RowOutcome")]
pub(crate) struct RowOutcomeRecord {
    #[serde(rename = "i")]
    address: Option<AddressId>,
    #[serde(rename = "o")]
    outcome: Outcome,
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    said: Option<Quotation>,
}

#[cfg(test)]
mod tests {
    use domain::plan::Reason;
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn r40_outcomes_are_stored_under_short_names() {
        #[derive(Serialize, Deserialize)]
        struct Item(#[serde(with = "RowOutcomeRecord")] RowOutcome);
        let stored = json!({ "i": "7~3", "o": { "failed": "address_conflict" } });
        let item: Item = from_value(stored.clone()).unwrap();
        assert_eq!(item.0.outcome, Outcome::Failed(Reason::AddressConflict));
        assert_eq!(to_value(&item).unwrap(), stored);
        let quoted = json!({ "i": "7~3", "o": { "failed": "directory_refused" }, "q": "The email is not valid." });
        let item: Item = from_value(quoted.clone()).unwrap();
        assert_eq!(
            item.0.said.as_ref().map(Quotation::as_str),
            Some("The email is not valid.")
        );
        assert_eq!(to_value(&item).unwrap(), quoted);
        let of_company = json!({ "i": null, "o": "created" });
        let item: Item = from_value(of_company.clone()).unwrap();
        assert_eq!(to_value(&item).unwrap(), of_company);
    }
}
