//! Suggestions for the rows that lead nowhere by themselves (R23).
//!
//! Made while the rows are made: the company's addresses are at hand then, the users of each managed company are read once
//! for the whole snapshot, and browsing reads nothing more than the rows.

use std::time::Instant;

use directory::DirectoryError;
use domain::directory::ManagedCompany;
use domain::facts::ManagedCompanies;
use domain::psa::PsaCompany;
use domain::row::SnapshotAddress;
use domain::suggestion::Suggestion;
use futures::{StreamExt, stream};
use matching::{Domain, Suggestions, Traits, main_domain, of_web_site};
use tracing::warn;

use crate::context::Run;

/// Managed companies whose users are read at once.
const LOOK_UP_CONCURRENCY: usize = 16;

/// What can be suggested: the managed companies that this integration has not mapped.
///
/// A directory that is slow or fails costs suggestions by domain, but never holds up a snapshot: half of the run's time is
/// left for the rows.
pub(crate) async fn among(run: &Run, managed: &ManagedCompanies) -> Suggestions {
    let now = Instant::now();
    let until = now + run.deadline.0.saturating_duration_since(now) / 2;
    let companies = stream::iter(managed.not_mapped()).map(|company| async move {
        let domain = domain(run, &company, until).await;
        (company, domain)
    });
    let companies: Vec<_> = companies.buffer_unordered(LOOK_UP_CONCURRENCY).collect().await;
    let unknown = companies.iter().filter(|(_, domain)| domain.is_err()).count();
    if unknown > 0 {
        warn!(import = %run.import.id, unknown, "domains of managed companies could not be read");
    }
    let companies = companies
        .into_iter()
        .map(|(company, domain)| (company, domain.ok().flatten()));
    Suggestions::among(companies)
}

async fn domain(run: &Run, company: &ManagedCompany, until: Instant) -> Result<Option<Domain>, DirectoryError> {
    let directory = run.services.directory(&run.import.msp);
    let late = |_| DirectoryError::Unavailable("no time is left".to_owned());
    let users = tokio::time::timeout_at(until.into(), directory.users(&company.id));
    let users = users.await.map_err(late)??;
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
