//! How much of a PSA an import reads (R65).

use domain::problem::{Limited, Problem};

/// The most rows of each list. Others than the defaults are for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PsaLimits {
    /// Companies that match the filter.
    pub companies: u64,
    /// Contacts that match the filter.
    pub contacts: u64,
}

impl Default for PsaLimits {
    fn default() -> Self {
        Self {
            companies: Limited::Companies.limit(),
            contacts: Limited::Contacts.limit(),
        }
    }
}

impl PsaLimits {
    /// Refuses more companies than are read.
    pub const fn check_companies(self, count: u64) -> Result<(), Problem> {
        check(Limited::Companies, count, self.companies)
    }

    /// Refuses more contacts than are read.
    pub const fn check_contacts(self, count: u64) -> Result<(), Problem> {
        check(Limited::Contacts, count, self.contacts)
    }
}

const fn check(of: Limited, count: u64, most: u64) -> Result<(), Problem> {
    if count > most {
        return Err(Problem::LimitExceeded { of });
    }
    Ok(())
}
