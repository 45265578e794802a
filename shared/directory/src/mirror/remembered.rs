//! What a process remembers of the users of LastPass.
//!
//! They are many items, and a page of a review or a tick needs them to find out who has an address. So a process keeps them as long as
//! nothing has changed, which costs one read to know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use domain::ids::MspId;

use crate::Roster;

/// All users of one MSP, as this process has read them last: those of two large ones would fill its memory.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Option<(MspId, u64, Arc<Roster>)>>);

impl Remembered {
    /// What was read of an MSP when its directory had this version.
    pub(super) fn get(&self, msp: &MspId, version: u64) -> Option<Arc<Roster>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, read, roster) = last.as_ref()?;
        (of == msp && *read == version).then(|| Arc::clone(roster))
    }

    pub(super) fn replace(&self, last: Option<(MspId, u64, Arc<Roster>)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

/// What this run has read last, and when it began to.
pub(super) type LastReading = Option<(Instant, Arc<Roster>)>;
