use super::*;

fn take(walk: &mut Walk, ids: &[i64], announced: bool) -> Result<(usize, End), PageError> {
    walk.take(&Step {
        ids,
        asked: 3,
        announced,
    })
}

#[test]
fn r9_a_range_is_over_only_where_a_page_shows_it() {
    for (until, ids, announced, own, end) in [
        (None, &[1, 2, 3][..], true, 3, End::Open),
        (None, &[1, 2, 3], false, 3, End::Likely),
        (None, &[1, 2], true, 2, End::Likely),
        (None, &[], true, 0, End::Over),
        (None, &[], false, 0, End::Over),
        (Some(5), &[1, 2, 3], true, 3, End::Open),
        (Some(5), &[1, 2, 6], true, 2, End::Over),
        (Some(5), &[6, 7, 8], true, 0, End::Over),
        (Some(5), &[3, 4, 5], true, 3, End::Over),
        (Some(5), &[3, 4], true, 2, End::Likely),
        (Some(5), &[2, 3, 4], false, 3, End::Likely),
        (Some(5), &[], true, 0, End::Over),
    ] {
        let mut walk = Walk::of(0, until);
        assert_eq!(
            take(&mut walk, ids, announced),
            Ok((own, end)),
            "{until:?} {ids:?} {announced}"
        );
        assert_eq!(walk.delivered, own as u64);
        assert_eq!(walk.last, if own == 0 { 0 } else { ids[own - 1] });
    }
}

#[test]
fn r9_far_more_rows_than_were_counted_have_no_end() {
    for (delivered, counted, ends) in [
        (10_000, 0, true),
        (10_001, 0, false),
        (10_020, 10, true),
        (10_021, 10, false),
        (u64::MAX, u64::MAX, true),
    ] {
        assert_eq!(check_ends(delivered, counted).is_ok(), ends, "{delivered} {counted}");
    }
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
        assert_eq!(take(&mut walk, ids, true), Err(PageError::Order), "{last} {ids:?}");
    }
    assert_eq!(
        take(&mut Walk::before(0), &[0, 1], true),
        Ok((2, End::Likely)),
        "0 is an id where it may be one"
    );
}

#[test]
fn r9_more_rows_than_asked_for_are_refused() {
    assert_eq!(take(&mut Walk::before(1), &[1, 2, 3, 4], true), Err(PageError::Size));
}
