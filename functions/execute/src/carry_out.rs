//! One company: intent, directory, mapping, outcome. Killed anywhere, the next run finds the intent and repeats the calls
//! with the same tokens.

use domain::directory::{ManagedCompany, Token};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::outcome::{Outcome, RowCode, RowOutcome};
use domain::plan::{CompanyPlan, CompanyStep, UserStep};
use domain::row::CompanyRow;
use planning::Planning;
use store::journal::{Passed, Step};
use store::tx;

use crate::work::{Run, Stop};
use crate::{trail, users};

/// What came of one company.
pub(crate) enum Carried {
    /// Its outcomes are in the journal.
    Journaled,
    /// Nothing was done for it and nothing written yet.
    Passed(Passed),
}

pub(crate) async fn carry_out(run: &Run, planning: &Planning, row: CompanyRow) -> Result<Carried, Stop> {
    let plan = match run.tenant.step(&run.import, &row.id).await? {
        Some(step) if step.outcomes.is_some() => return Ok(Carried::Journaled),
        Some(step) => step.plan,
        None => {
            let mut plan = planning.plan(row).await?;
            if let Some(agreed) = run.agreed.get(&plan.company) {
                plan.give_way(&agreed.given_way);
                if let Some(company) = &agreed.yields_to {
                    plan.yield_to(company);
                }
            }
            if let Some(outcomes) = passed_over(run, &plan).await? {
                return Ok(Carried::Passed(Passed::new(&plan, outcomes)));
            }
            let mut tx = run.transaction()?;
            run.tenant.journal(
                &mut tx,
                &run.import,
                &Step {
                    plan: plan.clone(),
                    outcomes: None,
                },
            )?;
            run.commit(tx).await?;
            plan
        }
    };
    finish(run, planning, plan).await.map(|()| Carried::Journaled)
}

/// The outcomes of a company for which nothing is to be done.
async fn passed_over(run: &Run, plan: &CompanyPlan) -> Result<Option<Vec<RowOutcome>>, Stop> {
    if let Some(code) = run.pass_over {
        return Ok(Some(all(plan, &Outcome::Skipped(code))));
    }
    let is_agreed = match run.agreed.get(&plan.company) {
        // The other company may have got it by now, in an earlier run: the plan looks different, and comes to the same.
        Some(agreed) => agreed.yields_to.is_some() || agreed.digest == plan.digest(),
        None => plan.changes_nothing(),
    };
    if !is_agreed {
        return Ok(Some(all(plan, &Outcome::Failed(RowCode::PlanChanged))));
    }
    if let CompanyStep::Skip(reason) = &plan.step {
        let mut outcomes = all(plan, &Outcome::Skipped(RowCode::CompanyNotImported));
        if let Some(company) = outcomes.first_mut() {
            company.outcome = Outcome::Skipped(reason.into());
        }
        return Ok(Some(outcomes));
    }
    if plan.is_unchanged() {
        let users = plan.users.iter().map(|user| match &user.step {
            UserStep::Skip(reason) => Outcome::Skipped(reason.into()),
            _ => Outcome::Unchanged,
        });
        return Ok(Some(rows(plan, Outcome::Unchanged, users)));
    }
    if run.is_cancelled().await? {
        return Ok(Some(all(plan, &Outcome::Skipped(RowCode::Cancelled))));
    }
    Ok(None)
}

/// Carries out a company whose intent is in the journal.
async fn finish(run: &Run, planning: &Planning, plan: CompanyPlan) -> Result<(), Stop> {
    let mapping = planning.mapping(&plan.company);
    let (managed, outcome) = match company(run, mapping, &plan).await? {
        Ok(done) => done,
        Err(code) => {
            let mut outcomes = all(&plan, &Outcome::Skipped(RowCode::CompanyNotImported));
            if let Some(company) = outcomes.first_mut() {
                company.outcome = Outcome::Failed(code);
            }
            let mut tx = run.transaction()?;
            run.tenant.journal(
                &mut tx,
                &run.import,
                &Step {
                    plan,
                    outcomes: Some(outcomes),
                },
            )?;
            return run.commit(tx).await;
        }
    };
    let integration = &run.import.integration;
    let stale = run.tenant.address_mappings(integration, &plan.company).await?;
    let users = users::carry_out(run, &managed, &plan).await;
    let items = stale.len();
    // The users of a dropped mapping stay where they are, and are this company's no more.
    let before = if plan.unmap.is_some() { Vec::new() } else { stale };
    let mappings = merged(before, &plan, &users);
    let made = trail::made(&plan, &managed, &outcome, &users);
    let outcomes = rows(&plan, outcome, users.into_iter().map(|user| user.outcome));
    let mut tx = run.transaction()?;
    let now = run.services.clock.now();
    run.tenant.audit_changes(&mut tx, &run.import, &made, now)?;
    run.tenant
        .map_addresses(&mut tx, integration, &plan.company, items, &mappings)?;
    run.tenant.journal(
        &mut tx,
        &run.import,
        &Step {
            plan,
            outcomes: Some(outcomes),
        },
    )?;
    run.commit(tx).await
}

/// The company itself: what it is mapped to from here on, and how that came about; or why it failed.
async fn company(
    run: &Run,
    before: Option<&CompanyMapping>,
    plan: &CompanyPlan,
) -> Result<Result<(ManagedCompany, Outcome), RowCode>, Stop> {
    let (managed, outcome) = match &plan.step {
        CompanyStep::Unchanged(managed) => return Ok(Ok((managed.clone(), Outcome::Unchanged))),
        CompanyStep::Skip(reason) => return Ok(Err(reason.into())),
        CompanyStep::Create => {
            let token = Token::company(&run.import.integration, &plan.company, plan.generation);
            match users::patiently(run, || run.directory.create_company(&token, &plan.name)).await {
                Ok(id) => (
                    ManagedCompany {
                        id,
                        name: plan.name.clone(),
                    },
                    Outcome::Created,
                ),
                Err(code) => return Ok(Err(code)),
            }
        }
        CompanyStep::Link(managed) => match users::patiently(run, || run.directory.company(&managed.id)).await {
            Ok(Some(managed)) => (managed, Outcome::Linked),
            Ok(None) => return Ok(Err(RowCode::ManagedCompanyNotFound)),
            Err(code) => return Ok(Err(code)),
        },
        CompanyStep::Rename(managed) => {
            match users::patiently(run, || run.directory.rename_company(&managed.id, &plan.name)).await {
                Ok(true) => (managed.clone(), Outcome::Updated),
                Ok(false) => return Ok(Err(RowCode::ManagedCompanyNotFound)),
                Err(code) => return Ok(Err(code)),
            }
        }
    };
    let mapping = CompanyMapping {
        company: plan.company.clone(),
        managed: managed.id.clone(),
        name: plan.name.clone(),
        generation: plan.generation,
        // Counted anew together with the addresses.
        users: before.map_or(0, |before| before.users),
    };
    let mut tx = run.transaction()?;
    run.tenant
        .map_company(&mut tx, &run.import.integration, before, &mapping)?;
    match run.try_commit(tx).await? {
        tx::Outcome::Committed => Ok(Ok((managed, outcome))),
        tx::Outcome::Refused(_) => Ok(Err(RowCode::AlreadyMapped)),
    }
}

/// The address mappings after the company's users were carried out.
fn merged(before: Vec<AddressMapping>, plan: &CompanyPlan, users: &[users::Done]) -> Vec<AddressMapping> {
    let mut after = before;
    for (user, done) in plan.users.iter().zip(users) {
        let (Some(id), Some(address)) = (&done.user, &user.address) else {
            continue;
        };
        let replaced = user.replaces.as_ref();
        after.retain(|mapping| mapping.id != user.id && Some(&mapping.id) != replaced && mapping.user != *id);
        after.push(AddressMapping {
            id: user.id.clone(),
            user: id.clone(),
            address: address.clone(),
            generation: user.generation,
        });
    }
    after.sort_by(|one, other| one.id.cmp(&other.id));
    after
}

fn all(plan: &CompanyPlan, outcome: &Outcome) -> Vec<RowOutcome> {
    rows(plan, outcome.clone(), plan.users.iter().map(|_| outcome.clone()))
}

/// One outcome for each row: the company's first, then its users' in the order of the plan.
fn rows(plan: &CompanyPlan, company: Outcome, users: impl Iterator<Item = Outcome>) -> Vec<RowOutcome> {
    let company = RowOutcome {
        address: None,
        outcome: company,
    };
    let users = plan.users.iter().zip(users).map(|(user, outcome)| RowOutcome {
        address: Some(user.id.clone()),
        outcome,
    });
    std::iter::once(company).chain(users).collect()
}
