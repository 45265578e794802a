//! How large items are, by DynamoDB's rules: names and values, with a little for each list, map and entry.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::StoreError;
use crate::table::Item;

/// The most bytes one item may have: 400 KB.
pub(crate) const MAX_ITEM_BYTES: usize = 400 * 1024;

/// How much JSON is packed into one item at most. What is packed never gets larger than this and a little, however badly it
/// deflates; the rest of 400 KB is for keys and other attributes.
pub(crate) const ROOM: usize = 360 * 1024;

pub(crate) fn of_item(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + of_value(value)).sum()
}

pub(crate) fn of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // Two digits to a byte at best; never more than the digits.
        AttributeValue::N(digits) => digits.len() + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(list) => 3 + list.iter().map(|entry| 1 + of_value(entry)).sum::<usize>(),
        AttributeValue::M(map) => {
            3 + map
                .iter()
                .map(|(name, entry)| 1 + name.len() + of_value(entry))
                .sum::<usize>()
        }
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(|blob| blob.as_ref().len()).sum(),
        _ => 1,
    }
}

/// The length of a value as JSON.
pub(crate) fn of_json<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<usize, StoreError> {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value).map_err(|error| StoreError::shape(what, error))?;
    Ok(counter.0)
}

/// Cuts a list into slices that fit into one item each: of at most `most` entries and `room` bytes. An entry that is larger by
/// itself gets a slice of its own.
pub(crate) fn cut<T>(
    list: &[T],
    (most, room): (usize, usize),
    size: impl Fn(&T) -> Result<usize, StoreError>,
) -> Result<Vec<&[T]>, StoreError> {
    let (mut slices, mut from, mut sum) = (Vec::new(), 0, 0);
    for (at, entry) in list.iter().enumerate() {
        // With the comma.
        let bytes = size(entry)? + 1;
        if at > from && (at - from == most || sum + bytes > room) {
            slices.push(&list[from..at]);
            (from, sum) = (at, 0);
        }
        sum += bytes;
    }
    if from < list.len() {
        slices.push(&list[from..]);
    }
    Ok(slices)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cut_list_is_whole_and_each_slice_fits(list in proptest::collection::vec(0_usize..50, 0..200), most in 1_usize..20, room in 1_usize..100) {
            let slices = cut(&list, (most, room), |size| Ok(*size)).unwrap();
            prop_assert_eq!(slices.concat(), list.clone());
            for slice in slices {
                prop_assert!(!slice.is_empty() && slice.len() <= most);
                let bytes: usize = slice.iter().map(|size| size + 1).sum();
                prop_assert!(bytes <= room || slice.len() == 1);
            }
        }
    }
}
