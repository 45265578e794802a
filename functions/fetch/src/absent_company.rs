//! Why a mapped company is absent, and what else its row says (R14).

use domain::psa::PsaCompany;
use domain::row::Absence;
use serde::{Deserialize, Serialize};

/// What the row of an absent company says, as it is stored until the rows are made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AbsentCompany {
    pub reason: Absence,
    pub types: Vec<String>,
    pub status: String,
    pub active: bool,
}

impl AbsentCompany {
    /// A company that the PSA keeps, marked as deleted.
    pub(crate) const DELETED: Self = Self::unseen(Absence::DeletedInPsa);

    /// A company that is there and that the filter does not accept.
    pub(crate) fn of(company: PsaCompany) -> Self {
        Self {
            reason: if company.active {
                Absence::FilteredOut
            } else {
                Absence::Inactive
            },
            types: company.types,
            status: company.status,
            active: company.active,
        }
    }

    /// A company of which only the reason is known.
    pub(crate) const fn unseen(reason: Absence) -> Self {
        Self {
            reason,
            types: Vec::new(),
            status: String::new(),
            active: false,
        }
    }
}
