//! Pictures as lists of rectangles and paths; each page says the same numbers as text.

use std::collections::BTreeMap;

use domain::plan::Step;
use domain::row::ImportStatus;

use crate::words::{self, Word};

const WIDTH: u64 = 600;

/// Every part that is not zero is wide enough to be seen.
const NARROWEST: u64 = 5;

/// Parts of a whole.
pub(crate) struct Bar {
    pub parts: Vec<Part>,
}

/// A rectangle of a bar.
pub(crate) struct Part {
    pub looks: &'static str,
    pub x: u64,
    pub width: u64,
}

impl Bar {
    pub(crate) fn new(values: &[(&'static str, u64)]) -> Self {
        let mut x = 0;
        let widths = widths(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>(), WIDTH);
        let parts = values.iter().zip(widths).filter(|(_, width)| *width > 0);
        let parts = parts.map(|(&(looks, _), width)| {
            x += width;
            Part {
                looks,
                x: x - width,
                width,
            }
        });
        Self { parts: parts.collect() }
    }
}

/// Shares a length among values, so that none over 0 vanishes.
fn widths(values: &[u64], length: u64) -> Vec<u64> {
    let total: u128 = values.iter().map(|&value| u128::from(value)).sum();
    let share = |value: u64| {
        let exact = u128::from(value) * u128::from(length) / total.max(1);
        u64::try_from(exact).unwrap_or(length).max(NARROWEST)
    };
    values
        .iter()
        .map(|&value| if value == 0 { 0 } else { share(value) })
        .collect()
}

/// A bar of a history, in two parts, the second on top of the first.
pub(crate) struct Column {
    pub x: u64,
    pub done: u64,
    pub failed: u64,
}

/// How far the bars of a history are apart. As wide as this, each is a link that can be hit.
const PITCH: u64 = 24;

/// The bars of a history: for each import, how much it did and how much of it failed.
pub(crate) fn columns(numbers: &[(u64, u64)]) -> Vec<Column> {
    let most = numbers.iter().map(|(done, failed)| done + failed).max();
    let most = most.unwrap_or_default().max(1);
    let height = |count: u64| if count == 0 { 0 } else { (count * 50 / most).max(3) };
    (0..)
        .zip(numbers)
        .map(|(at, &(done, failed))| Column {
            x: at * PITCH,
            done: height(done),
            failed: height(failed),
        })
        .collect()
}

/// From the status of rows to what happens to them.
pub(crate) struct Flow {
    pub left: Vec<Box>,
    pub right: Vec<Box>,
    pub paths: Vec<Ribbon>,
    pub height: u64,
}

/// One end of the flow.
pub(crate) struct Box {
    pub word: Word,
    pub count: u64,
    pub y: u64,
    pub height: u64,
}

/// A band from a status to a step.
pub(crate) struct Ribbon {
    pub looks: &'static str,
    pub shape: String,
    pub from: Word,
    pub to: Word,
    pub count: u64,
}

/// The height that all rows share, and the room for a label.
const HEIGHT: u64 = 160;
const GAP: u64 = 18;

impl Flow {
    pub(crate) fn of(by_status: &BTreeMap<ImportStatus, BTreeMap<Step, u64>>) -> Self {
        let pairs: Vec<(ImportStatus, Step, u64)> = by_status
            .iter()
            .flat_map(|(status, steps)| steps.iter().map(|(step, count)| (*status, *step, *count)))
            .filter(|(.., count)| *count > 0)
            .collect();
        let counts: Vec<u64> = pairs.iter().map(|(.., count)| *count).collect();
        let heights = widths(&counts, HEIGHT);
        let mut left = Side::default();
        let mut right = Side::default();
        let of = |wanted: &dyn Fn(&(ImportStatus, Step, u64)) -> bool| {
            let fitting = pairs.iter().zip(&heights).filter(|(pair, _)| wanted(pair));
            fitting.fold((0, 0), |(count, height), (pair, own)| (count + pair.2, height + own))
        };
        for status in words::STATUSES {
            left.add(words::status(&status), of(&|pair| pair.0 == status));
        }
        for step in words::STEPS {
            right.add(words::step(&step), of(&|pair| pair.1 == step));
        }
        let paths = pairs.iter().zip(&heights).map(|(&(status, step, count), &height)| {
            let (from, to) = (words::status(&status), words::step(&step));
            let (y1, y2) = (left.take(from, height), right.take(to, height));
            Ribbon {
                looks: to.2,
                shape: ribbon(y1, y2, height),
                from,
                to,
                count,
            }
        });
        let paths = paths.collect();
        Self {
            height: left.end().max(right.end()),
            left: left.boxes,
            right: right.boxes,
            paths,
        }
    }
}

fn ribbon(y1: u64, y2: u64, height: u64) -> String {
    let (b1, b2) = (y1 + height, y2 + height);
    format!("M170 {y1}C300 {y1} 300 {y2} 430 {y2}V{b2}C300 {b2} 300 {b1} 170 {b1}Z")
}

/// The boxes of one side, and how much of each is taken by ribbons.
#[derive(Default)]
struct Side {
    boxes: Vec<Box>,
    taken: Vec<u64>,
}

impl Side {
    fn add(&mut self, word: Word, (count, height): (u64, u64)) {
        if count > 0 {
            let y = self.end();
            self.boxes.push(Box { word, count, y, height });
            self.taken.push(0);
        }
    }

    fn end(&self) -> u64 {
        self.boxes.last().map_or(0, |last| last.y + last.height.max(GAP) + 6)
    }

    fn take(&mut self, word: Word, height: u64) -> u64 {
        let Some(at) = self.boxes.iter().position(|one| one.word == word) else {
            return 0;
        };
        let y = self.boxes[at].y + self.taken[at];
        self.taken[at] += height;
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r90_every_value_over_nothing_can_be_seen_and_nothing_cannot() {
        let bar = Bar::new(&[("good", 1), ("info", 0), ("calm", 1_000_000)]);
        let widths: Vec<u64> = bar.parts.iter().map(|part| part.width).collect();
        assert_eq!(widths, [NARROWEST, WIDTH - 1]);
        assert!(Bar::new(&[("good", 0)]).parts.is_empty());
    }

    #[test]
    fn r90_the_bars_of_a_history_share_one_scale() {
        let bars = columns(&[(0, 0), (1, 0), (400, 100)]);
        let bars: Vec<_> = bars.iter().map(|bar| (bar.x, bar.done, bar.failed)).collect();
        assert_eq!(bars, [(0, 0, 0), (24, 3, 0), (48, 40, 10)]);
    }

    #[test]
    fn r90_the_flow_has_a_ribbon_for_each_pair_and_loses_no_row() {
        let of = |pairs: &[(Step, u64)]| pairs.iter().copied().collect::<BTreeMap<_, _>>();
        let flow = Flow::of(&BTreeMap::from([
            (
                ImportStatus::Unmapped,
                of(&[(Step::CreateCompany, 40), (Step::Skip, 2)]),
            ),
            (ImportStatus::Mapped, of(&[(Step::Unchanged, 7)])),
        ]));
        let total = |boxes: &[Box]| boxes.iter().map(|one| one.count).sum::<u64>();
        assert_eq!((flow.paths.len(), total(&flow.left), total(&flow.right)), (3, 49, 49));
        assert!(
            flow.left
                .iter()
                .chain(&flow.right)
                .all(|one| one.y + one.height <= flow.height)
        );
    }
}
