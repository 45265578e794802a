//! Pages and counts.

use serde::Deserialize;

/// A page of a query.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct Rows<R> {
    /// Required.
    pub(in crate::autotask) items: Vec<R>,
    /// Required.
    pub(in crate::autotask) page_details: PageDetails,
}

/// What a page says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct PageDetails {
    /// Optional: a second statement of how many rows there are, which must not contradict the first.
    pub(in crate::autotask) count: Option<usize>,
    /// Optional: no other page is announced.
    pub(in crate::autotask) next_page_url: Option<String>,
}

/// How many rows an entity has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::autotask) struct Count {
    /// Required, as the proof that a walk is complete hangs on it.
    pub(in crate::autotask) query_count: u64,
}

/// A row of which nothing but its id matters.
#[derive(Debug, Deserialize)]
pub(in crate::autotask) struct Identified {
    /// Required.
    pub(in crate::autotask) id: i64,
}
