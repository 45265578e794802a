//! What was done to a company is recorded: mappings, audit and outcomes, in as few transactions as they fit in.

use domain::directory::ManagedCompany;
use domain::mapping;
use domain::plan::{CompanyPlan, Counts, Outcome, Reason, RowOutcome, UserPlan};
use domain::quotation::Quotation;
use store::StoreError;
use store::fenced::FencedTransaction;
use store::journal::CompanyChunk;
use store::mappings::AddressMappings;
use store::tx::{Action, MAX_ACTIONS};
use worker::Stop;

use crate::audit;
use crate::context::Run;
use crate::retries::RowFailure;
use crate::users::Done;

/// Records that the company failed: its remaining users are skipped. Gives the outcomes of all rows of these chunks, counted.
pub(crate) async fn failure(
    run: &Run,
    left: Vec<(usize, CompanyChunk)>,
    mut failure: RowFailure,
) -> Result<Counts, Stop> {
    let (mut tx, mut counts) = (run.transaction()?, Counts::default());
    for (number, mut chunk) in left {
        // A company that was only about to be asked for, as far as a cancelled import can tell.
        let (outcome, of_users) = match failure.reason {
            Reason::Cancelled => (Outcome::Skipped(Reason::Cancelled), Reason::Cancelled),
            reason => (Outcome::Failed(reason), Reason::CompanyNotImported),
        };
        let company = chunk.is_company_left().then_some(outcome);
        let users = chunk.users_left();
        let skipped = users.iter().map(|_| Outcome::Skipped(of_users));
        let mut outcomes = rows(company, users, skipped);
        quote(&mut outcomes, failure.said.take());
        if tx.len() == MAX_ACTIONS {
            run.commit(std::mem::replace(&mut tx, run.transaction()?)).await?;
        }
        let of_chunk = (number, &mut chunk);
        run.tenant.add_outcomes(&mut tx, &run.import, of_chunk, outcomes)?;
        counts += chunk.counts();
    }
    run.commit(tx).await?;
    run.note_recorded();
    Ok(counts)
}

/// Writes what was done to the next users of a chunk: mappings, audit and outcomes, for as many at once as fit into a transaction.
/// Returns the mappings there are then.
pub(crate) async fn users(
    run: &Run,
    (managed, outcome): (&ManagedCompany, &Outcome),
    (number, chunk): (usize, &mut CompanyChunk),
    mut mapped: AddressMappings,
    users: Vec<Done>,
) -> Result<AddressMappings, Stop> {
    // Outcomes are written once in each place. An item without any, since nobody is done yet, would take the place of those to come.
    if users.is_empty() && !chunk.is_company_left() {
        return Ok(mapped);
    }
    let integration = &run.import.integration;
    let (mut users, mut most) = (users.as_slice(), users.len());
    loop {
        let now = &users[..most.min(users.len())];
        let mut share = chunk
            .plan
            .with_users(chunk.users_left().get(..now.len()).unwrap_or_default());
        share.remember_asked(|place| now.get(place).is_some_and(Done::is_asked));
        let company = chunk.is_company_left().then(|| outcome.clone());
        let mapped_to: Vec<_> = now.iter().map(|done| done.user.clone()).collect();
        // The users of a dropped mapping stay where they are, and are this company's no more.
        let drops = company.is_some() && share.unmap.is_some();
        let after = {
            let before = if drops { Vec::new() } else { mapped.all() };
            mapping::after(&before, &share, &mapped_to)
        };
        let made = audit::applied(&share, managed, company.as_ref(), now);
        let what = (number, chunk.outcomes.len());
        let outcomes = now.iter().map(|user| user.outcome.clone());
        let mut outcomes = rows(company, &share.users, outcomes);
        // The company's own row may come before its users'.
        for (row, user) in outcomes.iter_mut().rev().zip(now.iter().rev()) {
            row.said.clone_from(&user.said);
        }
        let mut next = chunk.clone();
        let mut tx = run.transaction()?;
        let audited = run
            .tenant
            .audit_changes(&mut tx, &run.import, what, &made, run.services.clock.now());
        let recorded = audited.and_then(|()| {
            let of_chunk = (number, &mut next);
            run.tenant.add_outcomes(&mut tx, &run.import, of_chunk, outcomes)
        });
        match recorded {
            Err(StoreError::TooLarge { .. }) if now.len() > 1 => {
                most = now.len() / 2;
                continue;
            }
            recorded => recorded?,
        }
        let (writes, stored) = run.tenant.map_addresses(integration, &share.company, &mapped, &after)?;
        drop(after);
        commit_with(run, tx, writes).await?;
        run.note_recorded();
        (*chunk, mapped, users) = (next, stored, &users[now.len()..]);
        if users.is_empty() {
            return Ok(mapped);
        }
    }
}

/// Commits outcomes and mappings, in one transaction if they fit.
async fn commit_with(run: &Run, mut outcomes: FencedTransaction, mappings: Vec<Action>) -> Result<(), Stop> {
    if outcomes.has_room_for(&mappings) {
        for mapping in mappings {
            outcomes.push(mapping)?;
        }
    } else {
        // Mappings first, so that no outcome exists without its mapping. After a crash in between, the next run writes the same
        // mappings again.
        let mut first = run.transaction()?;
        for mapping in mappings {
            run.add(&mut first, mapping).await?;
        }
        run.commit(first).await?;
    }
    run.commit(outcomes).await
}

/// One outcome for the company and all of its users.
pub(crate) fn all(plan: &CompanyPlan, outcome: &Outcome) -> Vec<RowOutcome> {
    let users = plan.users.iter().map(|_| outcome.clone());
    rows(Some(outcome.clone()), &plan.users, users)
}

/// One outcome for a company that failed and all of its users, with what the directory said of the company.
pub(crate) fn all_failed(plan: &CompanyPlan, failure: RowFailure) -> Vec<RowOutcome> {
    let mut outcomes = all(plan, &Outcome::Failed(failure.reason));
    quote(&mut outcomes, failure.said);
    outcomes
}

/// Gives the company's own row what the directory said.
fn quote(outcomes: &mut [RowOutcome], said: Option<Quotation>) {
    if let Some(company) = outcomes.first_mut().filter(|row| row.address.is_none()) {
        company.said = said;
    }
}

/// One outcome for each row: the company's first, if it is its turn, then its users'.
pub(crate) fn rows(
    company: Option<Outcome>,
    users: &[UserPlan],
    outcomes: impl Iterator<Item = Outcome>,
) -> Vec<RowOutcome> {
    let company = company.map(RowOutcome::from);
    let users = users.iter().zip(outcomes).map(|(user, outcome)| RowOutcome {
        address: Some(user.id.clone()),
        outcome,
        said: None,
    });
    company.into_iter().chain(users).collect()
}
