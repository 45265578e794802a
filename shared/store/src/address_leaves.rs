//! How the address mappings of a company are divided among items, here called leaves.
//!
//! A leaf has the mappings from one id to another, and its key says where it begins: so those of one contact are found without reading the
//! others. Mappings that remember sharers are in leaves of their own, since they may pass to another contact (R56); one that was there
//! stays there. A leaf that gets too full is divided, and none is ever joined with its neighbour.

use std::collections::BTreeSet;

use domain::ids::AddressId;

use crate::StoreError;
use crate::keys;
use crate::records::{ADDRESS_MAPPINGS, AddressMappingRecord};
use crate::size::{self, ROOM};
use crate::table::{Item, packed_body};

/// Address mappings in one leaf, as far as their texts leave room.
const MAX_MAPPINGS_PER_LEAF: usize = 1_000;

/// What the places of leaves begin with whose mappings remember no sharers.
pub(crate) const ALONE: &str = "A";

/// What the places of leaves begin with whose mappings remember sharers, or did.
pub(crate) const SHARED: &str = "S";

/// Some address mappings of a company, which are one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    family: &'static str,
    /// The first id that belongs into it; empty for the first leaf of a family.
    pub first: String,
    pub records: Vec<AddressMappingRecord>,
}

impl Leaf {
    /// Reads an item, whose sort key ends with this place.
    pub fn read(item: &Item, place: &str) -> Result<Self, StoreError> {
        let records = packed_body(ADDRESS_MAPPINGS, item)?;
        let of = |family: &'static str| Some((family, place.strip_prefix(family)?.to_owned()));
        let (family, first) = of(ALONE)
            .or_else(|| of(SHARED))
            .ok_or_else(|| StoreError::shape(ADDRESS_MAPPINGS.name, "the sort key names no place"))?;
        Ok(Self { family, first, records })
    }

    /// The end of its sort key.
    pub fn place(&self) -> String {
        format!("{}{}", self.family, self.first)
    }

    /// Whether no leaf before it has an id like this or behind it.
    pub fn begins_before(&self, id: &str) -> bool {
        self.first.as_str() <= id
    }
}

/// The place in the sort key of an item of one of these companies, and the company.
pub(crate) fn place_in<C>(item: &Item, company: impl Fn(&str) -> Option<C>) -> Option<(C, &str)> {
    let rest = item.get("sk")?.as_s().ok()?.strip_prefix(keys::ADDRESS_MAPPINGS)?;
    // The id of an address may hold any character.
    let mut ends = rest.match_indices('#');
    ends.find_map(|(end, _)| Some((company(&rest[..end])?, &rest[end + 1..])))
}

/// The mappings of leaves that are in the order of their keys. One that an earlier call has written to its new leaf, and not yet taken
/// out of the one before it, is only in the new one.
pub(crate) fn records(leaves: &[Leaf]) -> impl Iterator<Item = &AddressMappingRecord> {
    let shared: BTreeSet<&AddressId> = ids_of(leaves, SHARED).collect();
    let ends = leaves.iter().skip(1).map(Some).chain([None]);
    leaves.iter().zip(ends).flat_map(move |(leaf, next)| {
        let end = next.filter(|next| next.family == leaf.family);
        let moved: Vec<bool> = leaf
            .records
            .iter()
            .map(|record| leaf.family == ALONE && shared.contains(&record.id))
            .collect();
        let records = leaf.records.iter().zip(moved);
        records.filter_map(move |(record, has_moved)| {
            let is_behind = end.is_some_and(|end| end.begins_before(record.id.as_str()));
            (!has_moved && !is_behind).then_some(record)
        })
    })
}

fn ids_of<'a>(leaves: &'a [Leaf], family: &'static str) -> impl Iterator<Item = &'a AddressId> {
    let leaves = leaves.iter().filter(move |leaf| leaf.family == family);
    leaves.flat_map(|leaf| leaf.records.iter().map(|record| &record.id))
}

/// Divides other mappings so that each one that was there stays where it was, unless its leaf gets too full.
pub(crate) fn replaced(before: &[Leaf], mut after: Vec<AddressMappingRecord>) -> Result<Vec<Leaf>, StoreError> {
    let were_shared: BTreeSet<&AddressId> = ids_of(before, SHARED).collect();
    after.sort_by(|one, other| one.id.cmp(&other.id));
    let is_shared = |record: &AddressMappingRecord| record.has_sharers() || were_shared.contains(&record.id);
    let (shared, alone): (Vec<_>, Vec<_>) = after.into_iter().partition(is_shared);
    let mut leaves = divide(ALONE, before, &alone)?;
    leaves.extend(divide(SHARED, before, &shared)?);
    Ok(leaves)
}

fn divide(family: &'static str, before: &[Leaf], records: &[AddressMappingRecord]) -> Result<Vec<Leaf>, StoreError> {
    let firsts = before.iter().filter(|leaf| leaf.family == family);
    let mut firsts: Vec<&str> = firsts.map(|leaf| leaf.first.as_str()).collect();
    // The last leaf is written first: without the first one, an earlier call was stopped before it came to that.
    if firsts.first().is_none_or(|first| !first.is_empty()) && !records.is_empty() {
        firsts.insert(0, "");
    }
    let (mut leaves, mut rest) = (Vec::new(), records);
    for (number, first) in firsts.iter().enumerate() {
        let next = firsts.get(number + 1);
        let until = next.map_or(rest.len(), |next| {
            rest.partition_point(|record| record.id.as_str() < *next)
        });
        let (own, behind) = rest.split_at(until);
        rest = behind;
        let mut slices = cut(own, next.is_none())?.into_iter();
        // A leaf stays, though all of its mappings have gone.
        leaves.push(Leaf {
            family,
            first: (*first).to_owned(),
            records: slices.next().unwrap_or_default().to_vec(),
        });
        leaves.extend(slices.map(|slice| {
            Leaf {
                family,
                first: slice
                    .first()
                    .map_or_else(String::new, |record| record.id.as_str().to_owned()),
                records: slice.to_vec(),
            }
        }));
    }
    Ok(leaves)
}

/// Cuts the mappings of a leaf. Behind the last one more are to be expected; another one is cut into halves, which have room for more.
fn cut(records: &[AddressMappingRecord], is_last: bool) -> Result<Vec<&[AddressMappingRecord]>, StoreError> {
    let fits = |most| {
        size::cut(records, (most, ROOM), |record| {
            size::of_json(ADDRESS_MAPPINGS.name, record)
        })
    };
    let slices = fits(MAX_MAPPINGS_PER_LEAF)?;
    if is_last || slices.len() < 2 {
        return Ok(slices);
    }
    fits(records.len().div_ceil(2).min(MAX_MAPPINGS_PER_LEAF))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::ids::{PsaContactId, UserId};
    use domain::mapping::AddressMapping;
    use domain::remembered::Remembered;
    use proptest::prelude::*;

    use super::*;

    fn record(number: usize, is_shared: bool) -> AddressMappingRecord {
        let sharers = is_shared.then(|| PsaContactId::new("0"));
        AddressMappingRecord::from(&AddressMapping {
            id: AddressId::new(format!("{number}~1")),
            user: UserId::new("u"),
            address: format!("a{number}@x.example").parse().unwrap(),
            other_addresses: Vec::new(),
            remembered: Remembered {
                name: None,
                sharers: sharers.into_iter().collect(),
                asked_for: None,
            },
        })
    }

    fn all(leaves: &[Leaf]) -> Vec<AddressMappingRecord> {
        let mut all: Vec<AddressMappingRecord> = records(leaves).cloned().collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    /// The leaves as they are stored after so many of the writes that replace them.
    fn written(before: &[Leaf], after: &[Leaf], writes: usize) -> Vec<Leaf> {
        let mut stored: BTreeMap<String, Leaf> = before.iter().map(|leaf| (leaf.place(), leaf.clone())).collect();
        let is_new = |leaf: &&Leaf| before.iter().all(|before| before != *leaf);
        let new: Vec<&Leaf> = after.iter().rev().filter(is_new).collect();
        stored.extend(new.into_iter().take(writes).map(|leaf| (leaf.place(), leaf.clone())));
        stored.into_values().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_was_written_first_nothing_is_lost_or_twice(
            rounds in proptest::collection::vec((proptest::collection::btree_map(0_usize..4_000, 0..10_u8, 0..2_500), 0..9_usize), 1..4),
        ) {
            let mut stored: Vec<Leaf> = Vec::new();
            for (wanted, writes) in rounds {
                let after: Vec<_> = wanted.iter().map(|(number, kind)| record(*number, *kind == 0)).collect();
                let mut sorted = after.clone();
                sorted.sort_by(|one, other| one.id.cmp(&other.id));
                let before = all(&stored);
                let leaves = replaced(&stored, after.clone()).unwrap();
                prop_assert_eq!(&all(&leaves), &sorted);
                prop_assert!(leaves.iter().all(|leaf| leaf.records.len() <= MAX_MAPPINGS_PER_LEAF));
                // Stopped after some of the writes.
                let half = all(&written(&stored, &leaves, writes));
                let ids: BTreeSet<&AddressId> = half.iter().map(|record| &record.id).collect();
                prop_assert_eq!(ids.len(), half.len(), "one is there twice");
                let stays = |record: &&AddressMappingRecord| sorted.iter().any(|after| after.id == record.id);
                prop_assert!(before.iter().filter(stays).all(|record| ids.contains(&record.id)));
                // The same once more.
                stored = replaced(&written(&stored, &leaves, writes), after).unwrap();
                prop_assert_eq!(all(&stored), sorted);
                prop_assert_eq!(&replaced(&stored, all(&stored)).unwrap(), &stored, "written twice");
            }
        }
    }

    #[test]
    fn a_call_that_stopped_before_it_wrote_the_first_leaf_leaves_room_for_it() {
        let many: Vec<_> = (1_000..2_001).map(|number| record(number, false)).collect();
        let leaves = replaced(&[], many.clone()).unwrap();
        let stored = written(&[], &leaves, 1);
        assert_eq!(all(&stored), many[1_000..]);
        let leaves = replaced(&stored, many.clone()).unwrap();
        let places: BTreeSet<String> = leaves.iter().map(Leaf::place).collect();
        assert_eq!(places.len(), leaves.len(), "two leaves have one key");
        assert_eq!(all(&written(&stored, &leaves, 2)), many);
    }

    #[test]
    fn a_place_names_a_company_and_an_id_with_any_characters() {
        let sk = |sk: &str| Item::from([("sk".to_owned(), crate::table::text(sk))]);
        let of = |company: &str| (company == "1#2").then_some(());
        assert_eq!(place_in(&sk("ADDRESSES#1#2#A3#4~5"), of), Some(((), "A3#4~5")));
        assert_eq!(place_in(&sk("ADDRESSES#1#A3~5"), of), None);
    }
}
