//! Why a store call failed. A refused condition is never an error: it is an outcome of the call that stated it.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A failed call to DynamoDB or Secrets Manager.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The service refused or could not be reached, still after the SDK's retries.
    #[error("{operation}: {message}")]
    Service {
        /// What was called.
        operation: &'static str,
        /// The service's own words; holds no item data.
        message: String,
    },
    /// An item does not have the shape this version writes.
    #[error("item {what} cannot be read: {message}")]
    Shape {
        /// Which kind of item.
        what: &'static str,
        /// Where it differs.
        message: String,
    },
}

impl StoreError {
    /// Wraps an SDK error.
    #[expect(clippy::needless_pass_by_value, reason = "reads better in `map_err`")]
    pub fn sdk<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let message = match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some(code) => code.to_owned(),
            None => DisplayErrorContext(&error).to_string(),
        };
        Self::Service { operation, message }
    }

    /// An item of an unexpected shape.
    pub fn shape(what: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Shape {
            what,
            message: error.to_string(),
        }
    }
}
