//! What a client asks of the provider.

use serde::Deserialize;

/// What a client asks to sign somebody in for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asked {
    pub response_type: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub state: String,
    pub nonce: String,
    pub code_challenge: String,
    pub code_challenge_method: String,
}

impl Asked {
    /// Only the console, only with PKCE, and back to nowhere but its own address.
    pub fn is_fine(&self, client: &str) -> bool {
        self.response_type == "code"
            && self.client_id == client
            && self.code_challenge_method == "S256"
            && url::Url::parse(&self.redirect_uri)
                .is_ok_and(|back| back.host_str() == Some("127.0.0.1") && back.path() == "/console/signed-in")
    }
}
