//! How the items of plans and the outcomes of rows are counted.

use domain::ids::AddressId;
use domain::plan::{CompanyStep, Counts, Effect, Outcome, PlanBreakdown, PlanSummary, Reason, RowOutcome, Step, steps};
use domain::row::{AddressStatus, ImportStatus};

use crate::plan::{of_everything, plan};

#[test]
fn r71_items_are_counted_by_what_is_known_of_their_rows() {
    let mut breakdown = PlanBreakdown::default();
    breakdown.add(&of_everything());
    breakdown.add(&of_everything());
    let companies = [(Step::UnmapCompany, 2), (Step::Skip, 2)];
    assert_eq!(breakdown.companies[&ImportStatus::Mapped], companies.into());
    let people = [(Step::CreateUser, 2), (Step::Unchanged, 2), (Step::Skip, 4)];
    assert_eq!(breakdown.people[&AddressStatus::Unmapped], people.into());
    assert_eq!(breakdown.people[&AddressStatus::Mapped], [(Step::UnmapUser, 2)].into());
    assert_eq!(breakdown.skipped_companies, [(Reason::Ambiguous, 2)].into());
    assert_eq!(breakdown.skipped_people, [(Reason::Unticked, 4)].into());
    let mut summary = PlanSummary::default();
    summary.add(steps(&of_everything()));
    let counts = [
        Step::UnmapCompany,
        Step::UnmapUser,
        Step::CreateUser,
        Step::Unchanged,
        Step::Skip,
    ];
    assert_eq!(counts.map(|step| summary.count(step)), [1, 1, 1, 1, 3]);
    let mut unknown = plan(CompanyStep::Create, []);
    unknown.status = None;
    let mut breakdown = PlanBreakdown::default();
    breakdown.add(&unknown);
    assert_eq!(breakdown, PlanBreakdown::default());
}

#[test]
fn r36_r40_each_outcome_has_a_name_and_an_effect() {
    let why = Reason::Ambiguous;
    for (outcome, name, effect, reason) in [
        (Outcome::Created, "created", Effect::Created, None),
        (Outcome::Linked, "linked", Effect::Linked, None),
        (Outcome::Updated, "updated", Effect::Changed, None),
        (Outcome::ChangedAddress, "changedAddress", Effect::Changed, None),
        (Outcome::Unchanged, "unchanged", Effect::Unchanged, None),
        (Outcome::Skipped(why), "skipped", Effect::Skipped, Some(why)),
        (Outcome::Failed(why), "failed", Effect::Failed, Some(why)),
    ] {
        assert_eq!(
            (outcome.name(), outcome.effect(), outcome.reason()),
            (name, effect, reason)
        );
        let is_change = matches!(effect, Effect::Created | Effect::Linked | Effect::Changed);
        assert_eq!(outcome.is_change(), is_change, "{name}");
        assert_eq!(outcome.is_success(), is_change || name == "unchanged", "{name}");
        assert_eq!(outcome.is_failure(), name == "failed");
    }
}

#[test]
fn r40_outcomes_of_companies_and_users_are_counted() {
    let mut counts = Counts::default();
    let of_user = |outcome: Outcome| RowOutcome {
        address: Some(AddressId::new("7~0")),
        ..outcome.into()
    };
    counts.add(&Outcome::Created.into());
    for outcome in [Outcome::Created, Outcome::Created, Outcome::ChangedAddress] {
        counts.add(&of_user(outcome));
    }
    assert_eq!((counts.companies.created, counts.users.created), (1, 2));
    let effects = [Effect::Created, Effect::Changed, Effect::Failed];
    assert_eq!(effects.map(|effect| counts.of(effect)), [3, 1, 0]);
    assert_eq!(counts.rows(), 4);
    let mut twice = counts;
    twice += counts;
    assert_eq!((twice.companies.created, twice.users.created), (2, 4));
    assert_eq!(twice.rows(), 8);
}
