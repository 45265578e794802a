//! One row of a company by those people whom it has to do with, and by all of them.

use std::collections::{BTreeSet, HashSet};

use domain::address::AddressKey;
use domain::facts::CompanyFacts;
use domain::ids::PsaContactId;
use domain::plan::planner::{AddressView, address_rows};
use domain::plan::related::{KnownPeople, sharers_of};
use domain::remembered::Sharers;
use domain::row::SnapshotAddress;
use proptest::prelude::*;

use crate::world::{World, world};

/// Contacts by whom a mapping was shared, each by a bit; with the highest one many others.
type Shared = [u8; 5];

fn facts(world: &World, shared: Shared, hides_contacts: bool) -> CompanyFacts {
    let mut facts = world.facts();
    facts.hides_contacts = hides_contacts;
    for (mapping, shared) in facts.mapped_addresses.iter_mut().zip(shared) {
        let contacts = (0..4).filter(|contact| shared & (1 << contact) != 0);
        let contacts = contacts.map(|contact| PsaContactId::new(contact.to_string()));
        let others = contacts.filter(|contact| contact.as_str() != mapping.id.contact());
        mapping.remembered.sharers = if shared >= 0x80 {
            Sharers::Many
        } else {
            others.collect()
        };
    }
    facts
}

fn contact_of(row: &SnapshotAddress) -> PsaContactId {
    PsaContactId::new(row.id.contact())
}

/// Those whom a contact has to do with; `None` if that may be anybody.
fn known(facts: &CompanyFacts, contact: PsaContactId) -> Option<KnownPeople> {
    let rows: Vec<SnapshotAddress> = facts.addresses.iter().map(|(row, _)| row.clone()).collect();
    let sharers = sharers_of(&rows);
    let shared = facts
        .mapped_addresses
        .iter()
        .filter(|mapping| !mapping.remembered.sharers.is_empty());
    let mut people = KnownPeople {
        mappings: shared.cloned().collect(),
        ..KnownPeople::default()
    };
    let mut next = BTreeSet::from([contact]);
    while !next.is_empty() {
        for contact in next {
            let own = rows.iter().cloned().zip(sharers.iter().cloned());
            people.rows.extend(own.filter(|(row, _)| contact_of(row) == contact));
            let own = facts
                .mapped_addresses
                .iter()
                .filter(|mapping| mapping.id.contact() == contact.as_str() && mapping.remembered.sharers.is_empty());
            people.mappings.extend(own.cloned());
            people.contacts.insert(contact);
        }
        next = people.related()?;
    }
    Some(people)
}

/// Leaves of facts what is about these people, and the users who have their addresses; `None` if a user is missing then.
fn restrict(facts: &mut CompanyFacts, people: &KnownPeople) -> Option<()> {
    facts
        .addresses
        .retain(|(row, _)| people.contacts.contains(&contact_of(row)));
    facts.mapped_addresses.retain(|mapping| people.is_of_known(mapping));
    let rows = facts.addresses.iter().filter_map(|(row, _)| row.address.clone().ok());
    let mapped = facts.mapped_addresses.iter().map(|mapping| mapping.address.clone());
    let addresses: HashSet<AddressKey> = rows.chain(mapped).map(|address| address.key().clone()).collect();
    facts.users.retain(|_, user| addresses.contains(user.address.key()));
    facts.holders.retain(|address, _| addresses.contains(address));
    let mut users = facts.mapped_addresses.iter().map(|mapping| &mapping.user);
    users.all(|user| facts.users.contains_key(user)).then_some(())
}

fn shown(view: &AddressView<'_>) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {} {} {:?} {:?}",
        view.snapshot.id,
        view.status,
        view.mapping,
        view.decided,
        view.selected,
        view.version,
        view.before,
        view.conflict
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r28_a_row_needs_no_other_people_than_those_it_has_to_do_with(world in world(), shared: Shared, hides_contacts: bool) {
        let (whole, companies) = (facts(&world, shared, hides_contacts), world.companies());
        let all: Vec<String> = address_rows(&whole, &companies).iter().map(shown).collect();
        for contact in (0..4).map(|contact| PsaContactId::new(contact.to_string())) {
            let mut part = facts(&world, shared, hides_contacts);
            let Some(people) = known(&part, contact.clone()) else { continue };
            if restrict(&mut part, &people).is_none() {
                continue;
            }
            let rows = address_rows(&part, &companies);
            let of = rows.iter().filter(|view| contact_of(view.snapshot) == contact).map(shown);
            let whole = address_rows(&whole, &companies);
            let expected = whole.iter().filter(|view| contact_of(view.snapshot) == contact).map(shown);
            prop_assert_eq!(of.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "of {:?}", all);
        }
    }
}
