//! The errors of Secrets Manager.

use axum::http::StatusCode;

/// An error as Secrets Manager answers it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub kind: &'static str,
    pub message: &'static str,
}

impl Refusal {
    pub const fn client(kind: &'static str, message: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            message,
        }
    }

    pub const fn not_found() -> Self {
        Self::client(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )
    }

    pub const fn no_such_version() -> Self {
        Self::client(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value.",
        )
    }

    pub const fn exists() -> Self {
        Self::client(
            "ResourceExistsException",
            "The operation failed because the secret already exists.",
        )
    }

    pub const fn version_exists() -> Self {
        Self::client(
            "ResourceExistsException",
            "You can't use this ClientRequestToken: it is that of another version.",
        )
    }

    pub const fn marked_for_deletion() -> Self {
        Self::client(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    }

    pub const fn scheduled_for_deletion() -> Self {
        Self::client(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )
    }

    pub const fn invalid(message: &'static str) -> Self {
        Self::client("InvalidParameterException", message)
    }

    pub const fn internal() -> Self {
        let message = "An error occurred on the server side.";
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "InternalServiceError",
            message,
        }
    }
}
