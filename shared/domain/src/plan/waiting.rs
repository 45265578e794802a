//! Rows whose address is about to become free (R56).
//!
//! Ana takes the address of Bo, and Bo that of Cy, who gets a new one. Only Cy's user can move in this import: the other two move to
//! addresses that users have. Their rows say *import again*. Where nobody moves first, as when two have swapped their addresses, rows stay
//! conflicts.

use super::addresses::AddressView;
use super::{Reason, Skip, UserPlan, UserStep};
use crate::ids::{AddressId, UserId};
use crate::quick::HashMap;
use crate::row::Target;

/// Rows that cannot have their address, by the user that has it.
#[derive(Default)]
pub(super) struct BlockedRows {
    by_holder: HashMap<UserId, Vec<(AddressId, Option<UserId>)>>,
}

impl BlockedRows {
    /// Adds a row that another user of the managed company stands in the way of, with the user that would move to its address.
    pub(super) fn add(&mut self, view: &AddressView<'_>, step: &UserStep) {
        let (UserStep::Skip(skip), Some(holder)) = (step, &view.holder) else {
            return;
        };
        let moves = match (&view.decision.target, skip.reason) {
            (Target::Existing(chosen), Reason::AddressConflict) => Some(chosen.clone()),
            (Target::Create, Reason::AddressConflict) => None,
            (Target::Automatic, Reason::AddressConflict | Reason::UserAlreadyMapped) => {
                view.mapping.map(|mapping| mapping.user.clone())
            }
            _ => return,
        };
        let rows = self.by_holder.entry(holder.clone()).or_default();
        rows.push((view.snapshot.id.clone(), moves));
    }
}

/// Marks the rows that can be imported once others have moved.
pub(super) fn mark(plans: &mut [UserPlan], mut waiting: BlockedRows) {
    let leaving = plans.iter().filter_map(|plan| match &plan.step {
        UserStep::ChangeAddress { user, .. } => Some(user.clone()),
        _ => None,
    });
    let mut leaving: Vec<UserId> = leaving.collect();
    let mut holder_of: HashMap<AddressId, UserId> = HashMap::default();
    while let Some(user) = leaving.pop() {
        for (row, moves) in waiting.by_holder.remove(&user).unwrap_or_default() {
            holder_of.insert(row, user.clone());
            leaving.extend(moves);
        }
    }
    for plan in plans.iter_mut().filter(|plan| matches!(plan.step, UserStep::Skip(_))) {
        if let Some(holder) = holder_of.get(&plan.id) {
            plan.step = UserStep::Skip(Skip::because_of(Reason::ImportAgain, holder));
        }
    }
}
