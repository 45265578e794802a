//! Who may call.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::HeaderMap;
use axum::response::Response;

use crate::answers;
use crate::switches::Switches;

/// The API user's login.
pub const USERNAME: &str = "import.api@noordzee-ict.example";
/// Its password.
pub const SECRET: &str = "s1mulated-Secret#7";
/// Its tracking identifier, as long as real ones.
pub const INTEGRATION_CODE: &str = "SIMULATEDTRACKINGIDENTIFIER";

/// Counts failed logins in a row, as the API user's lock does.
#[derive(Default)]
pub struct Logins {
    failed: AtomicU32,
}

impl Logins {
    /// Lets a call in, or answers it.
    pub fn check(&self, headers: &HeaderMap, switches: &Switches) -> Result<(), Box<Response>> {
        let is = |name: &str, wanted: &str| {
            headers
                .get(name)
                .is_some_and(|value| value.as_bytes() == wanted.as_bytes())
        };
        let locked = switches
            .lock_after
            .is_some_and(|limit| self.failed.load(Ordering::SeqCst) >= limit);
        let known = is("UserName", USERNAME) && is("Secret", SECRET);
        if locked || !known || !is("ApiIntegrationCode", INTEGRATION_CODE) {
            self.failed.fetch_add(1, Ordering::SeqCst);
            let code_is_wrong = known && !locked && headers.contains_key("ApiIntegrationCode");
            return Err(Box::new(match switches.bad_integration_code_status {
                status if code_is_wrong && status != 401 => answers::errors(status, "IntegrationCode is invalid"),
                _ => answers::unauthorized(),
            }));
        }
        self.failed.store(0, Ordering::SeqCst);
        // A right password in the wrong zone is not a wrong password.
        if switches.wrong_zone {
            Err(Box::new(answers::unauthorized()))
        } else {
            Ok(())
        }
    }

    /// Unlocks the user.
    pub fn reset(&self) {
        self.failed.store(0, Ordering::SeqCst);
    }
}
