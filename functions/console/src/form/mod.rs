//! Forms that come back with what was typed when the API refuses it.

mod field;
mod filled;

pub(crate) use field::{Field, Input};
pub(crate) use filled::Filled;
