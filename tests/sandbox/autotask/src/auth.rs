//! Who may call.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::HeaderMap;
use axum::response::Response;

use crate::answers;
use crate::switches::Switches;

/// The API user's login.
pub const USERNAME: &str = "import.api@noordzee-ict.example";
/// The API user of another tenant, which has the same ids, password and tracking identifier.
pub const OTHER_USERNAME: &str = "import.api@zuiderzee-ict.example";
/// The password of both.
pub const SECRET: &str = "s1mulated-Secret#7";
/// The number of the tenant.
const TENANT: i64 = 513_558;
/// The number of the other one.
const OTHER_TENANT: i64 = 600_001;

/// The number of the tenant that this user is of.
pub fn tenant_of(user: &str) -> Option<i64> {
    let is = |known: &str| user.eq_ignore_ascii_case(known);
    is(USERNAME)
        .then_some(TENANT)
        .or_else(|| is(OTHER_USERNAME).then_some(OTHER_TENANT))
}

/// Whether a call is made by the user of the other tenant.
pub fn is_of_other_tenant(headers: &HeaderMap) -> bool {
    headers
        .get("UserName")
        .is_some_and(|user| user.as_bytes() == OTHER_USERNAME.as_bytes())
}

/// Their tracking identifier, as long as real ones.
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
        let known = (is("UserName", USERNAME) || is_of_other_tenant(headers)) && is("Secret", SECRET);
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
