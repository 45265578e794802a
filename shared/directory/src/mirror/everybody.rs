//! The known users of all companies: only among all of them can the user be found who has an address.

use std::sync::Arc;
use std::time::Instant;

use store::Consistency;

use super::Mirror;
use crate::{Directory as _, DirectoryError, Roster};

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
