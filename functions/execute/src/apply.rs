//! One company: intent, directory, mapping, outcome; a large one part by part. Killed anywhere, the next run finds the intent
//! and repeats the calls with the same tokens.

use directory::DirectoryError;
use domain::directory::ManagedCompany;
use domain::ids::IdempotencyKey;
use domain::mapping::{self, CompanyMapping};
use domain::outcome::{Outcome, RowCode, RowOutcome};
use domain::plan::{CompanyPlan, CompanyStep, UserPlan, UserStep};
use domain::row::{CompanyRow, Target};
use planning::Planning;
use store::journal::{Part, Passed};
use store::mappings::AddressMappings;
use store::{StoreError, tx};
use worker::Stop;

use crate::context::Run;
use crate::retries::{Failure, with_retries};
use crate::trail;
use crate::users::{self, Done};

/// What came of one company.
pub(crate) enum Applied {
    /// Its outcomes are in the journal.
    Journaled,
    /// Nothing was done for it and nothing written yet.
    Passed(Vec<Passed>),
    /// Time ended first; the next run goes on with what is left of it.
    Unfinished,
}

/// Carries out a company of which the first `named` rows were passed over by a run before.
pub(crate) async fn apply(run: &Run, planning: &Planning, row: CompanyRow, named: usize) -> Result<Applied, Stop> {
    let begun = run.tenant.parts(&run.import, &row.id).await?;
    if !begun.is_empty() {
        return finish(run, planning, begun, true).await;
    }
    let is_asked_for = matches!(row.decision.target, Target::Create);
    let mut plan = planning.plan(row).await?;
    if let Some(agreed) = run.agreed.get(&plan.company) {
        plan.pass_for_others(&agreed.passed_for_others);
        if let Some(reason) = &agreed.passed_over {
            plan.pass_over(reason.clone());
        }
    }
    if let Some(outcomes) = passed_over(run, &plan).await? {
        return Ok(Applied::Passed(Passed::of(&plan, outcomes, named)?));
    }
    let parts = Part::of(&plan)?;
    // The first `named` rows already have their outcomes, so the rest of the company cannot be applied any more.
    if named > 0 {
        let outcomes = all(&plan, &Outcome::Failed(RowCode::PlanChanged));
        return Ok(Applied::Passed(Passed::of(&plan, outcomes, named)?));
    }
    let Some((first, others)) = parts.split_first() else {
        return Ok(Applied::Journaled);
    };
    if !others.is_empty() {
        let mut tx = run.transaction()?;
        for (number, part) in others.iter().enumerate() {
            let action = run.tenant.journal_action(&run.import, number + 1, part)?;
            run.add(&mut tx, action).await?;
        }
        run.commit(tx).await?;
    }
    // With it the company is begun.
    let mut tx = run.transaction()?;
    // Who asked for a new company gets one, whatever others are called.
    if plan.step == CompanyStep::Create && !is_asked_for {
        let now = run.services.clock.now();
        run.tenant
            .claim_name(&mut tx, &run.import, &plan.company, &plan.name, now)?;
    }
    run.tenant.journal(&mut tx, &run.import, 0, first)?;
    match run.try_commit(tx).await? {
        tx::TransactionOutcome::Committed => finish(run, planning, parts, false).await,
        // Another integration makes a company of that name at this moment.
        tx::TransactionOutcome::Refused(_) => {
            let outcomes = all(&plan, &Outcome::Failed(RowCode::PlanChanged));
            Ok(Applied::Passed(Passed::of(&plan, outcomes, named)?))
        }
    }
}

/// The outcomes of a company for which nothing is to be done.
async fn passed_over(run: &Run, plan: &CompanyPlan) -> Result<Option<Vec<RowOutcome>>, Stop> {
    let every = |outcome: Outcome| Some(all(plan, &outcome));
    if let Some(code) = run.pass_over {
        return Ok(every(Outcome::Skipped(code)));
    }
    let is_agreed = match run.agreed.get(&plan.company) {
        // What it waits for may have come by now, in an earlier run: the plan looks different, and comes to the same.
        Some(agreed) => agreed.passed_over.is_some() || agreed.digest == plan.digest(),
        None => plan.is_unchanged(),
    };
    if !is_agreed {
        return Ok(every(Outcome::Failed(RowCode::PlanChanged)));
    }
    if let CompanyStep::Skip(reason) = &plan.step {
        let users = plan.users.iter().map(|_| Outcome::Skipped(RowCode::CompanyNotImported));
        return Ok(Some(rows(Some(Outcome::Skipped(reason.into())), &plan.users, users)));
    }
    if plan.is_unchanged() {
        let users = plan.users.iter().map(|user| match &user.step {
            UserStep::Skip(reason) => Outcome::Skipped(reason.into()),
            _ => Outcome::Unchanged,
        });
        return Ok(Some(rows(Some(Outcome::Unchanged), &plan.users, users)));
    }
    Ok(run.passes_over().await?.and_then(|code| every(Outcome::Skipped(code))))
}

/// Carries out what is left of a company whose intent is in the journal, of which a run before may have begun the first part.
async fn finish(run: &Run, planning: &Planning, parts: Vec<Part>, mut may_be_begun: bool) -> Result<Applied, Stop> {
    let failed = parts.first().and_then(Part::company_failure);
    let left = parts.into_iter().enumerate().filter(|(_, part)| !part.is_done());
    let left: Vec<(usize, Part)> = left.collect();
    let Some((_, first)) = left.first() else {
        return Ok(Applied::Journaled);
    };
    // An earlier run died after recording only some outcomes of a company that failed.
    if let Some(code) = failed {
        return fail(run, left, code).await;
    }
    let (managed, outcome) = match company(run, planning.mapping(&first.plan.company), &first.plan).await? {
        Ok(done) => done,
        Err(Failure::Open) => return Ok(Applied::Unfinished),
        Err(Failure::OfRow(code)) => return fail(run, left, code).await,
    };
    let integration = &run.import.integration;
    let mut mapped = run.tenant.address_chunks(integration, &first.plan.company).await?;
    for (at, (number, mut part)) in left.into_iter().enumerate() {
        // What a run that died has done to the first ones must be accounted for.
        let pass_over = if at == 0 { None } else { run.passes_over().await? };
        let users = match pass_over {
            Some(code) => users::passed_over(part.users_left(), code),
            None => users::apply(run, &managed, part.users_left(), may_be_begun).await,
        };
        may_be_begun = false;
        mapped = keep(run, (&managed, &outcome), (number, &mut part), mapped, users).await?;
        if !part.is_done() {
            return Ok(Applied::Unfinished);
        }
    }
    Ok(Applied::Journaled)
}

/// Records that the company failed: its remaining users are skipped.
async fn fail(run: &Run, left: Vec<(usize, Part)>, code: RowCode) -> Result<Applied, Stop> {
    let mut tx = run.transaction()?;
    for (number, mut part) in left {
        let company = part.is_company_left().then_some(Outcome::Failed(code));
        let users = part.users_left();
        let skipped = users.iter().map(|_| Outcome::Skipped(RowCode::CompanyNotImported));
        let outcomes = rows(company, users, skipped);
        part.outcomes.extend(outcomes);
        let action = run.tenant.journal_action(&run.import, number, &part)?;
        run.add(&mut tx, action).await?;
    }
    run.commit(tx).await?;
    Ok(Applied::Journaled)
}

/// Keeps what was done to the next users of a part: mappings, audit and outcomes, for as many at once as fit into a transaction.
/// Gives the mappings there are then.
async fn keep(
    run: &Run,
    (managed, outcome): (&ManagedCompany, &Outcome),
    (number, part): (usize, &mut Part),
    mut mapped: AddressMappings,
    users: Vec<Done>,
) -> Result<AddressMappings, Stop> {
    let integration = &run.import.integration;
    let (mut users, mut most) = (users.as_slice(), users.len());
    loop {
        let now = &users[..most.min(users.len())];
        let share = part
            .plan
            .with_users(part.users_left().get(..now.len()).unwrap_or_default());
        let company = part.is_company_left().then(|| outcome.clone());
        // The users of a dropped mapping stay where they are, and are this company's no more.
        let drops = company.is_some() && share.unmap.is_some();
        let before = if drops { Vec::new() } else { mapped.all() };
        let mapped_to: Vec<_> = now.iter().map(|done| done.user.clone()).collect();
        let after = mapping::after(&before, &share, &mapped_to);
        let made = trail::made(&share, managed, company.as_ref(), now);
        let what = (number, part.outcomes.len());
        let outcomes = now.iter().map(|user| user.outcome.clone());
        let mut next = part.clone();
        next.outcomes.extend(rows(company, &share.users, outcomes));
        let mut tx = run.transaction()?;
        let audited = run
            .tenant
            .audit_changes(&mut tx, &run.import, what, &made, run.services.clock.now());
        match audited.and_then(|()| run.tenant.journal(&mut tx, &run.import, number, &next)) {
            Err(StoreError::TooLarge { .. }) if now.len() > 1 => {
                most = now.len() / 2;
                continue;
            }
            written => {
                written?;
            }
        }
        let (writes, after) = run.tenant.map_addresses(integration, &share.company, &mapped, &after)?;
        if tx.has_room_for(&writes) {
            for write in writes {
                tx.push(write)?;
            }
        } else {
            // Mappings first, so that no outcome exists without its mapping. After a crash in between, the next run writes the
            // same mappings again.
            let mut first = run.transaction()?;
            for write in writes {
                run.add(&mut first, write).await?;
            }
            run.commit(first).await?;
        }
        run.commit(tx).await?;
        (*part, mapped, users) = (next, after, &users[now.len()..]);
        if users.is_empty() {
            return Ok(mapped);
        }
    }
}

/// The company itself: what it is mapped to from here on, and how that came about; or why that came to nothing.
async fn company(
    run: &Run,
    before: Option<&CompanyMapping>,
    plan: &CompanyPlan,
) -> Result<Result<(ManagedCompany, Outcome), Failure>, Stop> {
    let (managed, outcome) = match in_directory(run, plan).await {
        Ok((managed, Outcome::Unchanged)) if !plan.refreshes => return Ok(Ok((managed, Outcome::Unchanged))),
        Ok(made) => made,
        Err(failure) => return Ok(Err(failure)),
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
        tx::TransactionOutcome::Committed => Ok(Ok((managed, outcome))),
        tx::TransactionOutcome::Refused(_) => Ok(Err(Failure::OfRow(RowCode::AlreadyMapped))),
    }
}

/// What the plan wants of the directory for the company itself.
async fn in_directory(run: &Run, plan: &CompanyPlan) -> Result<(ManagedCompany, Outcome), Failure> {
    let gone = Failure::OfRow(RowCode::ManagedCompanyNotFound);
    Ok(match &plan.step {
        CompanyStep::Unchanged(managed) => (managed.clone(), Outcome::Unchanged),
        CompanyStep::Skip(reason) => return Err(Failure::OfRow(reason.into())),
        CompanyStep::Create => {
            let key = IdempotencyKey::company(&run.import.integration, &plan.company, plan.generation);
            let call = || run.directory.create_company(&key, &plan.name);
            let managed = ManagedCompany {
                id: with_retries(run, call, || answers_at_all(run)).await?,
                name: plan.name.clone(),
            };
            (managed, Outcome::Created)
        }
        CompanyStep::Link(managed) => {
            let call = || run.directory.company(&managed.id);
            let managed = with_retries(run, call, || answers_at_all(run)).await?.ok_or(gone)?;
            (managed, Outcome::Linked)
        }
        CompanyStep::Rename(managed) => {
            let call = || run.directory.rename_company(&managed.id, &plan.name);
            if !with_retries(run, call, || answers_at_all(run)).await? {
                return Err(gone);
            }
            (managed.clone(), Outcome::Updated)
        }
    })
}

/// Stands in for a look-up, for what no look-up can tell.
async fn answers_at_all<T>(run: &Run) -> Result<Option<T>, DirectoryError> {
    run.directory.licences().await.map(|_| None)
}

/// One outcome for the company and all of its users.
pub(crate) fn all(plan: &CompanyPlan, outcome: &Outcome) -> Vec<RowOutcome> {
    let users = plan.users.iter().map(|_| outcome.clone());
    rows(Some(outcome.clone()), &plan.users, users)
}

/// One outcome for each row: the company's first, if it is its turn, then its users'.
fn rows(company: Option<Outcome>, users: &[UserPlan], outcomes: impl Iterator<Item = Outcome>) -> Vec<RowOutcome> {
    let company = company.map(|outcome| RowOutcome { address: None, outcome });
    let users = users.iter().zip(outcomes).map(|(user, outcome)| RowOutcome {
        address: Some(user.id.clone()),
        outcome,
    });
    company.into_iter().chain(users).collect()
}
