//! A PSA as far as contacts and their addresses go.

use std::collections::BTreeMap;

use domain::address::{Address, AddressKey};
use domain::ids::{AddressSlot, PsaCompanyId, PsaContactId};
use domain::psa::{PsaAddress, PsaContact, PsaKind};
use domain::row::SnapshotAddress;

use crate::history::Step;

const NAMES: [&str; 6] = ["Ada Smit", "Ada Vos", "Bob Smit", "Xander van den Berg", "Els Eker", ""];

const ADDRESSES: [&str; 10] = [
    "ada@x.example",
    "ada@y.example",
    "bob@x.example",
    "xander@x.example",
    "els@x.example",
    "desk@x.example",
    "DESK@x.example",
    "info@x.example",
    "fay@x.example",
    "no address",
];

const COMPANIES: usize = 3;

#[derive(Debug, Clone)]
pub struct Contact {
    pub company: usize,
    pub name: String,
    pub active: bool,
    /// The slot of each address, and its text.
    pub addresses: Vec<(u32, String)>,
}

impl Contact {
    pub fn has(&self, address: &AddressKey) -> bool {
        self.keys().any(|key| key == *address)
    }

    pub fn keys(&self) -> impl Iterator<Item = AddressKey> {
        let parsed = self
            .addresses
            .iter()
            .filter_map(|(_, text)| text.parse::<Address>().ok());
        parsed.map(|address| address.key().clone())
    }
}

pub struct Psa {
    kind: PsaKind,
    pub contacts: BTreeMap<u32, Contact>,
    pub companies: Vec<usize>,
    next: u32,
}

impl Psa {
    pub fn new(kind: PsaKind) -> Self {
        Self {
            kind,
            contacts: BTreeMap::new(),
            companies: (0..COMPANIES).collect(),
            next: 100,
        }
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// A contact by number.
    fn pick(&mut self, number: u8) -> Option<&mut Contact> {
        let id = self.id(number)?;
        self.contacts.get_mut(&id)
    }

    fn id(&self, number: u8) -> Option<u32> {
        let all: Vec<u32> = self.contacts.keys().copied().collect();
        (!all.is_empty()).then(|| all[usize::from(number) % all.len()])
    }

    fn company(&self, number: u8) -> usize {
        self.companies[usize::from(number) % self.companies.len()]
    }

    /// The first free place of a contact.
    fn slot(&mut self, contact: u32) -> Option<u32> {
        match self.kind {
            PsaKind::Connectwise => Some(self.fresh()),
            PsaKind::Autotask => {
                let taken = &self.contacts[&contact].addresses;
                (1..=3).find(|slot| taken.iter().all(|(other, _)| other != slot))
            }
        }
    }

    fn add(&mut self, contact: Contact) {
        let id = self.fresh();
        self.contacts.insert(id, contact);
    }

    fn add_address(&mut self, contact: u32, text: &str) {
        if let Some(slot) = self.slot(contact) {
            let addresses = &mut self.contacts.get_mut(&contact).unwrap().addresses;
            addresses.push((slot, text.to_owned()));
            addresses.sort();
        }
    }

    fn first(&mut self, number: u8) -> Option<&mut String> {
        let contact = self.pick(number)?;
        contact.addresses.first_mut().map(|(_, text)| text)
    }

    #[expect(clippy::too_many_lines, reason = "an arm of some lines for each kind of step")]
    pub fn apply(&mut self, step: &Step) {
        let text = |address: &u8| ADDRESSES[usize::from(*address) % ADDRESSES.len()].to_owned();
        let called = |name: &u8| NAMES[usize::from(*name) % NAMES.len()].to_owned();
        match step {
            Step::Import(_) => {}
            Step::Add { company, name, address } => {
                let contact = Contact {
                    company: self.company(*company),
                    name: called(name),
                    active: true,
                    addresses: Vec::new(),
                };
                self.add(contact);
                let id = self.next;
                self.add_address(id, &text(address));
            }
            Step::Rename { contact, name } => {
                if let Some(contact) = self.pick(*contact) {
                    contact.name = called(name);
                }
            }
            Step::Change { contact, slot, address } => {
                if let Some(contact) = self.pick(*contact).filter(|contact| !contact.addresses.is_empty()) {
                    let at = usize::from(*slot) % contact.addresses.len();
                    contact.addresses[at].1 = text(address);
                }
            }
            Step::Replace { contact, slot, address } => {
                self.apply(&Step::Empty {
                    contact: *contact,
                    slot: *slot,
                });
                self.apply(&Step::AddAddress {
                    contact: *contact,
                    address: *address,
                });
            }
            Step::AddAddress { contact, address } => {
                if let Some(id) = self.id(*contact) {
                    self.add_address(id, &text(address));
                }
            }
            Step::Empty { contact, slot } => {
                if let Some(contact) = self.pick(*contact).filter(|contact| !contact.addresses.is_empty()) {
                    let at = usize::from(*slot) % contact.addresses.len();
                    contact.addresses.remove(at);
                }
            }
            Step::Swap { one, other } => {
                let texts = (self.first(*one).cloned(), self.first(*other).cloned());
                if let (Some(first), Some(second)) = texts {
                    *self.first(*one).unwrap() = second;
                    *self.first(*other).unwrap() = first;
                }
            }
            Step::Chain { company, address } => {
                let company = self.company(*company);
                let of_company = self.contacts.values_mut().filter(|contact| contact.company == company);
                let mut all: Vec<&mut String> = of_company
                    .filter_map(|contact| contact.addresses.first_mut())
                    .map(|(_, text)| text)
                    .collect();
                let mut next = text(address);
                for own in all.iter_mut().rev() {
                    next = std::mem::replace(*own, next);
                }
            }
            Step::Share { one, other } => {
                if let (Some(text), Some(id)) = (self.first(*other).cloned(), self.id(*one)) {
                    let company = self.pick(*other).map(|contact| contact.company);
                    self.contacts.get_mut(&id).unwrap().company = company.unwrap();
                    self.add_address(id, &text);
                }
            }
            Step::GiveAway { contact, name, address } => {
                if let Some(contact) = self.pick(*contact) {
                    contact.name = called(name);
                    if let Some((_, first)) = contact.addresses.first_mut() {
                        *first = text(address);
                    }
                }
            }
            Step::Move { contact, company } => {
                let company = self.company(*company);
                if let Some(contact) = self.pick(*contact) {
                    contact.company = company;
                }
            }
            Step::Merge { company, into } => {
                let (company, into) = (self.company(*company), self.company(*into));
                if company != into {
                    for contact in self.contacts.values_mut().filter(|contact| contact.company == company) {
                        contact.company = into;
                    }
                    self.companies.retain(|other| *other != company);
                }
            }
            Step::Delete { contact } => {
                if let Some(id) = self.id(*contact) {
                    self.contacts.remove(&id);
                }
            }
            Step::Recreate { contact } => {
                if let Some(id) = self.id(*contact) {
                    let contact = self.contacts.remove(&id).unwrap();
                    self.add(contact);
                }
            }
            Step::Activate { contact, active } => {
                if let Some(contact) = self.pick(*contact) {
                    contact.active = *active;
                }
            }
        }
    }

    /// The contacts of a company.
    pub fn of(&self, company: usize) -> impl Iterator<Item = (&u32, &Contact)> {
        self.contacts
            .iter()
            .filter(move |(_, contact)| contact.company == company)
    }

    /// The address rows of a company.
    pub fn rows(&self, company: usize, hides_inactive: bool) -> Vec<SnapshotAddress> {
        let shown = self
            .of(company)
            .filter(|(_, contact)| contact.active || !hides_inactive);
        let rows = shown.flat_map(|(id, contact)| {
            SnapshotAddress::of(PsaContact {
                id: PsaContactId::new(id.to_string()),
                company: Some(PsaCompanyId::new(company.to_string())),
                name: contact.name.clone(),
                active: contact.active,
                addresses: contact
                    .addresses
                    .iter()
                    .map(|(slot, text)| PsaAddress {
                        slot: AddressSlot::new(slot.to_string()),
                        text: text.clone(),
                    })
                    .collect(),
                values: Vec::new(),
            })
        });
        rows.collect()
    }
}
