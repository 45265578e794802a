//! Rows of companies, with what mappings and directory know of them (R12–R23).

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::ids::PsaCompanyId;
use domain::mapping::CompanyMapping;
use domain::name::NameKey;
use domain::psa::PsaCompany;
use domain::row::{AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use jiff::Timestamp;
use matching::Suggestions;
use store::snapshot::pages::Pages;
use store::{StoreError, Tenant};
use worker::Stop;

use crate::context::Run;
use crate::suggestions;

/// What all rows are made from. The companies themselves stay in the pages.
pub(crate) struct SnapshotContext {
    /// The companies that are in.
    pub ids: HashSet<PsaCompanyId>,
    /// Those of them that no page had.
    pub added: Vec<PsaCompany>,
    pub mappings: HashMap<PsaCompanyId, CompanyMapping>,
    pub managed: ManagedCompanies,
    pub dates: HashMap<PsaCompanyId, Timestamp>,
    namesakes: HashSet<NameKey>,
    suggestions: Suggestions,
}

impl SnapshotContext {
    /// Reads what the rows of the snapshot are made from.
    pub(crate) async fn read(run: &Run, pages: &Pages) -> Result<Self, Stop> {
        let (ids, namesakes) = ids_and_namesakes(pages)?;
        let mappings = run.tenant.company_mappings(&run.import.integration).await?;
        let managed = run
            .services
            .remembered_directory(&run.import.msp)
            .await?
            .companies()
            .await?;
        let managed = ManagedCompanies::new(managed, Tenant::claims(&mappings));
        let dates = run.tenant.dates(&run.import.integration).await?;
        let mut context = Self {
            ids,
            added: Vec::new(),
            mappings,
            managed,
            dates,
            namesakes,
            suggestions: Suggestions::default(),
        };
        if context.any_is_open(pages)? {
            context.suggestions = suggestions::among(run, &context.managed).await;
        }
        Ok(context)
    }

    /// Whether the snapshot has the company.
    pub(crate) fn has(&self, company: &PsaCompanyId) -> bool {
        self.ids.contains(company)
    }

    /// Adds companies that no page had.
    pub(crate) fn add(&mut self, companies: Vec<PsaCompany>) {
        self.ids.extend(companies.iter().map(|company| company.id.clone()));
        self.added.extend(companies);
    }

    /// The companies that are in, and those of them that no page had. What else rows are made from is dropped.
    pub(crate) fn into_companies(self) -> (HashSet<PsaCompanyId>, Vec<PsaCompany>) {
        (self.ids, self.added)
    }

    /// The names of some companies of the snapshot.
    pub(crate) fn names(
        &self,
        pages: &Pages,
        of: &BTreeSet<PsaCompanyId>,
    ) -> Result<HashMap<PsaCompanyId, String>, StoreError> {
        let mut names = HashMap::new();
        if of.is_empty() {
            return Ok(names);
        }
        for page in pages.companies().chain([Ok(self.added.clone())]) {
            for company in page?.into_iter().filter(|company| of.contains(&company.id)) {
                // The first one counts, as in the rows.
                names.entry(company.id).or_insert(company.name);
            }
        }
        Ok(names)
    }

    /// Whether any company leads to no managed company by itself, so that suggestions are of use.
    fn any_is_open(&self, pages: &Pages) -> Result<bool, StoreError> {
        let is_mapped = |id: &PsaCompanyId| {
            let mapping = self.mappings.get(id);
            mapping.is_some_and(|mapping| self.managed.get(&mapping.managed).is_some())
        };
        // The usual case after the first import: all companies are mapped, and no page has to be unpacked to know it.
        if self.ids.iter().all(is_mapped) {
            return Ok(false);
        }
        for page in pages.companies() {
            if page?.iter().any(|company| self.status(company).0.is_open()) {
                return Ok(true);
            }
        }
        Ok(false)
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

/// Which companies are in, and the names that several of them have. A page that came again has the same companies.
fn ids_and_namesakes(pages: &Pages) -> Result<(HashSet<PsaCompanyId>, HashSet<NameKey>), StoreError> {
    let (mut ids, mut names, mut namesakes) = (HashSet::new(), HashSet::new(), HashSet::new());
    for page in pages.companies() {
        for company in page? {
            if !ids.insert(company.id) {
                continue;
            }
            let name = NameKey::of(&company.name);
            if names.contains(&name) {
                namesakes.insert(name);
            } else {
                names.insert(name);
            }
        }
    }
    Ok((ids, namesakes))
}
