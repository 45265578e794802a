//! How far a walk has come, and what each page says about its end.

use domain::psa::Cursor;

/// How far a walk has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// The id of the last row; one less than the smallest id there can be before the first.
    pub last: i64,
    /// Rows so far, before our own filter.
    pub delivered: u64,
    /// Whether pages are asked for by a condition on the id, as the PSA does not offer its own way to walk by id.
    pub by_condition: bool,
}

/// In a cursor: how pages are asked for.
const BY_CONDITION: &str = "condition";

/// What a page says about the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There are no more rows.
    Proven,
    /// There may be more rows.
    Open,
    /// The PSA says so, but has given fewer rows than were counted, or none were: to be compared with a fresh count.
    Claimed,
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
    /// How many rows the whole walk should have, where known.
    pub expected: Option<u64>,
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
        Self {
            last: smallest - 1,
            delivered: 0,
            by_condition: false,
        }
    }

    /// Resumes from a cursor; `None` if no walk has made it.
    pub fn resume(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.0.split('/');
        let walk = Self {
            last: parts.next()?.parse().ok()?,
            delivered: parts.next()?.parse().ok()?,
            // Absent from cursors of walks that are as they should be.
            by_condition: match parts.next() {
                None => false,
                Some(BY_CONDITION) => true,
                Some(_) => return None,
            },
        };
        parts.next().is_none().then_some(walk)
    }

    /// The cursor that the walk resumes from.
    pub fn cursor(self) -> Cursor {
        let mut text = format!("{}/{}", self.last, self.delivered);
        if self.by_condition {
            text.extend(["/", BY_CONDITION]);
        }
        Cursor(text)
    }

    /// Takes a page in.
    ///
    /// Rows that appear meanwhile have higher ids than all that were counted. So once as many rows have come as were counted,
    /// every counted row that still exists is among them.
    pub fn take(&mut self, page: &Step<'_>) -> Result<End, PageError> {
        if page.ids.len() > page.asked {
            return Err(PageError::Size);
        }
        for &id in page.ids {
            if id <= self.last {
                return Err(PageError::Order);
            }
            self.last = id;
        }
        self.delivered += page.ids.len() as u64;
        if page.expected.is_some_and(|expected| self.delivered > most(expected)) {
            return Err(PageError::Endless);
        }
        let all_counted = page.expected.is_some_and(|expected| self.delivered >= expected);
        let last_page = page.ids.len() < page.asked || !page.announced;
        Ok(match (page.ids.is_empty(), all_counted) {
            (true, false) => End::Claimed,
            (true, true) => End::Proven,
            (false, true) if last_page => End::Proven,
            (false, _) => End::Open,
        })
    }
}

/// More rows than come of those that were counted and those that are added meanwhile.
const fn most(counted: u64) -> u64 {
    counted.saturating_mul(2).saturating_add(10_000)
}

#[cfg(test)]
mod tests;
