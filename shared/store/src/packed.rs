//! Many small records in one attribute: JSON, deflated. Write units are charged by the started kilobyte.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// Nothing that is packed comes near this; a larger one did not come from here.
const MAX_UNPACKED_BYTES: usize = 64 * 1024 * 1024;

/// Packs a record.
pub fn pack<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<Vec<u8>, StoreError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let json = serde_json::to_vec(value).map_err(|error| StoreError::shape(what, error))?;
    encoder
        .write_all(&json)
        .map_err(|error| StoreError::shape(what, error))?;
    encoder.finish().map_err(|error| StoreError::shape(what, error))
}

/// Reads a packed record.
pub fn unpack<T: DeserializeOwned>(what: &'static str, packed: &[u8]) -> Result<T, StoreError> {
    let json = decompress_to_vec_with_limit(packed, MAX_UNPACKED_BYTES);
    let json = json.map_err(|error| StoreError::shape(what, error))?;
    serde_json::from_slice(&json).map_err(|error| StoreError::shape(what, error))
}
