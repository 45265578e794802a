//! Address mappings that go with the mapping of a company (R58, R59): the trail has each of them, from the transaction that drops the
//! company's mapping. The journal has none: applying needs nothing of them.

use std::collections::HashSet;

use domain::ids::{PsaCompanyId, UserId};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::plan::{CompanyStep, DroppedMapping, PlanChange, PlanCompany, Reason, unmapped};
use store::fenced::FencedTransaction;
use store::journal::CompanyChunk;
use store::mappings::AddressMappings;
use store::retry::Attempts;
use store::tx::{Action, TransactionOutcome};
use worker::Stop;

use crate::context::Run;

/// Of more the trail tells in transactions of their own, beforehand: together they would not fit into one.
const MAX_CHANGES: usize = 2_000;

/// Keeps entries about dropped mappings apart from those about the company's users at the same moment.
const WHAT: usize = 1_000_000;

/// The mappings that go with the company's mapping, which was `before`, when these chunks of its plan are applied; none if an earlier run
/// has dropped them.
pub(crate) async fn dropped(
    run: &Run,
    before: Option<&CompanyMapping>,
    chunks: &[(usize, CompanyChunk)],
    own: &AddressMappings,
) -> Result<Vec<PlanChange>, Stop> {
    let Some((_, first)) = chunks.first().filter(|(_, first)| first.is_company_left()) else {
        return Ok(Vec::new());
    };
    let (plan, mut going) = (&first.plan, Vec::new());
    if let CompanyStep::HandOver { from, .. } = &plan.step {
        let left = run
            .tenant
            .stored_address_mappings(&run.import.integration, from)
            .await?;
        going.push((left.all(), Reason::NotInNewCompany));
    }
    let left = plan.unmap.as_ref();
    if left.is_some_and(|left| before.is_some_and(|before| before.managed == left.id)) {
        going.push((own.all(), Reason::AskedFor));
    }
    let users = chunks.iter().flat_map(|(_, chunk)| &chunk.plan.users);
    let kept: HashSet<&UserId> = users.filter_map(|user| Some(&user.mapped.as_ref()?.user)).collect();
    let company = PlanCompany {
        id: plan.company.clone(),
        name: plan.name.clone(),
    };
    let going = going.iter().flat_map(|(mappings, reason)| {
        let mappings = mappings.iter().filter(|mapping| !kept.contains(&mapping.user));
        mappings.map(|mapping| unmapped(&company, &DroppedMapping::of(mapping, last_name(mapping), *reason)))
    });
    Ok(going.collect())
}

/// The contact's name as last imported.
fn last_name(mapping: &AddressMapping) -> String {
    mapping.remembered.name.clone().unwrap_or_default()
}

/// Adds to the transaction that drops them what the trail tells of dropped mappings. A run that dies between the transactions of very
/// many leaves entries that the next run writes again.
pub(crate) async fn tell(run: &Run, tx: &mut FencedTransaction, dropped: &[PlanChange]) -> Result<(), Stop> {
    let mut slices = dropped.chunks(MAX_CHANGES).enumerate();
    let last = slices.next_back();
    for (number, slice) in slices {
        let mut ahead = run.transaction()?;
        add(run, &mut ahead, number, slice)?;
        // If it is refused, this very entry is there.
        let _ = run.try_commit(ahead).await?;
    }
    if let Some((number, slice)) = last {
        add(run, tx, number, slice)?;
    }
    Ok(())
}

/// Keeps, before a company that is gone loses its mapping, how often another managed company was asked for by it.
pub(crate) async fn keep_generation(run: &Run, from: &PsaCompanyId) -> Result<(), Stop> {
    let mut attempts = Attempts::at("decisions that outlast the import");
    // All of them are one item.
    let _turn = run.standing.lock().await;
    while let Some(action) = run.tenant.keep_generation(&run.import.integration, from).await? {
        let mut tx = run.transaction()?;
        tx.push(action)?;
        match run.try_commit(tx).await? {
            TransactionOutcome::Committed => break,
            TransactionOutcome::Refused(_) => attempts.again().await?,
        }
    }
    Ok(())
}

/// Deletes address mappings of a company that is gone for which the transaction that handed it over had no room. Nobody reads them, unless
/// the company is mapped again; no outcome of the company exists before they are gone, so a run that dies in between is repeated.
pub(crate) async fn drop_rest(run: &Run, deletions: Vec<Action>) -> Result<(), Stop> {
    if deletions.is_empty() {
        return Ok(());
    }
    let mut tx = run.transaction()?;
    for deletion in deletions {
        run.add(&mut tx, deletion).await?;
    }
    run.commit(tx).await
}

fn add(run: &Run, tx: &mut FencedTransaction, number: usize, changes: &[PlanChange]) -> Result<(), Stop> {
    let now = run.services.clock.now();
    Ok(run
        .tenant
        .audit_changes(tx, &run.import, (0, WHAT + number), changes, now)?)
}
