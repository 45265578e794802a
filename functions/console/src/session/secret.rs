//! What the console keeps secret: the keys of its cookies, and how it proves itself to the provider.

use serde::Deserialize;

use super::seal::Seal;

/// What the secret holds, ready for use.
pub(crate) struct Secret {
    pub(super) seal: Seal,
    pub(super) client_secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredSecret {
    key: String,
    #[serde(default)]
    former_key: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
}

impl Secret {
    /// Reads the text of the secret; `None` if it has no key that is long enough.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let stored: StoredSecret = serde_json::from_str(text).ok()?;
        Some(Self {
            seal: Seal::new(std::iter::once(stored.key).chain(stored.former_key))?,
            client_secret: stored.client_secret.filter(|secret| !secret.is_empty()),
        })
    }
}
