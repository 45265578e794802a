//! The known users of all companies, for who looks for an address.
//!
//! They are many items, and a page of a review or a tick needs them to find out who has an address. So a process keeps them as long as
//! nothing has changed, which costs one read to know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use domain::ids::MspId;
use store::Consistency;

use super::Mirror;
use crate::{Directory as _, DirectoryError, Roster};

/// All users of one MSP, as this process has read them last: those of two large ones would fill its memory.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Option<(MspId, u64, Arc<Roster>)>>);

impl Remembered {
    /// What was read of an MSP when its directory had this version.
    fn get(&self, msp: &MspId, version: u64) -> Option<Arc<Roster>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, read, roster) = last.as_ref()?;
        (of == msp && *read == version).then(|| Arc::clone(roster))
    }

    fn replace(&self, last: Option<(MspId, u64, Arc<Roster>)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

/// What this run has read last, and when it began to.
pub(super) type LastReading = Option<(Instant, Arc<Roster>)>;

impl Mirror {
    /// The known users of all companies, if this process has them and nothing has changed since.
    pub(super) async fn remembered(&self) -> Result<Option<Arc<Roster>>, DirectoryError> {
        let version = self.version(self.now()).await?;
        Ok(version.and_then(|version| self.remembered.get(&self.content.tenant.msp, version)))
    }

    /// The known users of all companies, as they are at this moment. All who ask while they are being read share the next reading.
    pub(super) async fn everybody(&self) -> Result<Arc<Roster>, DirectoryError> {
        let asked = Instant::now();
        let mut last = self.everybody.lock().await;
        if let Some((began, roster)) = &*last
            && *began >= asked
        {
            return Ok(Arc::clone(roster));
        }
        // What was read before makes room first.
        *last = None;
        let (began, msp) = (Instant::now(), &self.content.tenant.msp);
        let version = self.version(self.now()).await?;
        let remembered = version.and_then(|version| self.remembered.get(msp, version));
        let roster = if let Some(roster) = remembered {
            roster
        } else {
            self.remembered.replace(None);
            let roster = Arc::new(self.content.whole_roster(Consistency::Strong).await?);
            if let Some(version) = version
                && self.version(self.now()).await? == Some(version)
            {
                self.remembered
                    .replace(Some((msp.clone(), version, Arc::clone(&roster))));
            }
            roster
        };
        *last = Some((began, Arc::clone(&roster)));
        Ok(roster)
    }
}
