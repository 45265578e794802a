//! Who holds an integration.

use domain::ids::ImportId;
use domain::import::Holder;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// The lock that an import holds on its integration.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportLock")]
pub struct LockView {
    /// Who holds it: an administrator's email address, or the integration's name for an unattended import.
    holder: String,
    /// When the lock was taken.
    since: Timestamp,
    /// When the lock runs out. Every decision renews it.
    until: Timestamp,
}

/// The lock of an integration, with the import that holds it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Lock", extend("required" = ["holder", "import", "since", "until"]))]
pub struct IntegrationLock {
    #[serde(flatten)]
    lock: LockView,
    /// The id of the import that holds the lock.
    import: ImportId,
}

impl From<Holder> for LockView {
    fn from(holder: Holder) -> Self {
        Self {
            holder: holder.person.name,
            since: holder.since,
            until: holder.until,
        }
    }
}

impl From<Holder> for IntegrationLock {
    fn from(holder: Holder) -> Self {
        Self {
            import: holder.import.clone(),
            lock: holder.into(),
        }
    }
}
