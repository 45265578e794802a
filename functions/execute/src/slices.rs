//! The entries of skipped companies, in as few transactions as they fit in. The checkpoint moves with each, within a company
//! too, so that a run which ends between two of them loses and repeats nothing.

use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import};
use domain::plan::Counts;
use store::checkpoint::Checkpoint;
use store::journal::{SkippedCompany, SkippedPack};
use store::tx::{Action, Transaction};
use store::{StoreError, Tenant};

use crate::context::Position;

/// Packs of one transaction, next to the proof of the lock and the checkpoint.
const MAX_PACKS_PER_SLICE: usize = 90;

/// A company whose rows have their outcomes.
pub(crate) struct Accounted {
    pub company: PsaCompanyId,
    /// What the journal does not have yet: nothing of a company that was applied.
    pub entries: Vec<SkippedCompany>,
    /// What the journal has of it, counted.
    pub applied: Counts,
}

/// What one transaction writes.
pub(crate) struct Slice {
    /// Packs.
    pub actions: Vec<Action>,
    /// The checkpoint behind them.
    pub checkpoint: Checkpoint<Position>,
}

/// Cuts the journal entries of the companies `done` since the checkpoint `from`, in their order, into transactions.
pub(crate) fn slices(
    tenant: &Tenant,
    import: &Import,
    from: &Checkpoint<Position>,
    done: &[Accounted],
) -> Result<Vec<Slice>, StoreError> {
    let Some(last) = done.last() else {
        return Ok(Vec::new());
    };
    let entries = done.iter().map(|company| company.entries.as_slice());
    let packs = tenant.skipped_packs(import, from.position.packs, entries)?;
    let mut skipped = from.progress.outcomes.unwrap_or_default();
    let mut slices = Vec::new();
    let mut now = from.clone();
    let (mut actions, mut room) = (Vec::new(), Room::of(tenant, import, from)?);
    for SkippedPack {
        action,
        companies,
        rows,
        counts,
    } in packs
    {
        if actions.len() == MAX_PACKS_PER_SLICE || !room.0.has_room_for([&action]) {
            let checkpoint = now.clone();
            slices.push(Slice { actions, checkpoint });
            (actions, room) = (Vec::new(), Room::of(tenant, import, &now)?);
        }
        room.0.push(action.clone())?;
        actions.push(action);
        now.position.packs += 1;
        now.position.within = rows + if companies == 0 { from.position.within } else { 0 };
        if let Some(last) = companies.checked_sub(1).and_then(|last| done.get(last)) {
            now.position.after = Some(last.company.clone());
        }
        now.progress.executed = from.progress.executed + companies as u64;
        skipped += counts;
        now.progress.outcomes = Some(with_applied(skipped, done.iter().take(companies)));
    }
    // Companies without entries may follow the last pack.
    now.position.after = Some(last.company.clone());
    now.position.within = 0;
    now.progress.executed = from.progress.executed + done.len() as u64;
    now.progress.outcomes = Some(with_applied(skipped, done.iter()));
    slices.push(Slice {
        actions,
        checkpoint: now,
    });
    Ok(slices)
}

fn with_applied<'a>(mut counts: Counts, done: impl Iterator<Item = &'a Accounted>) -> Counts {
    for company in done {
        counts += company.applied;
    }
    counts
}

/// What fits next to the checkpoint.
struct Room(Transaction);

impl Room {
    fn of(tenant: &Tenant, import: &Import, checkpoint: &Checkpoint<Position>) -> Result<Self, StoreError> {
        let mut tx = Transaction::new();
        // The proof of the lock is as small.
        for _ in 0..2 {
            tenant.advance(&mut tx, import, Assignment::Execute, checkpoint)?;
        }
        Ok(Self(tx))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Config;
    use aws_sdk_dynamodb::config::BehaviorVersion;
    use domain::filter::Filter;
    use domain::ids::{AddressId, AddressSlot, ImportId, IntegrationId, MspId, PsaContactId};
    use domain::import::Person;
    use domain::plan::{CompanyPlan, CompanyStep, Outcome, Reason, UserPlan, UserStep};
    use domain::remembered::Remembered;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use store::Store;
    use store::tx::MAX_ACTIONS;

    use super::*;
    use crate::record::all;

    fn tenant() -> Tenant {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        Store::new(aws_sdk_dynamodb::Client::from_conf(config), "Records", "Imports").of(&MspId::new("m"))
    }

    fn import() -> Import {
        let by = Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        };
        let (id, msp, integration) = (ImportId::new("x"), MspId::new("m"), IntegrationId::new("i"));
        Import::new(id, msp, integration, Filter::default(), by, Timestamp::UNIX_EPOCH)
    }

    fn plan(company: usize, users: usize, name: &str) -> CompanyPlan {
        let user = |number: usize| UserPlan {
            id: AddressId::of(&PsaContactId::new(number.to_string()), &AddressSlot::new("1")),
            name: format!("{name}{number}"),
            no_address: None,
            address: None,
            step: UserStep::Skip(Reason::NoAddress.into()),
            mapped: None,
            other_addresses: Vec::new(),
            displaces: None,
            remembered: Remembered::default(),
            rewrite_mapping: false,
            status: None,
        };
        CompanyPlan {
            company: PsaCompanyId::new(company.to_string()),
            name: name.to_owned(),
            identifier: None,
            step: CompanyStep::Skip(Reason::Ambiguous.into()),
            unmap: None,
            generation: 0,
            rewrite_mapping: false,
            users: (0..users).map(user).collect(),
            orphaned: Vec::new(),
            dropped: Vec::new(),
            status: None,
        }
    }

    fn skipped(plan: &CompanyPlan, from: usize) -> Vec<SkippedCompany> {
        SkippedCompany::of(plan, all(plan, &Outcome::Skipped(Reason::Cancelled)), from).unwrap()
    }

    /// Writes what companies of so many users leave, in runs of which each ends after so many transactions. Gives how many
    /// transactions each run had left, and the rows that were written.
    fn write(plans: &[CompanyPlan], writes: usize) -> (Vec<usize>, u64) {
        let (tenant, import) = (tenant(), import());
        let (mut checkpoint, mut at, mut left, mut rows) = (Checkpoint::<Position>::default(), 0, Vec::new(), 0);
        while at < plans.len() {
            let within = checkpoint.position.within;
            let done: Vec<_> = plans[at..]
                .iter()
                .enumerate()
                .map(|(number, plan)| Accounted {
                    company: plan.company.clone(),
                    entries: skipped(plan, if number == 0 { within } else { 0 }),
                    applied: Counts::default(),
                })
                .collect();
            let slices = slices(&tenant, &import, &checkpoint, &done).unwrap();
            left.push(slices.len());
            for slice in slices.into_iter().take(writes) {
                let mut tx = Transaction::new();
                // The proof of the lock, and the checkpoint.
                tenant
                    .advance(&mut tx, &import, Assignment::Execute, &checkpoint)
                    .unwrap();
                tenant
                    .advance(&mut tx, &import, Assignment::Execute, &slice.checkpoint)
                    .unwrap();
                let packs = slice.actions.len() as u64;
                assert_eq!(slice.checkpoint.position.packs, checkpoint.position.packs + packs);
                for action in slice.actions {
                    tx.push(action).unwrap();
                }
                assert!(tx.len() <= MAX_ACTIONS);
                let before = position(plans, &checkpoint);
                checkpoint = slice.checkpoint;
                let (after, within) = position(plans, &checkpoint);
                assert!((after, within) > before, "no progress");
                rows += covered(plans, (after, within)) - covered(plans, before);
                assert_eq!(checkpoint.progress.executed, after as u64);
                assert_eq!(checkpoint.progress.outcomes.unwrap().rows(), rows);
                at = after;
            }
        }
        (left, rows)
    }

    /// How many companies are complete, and how many rows of the next one.
    fn position(plans: &[CompanyPlan], checkpoint: &Checkpoint<Position>) -> (usize, usize) {
        let after = checkpoint.position.after.as_ref();
        let companies = after.and_then(|after| plans.iter().position(|plan| plan.company == *after));
        (companies.map_or(0, |at| at + 1), checkpoint.position.within)
    }

    fn covered(plans: &[CompanyPlan], (companies, within): (usize, usize)) -> u64 {
        let whole: usize = plans[..companies].iter().map(|plan| plan.users.len() + 1).sum();
        (whole + within) as u64
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

        #[test]
        fn r40_runs_that_end_between_slices_lose_and_repeat_no_row(
            users in proptest::collection::vec(prop_oneof![0..5_usize, 0..6_000_usize], 1..12),
            length in prop_oneof![Just(4_usize), Just(400)],
            writes in 1..3_usize,
        ) {
            let plans: Vec<_> = users.iter().enumerate().map(|(number, users)| plan(number, *users, &"n".repeat(length))).collect();
            let (_, rows) = write(&plans, writes);
            prop_assert_eq!(rows, covered(&plans, (plans.len(), 0)));
        }
    }

    #[test]
    fn r40_a_hundred_companies_of_a_thousand_rows_take_two_transactions() {
        let plans: Vec<_> = (0..100).map(|number| plan(number, 1_001, "n")).collect();
        let (left, rows) = write(&plans, usize::MAX);
        assert_eq!((left, rows), (vec![2], 100 * 1_002));
    }

    #[test]
    fn r40_a_company_of_more_rows_than_fit_is_gone_on_with_where_it_was() {
        // Some 800 of these names fill a pack.
        let plans = [plan(0, 150_000, &"n".repeat(400)), plan(1, 1, "n")];
        let (left, rows) = write(&plans, 1);
        assert_eq!((left, rows), (vec![3, 2, 1], 150_001 + 2));
    }
}
