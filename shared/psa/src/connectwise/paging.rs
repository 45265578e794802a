//! One page after another, by id.
//!
//! `ConnectWise` offers a mode for that, forward-only (since 2018.5), and does not say which of its endpoints know it. One that does
//! not answers with the first of its numbered pages, in an order of its own. Such an answer is not used: the page is asked for again
//! by a condition on the id, with the order that a walk needs, and so are all pages that follow.

use std::collections::BTreeMap;

use domain::psa::PsaFailure;
use serde::de::DeserializeOwned;

use super::Connectwise;
use super::attributes::Narrowed;
use super::condition::Condition;
use super::lists::{List, Row};
use super::wire::SetupRow;
use crate::few::Few;
use crate::http::session::{Endpoint, Repeat};
use crate::link;
use crate::walk::{self, End, Offence, Step, Walk};

/// The largest page; a larger one is cut silently.
const PAGE: usize = 1_000;

/// Below the smallest id of a setup table, where 0 is an id like another.
const BEFORE_ALL: i64 = i64::MIN;

/// A page as it came.
struct Answered<R> {
    rows: Vec<R>,
    link: String,
}

impl<R> Answered<R> {
    fn announces_next(&self) -> bool {
        link::announces_next(&self.link)
    }

    /// Whether it is certainly no page of the mode that was asked for.
    fn is_numbered(&self) -> bool {
        !self.rows.is_empty() && link::counts_pages(&self.link)
    }

    fn take(&self, ids: &[i64], walk: &mut Walk, expected: Option<u64>) -> Result<End, Offence> {
        walk.take(&Step {
            ids,
            asked: PAGE,
            announced: self.announces_next(),
            expected,
        })
    }
}

impl Connectwise {
    /// The next page of a walk, and what it says about the end.
    pub(super) async fn next_page<R: Row>(
        &self,
        list: &'static List,
        narrowed: &Narrowed,
        walk: &mut Walk,
        expected: Option<u64>,
    ) -> Result<(Vec<R>, End), PsaFailure> {
        loop {
            let page = self.page::<R>(&list.rows, Some(list.fields), narrowed, walk).await?;
            let ids: Vec<i64> = page.rows.iter().map(R::id).collect();
            let mut taken = *walk;
            match page.take(&ids, &mut taken, expected) {
                Ok(end) if walk.by_condition || !page.is_numbered() => {
                    *walk = taken;
                    return Ok((page.rows, end));
                }
                Ok(_) | Err(Offence::Order) => {}
                Err(offence) => return Err(walk::offence(&list.rows, offence)),
            }
            if walk.by_condition {
                return Err(walk::offence(&list.rows, Offence::Order));
            }
            if self.has_passed_over(list, narrowed, walk).await? {
                return Err(walk::rows_missing(&list.rows));
            }
            tracing::info!(endpoint = list.rows.name, "walks by a condition on the id");
            walk.by_condition = true;
        }
    }

    /// Whether there are rows before the end of a walk that no page had: they would never come.
    async fn has_passed_over(&self, list: &'static List, narrowed: &Narrowed, walk: &Walk) -> Result<bool, PsaFailure> {
        let so_far = Some(Condition::UpTo("id", walk.last));
        Ok(walk.delivered > 0 && self.count(list, narrowed, so_far).await? > walk.delivered)
    }

    /// Reads a whole setup table, by id and without repetitions. It has a few rows, no count, and changes rarely: a short page ends
    /// it unless another is announced. Its order matters only when a second page has to go on where the first one ended.
    pub(super) async fn table(&self, endpoint: &'static Endpoint) -> Result<Vec<SetupRow>, PsaFailure> {
        let mut walk = Walk::before(BEFORE_ALL + 1);
        let mut table = BTreeMap::new();
        loop {
            let page = self.page::<SetupRow>(endpoint, None, Narrowed::none(), &walk).await?;
            let first = walk.delivered == 0;
            let last = page.rows.is_empty() || (page.rows.len() < PAGE && !page.announces_next());
            let ids: Vec<i64> = page.rows.iter().filter_map(|row| row.id).collect();
            let goes_on = match page.take(&ids, &mut walk, Some(0)) {
                Ok(_) => !ids.is_empty() && (walk.by_condition || !page.is_numbered()),
                Err(Offence::Order) => false,
                Err(offence) => return Err(walk::offence(endpoint, offence)),
            };
            let whole = last && (first || ids.is_empty());
            if !goes_on && !whole {
                if walk.by_condition {
                    return Err(walk::offence(endpoint, Offence::Order));
                }
                table.clear();
                walk = Walk::before(BEFORE_ALL + 1);
                walk.by_condition = true;
                continue;
            }
            table.extend(page.rows.into_iter().filter_map(|row| Some((row.id?, row))));
            if last {
                return Ok(table.into_values().collect());
            }
        }
    }

    async fn page<R: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        fields: Option<&str>,
        narrowed: &Narrowed,
        walk: &Walk,
    ) -> Result<Answered<R>, PsaFailure> {
        let after = (walk.last > BEFORE_ALL).then_some(walk.last);
        let (condition, parameter) = if walk.by_condition {
            let condition = after.map(|id| Condition::Above("id", id));
            (condition, Some(("orderBy", "id asc".to_owned())))
        } else {
            (None, after.map(|id| ("pageId", id.to_string())))
        };
        let mut query = narrowed.query(condition);
        query.extend(fields.map(|fields| ("fields", fields.to_owned())));
        query.push(("pageSize", PAGE.to_string()));
        query.extend(parameter);
        let headers = if walk.by_condition {
            &self.headers
        } else {
            &self.forward_only
        };
        let answer = self
            .try_get::<Few<R, { PAGE + 1 }>>(endpoint, &query, headers, Repeat::Faults)
            .await?;
        Ok(Answered {
            // One row more than asked for tells that the page is too large.
            rows: answer.value.0,
            link: answer.link.unwrap_or_default(),
        })
    }
}
