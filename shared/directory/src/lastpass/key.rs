//! The API key of an account.

use std::fmt;

use domain::name;
use http_client::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// Keys have 51 characters, as far as is known.
const LONGEST: usize = 200;

/// So many characters of a key tell it from any other text.
const RECOGNISED: usize = 16;

/// An API key. Never printed.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// A text that cannot be sent as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the API key is missing, or has characters that no key has")]
pub struct NotAKey;

impl ApiKey {
    /// A key as somebody entered it or as it was stored. How keys look is not documented well enough to refuse more.
    pub fn new(text: &str) -> Result<Self, NotAKey> {
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.into())).ok_or(NotAKey)
    }

    /// The key as it is stored among the secrets.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// Whether a text has the key in it, or its beginning, also if characters that nobody sees stand between.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let key = self.0.expose_secret();
        name::clean(text).contains(key.get(..RECOGNISED).unwrap_or(key))
    }

    pub(super) fn header(&self) -> Result<HeaderValue, NotAKey> {
        let text = format!("api-key {}", self.0.expose_secret());
        let mut header = HeaderValue::from_str(&text).map_err(|_| NotAKey)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r05_a_key_is_not_printed() {
        let key = ApiKey::new(" lpkey_abcdefghijkl_secret ").unwrap();
        assert!(!format!("{key:?}{:?}", key.header().unwrap()).contains("abc"));
        assert_eq!(key.secret().expose_secret(), "lpkey_abcdefghijkl_secret");
    }

    #[test]
    fn r05_a_text_that_no_header_takes_is_no_key() {
        for text in ["", "  ", "a b", "a\nb", "k\u{e9}y", &"k".repeat(LONGEST + 1)] {
            assert!(ApiKey::new(text).is_err(), "{text:?}");
        }
    }
}
