//! The audit trail: who changed what, when, before and after (R41). Entries are added and never changed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::directory::DirectoryKind;
use crate::exclusion::Excludable;
use crate::filter::Filter;
use crate::ids::{AddressId, ImportId, ManagedCompanyId};
use crate::import::{ImportState, Person};
use crate::integration::Integration;
use crate::plan::{Counts, PlanChange, PlanCompany};
use crate::policy::Policy;
use crate::psa::{PsaKind, VendorId};

/// One entry of the trail.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who: an administrator, or the integration's own principal.
    pub by: Person,
    /// The import in which it was done.
    pub import: Option<ImportId>,
    /// What.
    pub action: AuditAction,
}

/// What was done. No credential is ever part of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AuditAction {
    /// A PSA was connected.
    IntegrationAdded {
        /// How.
        after: Connection,
    },
    /// Its name, its address, its login company, or whether it is paused was changed.
    IntegrationChanged {
        /// How it was.
        before: Connection,
        /// How it is from then on.
        after: Connection,
    },
    /// It was removed.
    IntegrationRemoved {
        /// How it was.
        before: Connection,
    },
    /// It was connected again, with the mappings that it had when it was removed.
    IntegrationAdopted {
        /// How it was.
        before: Connection,
        /// How it is from then on.
        after: Connection,
    },
    /// Its credentials were replaced.
    CredentialsReplaced,
    /// Its credentials were replaced, and its address or its login company with them.
    ConnectionReplaced {
        /// How it was connected.
        before: Connection,
        /// How it is connected from then on.
        after: Connection,
    },
    /// Its policy was replaced.
    PolicyReplaced {
        /// The policy so far.
        before: Policy,
        /// The policy from then on.
        after: Policy,
    },
    /// A company or person was excluded for good, or for another reason than before.
    Excluded {
        /// Which.
        excluded: Excludable,
        /// What lists call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Why.
        why: String,
    },
    /// What was excluded is imported again.
    BroughtBack {
        /// Which.
        excluded: Excludable,
        /// What lists called it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A mapping was dropped by hand. The managed company and its users stay.
    MappingDropped {
        /// The company of the PSA.
        company: PlanCompany,
        /// What it was mapped to.
        managed_company: ManagedCompanyId,
        /// The address row, if the mapping of one address was dropped, and not that of the company.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<AddressId>,
    },
    /// An administrator signed in to the console.
    SignedIn,
    /// The MSP chose its directory, or replaced the key of the one that it has.
    DirectoryChosen {
        /// The directory so far.
        before: DirectoryKind,
        /// The directory from then on.
        after: DirectoryKind,
    },
    /// An import began.
    ImportStarted {
        /// What was read.
        filter: Filter,
    },
    /// An administrator took over what an unattended import left in review.
    ImportTakenOver,
    /// A plan was confirmed, or went ahead by policy.
    PlanConfirmed {
        /// Its hash.
        plan_hash: Option<String>,
    },
    /// An import was asked to stop.
    ImportStopped,
    /// The plan of a company was applied.
    CompanyImported {
        /// Which.
        company: PlanCompany,
        /// What was done to it and its users.
        changes: Vec<PlanChange>,
    },
    /// An import ended.
    ImportEnded {
        /// How.
        state: ImportState,
        /// The outcomes of its rows, if a plan was applied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counts: Option<Counts>,
        /// The code of why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

/// How a PSA is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Which PSA.
    #[schemars(with = "PsaKind")]
    pub kind: VendorId,
    /// What the administrators call it.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// The login company (`ConnectWise` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Whether schedules and events start no imports.
    #[serde(default)]
    pub paused: bool,
}

impl From<&Integration> for Connection {
    fn from(integration: &Integration) -> Self {
        Self {
            kind: integration.kind,
            name: integration.name.clone(),
            address: integration.address.clone(),
            company_id: integration.company_id.clone(),
            paused: integration.paused,
        }
    }
}

impl AuditAction {
    /// How many rows it tells of.
    pub fn rows(&self) -> usize {
        match self {
            Self::CompanyImported { changes, .. } => changes.len(),
            _ => 1,
        }
    }

    /// Distinguishes it from other actions on the same import at the same moment.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::IntegrationAdded { .. } => "added",
            Self::IntegrationChanged { .. } => "changed",
            Self::IntegrationRemoved { .. } => "removed",
            Self::IntegrationAdopted { .. } => "adopted",
            Self::CredentialsReplaced | Self::ConnectionReplaced { .. } => "credentials",
            Self::PolicyReplaced { .. } => "policy",
            Self::Excluded { .. } => "excluded",
            Self::BroughtBack { .. } => "brought-back",
            Self::MappingDropped { .. } => "mapping-dropped",
            Self::SignedIn => "signed-in",
            Self::DirectoryChosen { .. } => "directory",
            Self::ImportStarted { .. } => "started",
            Self::ImportTakenOver => "taken-over",
            Self::PlanConfirmed { .. } => "confirmed",
            Self::ImportStopped => "stopped",
            Self::CompanyImported { .. } => "company",
            Self::ImportEnded { .. } => "ended",
        }
    }
}
