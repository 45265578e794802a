//! The entries of companies passed over, in as few transactions as they fit in. The checkpoint moves with each, within a company
//! too, so that a run which ends between two of them loses and repeats nothing.

use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import};
use store::checkpoint::Checkpoint;
use store::journal::{Pack, Passed};
use store::tx::{Action, Transaction};
use store::{StoreError, Tenant};

use crate::work::Position;

/// Packs of one transaction, next to the proof of the lock and the checkpoint.
const PACKS_AT_ONCE: usize = 90;

/// What one transaction writes.
pub(crate) struct Slice {
    /// Packs.
    pub actions: Vec<Action>,
    /// The checkpoint behind them.
    pub checkpoint: Checkpoint<Position>,
}

/// Cuts what the companies `done` behind a checkpoint, in their order, are to leave in the journal. Those for which something was done
/// have no entries.
pub(crate) fn slices(
    tenant: &Tenant,
    import: &Import,
    from: &Checkpoint<Position>,
    done: &[(PsaCompanyId, Vec<Passed>)],
) -> Result<Vec<Slice>, StoreError> {
    let Some((last, _)) = done.last() else {
        return Ok(Vec::new());
    };
    let entries = done.iter().map(|(_, entries)| entries.as_slice());
    let packs = tenant.passed_packs(import, from.position.packs, entries)?;
    let mut slices = Vec::new();
    let mut now = from.clone();
    let (mut actions, mut room) = (Vec::new(), Room::of(tenant, import, from)?);
    for Pack {
        action,
        companies,
        rows,
    } in packs
    {
        if actions.len() == PACKS_AT_ONCE || !room.0.has_room_for([&action]) {
            let checkpoint = now.clone();
            slices.push(Slice { actions, checkpoint });
            (actions, room) = (Vec::new(), Room::of(tenant, import, &now)?);
        }
        room.0.push(action.clone())?;
        actions.push(action);
        now.position.packs += 1;
        now.position.within = rows + if companies == 0 { from.position.within } else { 0 };
        if let Some((company, _)) = companies.checked_sub(1).and_then(|last| done.get(last)) {
            now.position.after = Some(company.clone());
        }
        now.progress.executed = from.progress.executed + companies as u64;
    }
    // Companies without entries may follow the last pack.
    now.position.after = Some(last.clone());
    now.position.within = 0;
    now.progress.executed = from.progress.executed + done.len() as u64;
    slices.push(Slice {
        actions,
        checkpoint: now,
    });
    Ok(slices)
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
