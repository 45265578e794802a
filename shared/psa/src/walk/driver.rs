//! Drives a walk: page after page of a list, until its end is proven. A vendor supplies how a page is asked for and read.

use async_trait::async_trait;
use domain::psa::{Cursor, PsaFailure};
use http_client::{Classification, Endpoint, FailureKind, Fault, RetryAdvice, RetryScope};

use super::state::{End, PageError, Step, Walk};
use crate::failure::{Failed, failure};

/// A row that is walked by its id.
pub trait Row: Send {
    /// Its id.
    fn id(&self) -> i64;
}

/// A page as the PSA sent it.
#[derive(Debug)]
pub struct PageRead<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Whether the PSA announces another page.
    pub announced: bool,
    /// Whether it is certainly no page of the mode that was asked for: the walk goes on by a condition on the id.
    pub out_of_mode: bool,
}

/// A list that can be walked by id, and read by ids.
#[async_trait]
pub trait List: Sync {
    /// What it has.
    type Row: Row;

    /// The smallest id there can be.
    const SMALLEST_ID: i64;

    /// How many rows a full page has.
    const PAGE_SIZE: usize;

    /// Whether the PSA offers a way of its own to walk by id, which may fail; then the walk goes on by a condition on the id.
    const HAS_OWN_MODE: bool;

    /// What is asked, for failures.
    fn endpoint(&self) -> &'static Endpoint;

    /// How many requests for rows by id are under way at once.
    const CONCURRENCY: usize;

    /// Reads the rows behind the last one of the walk, in the order of their ids.
    async fn page(&self, walk: &Walk) -> Result<PageRead<Self::Row>, PsaFailure>;

    /// How many rows there are now.
    async fn count(&self) -> Result<u64, PsaFailure>;

    /// How many of them have no larger id than this. Only asked of lists with a mode of their own; too many only fail the walk.
    async fn count_up_to(&self, _id: i64) -> Result<u64, PsaFailure> {
        self.count().await
    }

    /// Checks that one row can be read.
    async fn check(&self) -> Result<(), PsaFailure>;

    /// Reads the rows with these ids, whatever their state and the filter.
    async fn rows_by_id(&self, ids: &[i64], retry: RetryScope) -> Result<Vec<Self::Row>, Failed>;

    /// How many rows there are with these ids.
    async fn count_by_id(&self, ids: &[i64]) -> Result<u64, PsaFailure>;
}

/// A page of a walk, of rows that are certainly its next.
#[derive(Debug)]
pub struct WalkPage<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// How far the walk has come.
    pub walk: Walk,
    /// Whether every row has been read.
    pub complete: bool,
}

impl<R> WalkPage<R> {
    /// Where the next page begins, if there is one.
    pub fn next(&self) -> Option<Cursor> {
        (!self.complete).then(|| self.walk.cursor())
    }
}

/// Reads the next page of a walk. `expected` is how many rows the whole walk should have, where known.
pub async fn walk<L: List>(
    list: &L,
    from: Option<&Cursor>,
    expected: Option<u64>,
) -> Result<WalkPage<L::Row>, PsaFailure> {
    let mut walk = start(list, from)?;
    let (rows, end) = next_page(list, &mut walk, expected).await?;
    if end == End::Claimed && list.count().await? > walk.delivered {
        return Err(rows_missing(list.endpoint()));
    }
    let complete = end != End::Open;
    Ok(WalkPage { rows, walk, complete })
}

/// Reads the whole of a list that has a few rows and no filter: its end is an empty or a short last page.
pub async fn read_all<L: List>(list: &L) -> Result<Vec<L::Row>, PsaFailure> {
    let mut walk = Walk::before(L::SMALLEST_ID);
    let mut all = Vec::new();
    loop {
        let (rows, end) = next_page(list, &mut walk, Some(0)).await?;
        all.extend(rows);
        if end == End::Proven {
            return Ok(all);
        }
    }
}

fn start<L: List>(list: &L, from: Option<&Cursor>) -> Result<Walk, PsaFailure> {
    let Some(cursor) = from else {
        return Ok(Walk::before(L::SMALLEST_ID));
    };
    let unknown = Classification {
        kind: FailureKind::Unknown,
        advice: RetryAdvice::Never,
        reason: "the cursor is of no walk of this PSA",
    };
    Walk::resume(cursor).ok_or_else(|| failure(list.endpoint(), unknown, ""))
}

/// The next page of a walk, and what it says about the end. A page that does not follow the one before is not used: it is asked for
/// again by a condition on the id, and so are all pages that follow.
async fn next_page<L: List>(
    list: &L,
    walk: &mut Walk,
    expected: Option<u64>,
) -> Result<(Vec<L::Row>, End), PsaFailure> {
    loop {
        let page = list.page(walk).await?;
        let ids: Vec<i64> = page.rows.iter().map(Row::id).collect();
        let mut taken = *walk;
        let step = Step {
            ids: &ids,
            asked: L::PAGE_SIZE,
            announced: page.announced,
            expected,
        };
        match taken.take(&step) {
            Ok(end) if walk.by_condition || !page.out_of_mode => {
                *walk = taken;
                return Ok((page.rows, end));
            }
            Ok(_) | Err(PageError::Order) if L::HAS_OWN_MODE && !walk.by_condition => {}
            Ok(_) => return Err(page_error(list.endpoint(), PageError::Order)),
            Err(error) => return Err(page_error(list.endpoint(), error)),
        }
        if has_skipped(list, walk).await? {
            return Err(rows_missing(list.endpoint()));
        }
        tracing::info!(endpoint = %list.endpoint(), "walks by a condition on the id");
        walk.by_condition = true;
    }
}

/// Whether there are rows before the end of a walk that no page had: they would never come.
async fn has_skipped<L: List>(list: &L, walk: &Walk) -> Result<bool, PsaFailure> {
    Ok(walk.delivered > 0 && list.count_up_to(walk.last).await? > walk.delivered)
}

/// The failure of a page that cannot be part of the walk.
pub fn page_error(endpoint: &Endpoint, error: PageError) -> PsaFailure {
    let detail = match error {
        PageError::Order => ": ids do not rise",
        PageError::Size => ": more rows than that",
        PageError::Endless => ": far more rows than were counted",
    };
    failure(endpoint, Fault::Malformed.classification(), detail)
}

/// The failure of a walk that has come to its end without as many rows as there now are: it ended too early, or skipped some.
fn rows_missing(endpoint: &Endpoint) -> PsaFailure {
    failure(
        endpoint,
        Fault::Truncated.classification(),
        ": there are more rows than the list gave",
    )
}
