//! One company: intent, directory, mapping, outcome; a large one chunk by chunk. Killed anywhere, the next run finds the intent
//! and repeats the calls with the same keys.

use directory::{DirectoryError, Look, NewCompany};
use domain::directory::ManagedCompany;
use domain::ids::{IdempotencyKey, ManagedCompanyId, PsaCompanyId};
use domain::mapping::CompanyMapping;
use domain::plan::{CompanyPlan, CompanyStep, Counts, Outcome, PlanChange, Reason, RowOutcome, UserPlan, UserStep};
use domain::row::Target;
use planning::Planning;
use store::journal::{CompanyChunk, Outcomes, SkippedCompany};
use store::mappings::AddressMappings;
use store::rows::Row;
use store::tx;
use worker::Stop;

use crate::context::Run;
use crate::dropped;
use crate::record::{self, all, rows};
use crate::retries::{Failure, answers_at_all, with_retries};
use crate::users;

/// How far one company got.
pub(crate) enum Applied {
    /// Its outcomes are in the journal, so many of each.
    Journaled(Counts),
    /// Nothing was done for it and nothing written yet.
    Skipped(Vec<SkippedCompany>),
    /// Time ended first; the next run applies the rest.
    Unfinished,
}

/// The outcomes of companies of which no change was confirmed. A company that would be changed by now is left as it is.
pub(crate) async fn unchanged(
    run: &Run,
    planning: &Planning,
    rows: Vec<Row>,
) -> Result<Vec<(PsaCompanyId, Applied)>, Stop> {
    let mut all = Vec::with_capacity(rows.len());
    for plan in planning.plan_neighbours(rows).await? {
        let outcomes = match run.skip {
            Some(reason) => self::all(&plan, &Outcome::Skipped(reason)),
            None if plan.is_unchanged() => as_planned(&plan),
            None => self::all(&plan, &Outcome::Failed(Reason::PlanChanged)),
        };
        let entries = SkippedCompany::of(&plan, outcomes, 0)?;
        all.push((plan.company, Applied::Skipped(entries)));
    }
    Ok(all)
}

/// Applies the plan of a company that an earlier run may have begun, with the `outcomes` that were recorded by then, or whose first
/// `named` rows it has skipped.
pub(crate) async fn apply(
    run: &Run,
    planning: &Planning,
    row: Row,
    (outcomes, named): (Option<&Outcomes>, usize),
) -> Result<Applied, Stop> {
    if let Some(outcomes) = outcomes {
        let begun = run.tenant.chunks(&run.import, &row.id, outcomes).await?;
        if !begun.is_empty() {
            return finish(run, planning, begun, true).await;
        }
    }
    let is_asked_for = matches!(row.decision.target, Target::Create);
    let mut plan = as_confirmed(run, planning.plan(row.clone()).await?);
    if let Some(outcomes) = skipped(run, &plan).await? {
        return Ok(Applied::Skipped(SkippedCompany::of(&plan, outcomes, named)?));
    }
    match looked_again(run, &plan).await {
        Ok(Look::AsKnown) => {}
        Ok(Look::Differs) => {
            plan = as_confirmed(run, planning.plan_again(row).await?);
            if let Some(outcomes) = skipped(run, &plan).await? {
                return Ok(Applied::Skipped(SkippedCompany::of(&plan, outcomes, named)?));
            }
        }
        Ok(Look::Gone) => {
            let outcomes = all(&plan, &Outcome::Failed(Reason::ManagedCompanyNotFound));
            return Ok(Applied::Skipped(SkippedCompany::of(&plan, outcomes, named)?));
        }
        Err(Failure::Open) => return Ok(Applied::Unfinished),
        Err(Failure::OfRow(failure)) => {
            let outcomes = record::all_failed(&plan, failure);
            return Ok(Applied::Skipped(SkippedCompany::of(&plan, outcomes, named)?));
        }
    }
    if is_asked_for && let Err(failure) = sent_again(run, &plan).await {
        return Ok(match failure {
            Failure::Open => Applied::Unfinished,
            Failure::OfRow(failure) => {
                let outcomes = record::all_failed(&plan, failure);
                Applied::Skipped(SkippedCompany::of(&plan, outcomes, named)?)
            }
        });
    }
    // The first `named` rows already have their outcomes, so the rest of the company cannot be applied any more; or another integration
    // creates a company of that name at this moment.
    if named > 0 || !claims_name(run, &plan, is_asked_for).await? {
        let outcomes = all(&plan, &Outcome::Failed(Reason::PlanChanged));
        return Ok(Applied::Skipped(SkippedCompany::of(&plan, outcomes, named)?));
    }
    let chunks = CompanyChunk::of(plan)?;
    begin(run, &chunks).await?;
    finish(run, planning, chunks, false).await
}

/// The plan of a company without what was skipped when it was confirmed.
fn as_confirmed(run: &Run, mut plan: CompanyPlan) -> CompanyPlan {
    if let Some(confirmed) = run.confirmed.get(&plan.company) {
        plan.skip_conflicting(&confirmed.skipped_conflicting);
        if let Some(skip) = &confirmed.skipped {
            plan.skip(skip.clone());
        }
    }
    plan
}

/// Looks at the users of the managed company once more, where they are only remembered (R87).
async fn looked_again(run: &Run, plan: &CompanyPlan) -> Result<Look, Failure> {
    let Some(managed) = plan.step.managed() else {
        return Ok(Look::AsKnown);
    };
    let call = || run.directory.look_again(&managed.id);
    with_retries(run, call, || answers_at_all(run)).await
}

/// Repeats a creation request with an unknown outcome, because the administrator has chosen a new company (R82).
async fn sent_again(run: &Run, plan: &CompanyPlan) -> Result<(), Failure> {
    if !matches!(plan.step, CompanyStep::Create) {
        return Ok(());
    }
    let key = IdempotencyKey::company(&run.import.integration, &plan.company, plan.generation);
    let call = || run.directory.send_again(&key);
    with_retries(run, call, || answers_at_all(run)).await
}

/// Claims the name of a company that is to be created. Returns `false` if it is claimed already; an administrator who asked for a new
/// company gets it, whatever others are called.
async fn claims_name(run: &Run, plan: &CompanyPlan, is_asked_for: bool) -> Result<bool, Stop> {
    if plan.step != CompanyStep::Create || is_asked_for {
        return Ok(true);
    }
    let (claim, now) = ((&plan.company, &*plan.name), run.services.clock.now());
    Ok(run.tenant.claim_name(&run.import, claim, run.choice, now).await?)
}

/// Writes the intent: all chunks, the first one last.
async fn begin(run: &Run, chunks: &[CompanyChunk]) -> Result<(), Stop> {
    let mut tx = run.transaction()?;
    for (number, chunk) in chunks.iter().enumerate().skip(1) {
        let action = run.tenant.journal_action(&run.import, number, chunk)?;
        run.add(&mut tx, action).await?;
    }
    if chunks.len() > 1 {
        run.commit(tx).await?;
        tx = run.transaction()?;
    }
    // With it the company is begun.
    if let Some(first) = chunks.first() {
        run.tenant.journal(&mut tx, &run.import, 0, first)?;
    }
    run.commit(tx).await
}

/// The outcomes of a company for which nothing is to be done.
async fn skipped(run: &Run, plan: &CompanyPlan) -> Result<Option<Vec<RowOutcome>>, Stop> {
    let every = |outcome: Outcome| Some(all(plan, &outcome));
    if let Some(reason) = run.skip {
        return Ok(every(Outcome::Skipped(reason)));
    }
    let is_confirmed = match run.confirmed.get(&plan.company) {
        // An earlier run may have removed the conflict that this company is skipped for, so its digest may differ; it is skipped as
        // confirmed.
        Some(confirmed) => confirmed.skipped.is_some() || confirmed.is_of(plan),
        None => plan.is_unchanged(),
    };
    if !is_confirmed {
        return Ok(every(Outcome::Failed(Reason::PlanChanged)));
    }
    if plan.skipped().is_some() || plan.is_unchanged() {
        return Ok(Some(as_planned(plan)));
    }
    Ok(run.skips().await?.and_then(|reason| every(Outcome::Skipped(reason))))
}

/// The outcomes of a plan that changes nothing.
pub(crate) fn as_planned(plan: &CompanyPlan) -> Vec<RowOutcome> {
    let users = plan.users.iter().map(|user| user.step.outcome());
    rows(Some(plan.outcome()), &plan.users, users)
}

/// Applies what is left of a company whose intent is in the journal, of which an earlier run may have begun the first chunk.
async fn finish(
    run: &Run,
    planning: &Planning,
    chunks: Vec<CompanyChunk>,
    mut may_be_begun: bool,
) -> Result<Applied, Stop> {
    let failed = chunks.first().and_then(CompanyChunk::company_failure);
    let (done, left): (Vec<_>, Vec<_>) = chunks.into_iter().enumerate().partition(|(_, chunk)| chunk.is_done());
    let mut counts = Counts::default();
    for (_, chunk) in done {
        counts += chunk.counts();
    }
    let Some((_, first)) = left.first() else {
        return Ok(Applied::Journaled(counts));
    };
    // An earlier run died after recording only some outcomes of a company that failed.
    if let Some(reason) = failed {
        counts += record::failure(run, left, reason.into()).await?;
        return Ok(Applied::Journaled(counts));
    }
    let integration = &run.import.integration;
    let before = if may_be_begun {
        // Maybe an earlier step of this run has mapped the company, which planning does not know.
        run.tenant.company_mapping(integration, &first.plan.company).await?
    } else {
        planning.mapping(&first.plan.company).cloned()
    };
    let before = before.as_ref();
    let mut mapped = run
        .tenant
        .stored_address_mappings(integration, &first.plan.company)
        .await?;
    run.begin_changes().await?;
    // The company's mapping is written before its users, and already counts them. If none fails, it need not be written again.
    let ahead = mapped_ahead(&mapped, left.iter().map(|(_, chunk)| chunk));
    let dropped = dropped::dropped(run, before, &left, &mapped).await?;
    let (managed, outcome) = match company(run, (before, ahead), &first.plan, &dropped).await? {
        Ok((managed, outcome, counted)) => {
            mapped = mapped.counted_as(counted);
            (managed, outcome)
        }
        Err(Failure::Open) => return Ok(Applied::Unfinished),
        Err(Failure::OfRow(failure)) => {
            counts += record::failure(run, left, failure).await?;
            return Ok(Applied::Journaled(counts));
        }
    };
    for (at, (number, mut chunk)) in left.into_iter().enumerate() {
        // A crashed run may have begun this chunk; finish it even if the import is being cancelled.
        let skip = if at == 0 { None } else { run.skips().await? };
        let (company, left) = ((&chunk.plan.company, &managed), chunk.users_left());
        let users = match skip {
            Some(reason) => users::skip(left, reason),
            None => users::apply(run, company, left, may_be_begun).await,
        };
        may_be_begun = false;
        mapped = record::users(run, (&managed, &outcome), (number, &mut chunk), mapped, users).await?;
        if !chunk.is_done() {
            return Ok(Applied::Unfinished);
        }
        counts += chunk.counts();
    }
    Ok(Applied::Journaled(counts))
}

/// How many address mappings a company has when all users of these chunks are as planned.
fn mapped_ahead<'a>(mapped: &AddressMappings, left: impl Iterator<Item = &'a CompanyChunk>) -> u64 {
    left.fold(mapped.len(), |count, chunk| {
        let kept = if chunk.is_company_left() && chunk.plan.unmap.is_some() {
            0
        } else {
            count
        };
        let is_new = |user: &&UserPlan| user.mapped.is_none() && !matches!(user.step, UserStep::Skip(_));
        kept + chunk.users_left().iter().filter(is_new).count() as u64
    })
}

/// Applies the step of the company itself. Returns what it is mapped to from here on, its outcome, and how many address mappings its
/// mapping counts then; or why it failed.
async fn company(
    run: &Run,
    (before, ahead): (Option<&CompanyMapping>, u64),
    plan: &CompanyPlan,
    dropped: &[PlanChange],
) -> Result<Result<(ManagedCompany, Outcome, u64), Failure>, Stop> {
    let (managed, outcome) = match in_directory(run, before, plan).await {
        Ok((managed, outcome)) if plan.step.is_passive() && !plan.rewrite_mapping => {
            let counted = before.map_or(0, |before| before.users);
            return Ok(Ok((managed, outcome, counted)));
        }
        Ok(made) => made,
        Err(failure) => return Ok(Err(failure)),
    };
    let mapping = CompanyMapping {
        company: plan.company.clone(),
        managed: managed.id.clone(),
        name: match (&plan.step, before) {
            // The directory did not take over the new name. The mapping keeps the old one, so that the next plan still sees a renaming.
            (CompanyStep::KeepName(_), Some(before)) => before.name.clone(),
            _ => plan.name.clone(),
        },
        identifier: plan.identifier.clone(),
        generation: plan.generation,
        users: ahead,
        former: match &plan.unmap {
            Some(left) => Some(left.id.clone()),
            None => before.and_then(|before| before.former.clone()),
        },
    };
    if let CompanyStep::HandOver { from, .. } = &plan.step {
        dropped::keep_generation(run, from).await?;
    }
    let (mut tx, integration) = (run.transaction()?, &run.import.integration);
    let rest = if let CompanyStep::HandOver { from, .. } = &plan.step {
        let tenant = &run.tenant;
        tenant.hand_over(&mut tx, integration, from, (before, &mapping)).await?
    } else {
        run.tenant.map_company(&mut tx, integration, before, &mapping)?;
        Vec::new()
    };
    dropped::tell(run, &mut tx, dropped).await?;
    match run.try_commit(tx).await? {
        tx::TransactionOutcome::Committed => {
            dropped::drop_rest(run, rest).await?;
            Ok(Ok((managed, outcome, ahead)))
        }
        tx::TransactionOutcome::Refused(_) => Ok(Err(Failure::of(Reason::AlreadyMapped))),
    }
}

/// What an earlier run may have asked for, now that the import is cancelled: nothing more is asked for, and a company that has yet to appear
/// is not waited for. The next import takes over what appears.
async fn requested(run: &Run, key: &IdempotencyKey) -> Result<ManagedCompanyId, Failure> {
    match run.directory.requested(key).await {
        Ok(Some(NewCompany::Created(id))) => Ok(id),
        Ok(Some(_)) => Err(Failure::of(Reason::OutcomeUnknown)),
        Ok(None) => Err(Failure::of(Reason::Cancelled)),
        Err(error @ DirectoryError::Refused(_)) => Err(Failure::OfRow(error.into())),
        Err(error) => {
            run.record_outage(error);
            Err(Failure::Open)
        }
    }
}

/// The managed company that an earlier step of this import has created and mapped: the directory need not say so again.
fn created_before(before: Option<&CompanyMapping>, plan: &CompanyPlan) -> Option<ManagedCompany> {
    // A plan creates another company only under another generation than that of the mapping which it leaves.
    let is_of_plan =
        |mapping: &&CompanyMapping| plan.step == CompanyStep::Create && mapping.generation == plan.generation;
    let mapping = before.filter(is_of_plan)?;
    let is_left = plan.unmap.as_ref().is_some_and(|left| left.id == mapping.managed);
    (!is_left).then(|| ManagedCompany::new(mapping.managed.clone(), plan.name.clone()))
}

/// Does in the directory what the plan says for the company itself.
async fn in_directory(
    run: &Run,
    before: Option<&CompanyMapping>,
    plan: &CompanyPlan,
) -> Result<(ManagedCompany, Outcome), Failure> {
    if let Some(created) = created_before(before, plan) {
        return Ok((created, plan.outcome()));
    }
    let not_found = Failure::of(Reason::ManagedCompanyNotFound);
    let managed = match &plan.step {
        CompanyStep::Unchanged(managed) | CompanyStep::KeepName(managed) => managed.clone(),
        CompanyStep::Skip(skip) => return Err(Failure::of(skip.reason.in_result())),
        CompanyStep::Create => {
            let key = IdempotencyKey::company(&run.import.integration, &plan.company, plan.generation);
            if run.import.cancelling && run.directory.capabilities().creation_waits {
                let id = requested(run, &key).await?;
                return Ok((ManagedCompany::new(id, plan.name.clone()), plan.outcome()));
            }
            let call = || run.directory.create_company(&key, &plan.name);
            match with_retries(run, call, || answers_at_all(run)).await? {
                NewCompany::Created(id) => ManagedCompany::new(id, plan.name.clone()),
                NewCompany::Waits(until) => return Err(Failure::later(run, &plan.company, until)),
                NewCompany::Unknown => return Err(Failure::of(Reason::OutcomeUnknown)),
            }
        }
        CompanyStep::Link(managed) | CompanyStep::HandOver { managed, .. } => {
            let call = || run.directory.company(&managed.id);
            with_retries(run, call, || answers_at_all(run))
                .await?
                .ok_or(not_found)?
        }
        CompanyStep::Rename(managed) => {
            let call = || run.directory.rename_company(&managed.id, &plan.name);
            if !with_retries(run, call, || answers_at_all(run)).await? {
                return Err(not_found);
            }
            managed.clone()
        }
    };
    Ok((managed, plan.outcome()))
}
