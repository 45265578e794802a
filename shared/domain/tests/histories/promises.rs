//! What holds after every import, judged by a memory of its own.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::address::{Address, AddressKey};
use domain::facts::CompanyFacts;
use domain::ids::UserId;
use domain::mapping::AddressMapping;
use domain::name::may_be_one_person;
use domain::not_in::PersonAbsence;
use domain::plan::{CompanyPlan, Reason, UserPlan, UserStep, may_be_absent};

use crate::history::Import;
use crate::psa::Psa;

/// Whose address a user had when it was last imported.
struct Truth {
    address: AddressKey,
    contacts: BTreeSet<u32>,
    /// All addresses of these at that time.
    others: HashSet<(u32, AddressKey)>,
    /// What the contact was called at the imports since it is mapped.
    names: (u32, HashSet<String>),
}

/// A mapping whose address is absent, with the reason that the snapshot shows.
pub type Absentee<'a> = (&'a AddressMapping, Option<PersonAbsence>);

#[derive(Default)]
pub struct Promises {
    users: HashMap<UserId, Truth>,
    /// The contacts of each company, with the addresses they had when it was last imported.
    seen: HashMap<usize, HashMap<u32, BTreeSet<AddressKey>>>,
}

/// Everybody who was imported and has a user is either planned or absent, and the reason of who is absent is one that can be (R55).
pub fn all_accounted_for(facts: &CompanyFacts, plan: &CompanyPlan, absent: &[Absentee<'_>]) -> Result<(), String> {
    if plan.unmap.is_some() {
        return Ok(());
    }
    let planned = plan.users.iter().filter_map(|row| row.mapped.as_ref());
    let planned: Vec<&UserId> = planned.map(|mapped| &mapped.user).collect();
    for mapping in &facts.mapped_addresses {
        let users = planned
            .iter()
            .copied()
            .chain(absent.iter().map(|(mapping, _)| &mapping.user));
        let times = users.filter(|user| **user == mapping.user).count();
        let expected = usize::from(facts.users.contains_key(&mapping.user));
        if times != expected {
            return Err(format!(
                "R55: {:?} is {times} times planned or absent, not {expected}\n{plan:#?}\n{absent:#?}",
                mapping.id
            ));
        }
    }
    let rows: Vec<_> = facts.addresses.iter().map(|(row, _)| row.clone()).collect();
    if !absent.is_empty() && !may_be_absent(&rows, &facts.mapped_addresses) {
        return Err(format!("R55: nobody may be absent, and they are: {absent:#?}"));
    }
    for (mapping, reason) in absent {
        let is_shown = rows.iter().any(|row| row.id.contact() == mapping.id.contact());
        let can_be = match reason {
            Some(PersonAbsence::FilteredOut) => facts.hides_contacts,
            Some(PersonAbsence::AddressRemoved) => is_shown,
            None => !is_shown,
            Some(_) => false,
        };
        if !can_be {
            return Err(format!("R55: {:?} is absent as {reason:?}", mapping.id));
        }
    }
    Ok(())
}

fn contact(row: &UserPlan) -> u32 {
    row.id.contact().parse().unwrap()
}

fn company(plan: &CompanyPlan) -> usize {
    plan.company.as_str().parse().unwrap()
}

impl Promises {
    /// Before a plan is applied.
    pub fn before(&self, psa: &Psa, import: &Import, facts: &CompanyFacts, plan: &CompanyPlan) -> Result<(), String> {
        let planned: HashSet<&AddressKey> = plan
            .users
            .iter()
            .filter_map(|row| Some(row.address.as_ref()?.key()))
            .collect();
        let there = facts
            .addresses
            .iter()
            .filter_map(|(row, _)| Some((row.id.contact(), row.key()?.clone())));
        let there: HashSet<(&str, AddressKey)> = there.collect();
        for mapping in facts.mapped_addresses.iter().filter(|_| plan.unmap.is_none()) {
            let key = mapping.address.key();
            if there.contains(&(mapping.id.contact(), key.clone())) && !planned.contains(key) {
                return Err(format!("R55: {:?} is neither planned nor absent", mapping.id));
            }
        }
        for row in &plan.users {
            let (UserStep::ChangeAddress { user, reason, .. }, Some(address)) = (&row.step, &row.address) else {
                continue;
            };
            if *reason != Reason::Chosen {
                self.may_move(psa, import, (company(plan), row), (user, address.key()))?;
            }
        }
        Ok(())
    }

    fn may_move(
        &self,
        psa: &Psa,
        import: &Import,
        (company, row): (usize, &UserPlan),
        (user, to): (&UserId, &AddressKey),
    ) -> Result<(), String> {
        let own = contact(row);
        let others = || psa.of(company).filter(|(id, _)| **id != own);
        if let Some(truth) = self.users.get(user) {
            if let Some((id, _)) = others().find(|(id, other)| truth.contacts.contains(id) && other.has(&truth.address))
            {
                return Err(format!(
                    "R56: the user of {:?} leaves an address that contact {id} still has",
                    row.id
                ));
            }
            let is_called_so =
                truth.names.0 != own || truth.names.1.iter().any(|name| may_be_one_person(name, &row.name));
            if import.unattended && !is_called_so && truth.address.local() != to.local() {
                return Err(format!("R57: the user of {:?} goes to a possible successor", row.id));
            }
        }
        let seen = self.seen.get(&company);
        let truth = self.users.get(user);
        let had = |id: &u32| match truth.filter(|truth| truth.contacts.contains(id)) {
            // Those who shared the old address may have changed it together.
            Some(truth) => truth.others.contains(&(*id, to.clone())),
            None => seen.and_then(|seen| seen.get(id)).is_some_and(|keys| keys.contains(to)),
        };
        // What the filter hides cannot be known.
        let mut shown = others().filter(|(_, other)| other.active || !import.hides_inactive);
        if let Some((id, _)) = shown.find(|(id, other)| had(id) && other.has(to)) {
            return Err(format!(
                "R30: {:?} moves to an address that contact {id} had and has",
                row.id
            ));
        }
        Ok(())
    }

    /// After it was applied, or nothing was to be.
    pub fn after(
        &mut self,
        company: usize,
        facts: &CompanyFacts,
        plan: &CompanyPlan,
        (before, after): (&[AddressMapping], &[AddressMapping]),
    ) -> Result<(), String> {
        let users: HashSet<&UserId> = after.iter().map(|mapping| &mapping.user).collect();
        let rows: HashSet<_> = after.iter().map(|mapping| &mapping.id).collect();
        if users.len() != after.len() || rows.len() != after.len() {
            return Err(format!("R24: somebody is mapped twice in company {company}"));
        }
        for mapping in before.iter().filter(|_| plan.unmap.is_none()) {
            let leaves = plan.users.iter().any(|row| row.leaves() == Some(&mapping.user));
            if !leaves && !users.contains(&mapping.user) && facts.users.contains_key(&mapping.user) {
                let of = |it: &AddressMapping| format!("{} {} {}", it.id, it.user, it.address.original());
                let before: Vec<_> = before.iter().map(of).collect();
                let after: Vec<_> = after.iter().map(of).collect();
                let rows: Vec<_> = facts
                    .addresses
                    .iter()
                    .map(|(row, _)| (row.id.as_str(), row.text()))
                    .collect();
                return Err(format!(
                    "R30: the user of {:?} is lost: {before:?}\n{after:?}\n{rows:?}\n{plan:#?}",
                    mapping.id
                ));
            }
        }
        for row in &plan.users {
            self.remember(facts, row, after);
        }
        Ok(())
    }

    /// Remembers whose address it is, if it was imported or is still there.
    fn remember(&mut self, facts: &CompanyFacts, row: &UserPlan, after: &[AddressMapping]) {
        let Some(mapping) = after.iter().find(|mapping| mapping.id == row.id) else {
            return;
        };
        let key = mapping.address.key();
        if row.address.as_ref().map(Address::key) != Some(key) {
            return;
        }
        let (mut contacts, mut present) = (BTreeSet::new(), HashSet::new());
        for (other, _) in &facts.addresses {
            let id: u32 = other.id.contact().parse().unwrap();
            present.insert(id);
            if other.key() == Some(key) {
                contacts.insert(id);
            }
        }
        let own = contact(row);
        let (mut names, before) = (HashSet::new(), self.users.remove(&mapping.user));
        if let Some(before) = before.filter(|before| before.address == *key) {
            if facts.hides_contacts {
                contacts.extend(before.contacts.into_iter().filter(|id| !present.contains(id)));
            }
            if before.names.0 == own {
                names = before.names.1;
            }
        }
        names.insert(row.name.clone());
        let others = facts.addresses.iter().filter_map(|(other, _)| {
            let id = other.id.contact().parse().unwrap();
            let key = other.key()?;
            contacts.contains(&id).then(|| (id, key.clone()))
        });
        let others = others.collect();
        let truth = Truth {
            address: key.clone(),
            others,
            contacts,
            names: (own, names),
        };
        self.users.insert(mapping.user.clone(), truth);
    }

    /// Remembers what a finished import has seen of a company.
    pub fn imported(&mut self, psa: &Psa, import: &Import, company: usize) {
        let shown = psa
            .of(company)
            .filter(|(_, contact)| contact.active || !import.hides_inactive);
        let shown = shown.map(|(id, contact)| (*id, contact.keys().collect()));
        self.seen.insert(company, shown.collect());
    }
}
