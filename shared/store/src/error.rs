//! Why a store call failed. A refused condition is never an error: it is an outcome of the call that stated it.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A failed call to DynamoDB or Secrets Manager.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The call failed, even after the SDK's retries, but may succeed later: the service could not be reached, had no room, or
    /// refused the call for a reason that people can remove, such as a missing right or table.
    #[error("{operation}: {message}")]
    Service {
        /// What was called.
        operation: &'static str,
        /// What is known of it; holds no item data.
        message: String,
    },
    /// The service refuses the call for what it is, and always will.
    #[error("{operation} is refused: {message}")]
    Refused {
        /// What was called.
        operation: &'static str,
        /// The service's codes.
        message: String,
    },
    /// Every attempt lost to a concurrent write; a later call may succeed.
    #[error("{what}: every attempt lost to a concurrent write")]
    Contention {
        /// The record or step that could not be written.
        what: &'static str,
    },
    /// An item or a transaction is larger than the service takes.
    #[error("{what} is too large: {message}")]
    TooLarge {
        /// An item, or a transaction.
        what: &'static str,
        /// How large it is, and may be.
        message: String,
    },
    /// A newer version wrote an item, and this one would misread it.
    #[error("a newer version of psa-import wrote this {kind} (schema {found}, this version reads up to {known})")]
    Newer {
        /// Which kind of item.
        kind: &'static str,
        /// The number of its schema.
        found: u64,
        /// The highest number that this version reads.
        known: u64,
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
    pub fn sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some(code) if is_for_good(code) => Self::Refused {
                operation,
                message: code.to_owned(),
            },
            Some(code) => Self::Service {
                operation,
                message: code.to_owned(),
            },
            None => Self::Service {
                operation,
                message: causes(&error),
            },
        }
    }

    /// An item of an unexpected shape.
    pub fn shape(what: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Shape {
            what,
            message: error.to_string(),
        }
    }

    /// Whether the same call may succeed later. What a newer version wrote can be read once that version is deployed again: until
    /// then an import waits, instead of ending with rows that have no outcome.
    pub const fn passes(&self) -> bool {
        matches!(
            self,
            Self::Service { .. } | Self::Contention { .. } | Self::Newer { .. }
        )
    }
}

/// Whether a call that was answered with this code need not be made again: it breaks a rule of the service. Rights, missing tables
/// and limits are mended by people meanwhile, or pass by themselves.
pub(crate) fn is_for_good(code: &str) -> bool {
    matches!(
        code,
        "ValidationException"
            | "ValidationError"
            | "SerializationException"
            | "ItemCollectionSizeLimitExceededException"
    )
}

/// What an error and its causes say of themselves. Not their `Debug`, in which SDK errors show the reply that could not be read:
/// secrets, or somebody's contacts.
fn causes(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        told = format!("{told}: {deeper}");
        cause = deeper.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::operation::get_item::GetItemError;

    use super::*;

    fn reply() -> HttpResponse {
        HttpResponse::new(200.try_into().unwrap(), "<a secret>".into())
    }

    #[test]
    fn r50_a_reply_that_cannot_be_read_is_not_told() {
        let unreadable: SdkError<GetItemError, _> = SdkError::response_error("no JSON", reply());
        let unknown = SdkError::service_error(GetItemError::unhandled("what is this?"), reply());
        for error in [unreadable, unknown] {
            let told = StoreError::sdk("GetItem", error);
            assert!(told.passes());
            for text in [told.to_string(), format!("{told:?}")] {
                assert!(text.contains("GetItem") && !text.contains("secret"), "{text}");
            }
        }
    }

    #[test]
    fn r36_what_breaks_a_rule_of_the_service_does_not_pass() {
        for (code, passes) in [("ValidationException", false), ("ThrottlingException", true)] {
            let meta = aws_sdk_dynamodb::error::ErrorMetadata::builder().code(code).build();
            let error = SdkError::service_error(GetItemError::generic(meta), reply());
            assert_eq!(StoreError::sdk("GetItem", error).passes(), passes);
        }
    }
}
