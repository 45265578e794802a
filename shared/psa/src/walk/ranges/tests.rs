use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;

/// A PSA that is asked for pages of several ranges at once.
struct Psa {
    rows: BTreeSet<i64>,
    page_size: usize,
    /// Whether it says that a page is the last one.
    announces: bool,
    /// Whether the next page has only the first half of its rows.
    is_short: bool,
}

/// What reading a list took.
#[derive(Debug, Default)]
struct Read {
    ids: Vec<i64>,
    requests: usize,
    /// How long it took, if every request takes one.
    rounds: usize,
    most_at_once: usize,
    /// The list seemed to end, and a fresh count has more rows: the fetch fails.
    is_refuted: bool,
}

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Event {
    Nothing,
    /// The run ends, with pages under way, and another goes on from the cursor.
    Kill,
    Insert,
    Delete(prop::sample::Index),
    /// The PSA answers with fewer rows than it has.
    Short,
}

impl Psa {
    fn new(rows: impl IntoIterator<Item = i64>, page_size: usize) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            page_size,
            announces: true,
            is_short: false,
        }
    }

    /// The page behind an id, and whether another is announced.
    fn page(&mut self, walk: &Walk) -> (Vec<i64>, bool) {
        if std::mem::take(&mut self.is_short) {
            let half = self.rows.range(walk.last + 1..).take(self.page_size / 2);
            return (half.copied().collect(), !self.announces);
        }
        let page: Vec<i64> = self.rows.range(walk.last + 1..).take(self.page_size).copied().collect();
        let more = page
            .last()
            .is_some_and(|last| self.rows.range(last + 1..).next().is_some());
        (page, more || !self.announces)
    }

    /// Reads all rows; which answer comes first is `order`'s to say. A page is as the rows are when it is answered.
    fn read(&mut self, most: usize, counted: bool, events: Vec<Event>, mut order: impl FnMut(usize) -> usize) -> Read {
        let expected = counted.then_some(self.rows.len() as u64);
        let (mut read, mut events) = (Read::default(), events.into_iter());
        let mut ranges = Ranges::before(1, expected, most);
        let mut under_way: VecDeque<(u32, Walk)> = VecDeque::new();
        let mut cursor = ranges.position();
        let mut was_short = false;
        let (mut round, mut highest) = (0, self.rows.last().copied().unwrap_or(0));
        loop {
            let asked = ranges.ask(self.page_size);
            read.requests += asked.len();
            under_way.extend(asked);
            read.most_at_once = read.most_at_once.max(under_way.len());
            if round == 0 {
                round = under_way.len();
                read.rounds += 1;
            }
            round -= 1;
            let (id, walk) = under_way.remove(order(under_way.len())).unwrap();
            let (page, announced) = self.page(&walk);
            let step = Step {
                ids: &page,
                asked: self.page_size,
                announced,
            };
            let own = ranges.take(id, walk.by_condition, &step).unwrap();
            read.ids.extend(&page[..own]);
            match ranges.whole() {
                Whole::Proven => return read,
                Whole::Claimed => {
                    read.is_refuted = self.rows.len() as u64 > ranges.delivered();
                    assert!(was_short || !read.is_refuted, "a claim that the count refutes");
                    return read;
                }
                Whole::Open => {}
            }
            if own > 0 {
                cursor = ranges.position();
            }
            match events.next().unwrap_or(Event::Nothing) {
                Event::Kill => {
                    (under_way, round) = (VecDeque::new(), 0);
                    ranges = Ranges::resume(&cursor, expected, most).unwrap();
                }
                Event::Insert => {
                    // No id is given twice.
                    highest += 1;
                    self.rows.insert(highest);
                }
                Event::Delete(which) if !self.rows.is_empty() => {
                    let row = *self.rows.iter().nth(which.index(self.rows.len())).unwrap();
                    self.rows.remove(&row);
                }
                Event::Short => (self.is_short, was_short) = (true, true),
                Event::Nothing | Event::Delete(_) => {}
            }
        }
    }
}

fn in_turn(_: usize) -> usize {
    0
}

/// Ids of a hundred thousand contacts: one after the other, ever rarer, ever denser, in clusters, and with one from long ago.
fn distributions() -> [(&'static str, Vec<i64>); 6] {
    let evenly = |step: usize| (1..).step_by(step).take(100_000);
    let clusters = |size: i64, gap: i64| (0..100_000).map(move |n| 1 + n + n / size * gap);
    [
        ("dense", evenly(1).collect()),
        ("every seventh", evenly(7).collect()),
        ("ever rarer", (1..=100_000).map(|n| n * n / 1_000 + n).collect()),
        (
            "ever denser",
            (1..=100_000_i64)
                .map(|n| 20_000_000 - (100_000 - n) * (100_000 - n) / 1_000 + n)
                .collect(),
        ),
        ("clusters", clusters(9_000, 1_000_000).collect()),
        (
            "one from long ago",
            std::iter::once(2).chain(30_682_001..30_781_999).collect(),
        ),
    ]
}

#[test]
fn a_large_list_takes_hardly_more_requests_and_a_fraction_of_the_time() {
    for (most, page_size) in [(4, 1_000), (2, 500)] {
        for (name, ids) in distributions() {
            let (rows, pages) = (ids.len(), ids.len().div_ceil(page_size));
            let read = Psa::new(ids, page_size).read(most, true, Vec::new(), in_turn);
            println!("{name}: {} requests of {pages}, {} rounds", read.requests, read.rounds);
            assert_eq!(read.ids.len(), rows);
            assert!(read.most_at_once <= most, "{name}");
            assert!(
                read.requests <= pages + 2 + pages / 10,
                "{name}: {} requests",
                read.requests
            );
            assert!(
                read.rounds * most * 10 <= read.requests * 13,
                "{name}: {} rounds of {most} for {} requests",
                read.rounds,
                read.requests
            );
        }
    }
}

#[test]
fn a_list_of_few_pages_is_read_in_their_order_with_no_request_more() {
    for rows in 0..=3_000 {
        let mut psa = Psa::new(1..=rows, 1_000);
        let read = psa.read(4, true, Vec::new(), in_turn);
        let pages = usize::try_from(rows).unwrap().div_ceil(1_000).max(1);
        assert_eq!((read.requests, read.rounds), (pages, pages), "{rows}");
        assert!(read.ids.is_sorted());
    }
}

#[test]
fn a_list_that_is_not_counted_is_one_range() {
    let read = Psa::new(1..=100_000, 1_000).read(4, false, Vec::new(), in_turn);
    assert_eq!((read.most_at_once, read.requests), (1, 101));
}

#[test]
fn r11_a_position_is_small_and_no_other_text_is_one() {
    let mut ranges = Ranges::before(1, Some(100_000), 4);
    let (asked, page) = (ranges.ask(1_000)[0].0, (30_682_001..30_683_001).collect::<Vec<i64>>());
    let step = Step {
        ids: &page,
        asked: 1_000,
        announced: true,
    };
    ranges.take(asked, true, &step).unwrap();
    assert_eq!(ranges.ask(1_000).len(), 4);
    let position = ranges.position();
    assert!(position.len() < 400, "{position}");
    let resumed = Ranges::resume(&position, Some(100_000), 4).unwrap();
    assert_eq!(resumed.position(), position);
    for text in [
        "",
        "page 2",
        "5/2",
        "{}",
        r#"{"r":[]}"#,
        r#"{"r":[{"a":5,"l":4,"n":0}]}"#,
        r#"{"r":[{"a":4,"l":5,"u":5,"n":0}]}"#,
        r#"{"r":[{"a":4,"l":5,"n":-1}]}"#,
        r#"{"r":[{"a":4,"l":5,"n":0},{"a":9,"l":9,"n":0}]}"#,
        r#"{"r":[{"a":4,"l":5,"u":10,"n":0},{"a":9,"l":9,"n":0}]}"#,
    ] {
        assert!(Ranges::resume(text, None, 4).is_none(), "{text}");
    }
}

#[test]
fn r9_a_list_without_an_end_is_refused() {
    for (rows, taken) in [(10_020, Ok(10_020)), (10_021, Err(PageError::Endless))] {
        let mut ranges = Ranges::before(1, Some(10), 1);
        let id = ranges.ask(20_000)[0].0;
        let step = Step {
            ids: &(1..=rows).collect::<Vec<_>>(),
            asked: 20_000,
            announced: true,
        };
        assert_eq!(ranges.take(id, false, &step), taken);
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => Just(Event::Nothing),
        1 => Just(Event::Kill),
        1 => Just(Event::Insert),
        2 => any::<prop::sample::Index>().prop_map(Event::Delete),
        1 => Just(Event::Short),
    ];
    prop::collection::vec(event, 0..40)
}

proptest! {
    #[test]
    fn r10_no_row_is_lost_or_doubled_when_rows_change_and_runs_die_meanwhile(
        rows in prop::collection::btree_set(1_i64..400, 0..120),
        events in events(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 200),
        most in 1_usize..6,
        announces: bool,
        counted: bool,
    ) {
        let mut psa = Psa { announces, ..Psa::new(rows.clone(), 3) };
        let mut order = order.into_iter();
        let read = psa.read(most, counted, events, |of| order.next().map_or(0, |at| at.index(of)));
        prop_assert!(read.most_at_once <= most);
        let seen: BTreeSet<i64> = read.ids.iter().copied().collect();
        prop_assert_eq!(seen.len(), read.ids.len(), "doubled");
        let lost: Vec<_> = rows.intersection(&psa.rows).filter(|id| !seen.contains(id)).collect();
        prop_assert!(lost.is_empty() || read.is_refuted, "lost: {lost:?} of {seen:?}");
    }
}
