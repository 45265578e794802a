//! The ranges of ids that a list is read in, several at once (R9, R10, R11).
//!
//! Ids have gaps, and no PSA says where. So a list begins as one range. While more requests may be under way, the range with the most rows
//! still to read is split, at the id where half of these rows are likely to be left. A wrong guess costs a request, never a row. A range
//! ends only at a page that shows a row behind the range, has the last id of the range, or is empty. Once every range is over or likely to
//! be over, the number of rows is compared with the count.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "rows and ids as floating point are guesses"
)]

use serde::{Deserialize, Serialize};

use super::state::{End, PageError, Step, Walk, check_ends};

/// The most splits of a list: `MAX_SPLITS`, and one more for every `PAGES_PER_SPLIT` pages that the list should have. Each split costs one
/// request at most.
const MAX_SPLITS: u64 = 2;
const PAGES_PER_SPLIT: u64 = 10;

/// How many pages a range must have before it, one of which may have been asked for.
const MIN_PAGES: u64 = 3;

/// Where a list stands, as it is kept between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ListPosition {
    /// Rows of the ranges that are over.
    #[serde(rename = "n", default)]
    delivered: u64,
    /// How often ranges were split.
    #[serde(rename = "s", default)]
    splits: u64,
    /// The highest id so far.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    highest: Option<i64>,
    /// Whether a range ended by an answer that others contradict.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    doubtful: bool,
    /// The ranges that are not over, in the order of their ids.
    #[serde(rename = "r")]
    walks: Vec<Walk>,
}

/// A range that is not over.
#[derive(Debug, Clone, Copy)]
struct Range {
    /// Tells the answers of ranges apart.
    id: u32,
    walk: Walk,
    state: State,
    sample: Option<Sample>,
}

/// How dense the ids of a range are.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Where it begins.
    since: i64,
    /// Rows from there on.
    rows: u64,
    /// Rows for each id before there were any.
    before: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its next page is to be asked for.
    Idle,
    /// Its next page has been asked for.
    Asked,
    /// It is likely to be over. The count tells, once the others are.
    Resting,
}

/// What is known of the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// Every row has been read.
    Proven,
    /// The PSA has no more rows, but has given fewer than were counted, or none were: to be compared with a fresh count.
    Claimed,
    /// There may be more rows.
    Open,
}

/// The ranges of a list.
#[derive(Debug)]
pub(super) struct Ranges {
    /// Those that are not over, in the order of their ids.
    open: Vec<Range>,
    delivered: u64,
    splits: u64,
    highest: Option<i64>,
    doubtful: bool,
    expected: Option<u64>,
    /// The most requests at once.
    most: usize,
    under_way: usize,
    /// The id of the next range.
    next_id: u32,
    /// There seem to be no rows behind this id.
    end: Option<i64>,
}

impl Ranges {
    /// A list that has not been begun.
    pub(super) fn before(smallest: i64, expected: Option<u64>, most: usize) -> Self {
        let position = ListPosition {
            walks: vec![Walk::before(smallest)],
            ..ListPosition::default()
        };
        Self::at(position, expected, most)
    }

    /// The list as another run left it; `None` if none has.
    pub(super) fn resume(text: &str, expected: Option<u64>, most: usize) -> Option<Self> {
        let position: ListPosition = serde_json::from_str(text).ok()?;
        let apart = |pair: &[Walk]| pair[0].until.is_some_and(|until| until <= pair[1].after);
        let possible = position.walks.iter().all(Walk::is_possible) && position.walks.windows(2).all(apart);
        (possible && !position.walks.is_empty()).then(|| Self::at(position, expected, most))
    }

    fn at(position: ListPosition, expected: Option<u64>, most: usize) -> Self {
        let mut ranges = Self {
            open: Vec::new(),
            delivered: position.delivered,
            splits: position.splits,
            highest: position.highest,
            doubtful: position.doubtful,
            expected,
            most,
            under_way: 0,
            next_id: 0,
            end: None,
        };
        for (at, walk) in position.walks.into_iter().enumerate() {
            ranges.insert(at, walk, None);
        }
        ranges
    }

    fn insert(&mut self, at: usize, walk: Walk, sample: Option<Sample>) {
        let range = Range {
            id: self.next_id,
            walk,
            state: State::Idle,
            sample,
        };
        self.open.insert(at, range);
        self.next_id += 1;
    }

    /// What [`resume`](Self::resume) goes on from.
    pub(super) fn position(&self) -> String {
        let position = ListPosition {
            delivered: self.delivered,
            splits: self.splits,
            highest: self.highest,
            doubtful: self.doubtful,
            walks: self.open.iter().map(|range| range.walk).collect(),
        };
        serde_json::to_string(&position).unwrap_or_default()
    }

    /// Rows so far.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered + self.open.iter().map(|range| range.walk.delivered).sum::<u64>()
    }

    /// The walks whose next page is to be asked for now, each with the id of its range.
    pub(super) fn ask(&mut self, page_size: usize) -> Vec<(u32, Walk)> {
        while self.split(page_size as u64).is_some() {}
        let idle = self.open.iter_mut().filter(|range| range.state == State::Idle);
        let asked = idle.take(self.most.saturating_sub(self.under_way)).map(|range| {
            range.state = State::Asked;
            (range.id, range.walk)
        });
        let asked: Vec<_> = asked.collect();
        self.under_way += asked.len();
        asked
    }

    /// Takes in the answer for a range; gives how many of its rows are new.
    pub(super) fn take(&mut self, id: u32, by_condition: bool, page: &Step<'_>) -> Result<usize, PageError> {
        self.under_way = self.under_way.saturating_sub(1);
        // The rows of a range that has become part of another are asked for again.
        let Some(at) = self.open.iter().position(|range| range.id == id) else {
            return Ok(0);
        };
        let range = &mut self.open[at];
        range.walk.by_condition = by_condition;
        let (own, end) = range.walk.take(page)?;
        self.highest = self.highest.max(page.ids.last().copied());
        // Another range has rows behind these: so a short page is not the last one, and an empty one cannot be.
        let has_rows_behind = self.highest > Some(range.walk.last);
        self.doubtful |= has_rows_behind && page.ids.is_empty();
        range.sample = match range.sample {
            Some(sample) => Some(Sample {
                rows: sample.rows + own as u64,
                ..sample
            }),
            None => Sample::of(page.ids),
        };
        let seems_last = (page.ids.is_empty() || !page.announced) && !has_rows_behind;
        let has_grown = seems_last && self.learn_end(at, page.ids.last().copied());
        // Rows may still appear behind the last one, until all others have been read.
        let may_get_more = match page.ids {
            [] => at + 1 == self.open.len() && at > 0,
            _ => has_grown,
        };
        match end {
            End::Over if !may_get_more => self.delivered += self.open.remove(at).walk.delivered,
            End::Likely if has_rows_behind => self.open[at].state = State::Idle,
            End::Over | End::Likely => self.open[at].state = State::Resting,
            End::Open => self.open[at].state = State::Idle,
        }
        if let Some(expected) = self.expected {
            check_ends(self.delivered(), expected)?;
        }
        Ok(own)
    }

    /// There seem to be no rows behind the page of a range: those behind it that have had none become part of it, if there are any.
    fn learn_end(&mut self, at: usize, last_id: Option<i64>) -> bool {
        let walk = self.open[at].walk;
        let last_id = last_id.unwrap_or(walk.last);
        self.end = Some(self.end.map_or(last_id, |end| end.min(last_id)));
        while last_id <= walk.last
            && let Some(next) = self.open.get(at + 1)
            && next.walk.delivered == 0
        {
            self.open[at].walk.until = next.walk.until;
            self.open.remove(at + 1);
        }
        self.open[at].walk.until != walk.until
    }

    /// What is known of the whole list. If every range seems to be over, and the list is not complete, the next pages are asked for.
    ///
    /// A row that is added meanwhile has a higher id than every row that was counted. So if every range is over or likely to be over, and
    /// as many rows have come as were counted, the rows that came include every counted row that still exists. There is one exception: a
    /// range ended with an empty page, although another range has rows behind it. Then added rows may make up the sum while counted rows
    /// are missing.
    pub(super) fn whole(&mut self) -> Whole {
        if self.open.iter().any(|range| range.state != State::Resting) {
            return Whole::Open;
        }
        // A range that rests although there are rows behind it is not over.
        let may_be_whole = !self.doubtful && self.open.iter().all(|range| self.highest <= Some(range.walk.last));
        if may_be_whole && self.expected.is_some_and(|expected| self.delivered() >= expected) {
            return Whole::Proven;
        }
        for range in &mut self.open {
            range.state = State::Idle;
        }
        if self.open.is_empty() {
            Whole::Claimed
        } else {
            Whole::Open
        }
    }

    /// Splits the range with the most rows before it, if another may be read at once and it is worth it.
    fn split(&mut self, page: u64) -> Option<()> {
        let awake = self.open.iter().filter(|range| range.state != State::Resting);
        let may_split = MAX_SPLITS + self.expected? / (page * PAGES_PER_SPLIT);
        if self.splits >= may_split || awake.count() >= self.most {
            return None;
        }
        let (at, rows) = self.largest()?;
        if rows < (MIN_PAGES * page) as f64 {
            return None;
        }
        let range = self.open.get_mut(at)?;
        let density = range.sample?.density(range.walk.last)?;
        // The next page is read from the front.
        let next = page as f64 / density;
        let half = match end_of(range, self.end) {
            Some(end) => (end.saturating_sub(range.walk.last) as f64 - next) / 2.0,
            None => (rows / density - next) / 2.0,
        };
        let middle = range.walk.last.checked_add((next + half) as i64)?;
        if middle <= range.walk.last || range.walk.until.is_some_and(|until| middle >= until) {
            return None;
        }
        let other = Walk {
            by_condition: range.walk.by_condition,
            ..Walk::of(middle, range.walk.until)
        };
        range.walk.until = Some(middle);
        let sample = Sample {
            since: middle,
            rows: 0,
            before: density,
        };
        self.insert(at + 1, other, Some(sample));
        self.splits += 1;
        Some(())
    }

    /// The range with the most rows before it, and how many these are likely to be.
    fn largest(&self) -> Option<(usize, f64)> {
        let left = self.expected?.saturating_sub(self.delivered()) as f64;
        let rows = self.open.iter().map(|range| {
            let ids = end_of(range, self.end)?.saturating_sub(range.walk.last).max(0);
            Some(ids as f64 * range.sample?.density(range.walk.last)?)
        });
        let rows: Vec<Option<f64>> = rows.collect();
        let bounded: f64 = rows.iter().flatten().sum();
        // What no other range has is in the one without an end.
        let rows = rows
            .into_iter()
            .map(|rows| rows.unwrap_or(left - bounded).clamp(0.0, left));
        // A range is not split while its first page is under way. Until that page comes, the density of its rows is a guess at best.
        let is_known = |range: &Range| match range.state {
            State::Idle => true,
            State::Asked => range.walk.delivered > 0,
            State::Resting => false,
        };
        let known = self.open.iter().zip(rows).enumerate();
        known
            .filter(|(_, (range, _))| is_known(range))
            .map(|(at, (_, rows))| (at, rows))
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
    }
}

/// Where the rows of a range end at the latest, if that is known.
fn end_of(range: &Range, end_of_list: Option<i64>) -> Option<i64> {
    [range.walk.until, end_of_list].into_iter().flatten().min()
}

impl Sample {
    /// Begins in the middle of a page: a few of the first ids may be from long before the others.
    fn of(ids: &[i64]) -> Option<Self> {
        let half = ids.get(ids.len() / 2..)?;
        Some(Self {
            since: *half.first()?,
            rows: half.len() as u64 - 1,
            before: 0.0,
        })
    }

    /// Rows for each id, up to this one.
    fn density(&self, last: i64) -> Option<f64> {
        let density = match self.rows {
            0 => self.before,
            rows => rows as f64 / last.saturating_sub(self.since) as f64,
        };
        (density.is_finite() && density > 0.0).then_some(density)
    }
}

#[cfg(test)]
mod tests;
