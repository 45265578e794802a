//! What all calls share.

use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use simkit::clock::SimClock;
use simkit::counts::Counts;
use simkit::journal::Journal;

use crate::data::store::Store;
use crate::switches::Switches;

/// A tenant.
#[derive(Debug)]
pub struct Tenant {
    pub store: RwLock<Store>,
    pub switches: RwLock<Switches>,
    /// Locked for the whole of a change, so that the order of lines is the order of changes.
    pub journal: Mutex<Journal>,
    pub clock: SimClock,
    /// What counts have been answered, for those that lag.
    pub counts: Counts,
}

impl Tenant {
    pub fn store(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn store_mut(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn switches(&self) -> Switches {
        self.switches.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
