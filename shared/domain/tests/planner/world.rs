//! Everything that a plan of one company may rest on.

use std::collections::HashSet;

use domain::address::{self, Address, AddressKey};
use domain::directory::{AddressHolder, Capabilities, ManagedCompany, User, UserState};
use domain::facts::{CompanyFacts, ManagedCompanies};
use domain::ids::{AddressId, AddressSlot, ManagedCompanyId, PsaCompanyId, PsaContactId, UserId};
use domain::mapping::{self, AddressMapping, CompanyMapping};
use domain::plan::planner::managed_company;
use domain::plan::{CompanyPlan, UserStep};
use domain::quick::HashMap;
use domain::remembered::Remembered;
use domain::row::{
    AddressCounts, AddressDecision, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab, Target,
};
use proptest::prelude::*;
use proptest::sample::select;

pub const HERE: &str = "c-here";
pub const ELSEWHERE: &str = "c-elsewhere";

/// Everything that a plan of one company rests on.
#[derive(Debug, Clone)]
pub struct World {
    /// Managed company → name; `c-here` is the one the company may be mapped to.
    pub managed: Vec<(&'static str, &'static str)>,
    pub mapped: bool,
    pub rows: Vec<Row>,
    /// Users of `c-here` by their address, and the row each is mapped to, if any.
    pub users: Vec<(&'static str, Option<(u8, u8)>)>,
    /// Addresses that users elsewhere hold.
    pub elsewhere: Vec<&'static str>,
    pub name: &'static str,
    pub wish: Wish,
    pub ticks_new: bool,
}

/// Contact, slot, address, active, what was decided.
pub type Row = (u8, u8, &'static str, bool, Option<bool>, Wish);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    Automatic,
    Create,
    /// The user or managed company of this number.
    Existing(u8),
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        6 => Just(Wish::Automatic),
        1 => Just(Wish::Create),
        2 => (0u8..4).prop_map(Wish::Existing),
    ]
}

const ADDRESSES: [&str; 8] = [
    "ana@x.example",
    "ANA@X.example",
    "bo@x.example",
    "cy@müller.example",
    "cy@xn--mller-kva.example",
    "dee@y.example",
    "n/a",
    "",
];

pub fn world() -> impl Strategy<Value = World> {
    let names = || select(vec!["Acme", "ACME", "Bakker BV", "Other"]);
    let row = (
        0u8..4,
        0u8..3,
        select(ADDRESSES.to_vec()),
        any::<bool>(),
        proptest::option::of(any::<bool>()),
        wish(),
    );
    let user = (select(ADDRESSES[..6].to_vec()), proptest::option::of((0u8..4, 0u8..3)));
    (
        (names(), names(), any::<bool>(), any::<bool>()),
        proptest::collection::vec(row, 0..9),
        proptest::collection::vec(user, 0..5),
        proptest::collection::vec(select(ADDRESSES[..6].to_vec()), 0..3),
        (names(), wish(), any::<bool>()),
    )
        .prop_map(
            |((here, there, is_here, mapped), rows, users, elsewhere, (name, wish, ticks_new))| World {
                managed: if is_here {
                    vec![(HERE, here), (ELSEWHERE, there)]
                } else {
                    vec![(ELSEWHERE, there)]
                },
                mapped,
                rows,
                users,
                elsewhere,
                name,
                wish,
                ticks_new,
            },
        )
}

fn target<Id>(wish: Wish, existing: impl Fn(u8) -> Id) -> Target<Id> {
    match wish {
        Wish::Automatic => Target::Automatic,
        Wish::Create => Target::Create,
        Wish::Existing(number) => Target::Existing(existing(number)),
    }
}

fn row_id(contact: u8, slot: u8) -> AddressId {
    AddressId::of(
        &PsaContactId::new(contact.to_string()),
        &AddressSlot::new(slot.to_string()),
    )
}

impl World {
    pub fn companies(&self) -> ManagedCompanies {
        let companies = self
            .managed
            .iter()
            .map(|(id, name)| ManagedCompany::new(ManagedCompanyId::new(*id), (*name).to_owned()));
        let mapping = self
            .mapped
            .then(|| (ManagedCompanyId::new(HERE), PsaCompanyId::new("1")));
        ManagedCompanies::new(companies, mapping)
    }

    /// As they are gathered: the users are those of the managed company that the plan is about.
    pub fn facts(&self) -> CompanyFacts {
        let mut facts = self.all_facts();
        let managed = managed_company(&facts, &self.companies());
        let managed = managed.as_ref().map(ManagedCompanyId::as_str);
        let elsewhere = std::mem::take(&mut facts.holders);
        if managed != Some(HERE) {
            for user in std::mem::take(&mut facts.users).into_values() {
                let holder = AddressHolder {
                    address: user.address.key().clone(),
                    user: user.id,
                    company: user.company,
                };
                facts.holders.insert(holder.address.clone(), holder);
            }
        }
        for (key, holder) in elsewhere {
            if managed != Some(ELSEWHERE) {
                facts.holders.insert(key, holder);
                continue;
            }
            let user = User {
                id: UserId::new(format!("elsewhere {}", key.as_str())),
                company: holder.company,
                address: key.as_str().parse().unwrap(),
                name: String::new(),
                state: UserState::Invited,
            };
            facts.users.insert(user.id.clone(), user);
        }
        facts
    }

    fn all_facts(&self) -> CompanyFacts {
        let mut users = HashMap::default();
        let mut taken = HashSet::new();
        let mut mapped_addresses = Vec::new();
        for (number, (address, row)) in self.users.iter().enumerate() {
            let address: Address = address.parse().unwrap();
            // A directory has an address once.
            if !taken.insert(address.key().clone()) {
                continue;
            }
            let id = UserId::new(format!("u{number}"));
            if let Some((contact, slot)) = row
                && self.mapped
                && !mapped_addresses
                    .iter()
                    .any(|mapping: &AddressMapping| mapping.id == row_id(*contact, *slot))
            {
                mapped_addresses.push(AddressMapping {
                    id: row_id(*contact, *slot),
                    user: id.clone(),
                    address: address.clone(),
                    other_addresses: Vec::new(),
                    remembered: Remembered::default(),
                });
            }
            let user = User {
                id: id.clone(),
                company: ManagedCompanyId::new(HERE),
                address,
                name: String::new(),
                state: UserState::Invited,
            };
            users.insert(id, user);
        }
        let mut seen = HashSet::new();
        let addresses = self.rows.iter().filter(|row| seen.insert((row.0, row.1)));
        let addresses = addresses.map(|(contact, slot, text, active, selected, wish)| {
            let snapshot = SnapshotAddress {
                id: row_id(*contact, *slot),
                name: format!("Contact {contact}"),
                address: address::read(text),
                active: *active,
            };
            let decision = AddressDecision {
                selected: *selected,
                target: target(*wish, |number| UserId::new(format!("u{number}"))),
                version: 1,
                ..AddressDecision::default()
            };
            (snapshot, decision)
        });
        let addresses: Vec<_> = addresses.collect();
        let holders = self.elsewhere.iter().map(|text| {
            let address: Address = text.parse().unwrap();
            let holder = AddressHolder {
                address: address.key().clone(),
                user: UserId::new("elsewhere"),
                company: ManagedCompanyId::new(ELSEWHERE),
            };
            (address.key().clone(), holder)
        });
        let holders: HashMap<AddressKey, AddressHolder> = holders.filter(|(key, _)| !taken.contains(key)).collect();
        CompanyFacts {
            row: self.row(),
            mapping: self.mapped.then(|| CompanyMapping {
                company: PsaCompanyId::new("1"),
                managed: ManagedCompanyId::new(HERE),
                name: "Acme".to_owned(),
                identifier: None,
                generation: 0,
                users: mapped_addresses.len() as u64,
                former: None,
            }),
            generation: 0,
            addresses,
            hides_contacts: false,
            mapped_addresses,
            users,
            holders,
            hand_over: None,
            capabilities: Capabilities::ALL_AT_ONCE,
            rules: domain::rules::PeopleRules::default(),
        }
    }

    fn row(&self) -> CompanyRow {
        CompanyRow {
            id: PsaCompanyId::new("1"),
            name: self.name.to_owned(),
            identifier: None,
            tab: Tab::In,
            status: ImportStatus::Unmapped,
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
            decision: CompanyDecision {
                selected: true,
                ticks_new: self.ticks_new,
                target: target(self.wish, |number| {
                    ManagedCompanyId::new(if number % 2 == 0 { HERE } else { ELSEWHERE })
                }),
                version: 1,
                excluded: None,
            },
        }
    }
}

/// The users of the managed company of the plan after it was applied, by address.
pub fn after(facts: &CompanyFacts, plan: &CompanyPlan) -> (HashMap<UserId, User>, Vec<AddressMapping>) {
    let mut users = facts.users.clone();
    let mut mapped_to = Vec::new();
    for (number, planned) in plan.users.iter().enumerate() {
        mapped_to.push(match (&planned.step, &planned.address) {
            (UserStep::Create, Some(address)) => {
                let id = UserId::new(format!("new{number}"));
                let user = User {
                    id: id.clone(),
                    company: ManagedCompanyId::new(HERE),
                    address: address.clone(),
                    name: planned.name.clone(),
                    state: UserState::Invited,
                };
                users.insert(id.clone(), user);
                Some(id)
            }
            (UserStep::ChangeAddress { user, .. }, Some(address)) => {
                users.get_mut(user).unwrap().address = address.clone();
                Some(user.clone())
            }
            (UserStep::Link(user) | UserStep::Unchanged(user), _) => Some(user.clone()),
            _ => None,
        });
    }
    let before = if plan.unmap.is_some() {
        &[][..]
    } else {
        &facts.mapped_addresses
    };
    (users, mapping::after(before, plan, &mapped_to))
}
