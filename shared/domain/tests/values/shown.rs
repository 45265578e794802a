//! What a plan shows of its company and users.

use std::collections::HashSet;

use domain::ids::{PsaCompanyId, UserId};
use domain::language::Language;
use domain::plan::{CompanyStep, PlanSide, Reason, Step, UserStep, changes, steps};

use crate::plan::{address, change, managed, mapped, of_everything, plan, skipped, unchanged};

#[test]
fn r71_a_plan_says_what_is_done_to_the_company_and_why() {
    let mut suspended = managed("Acme");
    suspended.suspended = true;
    let gone = PsaCompanyId::new("0");
    let hand_over = CompanyStep::HandOver {
        managed: managed("Acme"),
        from: gone,
    };
    let (acme, bolt) = (
        || Some(PlanSide::named(&managed("").id, "Acme")),
        || Some(PlanSide::named(&managed("").id, "Bolt")),
    );
    let created = Some(PlanSide {
        name: Some("Acme".to_owned()),
        ..PlanSide::default()
    });
    for (step, action, reason, sides) in [
        (
            CompanyStep::Create,
            Step::CreateCompany,
            Reason::NotMapped,
            (None, created),
        ),
        (
            CompanyStep::Link(managed("Acme")),
            Step::LinkCompany,
            Reason::SameNameOrChosen,
            (None, acme()),
        ),
        (
            hand_over,
            Step::HandOverCompany,
            Reason::FormerCompanyGone,
            (None, acme()),
        ),
        (
            CompanyStep::Rename(managed("Bolt")),
            Step::UpdateCompany,
            Reason::RenamedInPsa,
            (bolt(), acme()),
        ),
        (
            CompanyStep::KeepName(managed("Bolt")),
            Step::Skip,
            Reason::CannotRename,
            (bolt(), bolt()),
        ),
        (
            CompanyStep::Unchanged(managed("Acme")),
            Step::Unchanged,
            Reason::Mapped,
            (acme(), acme()),
        ),
        (
            CompanyStep::Unchanged(suspended),
            Step::Skip,
            Reason::CompanySuspended,
            (acme(), acme()),
        ),
        (
            CompanyStep::Skip(Reason::Ambiguous.into()),
            Step::Skip,
            Reason::Ambiguous,
            (None, None),
        ),
    ] {
        let plan = plan(step, []);
        let change = changes(&plan).remove(0);
        assert_eq!((change.action, change.reason), (action, reason));
        assert_eq!((change.before, change.after), sides, "{action:?}");
        assert_eq!(steps(&plan).collect::<Vec<_>>(), [action]);
    }
    let misspelled = plan(CompanyStep::Rename(managed("Ac\u{200b}me")), []);
    assert_eq!(misspelled.kind(), (Step::UpdateCompany, Reason::SpellingCorrected));
}

#[test]
fn r71_a_plan_says_what_is_done_to_each_user() {
    let side = |user: &str, address: &str, name: Option<&str>| {
        let mut side = PlanSide::user(
            &UserId::new(user),
            (!address.is_empty()).then(|| crate::plan::address(address)).as_ref(),
        );
        side.name = name.map(str::to_owned);
        Some(side)
    };
    let (now, before) = ("ana@x.example", "old@x.example");
    let created = Some(PlanSide {
        address: Some(now.to_owned()),
        name: Some("Ana".to_owned()),
        ..PlanSide::default()
    });
    for (step, action, sides) in [
        (UserStep::Create, Step::CreateUser, (side("u", "", None), created)),
        (
            UserStep::Link(UserId::new("v")),
            Step::LinkUser,
            (side("u", "", None), side("v", now, None)),
        ),
        (
            change(Reason::ChangedInPsa),
            Step::ChangeAddress,
            (side("u", before, Some("Ann")), side("u", now, Some("Ana"))),
        ),
        (
            unchanged(),
            Step::Unchanged,
            (side("u", now, None), side("u", now, None)),
        ),
        (skipped(Reason::Unticked), Step::Skip, (None, None)),
        (
            skipped(Reason::PossibleSuccessor),
            Step::Skip,
            (side("u", before, Some("Ann")), None),
        ),
    ] {
        let mut plan = plan(CompanyStep::Create, [step]);
        plan.users[0].mapped = Some(mapped("7~0", "u"));
        let change = changes(&plan).remove(1);
        assert_eq!(change.action, action);
        assert_eq!((change.before, change.after), sides, "{action:?}");
        let shown = change.address.unwrap();
        assert_eq!((shown.id.as_str(), shown.contact.as_str()), ("7~0", "Ana"));
        assert_eq!(shown.address.as_deref(), Some(now));
    }
}

#[test]
fn r71_a_change_names_the_company_or_the_user() {
    let company = PlanSide {
        id: Some(managed("Acme").id),
        name: Some("Acme".to_owned()),
        ..PlanSide::default()
    };
    assert_eq!(PlanSide::named(&managed("Acme").id, "Acme"), company);
    let user = PlanSide {
        user: Some(UserId::new("u")),
        address: Some("ana@x.example".to_owned()),
        ..PlanSide::default()
    };
    let ana = address("ana@x.example");
    assert_eq!(PlanSide::user(&UserId::new("u"), Some(&ana)), user);
}

#[test]
fn r50_what_a_plan_shows_has_no_address_in_its_debug_form() {
    let plan = plan(CompanyStep::Create, [unchanged()]);
    let shown = format!("{:?}", changes(&plan));
    assert!(shown.contains("7~0") && !shown.contains("ana@"), "{shown}");
    assert!(format!("{:?}", changes(&plan)[1].before).contains("\"u\""), "{shown}");
}

#[test]
fn r59_a_plan_shows_the_mappings_that_it_drops() {
    let shown = changes(&of_everything());
    let actions: Vec<Step> = shown.iter().map(|change| change.action).collect();
    assert_eq!(actions, steps(&of_everything()).collect::<Vec<_>>());
    let (company, dropped) = (&shown[0], &shown[2]);
    assert_eq!((company.action, company.reason), (Step::UnmapCompany, Reason::AskedFor));
    assert_eq!(company.before, Some(PlanSide::named(&managed("").id, "Bolt")));
    assert_eq!((dropped.action, dropped.reason), (Step::UnmapUser, Reason::AskedFor));
    let old = address("old@x.example");
    assert_eq!(dropped.before, Some(PlanSide::user(&UserId::new("v"), Some(&old))));
    let row = dropped.address.as_ref().unwrap();
    assert_eq!((row.id.as_str(), row.contact.as_str()), ("8~0", "Bo"));
    assert_eq!(row.address.as_deref(), Some("old@x.example"));
}

#[test]
fn r61_a_plan_says_why_a_text_is_no_address() {
    let mut plan = plan(
        CompanyStep::Create,
        [skipped(Reason::NoAddress), skipped(Reason::NoAddress)],
    );
    plan.users[1].no_address = domain::address::read("a@x.example; b@x.example").err();
    let shown = changes(&plan);
    let details = [Language::English, Language::Dutch].map(|language| [1, 2].map(|at| shown[at].detail(language)));
    let all: HashSet<&str> = details.into_iter().flatten().collect();
    assert_eq!(all.len(), 4, "{all:?}");
}
