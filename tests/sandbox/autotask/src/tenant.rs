//! What all calls share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use simkit::clock::SimClock;
use simkit::counts::Counts;
use simkit::journal::Journal;

use crate::auth::Logins;
use crate::limits::Limits;
use crate::store::Store;
use crate::switches::Switches;

/// A tenant: what it holds, and what calls leave behind.
pub struct Tenant {
    pub store: RwLock<Store>,
    pub switches: RwLock<Switches>,
    pub journal: Mutex<Journal>,
    pub clock: SimClock,
    pub limits: Limits,
    pub logins: Logins,
    /// The cursors given out, oldest first.
    pub pages: Mutex<VecDeque<String>>,
    /// What counts have been answered, for those that lag.
    pub counts: Counts,
}

/// Beyond this many, given-out cursors are forgotten whatever the switch says.
const MOST_PAGES: usize = 10_000;

impl Tenant {
    pub fn store(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn switches(&self) -> Switches {
        self.switches.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that this cursor was given out.
    pub fn remember(&self, paging: &str) {
        let mut pages = lock(&self.pages);
        if pages.len() == MOST_PAGES {
            pages.pop_front();
        }
        pages.push_back(paging.to_owned());
    }

    /// Whether this cursor is among the most recent ones.
    pub fn remembers(&self, paging: &str, kept: Option<usize>) -> bool {
        kept.is_none_or(|kept| lock(&self.pages).iter().rev().take(kept).any(|page| page == paging))
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
