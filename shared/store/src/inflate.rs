//! Unpacking into a place that is used again. A plan of a large MSP unpacks twenty thousand small items, and for most of them making a place
//! would take longer than unpacking.

use std::cell::Cell;

use flate2::{Decompress, FlushDecompress, Status};

/// Nothing that is packed comes near this; a larger one did not come from here.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A place that had to become larger is not kept.
const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// What a place begins with.
const MIN_BYTES: usize = 16 * 1024;

thread_local! {
    /// None while something is unpacked.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

struct Place {
    inflater: Decompress,
    /// As long as there is room.
    bytes: Vec<u8>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            inflater: Decompress::new(false),
            bytes: Vec::new(),
        }
    }
}

/// What was packed did not come from here, or was damaged.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be unpacked")]
pub(crate) struct Damaged;

/// Unpacks bytes and reads them.
pub(crate) fn read_inflated<T>(packed: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<T, Damaged> {
    let mut place = PLACE.take().unwrap_or_default();
    let read = place.inflate(packed).map(read);
    if place.bytes.len() <= MAX_KEPT_BYTES {
        PLACE.set(Some(place));
    }
    read
}

impl Place {
    fn inflate(&mut self, packed: &[u8]) -> Result<&[u8], Damaged> {
        self.inflater.reset(false);
        if self.bytes.is_empty() {
            self.bytes.resize(MIN_BYTES, 0);
        }
        loop {
            let [taken, filled] = [self.inflater.total_in(), self.inflater.total_out()].map(place_of);
            let packed = packed.get(taken..).unwrap_or_default();
            let room = self.bytes.get_mut(filled..).unwrap_or_default();
            let status = self.inflater.decompress(packed, room, FlushDecompress::Finish);
            let filled = place_of(self.inflater.total_out());
            match status {
                Ok(Status::StreamEnd) => return self.bytes.get(..filled).ok_or(Damaged),
                Ok(_) if filled == self.bytes.len() && filled < MAX_BYTES => self.bytes.resize(filled * 2, 0),
                _ => return Err(Damaged),
            }
        }
    }
}

/// What is counted fits into memory.
fn place_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
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
