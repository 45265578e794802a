//! The entities that are read: how they are asked for, in pages and by id.

use std::marker::PhantomData;

use async_trait::async_trait;
use domain::psa::PsaFailure;
use http_client::{Endpoint, RetryScope};
use serde::de::DeserializeOwned;

use super::api::{Api, CONCURRENCY, malformed};
use super::query::{Condition, Query};
use super::wire::{self, Category, Company, Contact, Count, Identified};
use crate::failure::Failed;
use crate::walk::{List, ListRow, PageRead, Walk};

/// The largest page; a larger one is refused.
const PAGE_SIZE: usize = 500;

/// An entity with its count.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) rows: Endpoint,
    count: Endpoint,
    fields: &'static [&'static str],
}

pub(super) static COMPANIES: Entity = Entity {
    rows: Endpoint::post("/Companies/query", "Companies: view"),
    count: Endpoint::post("/Companies/query/count", "Companies: view"),
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

pub(super) static CONTACTS: Entity = Entity {
    rows: Endpoint::post("/Contacts/query", "Contacts: view"),
    count: Endpoint::post("/Contacts/query/count", "Contacts: view"),
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

static CATEGORIES: Entity = Entity {
    rows: Endpoint::post("/CompanyCategories/query", "Company categories: view"),
    count: Endpoint::post("/CompanyCategories/query/count", "Company categories: view"),
    fields: &["id", "name", "isActive"],
};

/// The rows of an entity that a filter accepts.
pub(super) struct Rows<'a, R> {
    api: &'a Api,
    entity: &'static Entity,
    filter: Vec<Condition>,
    row: PhantomData<fn() -> R>,
}

impl<'a, R> Rows<'a, R> {
    const fn new(api: &'a Api, entity: &'static Entity, filter: Vec<Condition>) -> Self {
        Self {
            api,
            entity,
            filter,
            row: PhantomData,
        }
    }

    /// How many rows there are that also meet a condition. A query without any condition fails.
    async fn count_also(&self, also: Condition) -> Result<u64, PsaFailure> {
        let query = Query {
            filter: [&self.filter[..], &[also]].concat(),
            include_fields: &[],
            max_records: None,
        };
        let count: Count = self.api.query(&self.entity.count, &query, RetryScope::Faults).await?;
        Ok(count.query_count)
    }
}

pub(super) const fn companies(api: &Api, filter: Vec<Condition>) -> Rows<'_, Company> {
    Rows::new(api, &COMPANIES, filter)
}

pub(super) const fn contacts(api: &Api, filter: Vec<Condition>) -> Rows<'_, Contact> {
    Rows::new(api, &CONTACTS, filter)
}

pub(super) const fn categories(api: &Api) -> Rows<'_, Category> {
    Rows::new(api, &CATEGORIES, Vec::new())
}

impl ListRow for Company {
    fn id(&self) -> i64 {
        self.id
    }
}

impl ListRow for Contact {
    fn id(&self) -> i64 {
        self.id
    }
}

impl ListRow for Category {
    fn id(&self) -> i64 {
        self.id
    }
}

#[async_trait]
impl<R: ListRow + DeserializeOwned> List for Rows<'_, R> {
    type Row = R;

    const SMALLEST_ID: i64 = 0;
    const PAGE_SIZE: usize = PAGE_SIZE;
    const CONCURRENCY: usize = CONCURRENCY;
    const HAS_OWN_MODE: bool = false;

    fn endpoint(&self) -> &'static Endpoint {
        &self.entity.rows
    }

    /// Paging by id and not by `nextPageUrl`: that is an address to be trusted, it must be asked with the verb and the body of the
    /// first page, and the PSA forgets it.
    async fn page(&self, walk: &Walk) -> Result<PageRead<R>, PsaFailure> {
        let from = if walk.last < 0 {
            Condition::any_id()
        } else {
            Condition::id_above(walk.last)
        };
        let query = Query {
            filter: [&[from], &self.filter[..]].concat(),
            include_fields: self.entity.fields,
            max_records: Some(PAGE_SIZE),
        };
        let endpoint = &self.entity.rows;
        let answer = self
            .api
            .answer::<wire::Rows<R>>(endpoint, &query, RetryScope::Faults)
            .await?;
        let (page, date) = (answer.value, answer.date);
        if page.page_details.count.is_some_and(|count| count != page.items.len()) {
            return Err(malformed(endpoint, ": its rows are not as many as it says"));
        }
        Ok(PageRead {
            rows: page.items,
            date,
            announced: page.page_details.next_page_url.is_some(),
            out_of_mode: false,
        })
    }

    async fn count(&self) -> Result<u64, PsaFailure> {
        self.count_also(Condition::any_id()).await
    }

    async fn check(&self) -> Result<(), PsaFailure> {
        let query = Query {
            filter: vec![Condition::any_id()],
            include_fields: &["id"],
            max_records: Some(1),
        };
        let endpoint = &self.entity.rows;
        let rows: wire::Rows<Identified> = self.api.query(endpoint, &query, RetryScope::Faults).await?;
        if rows.items.iter().any(|row| row.id < 0) {
            return Err(malformed(endpoint, ": an id is negative"));
        }
        Ok(())
    }

    async fn rows_by_id(&self, ids: &[i64], retry: RetryScope) -> Result<Vec<R>, Failed> {
        let query = Query {
            filter: vec![Condition::ids(ids)],
            include_fields: self.entity.fields,
            max_records: Some(PAGE_SIZE),
        };
        let page: wire::Rows<R> = self.api.query(&self.entity.rows, &query, retry).await?;
        Ok(page.items)
    }

    async fn count_by_id(&self, ids: &[i64]) -> Result<u64, PsaFailure> {
        self.count_also(Condition::ids(ids)).await
    }
}
