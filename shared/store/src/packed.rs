//! Many small records in one attribute: JSON, deflated. Write units are charged by the started kilobyte.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// Nothing that is packed comes near this; a larger one did not come from here.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;

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
    let mut json = Vec::new();
    let mut decoder = DeflateDecoder::new(packed).take(MAX_UNPACKED_BYTES);
    decoder
        .read_to_end(&mut json)
        .map_err(|error| StoreError::shape(what, error))?;
    serde_json::from_slice(&json).map_err(|error| StoreError::shape(what, error))
}
