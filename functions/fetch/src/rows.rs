//! Rows from the staged pages: companies joined with their contacts, with what mappings and directory know of them (R12–R23).

use std::collections::{HashMap, HashSet};

use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::ids::PsaCompanyId;
use domain::mapping::CompanyMapping;
use domain::name::NameKey;
use domain::policy::Policy;
use domain::psa::{PsaCompany, PsaContact};
use domain::row::{AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use jiff::Timestamp;
use matching::Suggestions;
use store::Tenant;
use store::checkpoint::Checkpoint;
use store::staging::bucket;
use worker::{Stop, fenced};

use crate::context::{Position, Run, Stage};
use crate::suggestions;

/// What all rows are made from.
pub(crate) struct SnapshotContext {
    pub companies: Vec<PsaCompany>,
    pub mappings: HashMap<PsaCompanyId, CompanyMapping>,
    pub managed: ManagedCompanies,
    pub dates: HashMap<PsaCompanyId, Timestamp>,
    ids: HashSet<PsaCompanyId>,
    namesakes: HashSet<NameKey>,
    /// What decides on the rows of an unattended import.
    policy: Option<Policy>,
    suggestions: Suggestions,
}

impl SnapshotContext {
    /// Reads what the rows of the snapshot are made from.
    pub(crate) async fn read(run: &Run) -> Result<Self, Stop> {
        let companies = run.tenant.staged_companies(&run.import).await?;
        let mappings = run.tenant.company_mappings(&run.import.integration).await?;
        let managed = run.services.directory(&run.import.msp).companies().await?;
        let managed = ManagedCompanies::new(managed, Tenant::claims(&mappings));
        let dates = run.tenant.dates(&run.import.integration).await?;
        let mut seen = HashSet::new();
        let repeated = companies
            .iter()
            .map(|company| NameKey::of(&company.name))
            .filter(|name| !seen.insert(name.clone()));
        let namesakes = repeated.collect();
        let ids = companies.iter().map(|company| company.id.clone()).collect();
        let mut context = Self {
            companies,
            ids,
            mappings,
            managed,
            dates,
            namesakes,
            policy: run.import.unattended.then(|| run.integration.policy.clone()),
            suggestions: Suggestions::default(),
        };
        if context
            .companies
            .iter()
            .any(|company| context.status(company).0.is_open())
        {
            context.suggestions = suggestions::among(run, &context.managed).await;
        }
        Ok(context)
    }

    /// Whether a page had the company.
    pub(crate) fn has(&self, company: &PsaCompanyId) -> bool {
        self.ids.contains(company)
    }

    fn status(&self, company: &PsaCompany) -> (ImportStatus, Vec<ManagedCompany>) {
        let mapping = self.mappings.get(&company.id);
        self.managed.status(&company.name, self.has_namesake(company), mapping)
    }

    fn has_namesake(&self, company: &PsaCompany) -> bool {
        self.namesakes.contains(&NameKey::of(&company.name))
    }

    pub(crate) fn row(&self, company: &PsaCompany, addresses: &[SnapshotAddress]) -> CompanyRow {
        let mapping = self.mappings.get(&company.id);
        let (status, candidates) = self.status(company);
        let decision = self.policy.as_ref().map_or_else(CompanyDecision::none, |policy| {
            policy.decide(status, company.active, company.own)
        });
        let suggestions = if status.is_open() {
            suggestions::of(&self.suggestions, company, addresses)
        } else {
            Vec::new()
        };
        CompanyRow {
            id: company.id.clone(),
            name: company.name.clone(),
            identifier: company.identifier.clone(),
            tab: Tab::In,
            status,
            types: company.types.clone(),
            psa_status: company.status.clone(),
            active: company.active,
            own: company.own,
            last_imported: self.dates.get(&company.id).copied(),
            mapped: mapping.and_then(|mapping| self.managed.get(&mapping.managed)),
            candidates,
            suggestions,
            namesake_in_psa: self.has_namesake(company),
            reason: None,
            addresses: AddressCounts::of(addresses),
            people_not_in: 0,
            decision,
        }
    }
}

/// Contacts of a bucket joined to their companies, as the addresses they have.
pub(crate) fn addresses_by_company(contacts: Vec<PsaContact>) -> HashMap<PsaCompanyId, Vec<SnapshotAddress>> {
    let mut addresses: HashMap<PsaCompanyId, Vec<SnapshotAddress>> = HashMap::new();
    for contact in contacts {
        if let Some(company) = contact.company.clone() {
            addresses
                .entry(company)
                .or_default()
                .extend(SnapshotAddress::of(contact));
        }
    }
    addresses
}

/// Makes the rows of the companies in one bucket.
pub(crate) async fn make_bucket(
    run: &Run,
    context: &SnapshotContext,
    (number, contacts): (usize, Vec<PsaContact>),
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let mut addresses = addresses_by_company(contacts);
    let buckets = checkpoint.position.buckets;
    let companies = context
        .companies
        .iter()
        .filter(|company| bucket(&company.id, buckets) == number);
    let rows = companies.map(|company| {
        let addresses = addresses.remove(&company.id).unwrap_or_default();
        (context.row(company, &addresses), addresses)
    });
    let rows: Vec<_> = rows.collect();
    write(run, rows, Stage::Rows(number + 1), checkpoint).await
}

/// Writes rows, and moves the checkpoint to the next stage.
pub(crate) async fn write(
    run: &Run,
    rows: Vec<(CompanyRow, Vec<SnapshotAddress>)>,
    stage: Stage,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let mut next = checkpoint.clone();
    next.position.stage = stage;
    let now = || run.services.clock.now();
    fenced(&run.tenant.add_rows(&run.lease, &run.import, &rows, &next, now).await?)?;
    *checkpoint = next;
    Ok(())
}
