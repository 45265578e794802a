//! What a PSA can evaluate of a filter.

use domain::filter::Filter;
use domain::ids::AttributeId;
#[cfg(test)]
use domain::ids::ValueId;

/// The ids that a filter accepts of an attribute whose values are numbers. A value that is none keeps the whole attribute from the PSA:
/// what it does not evaluate is filtered after reading.
pub fn accepted_ids(filter: &Filter, attribute: &str) -> Option<Vec<i64>> {
    let values = filter.0.get(&AttributeId::new(attribute))?;
    let ids: Option<Vec<i64>> = values.iter().map(|value| value.as_str().parse().ok()).collect();
    ids.filter(|ids| !ids.is_empty())
}

/// A filter of attributes with their values.
#[cfg(test)]
pub(crate) fn filter(entries: &[(&str, &[&str])]) -> Filter {
    let values = |values: &[&str]| values.iter().map(|value| ValueId::new(*value)).collect();
    let entries = entries.iter().map(|(id, of)| (AttributeId::new(*id), values(of)));
    Filter(entries.collect())
}
