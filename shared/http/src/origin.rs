//! Origins: scheme, host and port.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// Scheme, host and port, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// The text is more or less than an http(s) origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a scheme, a host and perhaps a port, such as http://127.0.0.1:8080")]
pub struct NotAnOrigin;

impl Origin {
    /// The origin of an address that has one.
    pub fn of(url: &Url) -> Option<Self> {
        let origin = url.origin();
        (origin.is_tuple() && matches!(url.scheme(), "http" | "https")).then(|| Self(origin.ascii_serialization()))
    }

    pub(crate) fn host(&self) -> Option<String> {
        Url::parse(&self.0).ok()?.host_str().map(str::to_owned)
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).map_err(|_| NotAnOrigin)?;
        let origin = Self::of(&url).ok_or(NotAnOrigin)?;
        let bare = url.as_str().trim_end_matches('/') == origin.0;
        bare.then_some(origin).ok_or(NotAnOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_nothing_more_than_scheme_host_and_port() {
        for text in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "https://psa.example"] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
        for text in [
            "",
            "127.0.0.1:8080",
            "http://u@h",
            "http://h/x",
            "http://h?x",
            "http://h#x",
            "ftp://h",
            "data:x",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(NotAnOrigin), "{text}");
        }
    }

    #[test]
    fn the_default_port_is_the_same_as_none() {
        assert_eq!("https://h:443".parse::<Origin>(), "https://H".parse::<Origin>());
        assert_ne!("https://h:444".parse::<Origin>(), "https://h".parse::<Origin>());
    }
}
