//! The filter for active companies, from the values that this very PSA answers (R6).

use domain::psa::PsaKind;
use sandbox::Error;
use sandbox::api::Api;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers;

#[derive(Deserialize)]
pub(super) struct Attribute {
    id: String,
    label: String,
    values: Vec<AttributeValue>,
}

#[derive(Deserialize)]
struct AttributeValue {
    id: String,
    label: String,
}

/// What to filter by, and how to say it.
pub(super) struct Filter {
    pub value: Value,
    pub text: String,
}

/// What the PSA can filter by.
pub(super) async fn attributes(ana: &Api, integration: &str) -> Result<Vec<Attribute>, Error> {
    answers::list(ana, &format!("/integrations/{integration}/attributes")).await
}

pub(super) fn active_companies(attributes: &[Attribute], kind: PsaKind) -> Result<Filter, Error> {
    let attribute = match kind {
        PsaKind::Connectwise => "companyStatus",
        PsaKind::Autotask => "companyActive",
    };
    let (attribute, value) = value_labelled(attributes, attribute, "Active")?;
    Ok(Filter {
        value: json!({ attribute.id.as_str(): [value.id] }),
        text: format!("{} = {}", attribute.label, value.label),
    })
}

/// The id that the PSA gave to a company status: every MSP has its own.
pub(super) fn company_status(attributes: &[Attribute], label: &str) -> Result<String, Error> {
    value_labelled(attributes, "companyStatus", label).map(|(_, value)| value.id.clone())
}

fn value_labelled<'a>(
    attributes: &'a [Attribute],
    attribute: &str,
    label: &str,
) -> Result<(&'a Attribute, &'a AttributeValue), Error> {
    let mut values = attributes
        .iter()
        .filter(|found| found.id == attribute)
        .flat_map(|found| found.values.iter().map(move |value| (found, value)));
    values
        .find(|(_, value)| value.label == label)
        .ok_or_else(|| Error::Unexpected(format!("the PSA has no value {label} of {attribute}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(id: &str, value: &str) -> Vec<Attribute> {
        let values = json!([{ "id": "9", "label": "Inactive" }, { "id": value, "label": "Active" }]);
        answers::read(json!([{ "id": id, "label": "Company status", "values": values }])).unwrap()
    }

    #[test]
    fn the_filter_holds_the_id_that_this_psa_gave_the_label() {
        let filter = active_companies(&attributes("companyStatus", "17"), PsaKind::Connectwise).unwrap();
        assert_eq!(filter.value, json!({ "companyStatus": ["17"] }));
        assert_eq!(filter.text, "Company status = Active");
    }

    #[test]
    fn a_psa_without_the_attribute_is_an_error() {
        assert!(active_companies(&attributes("companyStatus", "17"), PsaKind::Autotask).is_err());
    }
}
