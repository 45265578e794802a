//! A simulator of Autotask PSA's REST API, as far as an importer of companies and contacts reads it.
//!
//! It follows what public sources say, the ugly parts included: an unknown operator is ignored, a missing permission is a
//! 500, a wrong password has no body. What the sources leave open is a [`Switches`] field. Writing through the API is not
//! simulated; records change by [`Simulator::change_records`].
//!
//! Names of fields are those of the vendor's Swagger of August 2026: it has `isSample` of companies, `billingContact` of contacts and
//! all fields of `CompanyCategories`, an entity that the edition of 2020 lacks. Names are written in camel case, as in every capture
//! since 2020; an early Swagger has them in Pascal case.

mod answers;
mod auth;
mod dates;
mod filter;
mod http;
mod json;
mod limits;
mod metadata;
mod model;
mod paging;
mod query;
mod store;
mod switches;
mod tenant;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Router;
use serde_json::{Value, json};
use simkit::clock::SimClock;
use simkit::counts::Counts;
use simkit::faults::Faults;
use simkit::journal::Journal;
use simkit::msp::Size;
use simkit::requests::RequestLog;
use simkit::{Simulator, instrument};

pub use auth::{INTEGRATION_CODE, OTHER_USERNAME, SECRET, USERNAME, tenant_of};
pub use model::company::id as company_id;
pub use model::contact::id as contact_id;
pub use store::EntityName;
pub use switches::Switches;

use auth::Logins;
use limits::Limits;
use store::{Changes, Stamps, Store};
use tenant::{Tenant, lock};

/// One simulated tenant.
pub struct Autotask {
    tenant: Arc<Tenant>,
    faults: Faults,
    requests: RequestLog,
}

impl Autotask {
    /// A tenant of this size. With a state folder it has the changes made to it before.
    ///
    /// # Panics
    /// When the state folder cannot be used or holds changes that do not fit.
    pub fn open(size: Size, state_dir: Option<&Path>, clock: SimClock) -> Self {
        #![allow(
            clippy::expect_used,
            reason = "a sandbox that cannot have its state must not start without it"
        )]
        let mut journal = Journal::open(state_dir.map(|folder| folder.join("autotask.jsonl"))).expect("state folder");
        let mut store = Store::new(size);
        for entry in journal.replay().expect("changes made before") {
            let at = entry["at"].as_i64().expect("the time of a change");
            let unstamped: Vec<String> = serde_json::from_value(entry["unstamped"].clone()).unwrap_or_default();
            let stamps = Stamps {
                now: at,
                unstamped_fields: &unstamped,
            };
            store.apply(&Changes::read(&store, &entry["changes"], stamps).expect("a change made before"));
        }
        let tenant = Tenant {
            store: RwLock::new(store),
            switches: RwLock::default(),
            journal: Mutex::new(journal),
            clock,
            limits: Limits::default(),
            logins: Logins::default(),
            pages: Mutex::default(),
            counts: Counts::default(),
        };
        Autotask {
            tenant: Arc::new(tenant),
            faults: Faults::new(),
            requests: RequestLog::new(),
        }
    }
}

impl Simulator for Autotask {
    fn router(&self) -> Router {
        let router = Router::new()
            .fallback(http::handle)
            .with_state(Arc::clone(&self.tenant));
        instrument(router, &self.faults, &self.requests)
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn requests(&self) -> &RequestLog {
        &self.requests
    }

    fn change_records(&self, changes: Value) -> Result<Value, String> {
        // Held to the end, so that the journal has the changes in the order in which they happened.
        let mut journal = lock(&self.tenant.journal);
        let switches = self.tenant.switches();
        let clock = &self.tenant.clock;
        let now = clock.stamp(switches.clock_skew_seconds, switches.equal_stamp_seconds);
        let stamps = Stamps {
            now: now.as_millisecond(),
            unstamped_fields: &switches.unstamped_fields,
        };
        let read = Changes::read(&self.tenant.store(), &changes, stamps)?;
        journal
            .append(&json!({"at": stamps.now, "unstamped": stamps.unstamped_fields, "changes": changes}))
            .map_err(|error| error.to_string())?;
        self.tenant
            .store
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .apply(&read);
        Ok(read.ids())
    }

    fn switches(&self) -> Value {
        json!(self.tenant.switches())
    }

    fn set_switches(&self, changes: Value) -> Result<Value, String> {
        let mut switches = self.tenant.switches.write().unwrap_or_else(PoisonError::into_inner);
        *switches = simkit::switches::changed(&*switches, changes)?;
        // Also the way to unlock the API user.
        self.tenant.logins.reset();
        Ok(json!(*switches))
    }
}
