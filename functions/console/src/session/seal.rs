//! Cookies that only the console can make and read: AES-256-GCM, the cookie's name bound in.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const NONCE_BYTES: usize = 12;

/// A key that is shorter can be guessed.
const SHORTEST_KEY: usize = 32;

/// The keys: the first seals, all open, so that a key can be replaced without ending every session.
pub(crate) struct Seal {
    keys: Vec<RandomizedNonceKey>,
}

impl Seal {
    /// From the texts of the keys; `None` if one is too short.
    pub(crate) fn new(texts: impl Iterator<Item = String>) -> Option<Self> {
        let keys = texts.map(|text| {
            let long = (text.len() >= SHORTEST_KEY).then_some(text)?;
            let key = Sha256::digest(format!("psa-import console\n{long}"));
            RandomizedNonceKey::new(&AES_256_GCM, &key).ok()
        });
        Some(Self {
            keys: keys.collect::<Option<_>>()?,
        })
    }

    /// Seals a text for the cookie of this name. `None` only if the machine has no random numbers.
    pub(crate) fn seal(&self, name: &str, text: &str) -> Option<String> {
        let mut sealed = text.as_bytes().to_vec();
        let key = self.keys.first()?;
        let nonce = key.seal_in_place_append_tag(Aad::from(name), &mut sealed).ok()?;
        let mut all = nonce.as_ref().to_vec();
        all.append(&mut sealed);
        Some(URL_SAFE_NO_PAD.encode(all))
    }

    /// Opens a value that was sealed for the cookie of this name.
    pub(crate) fn open(&self, name: &str, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_BYTES)?;
        self.keys.iter().find_map(|key| {
            let (nonce, mut text) = (Nonce::try_assume_unique_for_key(nonce).ok()?, text.to_vec());
            let opened = key.open_in_place(nonce, Aad::from(name), &mut text).ok()?;
            String::from_utf8(opened.to_vec()).ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(keys: &[&str]) -> Seal {
        Seal::new(keys.iter().map(|key| key.repeat(40))).unwrap()
    }

    #[test]
    fn r92_only_the_same_cookie_and_key_open_what_was_sealed() {
        let sealed = seal(&["a"]).seal("session", "text").unwrap();
        assert_eq!(seal(&["a"]).open("session", &sealed).unwrap(), "text");
        assert_eq!(
            seal(&["b", "a"]).open("session", &sealed).unwrap(),
            "text",
            "a key that was replaced"
        );
        assert_eq!(seal(&["b"]).open("session", &sealed), None);
        assert_eq!(seal(&["a"]).open("renewal", &sealed), None, "swapped");
        assert!(Seal::new(["short".to_owned()].into_iter()).is_none());
    }

    #[test]
    fn r92_a_changed_cookie_does_not_open() {
        let seal = seal(&["a"]);
        let sealed = seal.seal("session", "text").unwrap();
        for (place, was) in sealed.char_indices() {
            let mut changed = sealed.clone();
            changed.replace_range(place..=place, if was == 'A' { "B" } else { "A" });
            assert_eq!(seal.open("session", &changed), None, "at {place}");
        }
        for short in ["", "AAAA", &sealed[..20], "%%%"] {
            assert_eq!(seal.open("session", short), None);
        }
        assert_ne!(sealed, seal.seal("session", "text").unwrap(), "no nonce comes twice");
    }
}
