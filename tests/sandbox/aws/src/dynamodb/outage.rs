//! A `DynamoDB` that takes no call of the functions for a while.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use serde::Deserialize;

/// How every call of the functions fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreFault {
    /// The service fails.
    Error,
    /// The table has no room.
    Throttling,
}

impl StoreFault {
    pub(super) const fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::Error => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#,
            ),
            Self::Throttling => (
                StatusCode::BAD_REQUEST,
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#,
            ),
        }
    }
}

/// The fault of now, if there is one; clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Outage(Arc<Mutex<Option<StoreFault>>>);

impl Outage {
    pub fn get(&self) -> Option<StoreFault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, fault: Option<StoreFault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}
