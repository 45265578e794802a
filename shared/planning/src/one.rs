//! One company of an import by itself: its row, what is decided on it, its mapping, and the managed companies that it may have to do with.
//! To read all companies for one tick would cost a large MSP hundreds of read units.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use directory::Directory;
use domain::directory::ManagedCompany;
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::{ManagedCompanyId, PsaCompanyId};
use domain::import::Import;
use domain::mapping::CompanyMapping;
use domain::row::{CompanyRow, Target};
use store::Tenant;
use store::decided::Decisions;
use store::rows::Row;

use crate::context::{Context, PlanningError};
use crate::people::People;

/// The number of managed companies that is assumed where not all of them are read. With this number, all users are read at once only if
/// the facts ask for a great many users or addresses (see `People`).
const COMPANIES: usize = 5_000;

/// The managed companies that one company may have to do with, and what of them is mapped.
#[derive(Default)]
struct Candidates {
    companies: Vec<ManagedCompany>,
    claims: Vec<(ManagedCompanyId, PsaCompanyId)>,
    mappings: HashMap<PsaCompanyId, CompanyMapping>,
}

impl Context {
    /// Reads what one company is planned with; `None` if the import has no such company.
    pub async fn of_company(
        tenant: Tenant,
        directory: Arc<dyn Directory>,
        import: Import,
        company: &PsaCompanyId,
    ) -> Result<Option<(Self, Row)>, PlanningError> {
        // Before the row is read: a decision that comes later is not in it.
        let decisions = tenant.decided_on(&import, company).await?;
        let Some(row) = tenant.row(&import, company, &decisions).await? else {
            return Ok(None);
        };
        Ok(Some((
            Self::of_row(tenant, directory, import, &row, decisions).await?,
            row,
        )))
    }

    /// Reads what the company of a row is planned with, as far as it is not decided.
    pub async fn of_row(
        tenant: Tenant,
        directory: Arc<dyn Directory>,
        import: Import,
        row: &Row,
        decisions: Decisions,
    ) -> Result<Self, PlanningError> {
        let mapping = tenant.company_mapping(&import.integration, &row.id).await?;
        let candidates = Candidates::read(&tenant, &*directory, &import, row, mapping).await?;
        Ok(Self {
            people: People::new(directory, COMPANIES),
            tenant,
            import,
            companies: ManagedCompanies::new(candidates.companies, candidates.claims),
            mappings: candidates.mappings,
            decisions,
        })
    }

    /// What companies of which most follow each other are planned with, as far as their rows show the managed companies as they were when
    /// review began: what has become of them since is not looked at.
    pub(crate) async fn of_rows(
        tenant: Tenant,
        directory: Arc<dyn Directory>,
        import: Import,
        rows: &[Row],
        decisions: Decisions,
    ) -> Result<Self, PlanningError> {
        let mappings = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => {
                let range = (&first.id, &last.id);
                tenant.company_mappings_among(&import.integration, range).await?
            }
            _ => HashMap::new(),
        };
        let shown = rows.iter().flat_map(|row| row.mapped.iter().chain(&row.candidates));
        let companies = ManagedCompanies::new(shown.cloned(), Tenant::claims(&mappings));
        Ok(Self {
            people: People::new(directory, COMPANIES),
            tenant,
            import,
            companies,
            mappings,
            decisions,
        })
    }

    /// Adds the managed companies whose users hold addresses of the company: they have names that are shown.
    pub async fn add_holding_companies(&mut self, facts: &CompanyFacts) -> Result<(), PlanningError> {
        let holders = facts.holders.values().map(|holder| &holder.company);
        let unknown: HashSet<&ManagedCompanyId> = holders.filter(|id| self.companies.get(id).is_none()).collect();
        for id in unknown {
            if let Some(company) = self.people.company(id).await? {
                self.companies.add(company);
            }
        }
        Ok(())
    }
}

impl Candidates {
    async fn read(
        tenant: &Tenant,
        directory: &dyn Directory,
        import: &Import,
        row: &CompanyRow,
        mapping: Option<CompanyMapping>,
    ) -> Result<Self, PlanningError> {
        let mut candidates = Self::default();
        let is_mapped = mapping.is_some();
        if let Some(mapping) = mapping {
            candidates.add_company(directory, &mapping.managed).await?;
            let claim = (mapping.managed.clone(), mapping.company.clone());
            candidates.claims.push(claim);
            candidates.mappings.insert(mapping.company.clone(), mapping);
        }
        match &row.decision.target {
            Target::Existing(chosen) => candidates.add_company(directory, chosen).await?,
            // A namesake is what an unmapped company is linked to.
            Target::Automatic if !is_mapped => {
                candidates.companies.extend(directory.namesakes(&row.name).await?);
                // Those that the row shows are looked at again by their ids.
                for candidate in &row.candidates {
                    candidates.add_company(directory, &candidate.id).await?;
                }
            }
            Target::Automatic | Target::Create => {}
        }
        candidates.add_claims(tenant, import).await?;
        Ok(candidates)
    }

    async fn add_company(&mut self, directory: &dyn Directory, id: &ManagedCompanyId) -> Result<(), PlanningError> {
        if !self.companies.iter().any(|known| known.id == *id) {
            self.companies.extend(directory.company(id).await?);
        }
        Ok(())
    }

    /// Adds which PSA company each of the managed companies is mapped to, with that mapping. It may be another PSA company than this one.
    async fn add_claims(&mut self, tenant: &Tenant, import: &Import) -> Result<(), PlanningError> {
        for company in &self.companies {
            if self.claims.iter().any(|(known, _)| *known == company.id) {
                continue;
            }
            if let Some(mapping) = tenant.mapped_to(&import.integration, &company.id).await? {
                self.claims.push((company.id.clone(), mapping.company.clone()));
                self.mappings.insert(mapping.company.clone(), mapping);
            }
        }
        Ok(())
    }
}
