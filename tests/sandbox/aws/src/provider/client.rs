//! The client of the provider.

/// The client, as it is registered with the provider.
#[derive(Debug, Clone)]
pub struct ProviderClient {
    /// Its id, which is the audience of ID tokens.
    pub id: String,
    /// The secret that it sends with every call; `None` for a public client.
    pub secret: Option<String>,
    /// Whether access tokens leave out the claims of people, which ID tokens always have. Those of a Cognito pool of the lowest plan do.
    pub has_bare_access_tokens: bool,
}

impl ProviderClient {
    /// Whether a call comes from the client.
    pub(super) fn is(&self, id: &str, secret: Option<&str>) -> bool {
        self.id == id && (self.secret.is_none() || self.secret.as_deref() == secret)
    }
}
