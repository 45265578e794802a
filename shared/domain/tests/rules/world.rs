//! Companies and people that rules are about, and which of them a filter asks for.

use domain::address;
use domain::directory::ManagedCompany;
use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId};
use domain::row::{
    AddressCounts, AddressStatus, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab, Target,
};
use domain::rules::{CompanyFilter, PersonFilter, RuleDecision, RuleTarget};
use domain::suggestion::{Score, Suggestion};
use proptest::prelude::*;
use proptest::sample::select;

/// The first of these are what a rule may select; the others are not.
const ROWS: [(&str, ImportStatus, bool, bool, Tab); 8] = [
    ("Bakkerij Eén", ImportStatus::Mapped, true, false, Tab::In),
    ("BAKKERIJ Twee", ImportStatus::Unmapped, true, false, Tab::In),
    (
        "Smederij",
        ImportStatus::UnmappedPossibleDuplicate,
        true,
        false,
        Tab::In,
    ),
    ("Bakkerij Drie", ImportStatus::Ambiguous, true, false, Tab::In),
    ("Smederij Vier", ImportStatus::Dangling, true, false, Tab::In),
    ("Bakkerij Vijf", ImportStatus::Unmapped, false, false, Tab::In),
    ("Bakkerij Zes", ImportStatus::Mapped, true, true, Tab::In),
    ("Bakkerij Zeven", ImportStatus::Mapped, true, false, Tab::NotIn),
];

pub const COMPANIES: usize = ROWS.len();

/// How many of them a rule may select.
pub const CLEAR_COMPANIES: usize = 3;

const STATUSES: [(AddressStatus, bool); 7] = [
    (AddressStatus::Mapped, true),
    (AddressStatus::Unmapped, true),
    (AddressStatus::Unmapped, false),
    (AddressStatus::UnmappedPossibleDuplicate, true),
    (AddressStatus::PossibleSuccessor, true),
    (AddressStatus::AddressConflict, true),
    (AddressStatus::NoAddress, true),
];

/// People of each company.
pub const PEOPLE: usize = STATUSES.len();

/// One decision.
#[derive(Debug, Clone)]
pub enum Decision {
    Companies(RuleDecision, Wanted),
    People(bool, Wanted),
    PeopleOf(usize, bool, Wanted),
    Company(usize, bool),
    Target(usize, Target<ManagedCompanyId>),
    Person((usize, usize), bool),
    /// The rule of this place among those that can be taken back.
    TakeBack(usize),
}

/// What a filter asks for; nothing is left out by what is `None`.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    status: Option<usize>,
    active: Option<bool>,
    search: Option<&'static str>,
    ids: Option<Vec<usize>>,
    /// Of people, what is asked of their companies.
    company: Option<usize>,
}

pub fn company(number: usize) -> CompanyRow {
    let (name, status, active, own, tab) = ROWS[number];
    CompanyRow {
        id: id(number),
        name: name.to_owned(),
        identifier: None,
        tab,
        status,
        types: Vec::new(),
        psa_status: String::new(),
        active,
        own,
        last_imported: None,
        mapped: None,
        candidates: Vec::new(),
        suggestions: suggested(number),
        namesake_in_psa: false,
        reason: None,
        addresses: AddressCounts::default(),
        people_not_in: 0,
        decision: CompanyDecision::none(),
    }
}

/// The score of the one suggestion for *BAKKERIJ Twee*. For *Smederij* two are equally likely.
const SCORE: u8 = 92;

fn suggested(number: usize) -> Vec<Suggestion> {
    let names: &[&str] = match number {
        1 => &["Bakkerij 2"],
        2 => &["Smederij A", "Smederij B"],
        _ => &[],
    };
    let suggestion = |name: &&str| Suggestion {
        managed_company: ManagedCompany::new(ManagedCompanyId::new(*name), (*name).to_owned()),
        score: Score::new(SCORE),
        reasons: Vec::new(),
    };
    names.iter().map(suggestion).collect()
}

/// What a rule lets a company become; `None` if it says nothing of that, or the company cannot become it.
pub fn target(decision: &RuleDecision, row: usize) -> Option<Target<ManagedCompanyId>> {
    let is_new = row == 1 || row == 2;
    match decision {
        RuleDecision::Select | RuleDecision::Deselect => None,
        RuleDecision::Reset | RuleDecision::SelectAs(RuleTarget::Automatic) => Some(Target::Automatic),
        RuleDecision::SelectAs(RuleTarget::Create) => is_new.then_some(Target::Create),
        RuleDecision::SelectAs(RuleTarget::Suggested { least }) => {
            let is_clear = row == 1 && u8::from(*least) <= SCORE;
            is_clear.then(|| Target::Existing(ManagedCompanyId::new("Bakkerij 2")))
        }
    }
}

fn id(number: usize) -> PsaCompanyId {
    PsaCompanyId::new(number.to_string())
}

/// The person of this number of a company.
pub fn person(company: usize, number: usize) -> (SnapshotAddress, AddressStatus) {
    let (status, active) = STATUSES[number].clone();
    let address = SnapshotAddress {
        id: AddressId::new(format!("{company}{number}~1")),
        name: if number.is_multiple_of(2) { "Zoë" } else { "Bo" }.to_owned(),
        address: address::read(&format!("p{company}{number}@x.example")),
        active,
    };
    (address, status)
}

impl Wanted {
    pub fn of_companies(&self) -> CompanyFilter {
        CompanyFilter {
            statuses: self.status.map(|row| ROWS[row].1).into_iter().collect(),
            search: self.search.map(|text| text.to_owned().into()),
            kind: None,
            active: self.active,
            ids: self.ids.as_ref().map(|ids| ids.iter().copied().map(id).collect()),
        }
    }

    pub fn of_people(&self) -> PersonFilter {
        let status = self.status.map(|person| STATUSES[person % PEOPLE].0.clone());
        PersonFilter {
            statuses: status.into_iter().collect(),
            search: self.search.map(|text| text.to_owned().into()),
            active: self.active,
            ids: None,
            company: CompanyFilter {
                ids: self.ids.as_ref().map(|ids| ids.iter().copied().map(id).collect()),
                statuses: self.company.map(|row| ROWS[row].1).into_iter().collect(),
                ..CompanyFilter::default()
            },
        }
    }

    /// Whether a rule with this filter decides on a company row.
    pub fn is_company(&self, row: usize, decision: &RuleDecision) -> bool {
        let (name, status, active, _, tab) = ROWS[row];
        let needs_target = matches!(decision, RuleDecision::SelectAs(_));
        tab == Tab::In
            && (!decision.selects() || row < CLEAR_COMPANIES)
            && (!needs_target || target(decision, row).is_some())
            && self.status.is_none_or(|asked| ROWS[asked].1 == status)
            && self.active.is_none_or(|asked| asked == active)
            && self.search.is_none_or(|text| folded(name).contains(text))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&row))
    }

    /// Whether a rule with this filter decides on a person.
    pub fn is_person(&self, (row, number): (usize, usize), selected: bool) -> bool {
        let (address, status) = person(row, number);
        let is_clear = address.active
            && matches!(
                status,
                AddressStatus::Mapped | AddressStatus::Unmapped | AddressStatus::UnmappedPossibleDuplicate
            );
        (!selected || is_clear)
            && self.status.is_none_or(|asked| STATUSES[asked % PEOPLE].0 == status)
            && self.active.is_none_or(|asked| asked == address.active)
            && self
                .search
                .is_none_or(|text| folded(&address.name).contains(text) || address.text().contains(text))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&row))
            && self.company.is_none_or(|asked| ROWS[asked].1 == ROWS[row].1)
    }
}

/// The name without case and accents.
fn folded(name: &str) -> String {
    name.to_lowercase().replace(['é', 'ë'], "e")
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let search = select(vec!["bakkerij", "een", "zoe", "p1", "o", "nowhere"]);
    let ids = prop::collection::vec(0..COMPANIES, 0..4);
    (
        prop::option::weighted(0.4, 0..COMPANIES),
        prop::option::weighted(0.3, any::<bool>()),
        prop::option::weighted(0.3, search),
        prop::option::weighted(0.3, ids),
        prop::option::weighted(0.3, 0..COMPANIES),
    )
        .prop_map(|(status, active, search, ids, company)| Wanted {
            status,
            active,
            search,
            ids,
            company,
        })
}

fn rule_decision() -> impl Strategy<Value = RuleDecision> {
    let target = prop_oneof![
        Just(RuleTarget::Automatic),
        Just(RuleTarget::Create),
        (90..95u8).prop_map(|least| RuleTarget::Suggested {
            least: Score::new(least)
        }),
    ];
    prop_oneof![
        2 => any::<bool>().prop_map(RuleDecision::from),
        2 => target.prop_map(RuleDecision::SelectAs),
        1 => Just(RuleDecision::Reset),
    ]
}

fn single_target() -> impl Strategy<Value = Target<ManagedCompanyId>> {
    prop_oneof![
        Just(Target::Automatic),
        Just(Target::Create),
        Just(Target::Existing(ManagedCompanyId::new("chosen"))),
    ]
}

/// Decisions in the order of time.
pub fn decisions() -> impl Strategy<Value = Vec<Decision>> {
    let decision = prop_oneof![
        4 => (rule_decision(), wanted()).prop_map(|(decision, wanted)| Decision::Companies(decision, wanted)),
        3 => (any::<bool>(), wanted()).prop_map(|(selected, wanted)| Decision::People(selected, wanted)),
        3 => (0..COMPANIES, any::<bool>(), wanted())
            .prop_map(|(company, selected, wanted)| Decision::PeopleOf(company, selected, wanted)),
        1 => (0..COMPANIES, any::<bool>()).prop_map(|(company, selected)| Decision::Company(company, selected)),
        1 => (0..COMPANIES, single_target()).prop_map(|(company, target)| Decision::Target(company, target)),
        2 => ((0..COMPANIES, 0..PEOPLE), any::<bool>())
            .prop_map(|(row, selected)| Decision::Person(row, selected)),
        3 => (0..40usize).prop_map(Decision::TakeBack),
    ];
    prop::collection::vec(decision, 0..60)
}
