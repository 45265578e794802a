//! Rows of companies and addresses, and the decisions on them.

use domain::exclusion::Exclusion;
use domain::ids::{AddressSlot, PsaCompanyId, PsaContactId};
use domain::import::Person;
use domain::psa::{PsaAddress, PsaContact};
use domain::row::{
    Absence, AddressCounts, AddressDecision, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab, Target,
};
use domain::row_counts::RowCounts;
use jiff::Timestamp;

fn contact(id: &str, addresses: &[(&str, &str)]) -> PsaContact {
    PsaContact {
        id: PsaContactId::new(id),
        company: None,
        name: "Ana".to_owned(),
        active: true,
        addresses: addresses
            .iter()
            .map(|(slot, text)| PsaAddress {
                slot: AddressSlot::new(slot),
                text: (*text).to_owned(),
            })
            .collect(),
        values: Vec::new(),
    }
}

fn company(status: ImportStatus) -> CompanyRow {
    CompanyRow {
        id: PsaCompanyId::new("1"),
        name: "Acme".to_owned(),
        identifier: None,
        tab: Tab::In,
        status,
        types: Vec::new(),
        psa_status: String::new(),
        active: true,
        own: false,
        last_imported: None,
        mapped: None,
        candidates: Vec::new(),
        suggestions: Vec::new(),
        namesake_in_psa: false,
        reason: None,
        addresses: AddressCounts::default(),
        people_not_in: 0,
        decision: CompanyDecision::none(),
    }
}

#[test]
fn r32_a_contact_without_an_address_is_one_row() {
    let rows = SnapshotAddress::of(contact("7", &[]));
    let shown: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.text())).collect();
    assert_eq!(shown, [("7~none", "")]);
    let rows = SnapshotAddress::of(contact("7", &[("1", " Ana@x.example;"), ("2", "n/a\u{200b}")]));
    let shown: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.text())).collect();
    assert_eq!(shown, [("7~1", "Ana@x.example"), ("7~2", "n/a")]);
    assert_eq!(rows[0].key().unwrap().as_str(), "ana@x.example");
    assert!(rows[1].key().is_none());
}

#[test]
fn r32_the_same_address_twice_counts_once() {
    let texts = [("1", "ana@x.example"), ("2", "ANA@x.example"), ("3", "bo@x.example")];
    let mut rows = SnapshotAddress::of(contact("7", &texts));
    rows.extend(SnapshotAddress::of(contact("8", &[])));
    let counts = AddressCounts::of(&rows);
    assert_eq!((counts.addresses, counts.no_address), (3, 1));
}

#[test]
fn r50_a_row_says_which_it_is_and_not_whose_address() {
    let row = &SnapshotAddress::of(contact("7", &[("1", "ana@x.example")]))[0];
    let shown = format!("{row:?}");
    assert!(shown.contains("7~1") && !shown.contains("ana"), "{shown}");
}

#[test]
fn r21_r22_a_company_that_leads_nowhere_waits_for_a_decision() {
    use ImportStatus::{Ambiguous, Dangling, Mapped, Unmapped, UnmappedPossibleDuplicate};
    for (status, expected) in [
        (Ambiguous, true),
        (Dangling, true),
        (Mapped, false),
        (Unmapped, false),
        (UnmappedPossibleDuplicate, false),
    ] {
        assert_eq!(company(status).is_undecided(), expected, "{status:?}");
    }
    let mut row = company(Ambiguous);
    row.tab = Tab::NotIn;
    assert!(!row.is_undecided(), "nothing is imported of an absent company");
    let mut row = company(Ambiguous);
    row.decision.target = Target::Create;
    assert!(!row.is_undecided());
    let mut row = company(Ambiguous);
    row.decision.excluded = Some(Exclusion {
        by: Person {
            subject: "ana".to_owned(),
            name: "Ana".to_owned(),
        },
        at: Timestamp::UNIX_EPOCH,
        why: String::new(),
        name: None,
    });
    assert!(!row.is_undecided());
}

#[test]
fn r58_only_a_company_that_is_proved_gone_is_handed_over() {
    for (absence, expected) in [
        (Absence::DeletedInPsa, true),
        (Absence::MergedInPsa, true),
        (Absence::FilteredOut, false),
        (Absence::Inactive, false),
        (Absence::Unreadable, false),
    ] {
        assert_eq!(absence.is_gone(), expected, "{absence:?}");
    }
}

#[test]
fn r28_a_decision_on_a_row_has_its_moment() {
    let mut decision = AddressDecision::default();
    assert_eq!(decision.selection(), None);
    (decision.at.import, decision.at.company) = (1, 2);
    for selected in [true, false] {
        decision.selected = Some(selected);
        assert_eq!(decision.selection(), Some((decision.at, selected)));
    }
}

#[test]
fn r68_rows_are_counted_by_tab_status_type_and_reason() {
    let mut own = company(ImportStatus::Mapped);
    own.own = true;
    own.types = vec!["Client".to_owned(), "Vendor".to_owned()];
    let mut inactive = company(ImportStatus::Mapped);
    inactive.active = false;
    inactive.types = vec!["Client".to_owned()];
    let mut absent = company(ImportStatus::Mapped);
    absent.tab = Tab::NotIn;
    absent.reason = Some(Absence::DeletedInPsa);
    let rows = [&own, &own, &inactive, &inactive, &inactive, &absent, &absent];
    let counts = RowCounts::of(rows);
    assert_eq!(
        (counts.present.total, counts.present.own, counts.present.inactive),
        (5, 2, 3)
    );
    assert_eq!(counts.present.by_status, [(ImportStatus::Mapped, 5)].into());
    let by_type = [("Client".to_owned(), 5), ("Vendor".to_owned(), 2)];
    assert_eq!(counts.present.by_type, by_type.into());
    assert_eq!(counts.not_in.total, 2);
    assert_eq!(counts.not_in.by_reason, [(Absence::DeletedInPsa, 2)].into());
}
