//! The walk by id, and when it may be called complete (R9, R10). The same for every PSA.

mod driver;
mod ranges;
mod state;

pub use driver::{List, ListRow, PageRead, Read, WalkPage, page_error, pages, read_all, read_some};
pub use state::{End, PageError, Step, Walk, check_ends};
