//! What an import knows of companies and contacts that are not in, so that the next one need not read them back (R77).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::not_in::Whereabouts;
use domain::psa::{Changes, LookedUp};
use domain::reading::Edits;
use domain::row::Absence;
use serde::{Deserialize, Serialize};

use crate::absent_company::AbsentCompany;

/// What is known of companies and contacts that are not in.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Why mapped companies are absent.
    pub absent: BTreeMap<PsaCompanyId, AbsentCompany>,
    /// Companies that exist, or may, and are not in.
    pub outside: BTreeSet<PsaCompanyId>,
    /// Companies of contacts that a read by id does not find.
    pub gone: BTreeSet<PsaCompanyId>,
    /// The names of companies that are not in; none of those that have no name to be read.
    pub names: BTreeMap<PsaCompanyId, Option<String>>,
    /// Where contacts are that their companies do not have.
    pub contacts: BTreeMap<PsaContactId, Whereabouts>,
    /// Set when something is not known that only the PSA can tell.
    left_open: AtomicBool,
}

/// One piece of it, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entry {
    #[serde(rename = "a")]
    Absent(PsaCompanyId, AbsentCompany),
    #[serde(rename = "o")]
    Outside(PsaCompanyId),
    #[serde(rename = "g")]
    Gone(PsaCompanyId),
    #[serde(rename = "n")]
    Name(PsaCompanyId, Option<String>),
    #[serde(rename = "t")]
    ContactThere(PsaContactId, Option<PsaCompanyId>, bool, bool),
    #[serde(rename = "d")]
    ContactGone(PsaContactId),
}

impl Known {
    /// Takes over what changes say of companies and contacts that are in now, or not any more.
    pub(crate) fn learn(&mut self, changes: Changes, edits: &Edits) {
        for change in changes.companies {
            let (id, why, name) = match change {
                LookedUp::Present(company) if matches!(edits.companies.get(&company.id), Some(Some(_))) => {
                    self.forget(&company.id);
                    continue;
                }
                LookedUp::Present(company) => {
                    let name = company.name.clone();
                    (company.id.clone(), AbsentCompany::of(company), Some(name))
                }
                LookedUp::Deleted(id) => (id, AbsentCompany::DELETED, None),
                // Changes have neither: that a company is gone shows in the counts.
                LookedUp::Gone(_) | LookedUp::Unreadable(_) => {
                    self.leave_open();
                    continue;
                }
            };
            self.gone.remove(&id);
            self.outside.insert(id.clone());
            self.names.insert(id.clone(), name);
            self.absent.insert(id, why);
        }
        for contact in changes.contacts {
            if matches!(edits.contacts.get(&contact.id), Some(Some(_))) {
                self.contacts.remove(&contact.id);
                continue;
            }
            let found = Whereabouts::There {
                company: contact.company,
                accepted: false,
                active: contact.active,
            };
            self.contacts.insert(contact.id, found);
        }
    }

    /// Forgets a company that is in.
    fn forget(&mut self, company: &PsaCompanyId) {
        self.absent.remove(company);
        self.outside.remove(company);
        self.gone.remove(company);
        self.names.remove(company);
    }

    /// Notes that something is not known: everything has to be read.
    pub(crate) fn leave_open(&self) {
        self.left_open.store(true, Ordering::Relaxed);
    }

    /// Whether something is not known.
    pub(crate) fn is_left_open(&self) -> bool {
        self.left_open.load(Ordering::Relaxed)
    }

    /// As it is stored, the same always in the same order.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let absent = self
            .absent
            .iter()
            .filter(|(_, why)| why.reason != Absence::Unreadable)
            .map(|(id, why)| Entry::Absent(id.clone(), why.clone()));
        let outside = self.outside.iter().cloned().map(Entry::Outside);
        let gone = self.gone.iter().cloned().map(Entry::Gone);
        let names = self
            .names
            .iter()
            .map(|(id, name)| Entry::Name(id.clone(), name.clone()));
        let contacts = self.contacts.iter().filter_map(|(id, found)| match found {
            Whereabouts::There {
                company,
                accepted,
                active,
            } => Some(Entry::ContactThere(id.clone(), company.clone(), *accepted, *active)),
            Whereabouts::Gone => Some(Entry::ContactGone(id.clone())),
            // Nothing is known of it: the next import asks again.
            Whereabouts::Unreadable => None,
        });
        absent.chain(outside).chain(gone).chain(names).chain(contacts).collect()
    }
}

impl FromIterator<Entry> for Known {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut known = Self::default();
        for entry in entries {
            match entry {
                Entry::Absent(id, why) => drop(known.absent.insert(id, why)),
                Entry::Outside(id) => drop(known.outside.insert(id)),
                Entry::Gone(id) => drop(known.gone.insert(id)),
                Entry::Name(id, name) => drop(known.names.insert(id, name)),
                Entry::ContactThere(id, company, accepted, active) => {
                    let found = Whereabouts::There {
                        company,
                        accepted,
                        active,
                    };
                    known.contacts.insert(id, found);
                }
                Entry::ContactGone(id) => drop(known.contacts.insert(id, Whereabouts::Gone)),
            }
        }
        known
    }
}
