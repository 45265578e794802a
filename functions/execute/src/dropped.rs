//! Address mappings that are dropped together with the mapping of a company (R58, R59). The audit trail has an entry for each. The
//! transaction that drops the company's mapping writes the entries; if they are very many, earlier transactions write all but the last.
//! The journal has no entries for them: applying the plan does not need any.

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

/// The most entries in one transaction, such as the one that drops the company's mapping. If there are more, earlier ones write the rest.
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

/// Adds the audit entries of dropped mappings to the transaction that drops them. If they are very many, earlier transactions write the
/// first ones; if a run dies between these, the next run writes their entries again.
pub(crate) async fn tell(run: &Run, tx: &mut FencedTransaction, dropped: &[PlanChange]) -> Result<(), Stop> {
    let mut slices = dropped.chunks(MAX_CHANGES).enumerate();
    let last = slices.next_back();
    for (number, slice) in slices {
        let mut ahead = run.transaction()?;
        add(run, &mut ahead, number, slice)?;
        // Refused if an earlier run has written this very entry.
        let _ = run.try_commit(ahead).await?;
    }
    if let Some((number, slice)) = last {
        add(run, tx, number, slice)?;
    }
    Ok(())
}

/// Stores the next generation of a company that is gone, before the company loses its mapping. Should the company come back, its
/// idempotency key is then a new one: the old key would lead to the managed company that was handed over.
pub(crate) async fn keep_generation(run: &Run, from: &PsaCompanyId) -> Result<(), Stop> {
    let mut attempts = Attempts::at("decisions that outlast the import");
    // The generations of all companies are one item.
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

/// Deletes the address mappings of a company that is gone for which the transaction of the hand-over had no room. Nothing reads them unless
/// the company is mapped again. Outcomes are written after this, so if a run dies here, the next run deletes the rest.
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
