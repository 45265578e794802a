//! Who is signed in, as the sealed cookie holds it.

use serde::{Deserialize, Serialize};

/// After this long somebody has to sign in again, however often the token was renewed.
pub(super) const LONGEST_SECONDS: i64 = 12 * 3600;

/// An administrator who is signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The token for the API.
    pub token: String,
    /// Until when it is good.
    pub until: i64,
    /// Who, as the API names them.
    pub name: String,
    /// When they signed in.
    pub since: i64,
}

impl Session {
    /// Whether the token may still be used.
    pub(super) fn is_good(&self, now: i64) -> bool {
        now < self.until && now < self.since + LONGEST_SECONDS
    }
}
