//! Which rows of a list are asked for.

use domain::filter::Filter;
use jiff::Timestamp;

/// Which rows of a list are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    /// All of them, whatever their state.
    All,
    /// Those that a filter accepts, as far as the product evaluates it; none that are deleted.
    Accepted(&'a Filter),
    /// Those that changed after a moment, whatever their state.
    ChangedSince(Timestamp),
}
