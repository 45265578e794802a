//! What LastPass has accepted and not done yet.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// A creation that LastPass has accepted. The id of its request is not the new company's, and says nothing; where to ask for it does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Where to ask what became of it, if LastPass said so.
    pub url: Option<String>,
}

/// The body of a 202.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AcceptedRecord {
    pub url: Option<String>,
}

/// What became of a request, as far as LastPass says so in words that are known. The proof is the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It will not be done.
    Failed,
    /// It is done, or may be yet.
    Open,
}

impl Progress {
    /// Reads whatever JSON came.
    pub(super) fn read(reply: &Value) -> Self {
        const FAILED: [&str; 6] = ["failed", "faulted", "failure", "error", "rejected", "cancelled"];
        let status = reply.get("status").and_then(Value::as_str).unwrap_or_default();
        let failed = FAILED.contains(&status.to_lowercase().as_str());
        if failed { Self::Failed } else { Self::Open }
    }
}

/// Where a request is asked for, if that is below the API itself: a key is sent nowhere else. A path of other characters than ids
/// have is not asked for either, since paths are logged.
pub(super) fn poll_url(api: &Url, text: &str) -> Option<Url> {
    let own = format!("{}/", api.path());
    let url = match Url::parse(text) {
        Ok(url) => url,
        // Relative to the API, with its base path or without.
        Err(_) if text.starts_with(&own) => api.join(text).ok()?,
        Err(_) => api.join(&format!("{own}{}", text.trim_start_matches('/'))).ok()?,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let is_own = url.origin() == api.origin() && url.path().starts_with(&own);
    let is_ours = is_own && url.path().bytes().all(is_plain);
    (is_ours && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn r82_only_a_known_word_says_that_a_request_failed() {
        for (reply, told) in [
            (json!({"status": "failed"}), Progress::Failed),
            (json!({"status": "Faulted", "error": {"status": 409}}), Progress::Failed),
            (json!({"status": "succeeded"}), Progress::Open),
            (json!({"status": 3}), Progress::Open),
            (json!({"progress": {"percent": 50}}), Progress::Open),
            (json!(null), Progress::Open),
        ] {
            assert_eq!(Progress::read(&reply), told, "{reply}");
        }
    }
}
