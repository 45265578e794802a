//! Where the provider is.

use serde::Deserialize;

/// The provider's discovery document.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Endpoints {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
}
