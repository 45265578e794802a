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

impl<'a> Selection<'a> {
    /// The filter, where rows are asked for by one.
    pub const fn filter(self) -> Option<&'a Filter> {
        match self {
            Self::Accepted(filter) => Some(filter),
            Self::All | Self::ChangedSince(_) => None,
        }
    }
}
