//! The answer to a decision on many rows.

use schemars::JsonSchema;
use serde::Serialize;

/// How many rows a decision on many was about.
#[derive(Serialize, JsonSchema)]
pub struct Selected {
    pub matched: usize,
    pub selected: bool,
}
