//! Rows of companies, with what mappings and directory know of them (R12–R23).

use std::collections::{HashMap, HashSet};

use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::ids::PsaCompanyId;
use domain::mapping::CompanyMapping;
use domain::name::NameKey;
use domain::psa::PsaCompany;
use domain::row::{AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use jiff::Timestamp;
use matching::Suggestions;
use store::Tenant;
use store::snapshot::pages::Pages;
use worker::Stop;

use crate::context::Run;
use crate::suggestions;

/// What all rows are made from.
pub(crate) struct SnapshotContext {
    pub companies: Vec<PsaCompany>,
    pub mappings: HashMap<PsaCompanyId, CompanyMapping>,
    pub managed: ManagedCompanies,
    pub dates: HashMap<PsaCompanyId, Timestamp>,
    /// Where a company stands among them.
    by_id: HashMap<PsaCompanyId, usize>,
    namesakes: HashSet<NameKey>,
    suggestions: Suggestions,
}

impl SnapshotContext {
    /// Reads what the rows of the snapshot are made from.
    pub(crate) async fn read(run: &Run, pages: &Pages) -> Result<Self, Stop> {
        let companies = unique(pages.companies()?);
        let mappings = run.tenant.company_mappings(&run.import.integration).await?;
        let managed = run
            .services
            .remembered_directory(&run.import.msp)
            .await?
            .companies()
            .await?;
        let managed = ManagedCompanies::new(managed, Tenant::claims(&mappings));
        let dates = run.tenant.dates(&run.import.integration).await?;
        let mut seen = HashSet::new();
        let repeated = companies
            .iter()
            .map(|company| NameKey::of(&company.name))
            .filter(|name| !seen.insert(name.clone()));
        let namesakes = repeated.collect();
        let by_id = places(&companies);
        let mut context = Self {
            companies,
            by_id,
            mappings,
            managed,
            dates,
            namesakes,
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

    /// Whether the snapshot has the company.
    pub(crate) fn has(&self, company: &PsaCompanyId) -> bool {
        self.by_id.contains_key(company)
    }

    /// A company of the snapshot.
    pub(crate) fn company(&self, id: &PsaCompanyId) -> Option<&PsaCompany> {
        self.companies.get(*self.by_id.get(id)?)
    }

    /// All companies of the snapshot.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &PsaCompanyId> {
        self.companies.iter().map(|company| &company.id)
    }

    /// Adds companies that no page had.
    pub(crate) fn add(&mut self, companies: Vec<PsaCompany>) {
        self.companies.extend(companies);
        self.by_id = places(&self.companies);
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
            decision: CompanyDecision::none(),
        }
    }
}

fn places(companies: &[PsaCompany]) -> HashMap<PsaCompanyId, usize> {
    let places = companies.iter().enumerate();
    places.map(|(place, company)| (company.id.clone(), place)).collect()
}

/// A page that came again has the same companies.
fn unique(companies: Vec<PsaCompany>) -> Vec<PsaCompany> {
    let mut seen = HashSet::new();
    let mut unique = companies;
    unique.retain(|company| seen.insert(company.id.clone()));
    unique
}
