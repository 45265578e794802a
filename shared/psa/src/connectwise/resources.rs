//! Companies and contacts: how they are asked for, in pages and by id.

use std::marker::PhantomData;

use async_trait::async_trait;
use domain::psa::PsaFailure;
use http_client::{Endpoint, RetryScope};
use serde::de::DeserializeOwned;

use super::api::{Api, CONCURRENCY, Request};
use super::condition::Condition;
use super::paging::{self, PAGE_SIZE};
use super::pushed_down::PushedDownFilter;
use super::wire::{Company, Contact, Count, Identified};
use crate::failure::Failed;
use crate::walk::{List, ListRow, PageRead, Walk};

/// A resource with its count.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) rows: Endpoint,
    count: Endpoint,
    /// No more than is needed: a contact also has a portal password and a birthday.
    fields: &'static str,
}

pub(super) const SEE_COMPANIES: &str = "Companies > Company Maintenance: Inquire All";
pub(super) const SEE_CONTACTS: &str = "Companies > Contacts: Inquire All";

pub(super) static COMPANIES: Resource = Resource {
    rows: Endpoint::get("/company/companies", SEE_COMPANIES),
    count: Endpoint::get("/company/companies/count", SEE_COMPANIES),
    fields: "id,identifier,name,status,types,deletedFlag,website",
};

pub(super) static CONTACTS: Resource = Resource {
    rows: Endpoint::get("/company/contacts", SEE_CONTACTS),
    count: Endpoint::get("/company/contacts/count", SEE_CONTACTS),
    fields: "id,firstName,lastName,company,inactiveFlag,types,communicationItems",
};

/// The rows of a resource that a filter accepts.
pub(super) struct Rows<'a, R> {
    api: &'a Api,
    resource: &'static Resource,
    filter: PushedDownFilter,
    row: PhantomData<fn() -> R>,
}

impl<'a, R> Rows<'a, R> {
    const fn new(api: &'a Api, resource: &'static Resource, filter: PushedDownFilter) -> Self {
        Self {
            api,
            resource,
            filter,
            row: PhantomData,
        }
    }

    /// How many rows there are that also meet a condition.
    async fn count_also(&self, also: impl IntoIterator<Item = Condition>) -> Result<u64, PsaFailure> {
        let count: Count = self.api.get(&self.resource.count, &self.filter.query(also)).await?;
        Ok(count.count)
    }
}

pub(super) const fn companies(api: &Api, filter: PushedDownFilter) -> Rows<'_, Company> {
    Rows::new(api, &COMPANIES, filter)
}

pub(super) const fn contacts(api: &Api, filter: PushedDownFilter) -> Rows<'_, Contact> {
    Rows::new(api, &CONTACTS, filter)
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

#[async_trait]
impl<R: ListRow + DeserializeOwned> List for Rows<'_, R> {
    type Row = R;

    const SMALLEST_ID: i64 = 1;
    const PAGE_SIZE: usize = PAGE_SIZE;
    const CONCURRENCY: usize = CONCURRENCY;
    const HAS_OWN_MODE: bool = true;

    fn endpoint(&self) -> &'static Endpoint {
        &self.resource.rows
    }

    async fn page(&self, walk: &Walk) -> Result<PageRead<R>, PsaFailure> {
        paging::page(
            self.api,
            &self.resource.rows,
            Some(self.resource.fields),
            &self.filter,
            walk,
        )
        .await
    }

    async fn count(&self) -> Result<u64, PsaFailure> {
        self.count_also(None).await
    }

    async fn count_within(&self, after: i64, up_to: i64) -> Result<u64, PsaFailure> {
        self.count_also([Condition::Above("id", after), Condition::UpTo("id", up_to)])
            .await
    }

    async fn check(&self) -> Result<(), PsaFailure> {
        let one = vec![("fields", "id".to_owned()), ("pageSize", "1".to_owned())];
        self.api.get::<Vec<Identified>>(&self.resource.rows, &one).await?;
        Ok(())
    }

    async fn rows_by_id(&self, ids: &[i64], retry: RetryScope) -> Result<Vec<R>, Failed> {
        let mut query = self.filter.query(Some(Condition::In("id", ids.to_vec())));
        query.push(("fields", self.resource.fields.to_owned()));
        query.push(("pageSize", ids.len().to_string()));
        let request = Request {
            endpoint: &self.resource.rows,
            query: &query,
            forward_only: false,
            retry,
        };
        Ok(self.api.send(&request).await?.value)
    }

    async fn count_by_id(&self, ids: &[i64]) -> Result<u64, PsaFailure> {
        self.count_also(Some(Condition::In("id", ids.to_vec()))).await
    }
}
