//! What screens read of the API's answers: no more fields than are shown.

mod directory;
mod people;
mod rows;
mod rules;

use std::collections::BTreeMap;

use domain::directory::CreationAction;
use domain::import::ImportState;
use domain::plan::{CompanyCounts, PlanBreakdown, Step, UserCounts};
use domain::psa::PsaKind;
use domain::row::{Absence, ImportStatus};
use jiff::Timestamp;
use serde::Deserialize;

pub(crate) use directory::{Directory, Licences, ManagedCompany, User};
pub(crate) use people::{FoundAddress, PersonNotIn};
pub(crate) use rows::{AddressRow, Addresses, Companies, Company, Target};
pub(crate) use rules::{RowFilter, Rule, RuleTarget, Scope};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// Values of each attribute.
pub(crate) type Filter = BTreeMap<String, Vec<String>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Integration {
    pub id: String,
    pub kind: PsaKind,
    pub name: String,
    pub address: String,
    pub company_id: Option<String>,
    pub paused: bool,
    pub version: u64,
    pub policy: Policy,
    pub lock: Option<Lock>,
    pub last_import: Option<LastImport>,
    pub last_filter: Option<Filter>,
    pub next_import_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Policy {
    pub new_companies: bool,
    pub new_addresses: bool,
    pub creation: CreationAction,
    pub filter: Filter,
    pub mass_change: MassChangeLimit,
    pub schedule: Option<Schedule>,
    pub full_read_hours: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MassChangeLimit {
    pub at_least: u64,
    pub percent: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Schedule {
    pub at: String,
    pub every_minutes: u64,
    pub time_zone: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Lock {
    pub holder: String,
    pub import: String,
    pub since: Timestamp,
    pub until: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastImport {
    pub id: String,
    pub started_at: Timestamp,
    pub state: ImportState,
    pub stopped: Option<ImportProblem>,
}

/// A problem that an import keeps with its record.
#[derive(Debug, Deserialize)]
pub(crate) struct ImportProblem {
    pub code: String,
    pub detail: String,
    pub retryable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Import {
    pub id: String,
    pub integration: String,
    pub state: ImportState,
    #[serde(default)]
    pub stopping: bool,
    #[serde(default)]
    pub filter: Filter,
    pub started_at: Timestamp,
    pub started_by: String,
    pub unattended: bool,
    pub lock: Option<ImportLock>,
    pub taken_over_by: Option<String>,
    pub error: Option<ImportProblem>,
    pub stopped: Option<ImportProblem>,
    pub phase: Option<Phase>,
    pub progress: Option<Progress>,
    pub full_read: Option<String>,
    pub waiting: Option<Waiting>,
    pub rows: Option<RowCounts>,
    pub counts: Option<Counts>,
    pub suspicious: Option<Suspicious>,
    pub people_not_in: Option<Count>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ImportLock {
    pub holder: String,
    pub since: Timestamp,
    pub until: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Phase {
    pub name: String,
    pub done: u64,
    pub total: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Progress {
    pub pages: u64,
    pub companies: u64,
    pub contacts: u64,
    pub outcomes: Option<Counts>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Waiting {
    #[serde(rename = "for")]
    pub reason: String,
    pub until: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Suspicious {
    pub detail: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Count {
    pub count: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    pub companies: CompanyCounts,
    pub users: UserCounts,
}

/// Companies and users together, as a history counts them.
impl Counts {
    pub fn linked(&self) -> u64 {
        self.companies.linked + self.users.linked
    }

    /// Companies with a new name, and users with a new address.
    pub fn changed(&self) -> u64 {
        self.companies.updated + self.users.changed_address
    }

    pub fn failed(&self) -> u64 {
        self.companies.failed + self.users.failed
    }

    /// All that was created, linked or changed.
    pub fn done(&self) -> u64 {
        self.companies.created + self.users.created + self.linked() + self.changed()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowCounts {
    #[serde(rename = "in")]
    pub present: Present,
    pub not_in: Absent,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Present {
    pub total: u64,
    pub by_status: BTreeMap<ImportStatus, u64>,
    pub by_type: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Absent {
    pub total: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MaybeNamed {
    pub id: String,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandOver {
    pub from: Named,
    pub managed_company: Named,
    pub reason: Absence,
    pub same_name: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    pub hash: String,
    pub summary: PlanSummary,
    pub breakdown: PlanBreakdown,
    pub licences: LicenceNeed,
    pub least_time: Option<LeastTime>,
    pub mass_change: Option<MassChange>,
    pub people_not_in: Option<Count>,
    pub difference: Option<Difference>,
    pub items: Vec<PlanItem>,
    pub next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Difference {
    pub changed: u64,
    pub gone: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanSummary {
    pub companies: u64,
    #[serde(flatten)]
    pub by_step: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LicenceNeed {
    pub needed: u64,
    #[serde(flatten)]
    pub pool: Licences,
    pub warning: Option<String>,
}

/// How long the directory takes at least.
#[derive(Debug, Deserialize)]
pub(crate) struct LeastTime {
    pub seconds: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MassChange {
    pub changes: u64,
    pub limit: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PlanItem {
    pub action: Step,
    pub company: Named,
    pub address: Option<PlanAddress>,
    pub before: Option<Side>,
    pub after: Option<Side>,
    pub detail: String,
}

impl PlanItem {
    /// Whether anything is other than before.
    pub(crate) fn differs(&self) -> bool {
        self.before != self.after
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct PlanAddress {
    pub contact: String,
    pub address: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Side {
    pub name: Option<String>,
    pub address: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub companies: CompanyCounts,
    pub users: UserCounts,
    pub errors: Vec<OutcomeRow>,
    pub skipped: Vec<OutcomeRow>,
    pub truncated: bool,
    pub suspicious: Option<Suspicious>,
    pub people_not_in: Option<Count>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomeRow {
    pub company: Named,
    pub address: Option<PlanAddress>,
    pub code: String,
    pub detail: String,
    pub action: String,
    pub held_by: Option<MaybeNamed>,
    pub directory_says: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Attribute {
    pub id: String,
    pub label: String,
    pub subject: String,
    pub values: Vec<AttributeValue>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AttributeValue {
    pub id: String,
    pub label: String,
    pub active: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Exclusion {
    pub id: String,
    pub kind: String,
    pub name: Option<String>,
    pub why: String,
    pub by: String,
    pub at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mapping {
    pub company: String,
    pub name: String,
    pub managed_company: MaybeNamed,
    pub users: u64,
    pub last_imported: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AuditEntry {
    pub at: Timestamp,
    pub by: String,
    pub action: String,
    pub import: Option<String>,
    #[serde(flatten)]
    pub facts: serde_json::Map<String, serde_json::Value>,
}

impl AuditEntry {
    /// What it was done to, as far as it has a name.
    pub(crate) fn about(&self) -> String {
        let text = |of: &str| self.facts.get(of).and_then(serde_json::Value::as_str);
        let name = |of: &str| self.facts.get(of).and_then(|of| of["name"].as_str());
        let found = name("company").or_else(|| name("after")).or_else(|| name("before"));
        let all = [found.or_else(|| text("name")), text("why")];
        all.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}
