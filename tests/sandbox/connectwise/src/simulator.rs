//! The simulator as the sandbox holds it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Router;
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use simkit::clock::SimClock;
use simkit::counts::Counts;
use simkit::faults::Faults;
use simkit::journal::Journal;
use simkit::msp::{Size, generate};
use simkit::requests::RequestLog;
use simkit::{Simulator, instrument, switches};

use crate::data::change::{Change, Records};
use crate::data::draft::{Rules, Written, draft};
use crate::data::store::Store;
use crate::tenant::Tenant;

/// A simulated ConnectWise PSA. Clones share everything.
#[derive(Clone, Debug)]
pub struct ConnectWise {
    pub(crate) tenant: Arc<Tenant>,
    faults: Faults,
    requests: RequestLog,
}

impl ConnectWise {
    /// A tenant of this size. With a folder, changes made earlier are there again.
    pub fn open(size: Size, state_dir: Option<&Path>, clock: SimClock) -> io::Result<Self> {
        let mut store = Store::new(generate(size));
        let mut journal = Journal::open(state_dir.map(|folder| folder.join("connectwise.jsonl")))?;
        for change in journal.replay()? {
            store.carry_out(Change::deserialize(change)?);
        }
        let tenant = Tenant {
            store: RwLock::new(store),
            switches: RwLock::default(),
            journal: Mutex::new(journal),
            clock,
            counts: Counts::default(),
        };
        Ok(Self {
            tenant: Arc::new(tenant),
            faults: Faults::new(),
            requests: RequestLog::new(),
        })
    }
}

impl Simulator for ConnectWise {
    fn router(&self) -> Router {
        let router = Router::new()
            .fallback(crate::http::handle)
            .with_state(self.tenant.clone());
        instrument(router, &self.faults, &self.requests)
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn requests(&self) -> &RequestLog {
        &self.requests
    }

    fn change_records(&self, changes: Value) -> Result<Value, String> {
        let written = Written::deserialize(changes).map_err(|error| error.to_string())?;
        let switches = self.tenant.switches();
        let clock = &self.tenant.clock;
        let rules = Rules {
            now: clock.stamp(switches.clock_skew_seconds, switches.equal_stamp_seconds),
            unstamped_fields: &switches.unstamped_fields,
            unique_names: switches.unique_names,
        };
        let mut journal = self.tenant.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let change = draft(&self.tenant.store(), written, rules)?;
        let line = serde_json::to_value(&change).map_err(|error| error.to_string())?;
        journal.append(&line).map_err(|error| error.to_string())?;
        let answer = json!({"companies": contents(&change.companies), "contacts": contents(&change.contacts)});
        self.tenant.store_mut().carry_out(change);
        Ok(answer)
    }

    fn switches(&self) -> Value {
        serde_json::to_value(self.tenant.switches()).unwrap_or_default()
    }

    fn set_switches(&self, changes: Value) -> Result<Value, String> {
        let mut current = self.tenant.switches.write().unwrap_or_else(PoisonError::into_inner);
        *current = switches::changed(&*current, changes)?;
        self.tenant
            .store_mut()
            .set_inactive_statuses(&current.inactive_statuses);
        serde_json::to_value(&*current).map_err(|error| error.to_string())
    }
}

fn contents(records: &Records) -> Vec<&Map<String, Value>> {
    records.values().flatten().collect()
}
