//! The lists that are walked, and the proof that a walk has seen all of one.

use domain::psa::{Cursor, PsaFailure};
use serde::de::DeserializeOwned;

use super::Connectwise;
use super::attributes::Narrowed;
use super::condition::Condition;
use super::wire::{Company, Contact, Count};
use crate::http::session::Endpoint;
use crate::walk::{self, End, Walk};

/// A list with its count.
#[derive(Debug)]
pub(super) struct List {
    pub(super) rows: Endpoint,
    count: Endpoint,
    /// No more than is needed: a contact also has a portal password and a birthday.
    pub(super) fields: &'static str,
}

const SEE_COMPANIES: &str = "Companies > Company Maintenance: Inquire All";
const SEE_CONTACTS: &str = "Companies > Contacts: Inquire All";

pub(super) static COMPANIES: List = List {
    rows: Endpoint {
        name: "GET /company/companies",
        right: SEE_COMPANIES,
    },
    count: Endpoint {
        name: "GET /company/companies/count",
        right: SEE_COMPANIES,
    },
    fields: "id,identifier,name,status,types,deletedFlag,website",
};

pub(super) static CONTACTS: List = List {
    rows: Endpoint {
        name: "GET /company/contacts",
        right: SEE_CONTACTS,
    },
    count: Endpoint {
        name: "GET /company/contacts/count",
        right: SEE_CONTACTS,
    },
    fields: "id,firstName,lastName,company,inactiveFlag,types,communicationItems",
};

/// The tables behind the attributes.
pub(super) mod setup {
    use super::{Endpoint, SEE_COMPANIES, SEE_CONTACTS};

    pub(in super::super) static COMPANY_TYPES: Endpoint = Endpoint {
        name: "GET /company/companies/types",
        right: SEE_COMPANIES,
    };

    pub(in super::super) static COMPANY_STATUSES: Endpoint = Endpoint {
        name: "GET /company/companies/statuses",
        right: SEE_COMPANIES,
    };

    pub(in super::super) static CONTACT_TYPES: Endpoint = Endpoint {
        name: "GET /company/contacts/types",
        right: SEE_CONTACTS,
    };
}

/// A row that is walked by its id.
pub(super) trait Row: DeserializeOwned {
    fn id(&self) -> i64;
}

impl Row for Company {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Row for Contact {
    fn id(&self) -> i64 {
        self.id
    }
}

/// A page of a walk.
pub(super) struct Stretch<R> {
    pub(super) rows: Vec<R>,
    pub(super) walk: Walk,
    pub(super) complete: bool,
}

impl<R> Stretch<R> {
    pub(super) fn next(&self) -> Option<Cursor> {
        (!self.complete).then(|| self.walk.cursor())
    }
}

impl Connectwise {
    /// Reads the next page of a walk.
    pub(super) async fn walk_on<R: Row>(
        &self,
        list: &'static List,
        narrowed: &Narrowed,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Stretch<R>, PsaFailure> {
        let mut walk = walk::start(&list.rows, from, 1)?;
        let (rows, end) = self.next_page(list, narrowed, &mut walk, expected).await?;
        if end == End::Claimed && self.count(list, narrowed, None).await? > walk.delivered {
            return Err(walk::rows_missing(&list.rows));
        }
        let complete = end != End::Open;
        Ok(Stretch { rows, walk, complete })
    }

    /// How many rows there are.
    pub(super) async fn count(
        &self,
        list: &'static List,
        narrowed: &Narrowed,
        also: Option<Condition>,
    ) -> Result<u64, PsaFailure> {
        let answer = self.get::<Count>(&list.count, &narrowed.query(also)).await?;
        Ok(answer.value.count)
    }
}
