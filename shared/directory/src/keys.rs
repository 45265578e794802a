//! Keys of directories that are other systems: checked with reads before they are stored (R81).

use std::collections::HashSet;

use async_trait::async_trait;
use domain::directory::DirectoryKind;
use domain::ids::ManagedCompanyId;
use domain::problem::DirectoryFailure;
use secrecy::SecretString;

/// Reads with keys that are not stored yet.
#[async_trait]
pub trait DirectoryKeys: Send + Sync {
    /// The managed companies that a directory lists under a key. All of them, or a failure: a list cut short would look like another
    /// account's.
    async fn listed(
        &self,
        kind: DirectoryKind,
        key: &SecretString,
    ) -> Result<HashSet<ManagedCompanyId>, DirectoryFailure>;
}

/// Where no directory is another system.
#[derive(Debug, Clone, Copy)]
pub struct NoKeys;

#[async_trait]
impl DirectoryKeys for NoKeys {
    async fn listed(&self, _: DirectoryKind, _: &SecretString) -> Result<HashSet<ManagedCompanyId>, DirectoryFailure> {
        Err(DirectoryFailure::Unavailable)
    }
}
