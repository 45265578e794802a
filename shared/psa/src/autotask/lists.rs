//! The entities that are walked, and the proof that a walk has seen all of one.

use bytes::Bytes;
use domain::psa::{Cursor, PsaFailure};
use serde::de::DeserializeOwned;

use super::Autotask;
use super::query::{Condition, Query};
use super::wire::{Category, Company, Contact, Count, Identified, Rows};
use crate::http::session::{Endpoint, Failed, Repeat};
use crate::http::verdict::Fault;
use crate::walk::{self, End, Step, Walk};

/// The largest page; a larger one is refused.
const PAGE: usize = 500;

/// An entity with its count.
#[derive(Debug)]
pub(super) struct List {
    pub(super) rows: Endpoint,
    count: Endpoint,
    fields: &'static [&'static str],
}

pub(super) static COMPANIES: List = List {
    rows: Endpoint {
        name: "POST /Companies/query",
        right: "Companies: view",
    },
    count: Endpoint {
        name: "POST /Companies/query/count",
        right: "Companies: view",
    },
    fields: &[
        "id",
        "companyName",
        "companyType",
        "companyCategoryID",
        "classification",
        "marketSegmentID",
        "isActive",
        "webAddress",
    ],
};

pub(super) static CONTACTS: List = List {
    rows: Endpoint {
        name: "POST /Contacts/query",
        right: "Contacts: view",
    },
    count: Endpoint {
        name: "POST /Contacts/query/count",
        right: "Contacts: view",
    },
    fields: &[
        "id",
        "companyID",
        "firstName",
        "lastName",
        "emailAddress",
        "emailAddress2",
        "emailAddress3",
        "isActive",
    ],
};

pub(super) static CATEGORIES: List = List {
    rows: Endpoint {
        name: "POST /CompanyCategories/query",
        right: "Company categories: view",
    },
    count: Endpoint {
        name: "POST /CompanyCategories/query/count",
        right: "Company categories: view",
    },
    fields: &["id", "name", "isActive"],
};

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

impl Row for Category {
    fn id(&self) -> i64 {
        self.id
    }
}

/// A page of a walk.
pub(super) struct Stretch<R> {
    pub(super) rows: Vec<R>,
    pub(super) next: Option<Cursor>,
}

impl Autotask {
    /// Reads the next page of a walk.
    pub(super) async fn walk_on<R: Row>(
        &self,
        list: &'static List,
        narrowed: Vec<Condition>,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Stretch<R>, PsaFailure> {
        let mut walk = walk::start(&list.rows, from, 0)?;
        let (rows, end) = self.page(list, &narrowed, &mut walk, expected).await?;
        if end == End::Claimed && self.count(list, narrowed).await? > walk.delivered {
            return Err(walk::rows_missing(&list.rows));
        }
        let next = (end == End::Open).then(|| walk.cursor());
        Ok(Stretch { rows, next })
    }

    /// Reads a whole entity that has a few rows.
    pub(super) async fn all<R: Row>(&self, list: &'static List) -> Result<Vec<R>, PsaFailure> {
        let mut walk = Walk::before(0);
        let mut all = Vec::new();
        loop {
            let (rows, end) = self.page(list, &[], &mut walk, Some(0)).await?;
            all.extend(rows);
            if end == End::Proven {
                return Ok(all);
            }
        }
    }

    /// How many rows there are.
    pub(super) async fn count(&self, list: &'static List, mut filter: Vec<Condition>) -> Result<u64, PsaFailure> {
        // A query without any condition fails.
        filter.push(Condition::any_id());
        let query = Query {
            filter,
            include_fields: &[],
            max_records: None,
        };
        let count: Count = self.post(&list.count, &query).await?;
        Ok(count.query_count)
    }

    /// Reads rows by id, whatever their state.
    pub(super) async fn by_id<R: Row>(
        &self,
        list: &'static List,
        ids: Vec<i64>,
        repeat: Repeat,
    ) -> Result<Vec<R>, Failed> {
        let query = Query {
            filter: vec![Condition::ids(&ids)],
            include_fields: list.fields,
            max_records: Some(PAGE),
        };
        let rows: Rows<R> = self.try_ask(&list.rows, body(&list.rows, &query)?, repeat).await?;
        let strange = rows.items.iter().any(|row| !ids.contains(&row.id()));
        let present = rows.items.len() as u64;
        // A row is gone only if the count says so too.
        let short = rows.items.len() < ids.len() && self.count(list, vec![Condition::ids(&ids)]).await? != present;
        if strange || short {
            return Err(list.rows.failure(Fault::Malformed.verdict(), ", but other rows").into());
        }
        Ok(rows.items)
    }

    /// Whether one row can be read.
    pub(super) async fn check_list(&self, list: &'static List) -> Result<(), PsaFailure> {
        let query = Query {
            filter: vec![Condition::any_id()],
            include_fields: &["id"],
            max_records: Some(1),
        };
        let rows: Rows<Identified> = self.post(&list.rows, &query).await?;
        if rows.items.iter().any(|row| row.id < 0) {
            return Err(list.rows.failure(Fault::Malformed.verdict(), ": an id is negative"));
        }
        Ok(())
    }

    /// Paging by id and not by `nextPageUrl`: that is an address to be trusted, it must be asked with the verb and the body of the
    /// first page, and the PSA forgets it.
    async fn page<R: Row>(
        &self,
        list: &'static List,
        narrowed: &[Condition],
        walk: &mut Walk,
        expected: Option<u64>,
    ) -> Result<(Vec<R>, End), PsaFailure> {
        let from = if walk.last < 0 {
            Condition::any_id()
        } else {
            Condition::id_above(walk.last)
        };
        let query = Query {
            filter: [vec![from], narrowed.to_vec()].concat(),
            include_fields: list.fields,
            max_records: Some(PAGE),
        };
        let Rows { items, page_details } = self.post::<Rows<R>>(&list.rows, &query).await?;
        if page_details.count.is_some_and(|count| count != items.len()) {
            return Err(list
                .rows
                .failure(Fault::Malformed.verdict(), ": its rows are not as many as it says"));
        }
        let ids: Vec<i64> = items.iter().map(R::id).collect();
        let step = Step {
            ids: &ids,
            asked: PAGE,
            announced: page_details.next_page_url.is_some(),
            expected,
        };
        let end = walk.take(&step).map_err(|offence| walk::offence(&list.rows, offence))?;
        Ok((items, end))
    }

    async fn post<T: DeserializeOwned>(&self, endpoint: &'static Endpoint, query: &Query) -> Result<T, PsaFailure> {
        self.ask(endpoint, body(endpoint, query)?).await
    }
}

fn body(endpoint: &'static Endpoint, query: &Query) -> Result<Bytes, PsaFailure> {
    let body = serde_json::to_vec(query).map_err(|_| endpoint.failure(Fault::Malformed.verdict(), ""))?;
    Ok(Bytes::from(body))
}
