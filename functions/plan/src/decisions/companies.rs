//! Decisions on companies (R24, R25, R27).

use api::Api;
use domain::ids::{ManagedCompanyId, PsaCompanyId};
use domain::import::Import;
use domain::problem::{Mistake, Problem, ResourceKind};
use domain::row::{CompanyRow, Tab, Target};
use lambda::Services;
use planning::is_gone;
use store::retry::Attempts;
use store::rows::Decided;

use crate::api::decision::Decision;
use crate::review;

/// Rows of one transaction, next to the proof of the review.
const MAX_ROWS_PER_TRANSACTION: usize = 90;

/// Decides on one company, and returns its row as it is then.
pub async fn decide(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    decision: Decision<ManagedCompanyId>,
) -> Api<CompanyRow> {
    let tenant = services.tenant(&import.msp);
    let mut row = tenant
        .row(import, company)
        .await?
        .ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    let (seen, version) = (decision.version, row.decision.version);
    if version != seen {
        return Err(Problem::DecisionConflict { version }.into());
    }
    if row.tab == Tab::NotIn {
        let status = "not-in".to_owned();
        return Err(Problem::NotSelectable { status }.into());
    }
    if let Some(Target::Existing(managed)) = &decision.target {
        check_target(services, import, company, managed).await?;
    }
    row.decision.selected = decision.selected.unwrap_or(row.decision.selected);
    row.decision.target = decision.target.unwrap_or(row.decision.target);
    row.decision.version += 1;
    let now = services.clock.now();
    match tenant.decide_company(import, &row, seen, now).await? {
        Decided::Recorded => Ok(row),
        Decided::NotInReview => Err(review::not_in_review(services, import).await),
        Decided::Conflict => {
            let now = tenant.row(import, company).await?;
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
    if services.directory(&import.msp).company(managed).await?.is_none() {
        return Err(Problem::invalid(pointer, Mistake::NoManagedCompany).into());
    }
    let tenant = services.tenant(&import.msp);
    let mappings = tenant.company_mappings(&import.integration).await?;
    let mut others = mappings.values().filter(|mapping| mapping.company != *company);
    let Some(other) = others.find(|mapping| mapping.managed == *managed) else {
        return Ok(());
    };
    if is_gone(&tenant, import, other).await? {
        return Ok(());
    }
    Err(Problem::invalid(pointer, Mistake::MappedTo(other.company.as_str())).into())
}

/// Selects the companies of the tab *in* that match, or takes the selection back, and counts them. Never the MSP's own (R12).
pub async fn select(
    services: &Services,
    import: &Import,
    selected: bool,
    accepts: impl Fn(&CompanyRow) -> bool,
) -> Api<usize> {
    let tenant = services.tenant(&import.msp);
    let (mut matched, mut after) = (0, None);
    loop {
        let (rows, next) = tenant.rows_page(import, after.as_ref()).await?;
        let rows = rows
            .into_iter()
            .filter(|row| row.tab == Tab::In && !row.own && accepts(row));
        let rows: Vec<CompanyRow> = rows.collect();
        matched += rows.len();
        for batch in rows.chunks(MAX_ROWS_PER_TRANSACTION) {
            select_batch(services, import, batch.to_vec(), selected).await?;
        }
        after = next;
        if after.is_none() {
            return Ok(matched);
        }
    }
}

async fn select_batch(services: &Services, import: &Import, mut rows: Vec<CompanyRow>, selected: bool) -> Api<()> {
    let tenant = services.tenant(&import.msp);
    let mut attempts = Attempts::at("decision on companies");
    loop {
        let decided = rows.iter().filter(|row| row.decision.selected != selected).map(|row| {
            let mut decided = row.clone();
            decided.decision.selected = selected;
            decided.decision.version += 1;
            (decided, row.decision.version)
        });
        let decided: Vec<(CompanyRow, u64)> = decided.collect();
        match tenant.decide_companies(import, &decided, services.clock.now()).await? {
            Decided::Recorded => return Ok(()),
            Decided::NotInReview => return Err(review::not_in_review(services, import).await),
            Decided::Conflict => attempts.again().await?,
        }
        // One of them was decided on meanwhile; this decision says nothing of what was seen, so it goes on top.
        for row in &mut rows {
            if let Some(now) = tenant.row(import, &row.id).await? {
                *row = now;
            }
        }
    }
}
