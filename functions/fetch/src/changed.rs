//! What the pages of an import rest on that has read only what changed.

use domain::psa::Tables;
use jiff::Timestamp;
use store::snapshot::mirror::{Difference, Mirror};

use crate::known::Known;

/// What the pages of an import rest on that has read changes.
pub(crate) struct Changed {
    /// What the last import knew.
    pub mirror: Mirror,
    /// What now differs from the pages of the mirror.
    pub differences: Vec<Difference>,
    /// What is known of companies and contacts that are not in.
    pub known: Known,
    /// What the client needs of the PSA's tables.
    pub tables: Tables,
    /// When the PSA told its changes, by its own clock.
    pub as_of: Option<Timestamp>,
}
