//! What an execution did to a company, for the audit trail: what was planned, less what failed, with the ids it got.

use domain::change::{self, Action, Change, Side};
use domain::directory::ManagedCompany;
use domain::outcome::Outcome;
use domain::plan::CompanyPlan;

use crate::users::Done;

/// The changes that were made. `users` are in the order of the plan; no outcome of the company stands for more of it.
pub(crate) fn made(
    plan: &CompanyPlan,
    managed: &ManagedCompany,
    company: Option<&Outcome>,
    users: &[Done],
) -> Vec<Change> {
    let (of_company, of_users): (Vec<_>, Vec<_>) = change::of(plan)
        .into_iter()
        .partition(|change| change.address.is_none());
    let of_company = of_company.into_iter().filter(|_| company.is_some_and(is_change));
    let of_company = of_company.map(|mut change| {
        if matches!(change.action, Action::CreateCompany | Action::LinkCompany) {
            change.after = Some(Side::named(&managed.id, &managed.name));
        }
        change
    });
    let of_users = of_users
        .into_iter()
        .zip(users)
        .filter(|(_, done)| is_change(&done.outcome));
    let of_users = of_users.map(|(mut change, done)| {
        if let Some(after) = &mut change.after {
            after.user.clone_from(&done.user);
        }
        change
    });
    of_company.chain(of_users).collect()
}

const fn is_change(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Created | Outcome::Linked | Outcome::Updated | Outcome::ChangedAddress
    )
}
