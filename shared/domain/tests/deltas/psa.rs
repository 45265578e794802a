//! A PSA with a clock of its own, as far as deltas can tell it from others.

use std::collections::BTreeMap;

use domain::ids::{AddressSlot, PsaCompanyId, PsaContactId};
use domain::psa::{Changes, LookedUp, PsaAddress, PsaCompany, PsaContact, PsaKind, Totals};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

/// When histories begin, by our clock.
pub const BEGIN: Timestamp = Timestamp::constant(1_772_438_400, 0);

/// Companies and contacts that there are at first.
const COMPANIES: usize = 6;
const CONTACTS: usize = 14;

/// A row with what a PSA keeps of it.
#[derive(Debug, Clone)]
struct Row<T> {
    value: T,
    stamp: Timestamp,
    /// Marked as deleted, and still shown.
    deleted: bool,
}

/// What a PSA does that its documentation does not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits {
    /// How many seconds its stamps are ahead of our clock.
    pub stamps_ahead: i64,
    /// How many seconds the dates of its replies are ahead of our clock.
    pub dates_ahead: i64,
    /// Changes within so many seconds get the same stamp.
    pub same_within: i64,
    /// Whether counts are those of the last time they were asked for.
    pub counts_lag: bool,
}

impl Habits {
    /// Clocks that are off by five minutes at most, and maybe equal stamps.
    pub fn random(rng: &mut Rng) -> Self {
        Self {
            stamps_ahead: rng.i64(-300..=300),
            dates_ahead: rng.i64(-300..=300),
            same_within: if rng.bool() { 3_600 } else { 1 },
            counts_lag: false,
        }
    }
}

#[derive(Debug)]
pub struct Psa {
    pub kind: PsaKind,
    pub habits: Habits,
    pub now: Timestamp,
    companies: BTreeMap<PsaCompanyId, Row<PsaCompany>>,
    contacts: BTreeMap<PsaContactId, Row<PsaContact>>,
    next: u32,
    counted: Option<Totals>,
}

/// Whether a company is in: those that are not of the type *out*.
pub fn accepts_company(company: &PsaCompany) -> bool {
    company.types != ["out"]
}

/// Whether a contact is in: those that are active.
pub fn accepts_contact(contact: &PsaContact) -> bool {
    contact.active
}

/// One edit of a PSA. Numbers choose among the rows that there are.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    NewCompany,
    Rename(usize),
    /// Out of the filter, or into it.
    Retype(usize),
    DeleteCompany(usize),
    /// Its contacts move to another one, and the source is not stamped.
    Merge(usize, usize),
    NewContact(usize),
    Address(usize),
    /// Out of the filter, or into it.
    Activate(usize),
    Move(usize, usize),
    DeleteContact(usize),
    /// An address is edited, and the contact is not stamped.
    Unstamped(usize),
}

impl Edit {
    pub fn random(rng: &mut Rng, unstamped: bool) -> Self {
        let (one, other) = (rng.usize(..100), rng.usize(..100));
        match rng.usize(..if unstamped { 11 } else { 10 }) {
            0 => Self::NewCompany,
            1 => Self::Rename(one),
            2 => Self::Retype(one),
            3 => Self::DeleteCompany(one),
            4 => Self::Merge(one, other),
            5 => Self::NewContact(one),
            6 => Self::Address(one),
            7 => Self::Activate(one),
            8 => Self::Move(one, other),
            9 => Self::DeleteContact(one),
            _ => Self::Unstamped(one),
        }
    }
}

impl Psa {
    pub fn new(kind: PsaKind, habits: Habits) -> Self {
        let mut psa = Self {
            kind,
            habits,
            now: BEGIN - SignedDuration::from_hours(30 * 24),
            companies: BTreeMap::new(),
            contacts: BTreeMap::new(),
            next: 1,
            counted: None,
        };
        for _ in 0..COMPANIES {
            psa.apply(Edit::NewCompany);
        }
        for number in 0..CONTACTS {
            psa.apply(Edit::NewContact(number));
        }
        psa.now = BEGIN;
        psa
    }

    fn stamp(&self) -> Timestamp {
        let at = (self.now + SignedDuration::from_secs(self.habits.stamps_ahead)).as_second();
        Timestamp::from_second(at - at.rem_euclid(self.habits.same_within)).unwrap()
    }

    /// The date of a reply.
    pub fn date(&self) -> Timestamp {
        self.now + SignedDuration::from_secs(self.habits.dates_ahead)
    }

    fn company(&self, number: usize) -> Option<PsaCompanyId> {
        let shown: Vec<_> = self.companies.iter().filter(|(_, row)| !row.deleted).collect();
        let at = number.checked_rem(shown.len())?;
        Some(shown[at].0.clone())
    }

    fn contact(&self, number: usize) -> Option<PsaContactId> {
        let at = number.checked_rem(self.contacts.len())?;
        self.contacts.keys().nth(at).cloned()
    }

    fn edit_company(&mut self, number: usize, edit: impl FnOnce(&mut PsaCompany, u32)) {
        let (stamp, next) = (self.stamp(), self.next());
        if let Some(row) = self.company(number).and_then(|id| self.companies.get_mut(&id)) {
            edit(&mut row.value, next);
            row.stamp = stamp;
        }
    }

    fn edit_contact(&mut self, number: usize, stamps: bool, edit: impl FnOnce(&mut PsaContact, u32)) {
        let (stamp, next) = (self.stamp(), self.next());
        if let Some(row) = self.contact(number).and_then(|id| self.contacts.get_mut(&id)) {
            edit(&mut row.value, next);
            if stamps {
                row.stamp = stamp;
            }
        }
    }

    fn next(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    pub fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::NewCompany => {
                let id = PsaCompanyId::new(self.next().to_string());
                let row = Row {
                    value: company(&id),
                    stamp: self.stamp(),
                    deleted: false,
                };
                self.companies.insert(id, row);
            }
            Edit::Rename(number) => self.edit_company(number, |company, next| company.name = format!("Renamed {next}")),
            Edit::Retype(number) => self.edit_company(number, |company, _| {
                let kind = if accepts_company(company) { "out" } else { "in" };
                company.types = vec![kind.to_owned()];
            }),
            Edit::DeleteCompany(number) => self.remove(number, true),
            Edit::Merge(source, target) => {
                let (Some(source_id), Some(target)) = (self.company(source), self.company(target)) else {
                    return;
                };
                let stamp = self.stamp();
                for row in self.contacts.values_mut() {
                    if row.value.company.as_ref() == Some(&source_id) {
                        row.value.company = Some(target.clone());
                        row.stamp = stamp;
                    }
                }
                self.remove(source, false);
            }
            Edit::NewContact(number) => {
                let Some(company) = self.company(number) else { return };
                let id = PsaContactId::new(self.next().to_string());
                let row = Row {
                    value: contact(&id, company),
                    stamp: self.stamp(),
                    deleted: false,
                };
                self.contacts.insert(id, row);
            }
            Edit::Address(number) => self.edit_contact(number, true, set_address),
            Edit::Unstamped(number) => self.edit_contact(number, false, set_address),
            Edit::Activate(number) => self.edit_contact(number, true, |contact, _| contact.active = !contact.active),
            Edit::Move(number, to) => {
                let to = self.company(to);
                self.edit_contact(number, true, |contact, _| contact.company = to);
            }
            Edit::DeleteContact(number) => {
                if let Some(id) = self.contact(number) {
                    self.contacts.remove(&id);
                }
            }
        }
    }

    /// `ConnectWise` keeps what was deleted, marked; of the source of a merge it does not move the stamp.
    fn remove(&mut self, number: usize, stamps: bool) {
        let Some(id) = self.company(number) else { return };
        let stamp = self.stamp();
        match self.kind {
            PsaKind::Connectwise => {
                if let Some(row) = self.companies.get_mut(&id) {
                    row.deleted = true;
                    if stamps {
                        row.stamp = stamp;
                    }
                }
            }
            PsaKind::Autotask => drop(self.companies.remove(&id)),
        }
    }

    /// All that the filter accepts.
    pub fn all(&self) -> (Vec<PsaCompany>, Vec<PsaContact>) {
        let companies = self.companies.values().filter(|row| !row.deleted).map(|row| &row.value);
        let contacts = self.contacts.values().map(|row| &row.value);
        (
            companies.filter(|company| accepts_company(company)).cloned().collect(),
            contacts.filter(|contact| accepts_contact(contact)).cloned().collect(),
        )
    }

    /// What changed since a moment, whatever the filter, and how many rows the filter accepts.
    pub fn changes(&mut self, since: Timestamp) -> Changes {
        let companies = self.companies.values().filter(|row| row.stamp > since);
        let companies = companies.map(|row| {
            if row.deleted {
                LookedUp::Deleted(row.value.id.clone())
            } else {
                LookedUp::Present(row.value.clone())
            }
        });
        let contacts = self.contacts.values().filter(|row| row.stamp > since);
        let (all_companies, all_contacts) = self.all();
        let totals = Totals {
            companies: all_companies.len() as u64,
            contacts: all_contacts.len() as u64,
        };
        let (companies, contacts) = (companies.collect(), contacts.map(|row| row.value.clone()).collect());
        let last = self.counted.replace(totals).unwrap_or(totals);
        Changes {
            companies,
            contacts,
            totals: if self.habits.counts_lag { last } else { totals },
            as_of: Some(self.date()),
        }
    }
}

fn set_address(contact: &mut PsaContact, next: u32) {
    contact.addresses = vec![PsaAddress {
        slot: AddressSlot::new("1"),
        text: format!("{next}@deltas.example"),
    }];
}

fn company(id: &PsaCompanyId) -> PsaCompany {
    PsaCompany {
        id: id.clone(),
        name: format!("Company {id}"),
        identifier: None,
        types: vec!["in".to_owned()],
        status: String::new(),
        active: true,
        own: false,
        website: None,
        values: Vec::new(),
    }
}

fn contact(id: &PsaContactId, company: PsaCompanyId) -> PsaContact {
    PsaContact {
        id: id.clone(),
        company: Some(company),
        name: format!("Contact {id}"),
        active: true,
        addresses: Vec::new(),
        values: Vec::new(),
    }
}
