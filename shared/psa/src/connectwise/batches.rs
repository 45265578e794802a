//! Ids in batches that fit into an address.

/// Path and query may have 1,745 characters; this leaves room for everything but the ids.
const LONGEST_IDS: usize = 1_500;

/// As many ids as fit into each address, a comma taking three characters.
pub(super) fn batches(ids: impl Iterator<Item = i64>) -> Vec<Vec<i64>> {
    let mut batches: Vec<Vec<i64>> = Vec::new();
    let mut room = 0;
    for id in ids {
        let length = id.to_string().len() + 3;
        match batches.last_mut() {
            Some(batch) if room >= length => batch.push(id),
            _ => {
                batches.push(vec![id]);
                room = LONGEST_IDS;
            }
        }
        room -= length;
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::condition::Condition;
    use super::*;

    proptest! {
        #[test]
        fn every_id_is_asked_for_once_in_addresses_that_are_short_enough(ids in proptest::collection::vec(any::<i64>(), 0..300)) {
            let batches = batches(ids.iter().copied());
            for batch in &batches {
                let query = Condition::In("id", batch.clone()).to_string();
                prop_assert!(query.len() + 2 * batch.len() <= LONGEST_IDS + 20);
            }
            prop_assert_eq!(batches.concat(), ids);
        }
    }

    #[test]
    fn ids_as_they_really_are_go_by_the_hundred() {
        assert_eq!(batches((20_000..20_500).map(i64::from)).len(), 3);
    }
}
