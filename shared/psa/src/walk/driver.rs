//! Drives the walks of a list: page after page of each range, until the end of the list is proven. A vendor supplies how a page is asked
//! for and read.

use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use domain::psa::{Cursor, PsaFailure};
use futures::future::BoxFuture;
use futures::stream::{self, FuturesUnordered};
use futures::{Stream, StreamExt, TryStreamExt};
use http_client::{Classification, Endpoint, FailureKind, Fault, RetryAdvice, RetryScope};
use jiff::Timestamp;

use super::ranges::{Ranges, Whole};
use super::state::{End, PageError, Step, Walk, check_ends};
use crate::failure::{Failed, failure};

/// A row that is walked by its id.
pub trait ListRow: Send {
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
    /// When the PSA sent it, by its own clock, if it says so.
    pub date: Option<Timestamp>,
    /// Whether it is certainly no page of the mode that was asked for: the walk goes on by a condition on the id.
    pub out_of_mode: bool,
}

/// A list that can be walked by id, and read by ids.
#[async_trait]
pub trait List: Sync {
    /// What it has.
    type Row: ListRow;

    /// The smallest id there can be.
    const SMALLEST_ID: i64;

    /// How many rows a full page has.
    const PAGE_SIZE: usize;

    /// Whether the PSA offers a way of its own to walk by id, which may fail; then the walk goes on by a condition on the id.
    const HAS_OWN_MODE: bool;

    /// What is asked, for failures.
    fn endpoint(&self) -> &'static Endpoint;

    /// How many requests for rows are under way at once, of pages or by id.
    const CONCURRENCY: usize;

    /// Reads the rows behind the last one of the walk, in the order of their ids.
    async fn page(&self, walk: &Walk) -> Result<PageRead<Self::Row>, PsaFailure>;

    /// How many rows there are now.
    async fn count(&self) -> Result<u64, PsaFailure>;

    /// How many of them have an id behind the one and up to the other. Only asked of lists with a mode of their own; too many only fail
    /// the walk.
    async fn count_within(&self, _after: i64, _up_to: i64) -> Result<u64, PsaFailure> {
        self.count().await
    }

    /// Checks that one row can be read.
    async fn check(&self) -> Result<(), PsaFailure>;

    /// Reads the rows with these ids, whatever their state and the filter.
    async fn rows_by_id(&self, ids: &[i64], retry: RetryScope) -> Result<Vec<Self::Row>, Failed>;

    /// How many rows there are with these ids.
    async fn count_by_id(&self, ids: &[i64]) -> Result<u64, PsaFailure>;
}

/// A page of a list, of rows that no page before it had.
#[derive(Debug)]
pub struct WalkPage<R> {
    /// The rows, in the order of their ids.
    pub rows: Vec<R>,
    /// Where to go on once this page and all before it are kept; `None` if every row has been read.
    pub next: Option<Cursor>,
}

/// What a request for the page of a range gave.
struct Answered<R> {
    by_condition: bool,
    page: PageRead<R>,
}

/// Reads a list from its start or from a cursor, several ranges of ids at once. `expected` is how many rows there should be, where
/// known; without it the list is one range.
///
/// Nothing is asked before a page is wanted. Requests of other ranges are under way while a page is kept.
pub fn pages<'a, L: List + Send + 'a>(
    list: L,
    from: Option<&Cursor>,
    expected: Option<u64>,
) -> impl Stream<Item = Result<WalkPage<L::Row>, PsaFailure>> + Send + 'a
where
    L::Row: 'a,
{
    let ranges = match from {
        None => Some(Ranges::before(L::SMALLEST_ID, expected, L::CONCURRENCY)),
        Some(cursor) => Ranges::resume(&cursor.0, expected, L::CONCURRENCY),
    };
    let driver = ranges
        .ok_or_else(|| unknown_cursor(list.endpoint()))
        .map(|ranges| Driver {
            list: Arc::new(list),
            ranges,
            requests: FuturesUnordered::new(),
            complete: false,
        });
    stream::once(ready(driver))
        .map_ok(|driver| stream::try_unfold(driver, Driver::next))
        .try_flatten()
}

/// A request under way, with the id of its range.
type Request<'a, R> = BoxFuture<'a, (u32, Result<Answered<R>, PsaFailure>)>;

/// Reads the ranges of a list.
struct Driver<'a, L: List> {
    list: Arc<L>,
    ranges: Ranges,
    requests: FuturesUnordered<Request<'a, L::Row>>,
    complete: bool,
}

impl<'a, L: List + Send + 'a> Driver<'a, L> {
    async fn next(mut self) -> Result<Option<(WalkPage<L::Row>, Self)>, PsaFailure> {
        while !self.complete {
            self.ask();
            // There is always one; a list must not end because there is not.
            let answered = self.requests.next().await;
            let (range, answered) = answered.ok_or_else(|| rows_missing(self.list.endpoint()))?;
            let rows = self.take(range, answered?)?;
            self.complete = self.is_complete().await?;
            // A range may end with a page of others' rows.
            if rows.is_empty() && !self.complete {
                continue;
            }
            let next = (!self.complete).then(|| Cursor(self.ranges.position()));
            return Ok(Some((WalkPage { rows, next }, self)));
        }
        Ok(None)
    }

    fn ask(&mut self) {
        for (range, walk) in self.ranges.ask(L::PAGE_SIZE) {
            let list = Arc::clone(&self.list);
            let request = async move { (range, next_page(&*list, walk).await) };
            self.requests.push(Box::pin(request));
        }
    }

    fn take(&mut self, range: u32, answered: Answered<L::Row>) -> Result<Vec<L::Row>, PsaFailure> {
        let Answered { by_condition, page } = answered;
        let mut rows = page.rows;
        let ids: Vec<i64> = rows.iter().map(ListRow::id).collect();
        let step = Step {
            ids: &ids,
            asked: L::PAGE_SIZE,
            announced: page.announced,
        };
        let own = self.ranges.take(range, by_condition, &step);
        rows.truncate(own.map_err(|error| page_error(self.list.endpoint(), error))?);
        Ok(rows)
    }

    async fn is_complete(&mut self) -> Result<bool, PsaFailure> {
        match self.ranges.whole() {
            Whole::Open => Ok(false),
            Whole::Claimed if self.list.count().await? > self.ranges.delivered() => {
                Err(rows_missing(self.list.endpoint()))
            }
            Whole::Claimed | Whole::Proven => Ok(true),
        }
    }
}

/// Reads the whole of a list that has a few rows and no filter. The list ends at the first page that is empty, is not full, or announces no
/// other page.
pub async fn read_all<L: List>(list: &L) -> Result<Vec<L::Row>, PsaFailure> {
    let mut walk = Walk::before(L::SMALLEST_ID);
    let mut all = Vec::new();
    loop {
        let Answered { by_condition, page } = next_page(list, walk).await?;
        walk.by_condition = by_condition;
        let ids: Vec<i64> = page.rows.iter().map(ListRow::id).collect();
        let step = Step {
            ids: &ids,
            asked: L::PAGE_SIZE,
            announced: page.announced,
        };
        let taken = walk.take(&step);
        let ends = taken.and_then(|(_, end)| check_ends(walk.delivered, 0).map(|()| end));
        let end = ends.map_err(|error| page_error(list.endpoint(), error))?;
        all.extend(page.rows);
        if end != End::Open {
            return Ok(all);
        }
    }
}

/// Rows of a list that is read without its count.
#[derive(Debug)]
pub struct Read<R> {
    /// The rows, in the order of their ids.
    pub rows: Vec<R>,
    /// When the PSA sent the first page, by its own clock, if it says so.
    pub date: Option<Timestamp>,
}

/// Reads a list from which nothing is concluded if it lacks a row: a page that is not full and announces no other is its end. `None` if it
/// has more rows than `most`.
pub async fn read_some<L: List>(list: &L, most: usize) -> Result<Option<Read<L::Row>>, PsaFailure> {
    let mut walk = Walk::before(L::SMALLEST_ID);
    let (mut rows, mut date, mut is_first) = (Vec::new(), None, true);
    loop {
        let Answered { by_condition, page } = next_page(list, walk).await?;
        walk.by_condition = by_condition;
        if std::mem::take(&mut is_first) {
            date = page.date;
        }
        let ids: Vec<i64> = page.rows.iter().map(ListRow::id).collect();
        let step = Step {
            ids: &ids,
            asked: L::PAGE_SIZE,
            announced: page.announced,
        };
        walk.take(&step).map_err(|error| page_error(list.endpoint(), error))?;
        let is_last = ids.is_empty() || (ids.len() < L::PAGE_SIZE && !page.announced);
        rows.extend(page.rows);
        if is_last {
            return Ok(Some(Read { rows, date }));
        }
        if rows.len() > most {
            return Ok(None);
        }
    }
}

fn unknown_cursor(endpoint: &Endpoint) -> PsaFailure {
    let unknown = Classification {
        kind: FailureKind::Unknown,
        advice: RetryAdvice::Never,
        reason: "the cursor is of no walk of this PSA",
    };
    failure(endpoint, unknown, "")
}

/// The next page of a walk. A page that does not follow the one before is not used: it is asked for again by a condition on the id,
/// and so are all pages that follow.
async fn next_page<L: List>(list: &L, mut walk: Walk) -> Result<Answered<L::Row>, PsaFailure> {
    loop {
        let page = list.page(&walk).await?;
        let ids: Vec<i64> = page.rows.iter().map(ListRow::id).collect();
        let step = Step {
            ids: &ids,
            asked: L::PAGE_SIZE,
            announced: page.announced,
        };
        match walk.check(&step) {
            Ok(()) if walk.by_condition || !page.out_of_mode => {
                return Ok(Answered {
                    by_condition: walk.by_condition,
                    page,
                });
            }
            Ok(()) | Err(PageError::Order) if L::HAS_OWN_MODE && !walk.by_condition => {}
            Ok(()) => return Err(page_error(list.endpoint(), PageError::Order)),
            Err(error) => return Err(page_error(list.endpoint(), error)),
        }
        if has_skipped(list, &walk).await? {
            return Err(rows_missing(list.endpoint()));
        }
        tracing::info!(endpoint = %list.endpoint(), "walks by a condition on the id");
        walk.by_condition = true;
    }
}

/// Whether there are rows before the end of a walk that no page had: they would never come.
async fn has_skipped<L: List>(list: &L, walk: &Walk) -> Result<bool, PsaFailure> {
    Ok(walk.delivered > 0 && list.count_within(walk.after, walk.last).await? > walk.delivered)
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
