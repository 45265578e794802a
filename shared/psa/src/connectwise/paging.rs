//! One page after another, by id.
//!
//! `ConnectWise` offers a mode for that, forward-only (since 2018.5), and does not say which of its endpoints know it. One that does
//! not answers with the first of its numbered pages, in an order of its own. Such an answer is not used: the page is asked for again
//! by a condition on the id, with the order that a walk needs, and so are all pages that follow.

use domain::psa::PsaFailure;
use http_client::{Endpoint, RetryScope, link};
use serde::de::DeserializeOwned;

use super::api::{Api, Request};
use super::condition::Condition;
use super::pushed_down::PushedDownFilter;
use crate::few::Few;
use crate::walk::{PageRead, Walk};

/// The largest page; a larger one is cut silently.
pub(super) const PAGE_SIZE: usize = 1_000;

/// Below the smallest id of a setup table, where 0 is an id like another.
pub(super) const BEFORE_ALL: i64 = i64::MIN;

/// The page behind the last row of a walk.
pub(super) async fn page<R: DeserializeOwned>(
    api: &Api,
    endpoint: &'static Endpoint,
    fields: Option<&str>,
    filter: &PushedDownFilter,
    walk: &Walk,
) -> Result<PageRead<R>, PsaFailure> {
    let after = (walk.last > BEFORE_ALL).then_some(walk.last);
    let (condition, parameter) = if walk.by_condition {
        let condition = after.map(|id| Condition::Above("id", id));
        (condition, Some(("orderBy", "id asc".to_owned())))
    } else {
        (None, after.map(|id| ("pageId", id.to_string())))
    };
    let mut query = filter.query(condition);
    query.extend(fields.map(|fields| ("fields", fields.to_owned())));
    query.push(("pageSize", PAGE_SIZE.to_string()));
    query.extend(parameter);
    let request = Request {
        endpoint,
        query: &query,
        forward_only: !walk.by_condition,
        retry: RetryScope::Faults,
    };
    // One row more than asked for tells that the page is too large.
    let answer = api.send::<Few<R, { PAGE_SIZE + 1 }>>(&request).await?;
    let (rows, link, date) = (answer.value.0, answer.link.unwrap_or_default(), answer.date);
    Ok(PageRead {
        date,
        announced: link::announces_next(&link),
        out_of_mode: !rows.is_empty() && link::counts_pages(&link),
        rows,
    })
}
