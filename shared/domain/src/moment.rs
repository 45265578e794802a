//! When a decision was made, among the rules.

use serde::{Deserialize, Serialize};

/// When a decision was made: after which rule of the import, and after which rule of its company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// The last rule of the import.
    pub import: u32,
    /// The last rule of the company.
    pub company: u32,
}
