//! What all calls share, and whose key is whose.

use std::sync::{Mutex, MutexGuard, PoisonError};

use simkit::clock::SimClock;

use crate::limits::Limits;
use crate::state::{Msp, State};
use crate::switches::Switches;

/// The API key of the first MSP.
pub const KEY: &str = "lpkey_noordzee0001_0123456789abcdefghijklmnopqrstuv";
/// The API key of another MSP, which must not see anything of the first.
pub const OTHER_KEY: &str = "lpkey_alpenblick01_vutsrqponmlkjihgfedcba9876543210";

/// The MSP that a key is of.
pub(crate) fn msp_of(key: &str) -> Option<Msp> {
    [KEY, OTHER_KEY]
        .iter()
        .zip(0..)
        .find_map(|(known, msp)| (*known == key).then_some(msp))
}

/// Everything that calls work on.
pub(crate) struct Account {
    pub state: Mutex<State>,
    pub switches: Mutex<Switches>,
    pub limits: Mutex<Limits>,
    clock: SimClock,
}

impl Account {
    pub fn new(state: State, clock: SimClock) -> Self {
        Self {
            state: Mutex::new(state),
            switches: Mutex::default(),
            limits: Mutex::default(),
            clock,
        }
    }

    pub fn switches(&self) -> Switches {
        lock(&self.switches).clone()
    }

    /// The simulator's time, in milliseconds.
    pub fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
