use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn take(walk: &mut Walk, ids: &[i64], announced: bool, expected: Option<u64>) -> Result<End, PageError> {
    let asked = 3;
    walk.take(&Step {
        ids,
        asked,
        announced,
        expected,
    })
}

#[test]
fn r9_a_walk_ends_only_where_page_and_count_agree() {
    for (ids, announced, expected, end) in [
        (&[1, 2, 3][..], true, Some(3), End::Open),
        (&[1, 2, 3], false, Some(3), End::Proven),
        (&[1, 2], true, Some(2), End::Proven),
        (&[1, 2], false, Some(3), End::Open),
        (&[1, 2], false, None, End::Open),
        (&[1, 2, 3], false, Some(9), End::Open),
        (&[], false, Some(0), End::Proven),
        (&[], true, Some(0), End::Proven),
        (&[], false, Some(1), End::Claimed),
        (&[], false, None, End::Claimed),
    ] {
        assert_eq!(
            take(&mut Walk::before(1), ids, announced, expected),
            Ok(end),
            "{ids:?} {announced} {expected:?}"
        );
    }
}

#[test]
fn r9_a_list_without_an_end_is_refused() {
    let mut walk = Walk {
        delivered: 10_017,
        ..Walk::before(1)
    };
    assert_eq!(take(&mut walk, &[1, 2, 3], true, Some(10)), Ok(End::Open));
    assert_eq!(take(&mut walk, &[4], true, Some(10)), Err(PageError::Endless));
    assert_eq!(take(&mut walk, &[5], true, None), Ok(End::Open));
}

#[test]
fn r10_ids_that_do_not_rise_are_refused() {
    for (last, ids) in [
        (0, &[2, 1][..]),
        (0, &[2, 2]),
        (0, &[0]),
        (0, &[-1]),
        (5, &[5]),
        (5, &[4, 6]),
        (0, &[1, 3, 2]),
    ] {
        let mut walk = Walk {
            last,
            ..Walk::before(1)
        };
        assert_eq!(
            take(&mut walk, ids, true, None),
            Err(PageError::Order),
            "{last} {ids:?}"
        );
    }
    assert_eq!(
        take(&mut Walk::before(0), &[0, 1], true, None),
        Ok(End::Open),
        "0 is an id where it may be one"
    );
}

#[test]
fn r9_more_rows_than_asked_for_are_refused() {
    assert_eq!(
        take(&mut Walk::before(1), &[1, 2, 3, 4], true, None),
        Err(PageError::Size)
    );
}

#[test]
fn r11_a_walk_goes_on_from_its_cursor_and_from_no_other() {
    for by_condition in [false, true] {
        let walk = Walk {
            last: 19_301,
            delivered: 1_000,
            by_condition,
        };
        assert_eq!(Walk::resume(&walk.cursor()), Some(walk));
    }
    let from_before = Walk::resume(&Cursor("5/2".into())).unwrap();
    assert_eq!((from_before.last, from_before.by_condition), (5, false));
    for text in ["", "1", "1/2/yes", "1/-2", "x/2", "1/2/4", "1/2/condition/4"] {
        assert_eq!(Walk::resume(&Cursor(text.into())), None, "{text}");
    }
}

/// What happens to the rows of the PSA between two pages.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Insert,
    Delete(prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        2 => Just(Change::Nothing),
        1 => Just(Change::Insert),
        2 => any::<prop::sample::Index>().prop_map(Change::Delete),
    ];
    prop::collection::vec(change, 0..12)
}

/// A PSA of three rows a page that is changed while it is walked.
fn walk_through(
    mut rows: BTreeSet<i64>,
    changes: Vec<Change>,
    announces: bool,
    counted: bool,
) -> (Vec<i64>, BTreeSet<i64>) {
    let expected = counted.then_some(rows.len() as u64);
    let mut untouched = rows.clone();
    let (mut walk, mut seen, mut changes) = (Walk::before(1), Vec::new(), changes.into_iter());
    loop {
        let page: Vec<i64> = rows.range(walk.last + 1..).take(3).copied().collect();
        let more = page.last().is_some_and(|last| rows.range(last + 1..).next().is_some());
        let end = take(&mut walk, &page, announces && more, expected).unwrap();
        seen.extend(page);
        if end != End::Open {
            assert!(
                end == End::Proven || rows.len() as u64 <= walk.delivered,
                "a claim that the count refutes"
            );
            return (seen, untouched);
        }
        match changes.next().unwrap_or(Change::Nothing) {
            Change::Insert => drop(rows.insert(rows.last().copied().unwrap_or(100) + 1)),
            Change::Delete(which) if !rows.is_empty() => {
                let row = *rows.iter().nth(which.index(rows.len())).unwrap();
                rows.remove(&row);
                untouched.remove(&row);
            }
            Change::Nothing | Change::Delete(_) => {}
        }
    }
}

proptest! {
    #[test]
    fn r10_no_row_is_lost_or_doubled_when_rows_change_meanwhile(
        rows in prop::collection::btree_set(1_i64..100, 0..20),
        changes in changes(),
        announces: bool,
        counted: bool,
    ) {
        let (seen, untouched) = walk_through(rows, changes, announces, counted);
        prop_assert!(seen.is_sorted_by(|one, next| one < next), "doubled: {seen:?}");
        let lost: Vec<_> = untouched.iter().filter(|id| !seen.contains(id)).collect();
        prop_assert!(lost.is_empty(), "lost: {lost:?} of {seen:?}");
    }
}
