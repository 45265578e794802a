//! An import in review: what may be done with it, and what its plan is made from.

use std::collections::HashSet;

use api::{Api, ApiError, Caller, admit_plan_call, authorize, find_import};
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, ImportId, PsaCompanyId};
use domain::import::{Import, ImportState};
use domain::problem::{Problem, ResourceKind};
use lambda::Services;
use planning::{Asked, Context, Planning};

/// The import with its tabs, which appear only when the snapshot is complete (R8).
pub async fn with_rows(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let import = find_import(services, caller, id).await?;
    if import.fetched_at.is_none() {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    // Of rows that expire the table deletes one after the other: the rest would look like all.
    if services.clock.now() >= import.rows_until() {
        return Err(Problem::SnapshotExpired.into());
    }
    Ok(import)
}

/// The import whose plan is shown: in review. What an import does or did after its confirmation stands in its result, and nobody can make
/// its plan again from what there is by then.
pub async fn with_plan(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let import = with_rows(services, caller, id).await?;
    match import.state {
        ImportState::Review => Ok(import),
        state => Err(Problem::WrongState { state }.into()),
    }
}

/// The import for a decision by this caller: in review, and not another administrator's (R44).
pub async fn in_review(services: &Services, caller: &Caller, id: &ImportId) -> Api<Import> {
    let import = find_import(services, caller, id).await?;
    if import.state != ImportState::Review {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    if services.clock.now() >= import.review_until() {
        return Err(Problem::SnapshotExpired.into());
    }
    authorize(services, caller, import).await
}

/// The problem to answer with when the store refuses a write for which the import must be in review: the import has left the review, or
/// has lost its lock.
pub async fn not_in_review(services: &Services, import: &Import) -> ApiError {
    let now = services.tenant(&import.msp).import(&import.id).await;
    match now {
        Ok(Some(now)) if now.state != ImportState::Review => Problem::WrongState { state: now.state }.into(),
        Ok(_) => Problem::ImportAbandoned.into(),
        Err(error) => error.into(),
    }
}

/// What a whole plan is computed with: costly, and so only admitted now and then (R65).
pub async fn planning_of_all(services: &Services, import: Import) -> Api<Planning> {
    admit_plan_call(services, &import.msp).await?;
    let (tenant, directory) = (
        services.tenant(&import.msp),
        services.remembered_directory(&import.msp).await?,
    );
    Ok(Planning::open(tenant, directory, import).await?)
}

/// The facts of one company, with what it is planned with.
pub async fn facts(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    asked: Asked<'_>,
) -> Api<(Context, CompanyFacts)> {
    let (tenant, directory) = (
        services.tenant(&import.msp),
        services.remembered_directory(&import.msp).await?,
    );
    let read = Context::of_company(tenant, directory, import.clone(), company).await?;
    let (mut context, row) = read.ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    let facts = context.facts(row, asked).await?;
    context.add_holding_companies(&facts).await?;
    Ok((context, facts))
}

/// The facts of one company on which one of its address rows depends, with what the row is shown with.
pub async fn facts_near(
    services: &Services,
    import: &Import,
    row: (&PsaCompanyId, &AddressId),
) -> Api<(Context, CompanyFacts)> {
    let (tenant, directory) = (
        services.tenant(&import.msp),
        services.remembered_directory(&import.msp).await?,
    );
    let read = Box::pin(Context::of_address(tenant, directory, import.clone(), row)).await?;
    let (mut context, facts) = read.ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    context.add_holding_companies(&facts).await?;
    Ok((context, facts))
}

/// Adds who holds the addresses of some rows of a company whose facts were gathered without.
pub async fn add_holders(context: &mut Context, facts: &mut CompanyFacts, rows: &HashSet<AddressId>) -> Api<()> {
    context.add_holders(facts, Asked::Of(rows)).await?;
    Ok(context.add_holding_companies(facts).await?)
}
