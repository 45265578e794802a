//! Decisions on companies (R24, R25, R27).

use api::Api;
use domain::ids::{ManagedCompanyId, PsaCompanyId};
use domain::import::Import;
use domain::problem::{Mistake, Problem, ResourceKind};
use domain::row::{Tab, Target};
use lambda::Services;
use planning::is_gone;
use store::decided::{CompanyChoice, Decided};
use store::rows::Row;

use crate::api::decision::Decision;
use crate::review;

/// Decides on one company, and returns its row as it is then.
pub async fn decide(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    decision: Decision<ManagedCompanyId>,
) -> Api<Row> {
    let tenant = services.tenant(&import.msp);
    let decided = tenant.decided_on(import, company).await?;
    let row = tenant.row(import, company, &decided).await?;
    let mut row = row.ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    let version = row.decision.version;
    if version != decision.version {
        return Err(Problem::DecisionConflict { version }.into());
    }
    if row.tab == Tab::NotIn {
        let status = "not-in".to_owned();
        return Err(Problem::NotSelectable { status }.into());
    }
    // A target may be chosen: it counts once the company is brought back.
    if decision.selected == Some(true) && row.decision.excluded.is_some() {
        let status = "excluded".to_owned();
        return Err(Problem::NotSelectable { status }.into());
    }
    if let Some(Target::Existing(managed)) = &decision.target {
        check_target(services, import, company, managed).await?;
    }
    let before = decided.of_company(company);
    let seen = before.version;
    let mut choice = CompanyChoice {
        version: seen + 1,
        ..before
    };
    if let Some(selected) = decision.selected {
        choice.selected = Some(selected);
        choice.at = decided.moment(company);
        row.company.decision.selected = selected;
    }
    if let Some(target) = decision.target {
        choice.target = Some((decided.moment(company), target.clone()));
        row.company.decision.target = target;
    }
    row.company.decision.version += 1;
    let now = services.clock.now();
    match tenant.decide_company(import, company, &choice, seen, now).await? {
        Decided::Recorded => Ok(row),
        Decided::NotInReview => Err(review::not_in_review(services, import).await),
        Decided::Conflict => {
            let decided = tenant.decided_on(import, company).await?;
            let now = tenant.row(import, company, &decided).await?;
            let version = now.map_or(0, |row| row.decision.version);
            Err(Problem::DecisionConflict { version }.into())
        }
    }
}

/// The chosen managed company exists and is not mapped to another PSA company (R24), unless that one is gone (R58).
async fn check_target(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    managed: &ManagedCompanyId,
) -> Api<()> {
    let pointer = "/target/existing";
    if services
        .remembered_directory(&import.msp)
        .await?
        .company(managed)
        .await?
        .is_none()
    {
        return Err(Problem::invalid(pointer, Mistake::NoManagedCompany).into());
    }
    let tenant = services.tenant(&import.msp);
    let owner = tenant.mapped_to(&import.integration, managed).await?;
    let Some(other) = owner.filter(|owner| owner.company != *company) else {
        return Ok(());
    };
    if is_gone(&tenant, import, &other.company).await? {
        return Ok(());
    }
    Err(Problem::invalid(pointer, Mistake::MappedTo(other.company.as_str())).into())
}
