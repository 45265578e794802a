//! A row of a snapshot.

use domain::row::CompanyRow;

use super::contents::Content;

/// A company row, and where the lists that belong to it are stored.
#[derive(Debug, Clone)]
pub struct Row {
    /// The row.
    pub company: CompanyRow,
    pub(crate) addresses: Option<Content>,
    pub(crate) people: Option<Content>,
}

impl std::ops::Deref for Row {
    type Target = CompanyRow;

    fn deref(&self) -> &CompanyRow {
        &self.company
    }
}
