//! Calls to the API, in whichever zone the tenant is.

use std::sync::Arc;

use bytes::Bytes;
use domain::psa::PsaFailure;
use http_client::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http_client::{Answer, BaseUrl, CachedEndpoint, Call, Deployment, Endpoint, Fault, Gate, RetryScope, Session};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::query::Query;
use super::rules::RULES;
use super::zone::{API, Zone, discover};
use crate::failure::{Failed, failure};

/// Three are allowed for each entity, counted over all that use the same integration code.
pub(super) const CONCURRENCY: usize = 2;

pub(super) struct Api {
    pub(super) session: Session,
    url: BaseUrl,
    user: SecretString,
    headers: HeaderMap,
    companies_gate: Gate,
    contacts_gate: Gate,
    other_gate: Gate,
    zone: CachedEndpoint<Zone>,
}

impl Api {
    pub(super) fn new(session: Session, url: BaseUrl, user: SecretString, mut headers: HeaderMap) -> Self {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            session,
            url,
            user,
            headers,
            companies_gate: Gate::new(CONCURRENCY),
            contacts_gate: Gate::new(CONCURRENCY),
            other_gate: Gate::new(CONCURRENCY),
            zone: CachedEndpoint::default(),
        }
    }

    /// Finds the zone, unless it is known.
    pub(super) async fn find_zone(&self) -> Result<Arc<Zone>, Failed> {
        self.zone.find(self.discover()).await
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        retry: RetryScope,
    ) -> Result<T, Failed> {
        Ok(self.send(endpoint, Bytes::new(), retry).await?.value)
    }

    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        query: &Query,
        retry: RetryScope,
    ) -> Result<T, Failed> {
        Ok(self.answer(endpoint, query, retry).await?.value)
    }

    /// What a query is answered, with what the reply says of itself.
    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        query: &Query,
        retry: RetryScope,
    ) -> Result<Answer<T>, Failed> {
        let body = serde_json::to_vec(query).map_err(|_| malformed(endpoint, ""))?;
        self.send(endpoint, body.into(), retry).await
    }

    /// Asks the zone, and once more if the tenant turns out to have moved to another. A 401 is not asked again otherwise: it is
    /// failed logins that lock the API user.
    async fn send<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        body: Bytes,
        retry: RetryScope,
    ) -> Result<Answer<T>, Failed> {
        let body = &body;
        let call = move |zone: Arc<Zone>| async move {
            let call = self.call(endpoint, &zone.url, body.clone(), retry);
            self.session.call(&call).await
        };
        self.zone.call(401, || self.discover(), call).await
    }

    fn call(&self, endpoint: &'static Endpoint, zone: &BaseUrl, body: Bytes, retry: RetryScope) -> Call<'_> {
        let path: Vec<&str> = API.into_iter().chain(endpoint.segments()).collect();
        Call {
            endpoint,
            url: zone.path(&path),
            headers: self.headers.clone(),
            body,
            retry,
            deployment: Deployment::Cloud,
            rules: &RULES,
            gate: match endpoint.segments().next() {
                Some("Companies") => &self.companies_gate,
                Some("Contacts") => &self.contacts_gate,
                _ => &self.other_gate,
            },
        }
    }

    fn discover(&self) -> impl Future<Output = Result<Zone, Failed>> {
        discover(&self.session, &self.url, self.user.expose_secret(), &self.other_gate)
    }
}

/// The failure of a reply that cannot be right.
pub(super) fn malformed(endpoint: &Endpoint, detail: &str) -> PsaFailure {
    failure(endpoint, Fault::Malformed.classification(), detail)
}
