//! A simulator of LastPass's REST API for managed companies and their users.
//!
//! It follows what public documents say. What they leave open is a switch (see [`Switches`]), and the product must be right under
//! every value of each. What happens outside the API (an invitation is accepted, a company is detached by somebody else) happens
//! by [`LastPass::change_records`](simkit::Simulator::change_records). Mails are kept instead of sent; calls that must never be made are recorded.

mod account;
mod http;
mod limits;
mod sample;
mod state;
mod switches;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};
use simkit::clock::SimClock;
use simkit::faults::Faults;
use simkit::journal::Journal;
use simkit::requests::RequestLog;
use simkit::{Simulator, instrument};

pub use account::{KEY, OTHER_KEY};
pub use sample::records_of;
pub use switches::Switches;

use account::{Account, lock};
use state::State;

/// One simulated LastPass, with the accounts of two MSPs.
pub struct LastPass {
    account: Arc<Account>,
    faults: Faults,
    requests: RequestLog,
}

/// What one holds at a moment.
#[derive(Clone)]
pub struct Kept(Arc<State>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl LastPass {
    /// With the MSPs' own technicians and no managed company of the first MSP. With a state folder it has what happened before.
    ///
    /// # Panics
    /// When the state folder cannot be used or holds what does not fit.
    pub fn open(state_dir: Option<&Path>, clock: SimClock) -> Self {
        #![allow(
            clippy::expect_used,
            reason = "a sandbox that cannot have its state must not start without it"
        )]
        let journal = Journal::open(state_dir.map(|folder| folder.join("lastpass.jsonl"))).expect("state folder");
        let mut state = State::open(journal).expect("what happened before");
        if state.users.is_empty() {
            state.commit(sample::accounts()).expect("state folder");
        }
        LastPass {
            account: Arc::new(Account::new(state, clock)),
            faults: Faults::new(),
            requests: RequestLog::new(),
        }
    }

    /// The mails that LastPass would have sent, the oldest first: `[{at, kind, to, companyId, userId}]`.
    pub fn outbox(&self) -> Value {
        lock(&self.account.state).outbox()
    }

    /// `{calls: {route: count}, forbidden: [{at, what, method, path}]}`: what was called how often, and what never should have been.
    pub fn journal(&self) -> Value {
        json!({
            "calls": http::calls_by_route(&self.requests.items()),
            "forbidden": lock(&self.account.state).forbidden,
        })
    }
}

impl LastPass {
    /// Remembers everything it holds.
    pub fn keep(&self) -> Kept {
        Kept(Arc::new(lock(&self.account.state).copy()))
    }

    /// Goes back to what it held. For one without a folder of state: a file is not gone back in.
    pub fn go_back(&self, kept: &Kept) {
        *lock(&self.account.state) = kept.0.copy();
    }
}

impl Simulator for LastPass {
    fn router(&self) -> Router {
        let router = Router::new()
            .fallback(http::handle)
            .with_state(Arc::clone(&self.account));
        instrument(router, &self.faults, &self.requests)
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn requests(&self) -> &RequestLog {
        &self.requests
    }

    /// `{companies, users, privateAccounts, accept, signIn, delete: {companies, users}}`: see `tests/sandbox/lastpass/src/state/changes.rs`.
    fn change_records(&self, changes: Value) -> Result<Value, String> {
        let other_address = self.account.switches().enrol_with_other_address == switches::Enrolment::On;
        let now = self.account.now();
        lock(&self.account.state).change(&changes, now, other_address)
    }

    fn switches(&self) -> Value {
        json!(self.account.switches())
    }

    fn set_switches(&self, changes: Value) -> Result<Value, String> {
        let mut switches = lock(&self.account.switches);
        *switches = simkit::switches::changed(&*switches, changes)?;
        Ok(json!(*switches))
    }
}
