//! Many small records in one attribute: JSON, deflated. Write units are charged by the started kilobyte.

use std::cell::Cell;

use flate2::{Compress, CompressError, Compression, FlushCompress, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::inflate::read_inflated;

/// What is packed has about a third of its bytes, and so fits into half of them and this many more.
const MIN_PLACE: usize = 64;

thread_local! {
    /// Used again, since each has some 300 kB. None while something is packed.
    static DEFLATER: Cell<Option<Compress>> = const { Cell::new(None) };
}

/// Packs a record.
pub fn pack<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value).map_err(|error| StoreError::shape(what, error))?;
    deflated(&json).map_err(|error| StoreError::shape(what, error))
}

fn deflated(json: &[u8]) -> Result<Vec<u8>, CompressError> {
    let deflater = DEFLATER.take();
    let mut deflater = deflater.unwrap_or_else(|| Compress::new(Compression::default(), false));
    deflater.reset();
    let mut packed = Vec::with_capacity(json.len() / 2 + MIN_PLACE);
    loop {
        let taken = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
        let left = json.get(taken..).unwrap_or_default();
        if deflater.compress_vec(left, &mut packed, FlushCompress::Finish)? == Status::StreamEnd {
            break;
        }
        packed.reserve(packed.len());
    }
    DEFLATER.set(Some(deflater));
    packed.shrink_to_fit();
    Ok(packed)
}

/// Reads a packed record.
pub fn unpack<T: DeserializeOwned>(what: &'static str, packed: &[u8]) -> Result<T, StoreError> {
    unpack_by(what, packed, |json| serde_json::from_slice(json))
}

/// Reads a packed record by a function of its JSON.
pub fn unpack_by<T>(
    what: &'static str,
    packed: &[u8],
    read: impl FnOnce(&[u8]) -> serde_json::Result<T>,
) -> Result<T, StoreError> {
    let read = read_inflated(packed, read).map_err(|error| StoreError::shape(what, error))?;
    read.map_err(|error| StoreError::shape(what, error))
}
