//! What an execution did to a company, for the audit trail (R41).

use domain::directory::ManagedCompany;
use domain::plan::{CompanyPlan, Outcome, PlanChange, PlanSide, Step, changes};

use crate::users::Done;

/// What was done to a company, for the audit trail: what was planned, less what failed, with the ids it got. `users` are in the order
/// of the plan; `company` is `None` for the later chunks of a large company.
pub(crate) fn applied(
    plan: &CompanyPlan,
    managed: &ManagedCompany,
    company: Option<&Outcome>,
    users: &[Done],
) -> Vec<PlanChange> {
    let (of_company, of_users): (Vec<_>, Vec<_>) =
        changes(plan).into_iter().partition(|change| change.address.is_none());
    let of_company = of_company
        .into_iter()
        .filter(|_| company.is_some_and(Outcome::is_change));
    let of_company = of_company.map(|mut change| {
        if matches!(
            change.action,
            Step::CreateCompany | Step::LinkCompany | Step::HandOverCompany
        ) {
            change.after = Some(PlanSide::named(&managed.id, &managed.name));
        }
        change
    });
    let of_users = of_users
        .into_iter()
        .zip(users)
        // A requested address change sends a mail to the user, so it is audited, too.
        .filter(|(change, done)| done.outcome.is_change() || change.action == Step::ChangeAddress && done.is_asked());
    let of_users = of_users.map(|(mut change, done)| {
        if let (Some(after), false) = (&mut change.after, done.is_asked()) {
            after.user.clone_from(&done.user);
        }
        change
    });
    of_company.chain(of_users).collect()
}
