//! Who holds an integration.

use domain::ids::ImportId;
use domain::import::Holder;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

// The lock of an import.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportLock")]
pub struct LockView {
    holder: String,
    since: Timestamp,
    until: Timestamp,
}

/// The lock of an integration, with the import that it was taken for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Lock", description = "", extend("required" = ["holder", "import", "since", "until"]))]
pub struct IntegrationLock {
    #[serde(flatten)]
    lock: LockView,
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
