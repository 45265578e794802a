//! Suggestions for the rows that lead nowhere by themselves (R23).
//!
//! Made while the rows are made: the company's addresses are at hand then, the users of each managed company are read once
//! for the whole snapshot, and browsing reads nothing more than the rows.

use std::sync::Arc;
use std::time::Instant;

use directory::{DirectoryError, Roster};
use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::ids::ManagedCompanyId;
use domain::psa::PsaCompany;
use domain::row::SnapshotAddress;
use domain::suggestion::Suggestion;
use matching::{Domain, Suggestions, Traits, main_domain, of_web_site};
use store::Consistency;
use tracing::warn;

use crate::context::Run;

/// Reading the users of one company by itself costs about as much as reading those of this many companies in one read of the directory.
const COMPANIES_PER_READ: usize = 5;

/// What can be suggested: the managed companies that this integration has not mapped.
///
/// A directory that is slow or fails costs suggestions by domain, but never holds up a snapshot: half of the run's time is
/// left for the rows.
pub(crate) async fn among(run: &Run, managed: &ManagedCompanies) -> Suggestions {
    let companies: Vec<ManagedCompany> = managed.not_mapped().collect();
    let users = users_of(run, &companies, managed.count()).await;
    let domains = companies.iter().map(|company| match &users {
        Ok(users) => domain(users, company),
        Err(error) => Err(error.clone()),
    });
    let domains: Vec<Result<Option<Domain>, DirectoryError>> = domains.collect();
    if let Some(error) = domains.iter().find_map(|domain| domain.as_ref().err()) {
        let unknown = domains.iter().filter(|domain| domain.is_err()).count();
        warn!(import = %run.import.id, unknown, %error, "domains of managed companies could not be read");
    }
    let domains = domains.into_iter().map(|domain| domain.ok().flatten());
    Suggestions::among(companies.into_iter().zip(domains))
}

/// Reads the users of these companies, out of `of` managed companies in all. An MSP with several integrations has many companies that
/// another integration has mapped. Reading each of those by itself can cost more than reading the whole directory once.
async fn users_of(run: &Run, companies: &[ManagedCompany], of: usize) -> Result<Arc<Roster>, DirectoryError> {
    if companies.is_empty() {
        return Ok(Arc::default());
    }
    let now = Instant::now();
    let until = now + run.deadline.0.saturating_duration_since(now) / 2;
    let directory = run.services.remembered_directory(&run.import.msp).await?;
    let ids: Vec<ManagedCompanyId> = companies.iter().map(|company| company.id.clone()).collect();
    // A user of the last moment may be missing: one address less speaks for a company.
    let read = async {
        if ids.len() * COMPANIES_PER_READ >= of {
            directory.all_users(Consistency::Eventual).await
        } else {
            directory.users_of(&ids, Consistency::Eventual).await
        }
    };
    let late = |_| DirectoryError::Unavailable("no time is left".to_owned());
    tokio::time::timeout_at(until.into(), read).await.map_err(late)?
}

fn domain(users: &Roster, company: &ManagedCompany) -> Result<Option<Domain>, DirectoryError> {
    let users = users.users(&company.id)?;
    Ok(main_domain(users.iter().map(|user| user.address.key())))
}

/// The suggestions for a company with these addresses.
pub(crate) fn of(index: &Suggestions, company: &PsaCompany, addresses: &[SnapshotAddress]) -> Vec<Suggestion> {
    index.of(Traits {
        name: &company.name,
        domain: main_domain(addresses.iter().filter_map(SnapshotAddress::key)).as_ref(),
        web_site: company.website.as_deref().and_then(of_web_site).as_ref(),
    })
}
