//! Unpacking into a place that is used again. A plan of a large MSP unpacks twenty thousand small items, and for most of them making a place
//! would take longer than unpacking.

use std::cell::RefCell;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Nothing that is packed comes near this; a larger one did not come from here.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A place that had to become larger is not kept.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// What a place begins with.
const MIN_BYTES: usize = 16 * 1024;

thread_local! {
    static PLACE: RefCell<Place> = RefCell::default();
}

#[derive(Default)]
struct Place {
    inflater: Box<DecompressorOxide>,
    /// As long as there is room.
    bytes: Vec<u8>,
}

/// What was packed did not come from here, or was damaged.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be unpacked")]
pub(crate) struct Damaged;

/// Unpacks bytes and reads them.
pub(crate) fn read_inflated<T>(packed: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<T, Damaged> {
    let mut place = PLACE.take();
    let read = place.inflate(packed).map(read);
    if place.bytes.len() <= MAX_KEPT_BYTES {
        PLACE.set(place);
    }
    read
}

impl Place {
    fn inflate(&mut self, mut packed: &[u8]) -> Result<&[u8], Damaged> {
        self.inflater.init();
        if self.bytes.is_empty() {
            self.bytes.resize(MIN_BYTES, 0);
        }
        let mut filled = 0;
        loop {
            let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let (status, taken, given) = decompress(&mut self.inflater, packed, &mut self.bytes, filled, flags);
            filled += given;
            match status {
                TINFLStatus::Done => return self.bytes.get(..filled).ok_or(Damaged),
                TINFLStatus::HasMoreOutput if self.bytes.len() < MAX_BYTES => {
                    packed = packed.get(taken..).unwrap_or_default();
                    self.bytes.resize(self.bytes.len() * 2, 0);
                }
                _ => return Err(Damaged),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packed;

    fn inflated(packed: &[u8]) -> Result<Vec<u8>, Damaged> {
        read_inflated(packed, <[u8]>::to_vec)
    }

    fn deflated(text: &str) -> Vec<u8> {
        packed::pack("a text", text).unwrap()
    }

    proptest! {
        #[test]
        fn one_text_after_another_comes_out_as_it_was(texts in proptest::collection::vec((0..40_000_usize, any::<char>()), 1..6)) {
            for (length, character) in texts {
                let text: String = std::iter::repeat_n(character, length).collect();
                let json = serde_json::to_vec(&text).unwrap();
                prop_assert_eq!(inflated(&deflated(&text)).unwrap(), json);
            }
        }

        #[test]
        fn what_is_damaged_is_an_error_and_the_next_one_is_not(at in any::<usize>()) {
            let whole = deflated("some text that is packed, and some text that is not");
            prop_assert!(inflated(&whole[..at % whole.len()]).is_err());
            prop_assert!(inflated(&whole).is_ok());
        }
    }

    #[test]
    fn what_unpacks_to_more_than_anything_is_refused() {
        let bomb = deflated(&"a".repeat(MAX_BYTES + 1));
        assert!(bomb.len() < 100_000);
        assert!(inflated(&bomb).is_err());
    }
}
