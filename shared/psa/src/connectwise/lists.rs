//! The lists that are walked, and the proof that a walk has seen all of one.

use domain::psa::{Cursor, PsaFailure};
use serde::de::DeserializeOwned;

use super::attributes::Narrowed;
use super::condition::Condition;
use super::wire::{Company, Contact, Count, SetupRow};
use super::{Connectwise, Query};
use crate::http::session::Endpoint;
use crate::link;
use crate::walk::{self, End, Step, Walk};

/// The largest page; a larger one is cut silently.
const PAGE: usize = 1_000;

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

impl Row for SetupRow {
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
        let mut query = narrowed.query(None);
        query.push(("fields", list.fields.to_owned()));
        let (rows, end) = self.page(&list.rows, query, &mut walk, expected).await?;
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

    /// Reads a whole setup table. It has a few rows, no count, and changes rarely: a short page ends it unless another is announced.
    pub(super) async fn table(&self, endpoint: &'static Endpoint) -> Result<Vec<SetupRow>, PsaFailure> {
        let mut walk = Walk::before(1);
        let mut table = Vec::new();
        loop {
            let (rows, end) = self.page(endpoint, Vec::new(), &mut walk, Some(0)).await?;
            table.extend(rows);
            if end == End::Proven {
                return Ok(table);
            }
        }
    }

    async fn page<R: Row>(
        &self,
        endpoint: &'static Endpoint,
        mut query: Query,
        walk: &mut Walk,
        expected: Option<u64>,
    ) -> Result<(Vec<R>, End), PsaFailure> {
        query.push(("pageSize", PAGE.to_string()));
        query.push(("pageId", walk.last.to_string()));
        let answer = self.get::<Vec<R>>(endpoint, &query).await?;
        let ids: Vec<i64> = answer.value.iter().map(R::id).collect();
        let step = Step {
            ids: &ids,
            asked: PAGE,
            announced: answer.link.as_deref().is_some_and(link::announces_next),
            expected,
        };
        let end = walk.take(&step).map_err(|offence| walk::offence(endpoint, offence))?;
        Ok((answer.value, end))
    }
}
