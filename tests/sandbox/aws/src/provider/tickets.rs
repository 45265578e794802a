//! Codes and refresh tokens: each is good once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::Person;

/// What providers usually give.
const LIFETIME: Duration = Duration::from_hours(1);

/// Who a code or a refresh token is for, and what its user must show.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub person: Person,
    pub nonce: Option<String>,
    pub challenge: Option<String>,
    pub redirect_uri: Option<String>,
}

/// All that is out.
#[derive(Clone)]
pub(super) struct Tickets(Arc<Mutex<State>>);

struct State {
    out: HashMap<String, Ticket>,
    lifetime: Duration,
    /// What clients are told, if that is something else.
    told: Option<Duration>,
    gives_refresh_tokens: bool,
    is_silent: bool,
    /// How many bytes tokens have that say nothing.
    padding: usize,
}

impl Default for Tickets {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            out: HashMap::new(),
            lifetime: LIFETIME,
            told: None,
            gives_refresh_tokens: true,
            is_silent: false,
            padding: 0,
        })))
    }
}

impl Tickets {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn issue(&self, ticket: Ticket) -> String {
        let name = Uuid::new_v4().to_string();
        self.state().out.insert(name.clone(), ticket);
        name
    }

    pub fn take(&self, name: &str) -> Option<Ticket> {
        self.state().out.remove(name)
    }

    pub fn lifetime(&self) -> Duration {
        self.state().lifetime
    }

    pub fn set_lifetime(&self, lifetime: Duration) {
        self.state().lifetime = lifetime;
    }

    /// What clients are told of the lifetime.
    pub fn told(&self) -> Duration {
        let state = self.state();
        state.told.unwrap_or(state.lifetime)
    }

    pub fn tell(&self, lifetime: Duration) {
        self.state().told = Some(lifetime);
    }

    pub fn gives_refresh_tokens(&self) -> bool {
        self.state().gives_refresh_tokens
    }

    pub fn give_refresh_tokens(&self, giving: bool) {
        self.state().gives_refresh_tokens = giving;
    }

    pub fn is_silent(&self) -> bool {
        self.state().is_silent
    }

    pub fn be_silent(&self, silent: bool) {
        self.state().is_silent = silent;
    }

    pub fn padding(&self) -> usize {
        self.state().padding
    }

    pub fn pad(&self, bytes: usize) {
        self.state().padding = bytes;
    }

    pub fn forget(&self) {
        self.state().out.clear();
    }
}
