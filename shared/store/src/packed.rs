//! Many small records in one attribute: JSON, deflated. Write units are charged by the started kilobyte.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::inflate::read_inflated;

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
    let read = read_inflated(packed, |json| serde_json::from_slice(json));
    let read = read.map_err(|error| StoreError::shape(what, error))?;
    read.map_err(|error| StoreError::shape(what, error))
}
