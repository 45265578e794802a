//! How far the walk of one range of ids has come, and what each page says about its end.

use serde::{Deserialize, Serialize};

/// How far the walk of a range has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The id before the first of the range.
    #[serde(rename = "a")]
    pub after: i64,
    /// The id of the last row; that before the range while there is none.
    #[serde(rename = "l")]
    pub last: i64,
    /// The last id of the range; a range without one has all ids that there will ever be.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Rows so far, before our own filter.
    #[serde(rename = "n")]
    pub delivered: u64,
    /// Whether pages are asked for by a condition on the id, as the PSA does not offer its own way to walk by id.
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub by_condition: bool,
}

/// What a page says about the end of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The range has no more rows: the page is empty, has rows behind the range, or has the last id of the range.
    Over,
    /// There may be more rows, but the page was not full, or the PSA announces no other.
    Likely,
    /// There may be more rows.
    Open,
}

/// A page as the walk sees it.
#[derive(Debug)]
pub struct Step<'a> {
    /// The ids of its rows.
    pub ids: &'a [i64],
    /// How many rows were asked for.
    pub asked: usize,
    /// Whether the PSA announces another page.
    pub announced: bool,
}

/// Why a page cannot be part of a walk by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageError {
    /// Ids do not rise within the page or since the last one: rows would be doubled, or have been lost.
    Order,
    /// More rows than were asked for.
    Size,
    /// Far more rows than were counted: the list has no end.
    Endless,
}

impl Walk {
    /// A walk that has not begun, of ids from this one on.
    pub const fn before(smallest: i64) -> Self {
        Self::of(smallest - 1, None)
    }

    /// A walk that has not begun, of the ids behind this one.
    pub const fn of(after: i64, until: Option<i64>) -> Self {
        Self {
            after,
            last: after,
            until,
            delivered: 0,
            by_condition: false,
        }
    }

    /// Whether it can be the walk of a range.
    pub(super) fn is_possible(&self) -> bool {
        self.after <= self.last && self.until.is_none_or(|until| self.last < until)
    }

    /// Checks that a page is the next one: pages know no range, so it may go on behind this one.
    pub fn check(&self, page: &Step<'_>) -> Result<(), PageError> {
        if page.ids.len() > page.asked {
            return Err(PageError::Size);
        }
        let before = std::iter::once(&self.last).chain(page.ids);
        if before.zip(page.ids).any(|(before, id)| id <= before) {
            return Err(PageError::Order);
        }
        Ok(())
    }

    /// Takes in the rows of the next page that belong to the range, and says how many these are.
    pub fn take(&mut self, page: &Step<'_>) -> Result<(usize, End), PageError> {
        self.check(page)?;
        let own = match self.until {
            Some(until) => page.ids.partition_point(|id| *id <= until),
            None => page.ids.len(),
        };
        self.delivered += own as u64;
        if let Some(last) = own.checked_sub(1).and_then(|at| page.ids.get(at)) {
            self.last = *last;
        }
        let end = if page.ids.is_empty() || own < page.ids.len() || self.until == Some(self.last) {
            End::Over
        } else if page.ids.len() < page.asked || !page.announced {
            End::Likely
        } else {
            End::Open
        };
        Ok((own, end))
    }
}

/// Refuses a list that gives far more rows than were counted and can have been added meanwhile.
pub fn check_ends(delivered: u64, counted: u64) -> Result<(), PageError> {
    if delivered > counted.saturating_mul(2).saturating_add(10_000) {
        return Err(PageError::Endless);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
