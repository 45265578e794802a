//! What LastPass holds, and how it changes: by events, each of which is kept before it counts.

mod changes;
mod records;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use jiff::Timestamp;
use serde_json::{Value, json};
use simkit::journal::Journal;

pub(crate) use records::{
    AccountStatus, Addon, Company, CompanyStatus, CompanyType, DAY, Event, Forbidden, Mail, MailKind, Msp, Request,
    User,
};

/// The first ids. Those of requests are far from the others, so that a client that confuses them fails at once.
const FIRST_COMPANY: i64 = 1_001;
const FIRST_USER: i64 = 50_001;
const FIRST_REQUEST: i64 = 700_000_001;

/// Everything LastPass holds, of all MSPs.
pub(crate) struct State {
    journal: Journal,
    pub companies: BTreeMap<i64, Company>,
    pub users: BTreeMap<i64, User>,
    pub requests: BTreeMap<i64, Request>,
    /// Lower-case addresses of accounts outside any company.
    pub private: BTreeSet<String>,
    pub outbox: Vec<Mail>,
    pub forbidden: Vec<Forbidden>,
    /// Companies and their users; the MSPs' own users have no company.
    members: BTreeSet<(Option<i64>, i64)>,
    /// Lower-case addresses and whose they are.
    addresses: HashMap<String, Vec<i64>>,
    next: [i64; 3],
}

impl State {
    /// What the journal has.
    pub fn open(mut journal: Journal) -> std::io::Result<Self> {
        let kept = journal.replay()?;
        let mut state = Self {
            journal,
            companies: BTreeMap::new(),
            users: BTreeMap::new(),
            requests: BTreeMap::new(),
            private: BTreeSet::new(),
            outbox: Vec::new(),
            forbidden: Vec::new(),
            members: BTreeSet::new(),
            addresses: HashMap::new(),
            next: [FIRST_COMPANY, FIRST_USER, FIRST_REQUEST],
        };
        for events in kept {
            let events: Vec<Event> = serde_json::from_value(events)?;
            for event in events {
                state.apply(event);
            }
        }
        Ok(state)
    }

    /// The same, kept in no file.
    pub fn copy(&self) -> Self {
        Self {
            journal: Journal::nowhere(),
            companies: self.companies.clone(),
            users: self.users.clone(),
            requests: self.requests.clone(),
            private: self.private.clone(),
            outbox: self.outbox.clone(),
            forbidden: self.forbidden.clone(),
            members: self.members.clone(),
            addresses: self.addresses.clone(),
            next: self.next,
        }
    }

    /// Keeps the events, and then lets them happen: all or none.
    pub fn commit(&mut self, events: Vec<Event>) -> Result<(), String> {
        self.journal.append(&json!(events)).map_err(|error| error.to_string())?;
        for event in events {
            self.apply(event);
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Company(company) => {
                self.next[0] = self.next[0].max(company.id + 1);
                self.companies.insert(company.id, company);
            }
            Event::User(user) => {
                self.next[1] = self.next[1].max(user.id + 1);
                self.remove_user(user.id);
                self.members.insert((user.company, user.id));
                self.addresses
                    .entry(user.email.to_lowercase())
                    .or_default()
                    .push(user.id);
                self.users.insert(user.id, user);
            }
            Event::Request(request) => {
                self.next[2] = self.next[2].max(request.id + 1);
                self.requests.insert(request.id, request);
            }
            Event::Private(address) => drop(self.private.insert(address.to_lowercase())),
            Event::Mail(mail) => self.outbox.push(mail),
            Event::Forbidden(call) => self.forbidden.push(call),
            Event::DetachCompany(id) => self.detach(id),
            Event::RemoveUser(id) => self.remove_user(id),
        }
    }

    /// The company becomes its own: it and its users are not seen any more.
    fn detach(&mut self, company: i64) {
        self.companies.remove(&company);
        let users: Vec<i64> = self.members_of(Some(company)).map(|user| user.id).collect();
        for id in users {
            self.remove_user(id);
        }
    }

    fn remove_user(&mut self, id: i64) {
        let Some(user) = self.users.remove(&id) else { return };
        self.members.remove(&(user.company, id));
        if let Some(ids) = self.addresses.get_mut(&user.email.to_lowercase()) {
            ids.retain(|other| *other != id);
        }
    }

    pub fn next_company(&self) -> i64 {
        self.next[0]
    }

    pub fn next_user(&self) -> i64 {
        self.next[1]
    }

    pub fn next_request(&self) -> i64 {
        self.next[2]
    }

    /// The users of a company, or of the MSPs themselves, by id.
    pub fn members_of(&self, company: Option<i64>) -> impl Iterator<Item = &User> {
        let range = (
            Bound::Included((company, i64::MIN)),
            Bound::Included((company, i64::MAX)),
        );
        self.members.range(range).filter_map(|(_, id)| self.users.get(id))
    }

    /// The user that has an address, in any letter case and in any company.
    pub fn with_address(&self, address: &str) -> impl Iterator<Item = &User> {
        let ids = self.addresses.get(&address.to_lowercase());
        ids.into_iter().flatten().filter_map(|id| self.users.get(id))
    }

    /// The mails, the oldest first.
    pub fn outbox(&self) -> Value {
        json!(self.outbox)
    }
}

/// A time as the outbox and the journal tell it.
pub(crate) fn told(now: i64) -> String {
    Timestamp::from_millisecond(now).unwrap_or_default().to_string()
}
