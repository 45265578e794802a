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
        /// The new integration.
        after: Connection,
    },
    /// The name, the address, the login company or the pausing of an integration was changed.
    IntegrationChanged {
        /// The integration before.
        before: Connection,
        /// The integration after.
        after: Connection,
    },
    /// An integration was removed.
    IntegrationRemoved {
        /// The integration before.
        before: Connection,
    },
    /// A removed integration was connected again and got its mappings back.
    IntegrationAdopted {
        /// The integration before.
        before: Connection,
        /// The integration after.
        after: Connection,
    },
    /// The credentials of an integration were replaced.
    CredentialsReplaced,
    /// The credentials of an integration were replaced together with its address or its login company.
    ConnectionReplaced {
        /// The integration before.
        before: Connection,
        /// The integration after.
        after: Connection,
    },
    /// The policy of an integration was replaced.
    PolicyReplaced {
        /// The policy before.
        before: Policy,
        /// The policy after.
        after: Policy,
    },
    /// A company or a contact was excluded, or the reason was replaced.
    Excluded {
        /// The company or contact.
        excluded: Excludable,
        /// The name that was given with the exclusion. Absent if none was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The reason, as the administrator wrote it.
        why: String,
    },
    /// The exclusion of a company or a contact was ended.
    BroughtBack {
        /// The company or contact.
        excluded: Excludable,
        /// The name that was given with the exclusion. Absent if none was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A mapping was dropped by hand. The managed company and its users stay.
    MappingDropped {
        /// The company of the PSA.
        company: PlanCompany,
        /// The id of the managed company that it was mapped to.
        managed_company: ManagedCompanyId,
        /// The id of the address row whose mapping was dropped. Absent if the mapping of the company was dropped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<AddressId>,
    },
    /// An administrator signed in to the console.
    SignedIn,
    /// The MSP chose its directory, or replaced the key of the one that it has.
    DirectoryChosen {
        /// The directory before.
        before: DirectoryKind,
        /// The directory after.
        after: DirectoryKind,
    },
    /// An import began.
    ImportStarted {
        /// The filter of the import.
        filter: Filter,
    },
    /// An administrator took over an unattended import that had stopped in review.
    ImportTakenOver,
    /// An administrator or the policy confirmed a plan.
    PlanConfirmed {
        /// The hash of the plan.
        plan_hash: Option<String>,
    },
    /// An import was asked to stop.
    ImportStopped,
    /// The plan of a company was applied.
    CompanyImported {
        /// The PSA company.
        company: PlanCompany,
        /// What the import did to the company and its users.
        changes: Vec<PlanChange>,
    },
    /// An import ended.
    ImportEnded {
        /// The state in which it ended.
        state: ImportState,
        /// How many rows ended in each way. Absent if the import applied no plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counts: Option<Counts>,
        /// The code of the problem for which it failed. Absent if it did not fail.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

/// The connection and settings of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The PSA product.
    #[schemars(with = "PsaKind")]
    pub kind: VendorId,
    /// The name that administrators gave it.
    pub name: String,
    /// The address at which a browser opens the PSA.
    pub address: String,
    /// The login company. Absent for products other than `ConnectWise`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Whether schedules and events start no imports; administrators still can.
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
