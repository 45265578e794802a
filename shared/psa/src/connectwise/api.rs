//! Calls to the API of a login company, wherever its codebase is.

use std::sync::Arc;

use bytes::Bytes;
use domain::psa::PsaFailure;
use http_client::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use http_client::{Answer, BaseUrl, CachedEndpoint, Call, Deployment, Endpoint, Gate, RetryScope, Session};
use serde::de::DeserializeOwned;

use super::discovery::{System, discover};
use super::rules::RULES;
use crate::failure::Failed;

/// No number is published; with the largest pages most tenants need fewer than twenty requests.
pub(super) const CONCURRENCY: usize = 4;

pub(super) type Query = Vec<(&'static str, String)>;

pub(super) struct Api {
    pub(super) session: Session,
    url: BaseUrl,
    company_id: String,
    headers: HeaderMap,
    /// The headers of a request for a page of a walk: `headers`, and the one that asks for forward-only pages.
    forward_only: HeaderMap,
    gate: Gate,
    system: CachedEndpoint<System>,
}

/// One request for rows.
pub(super) struct Request<'a> {
    pub(super) endpoint: &'static Endpoint,
    pub(super) query: &'a Query,
    /// Whether the page is asked for in the mode of walks.
    pub(super) forward_only: bool,
    pub(super) retry: RetryScope,
}

impl Api {
    pub(super) fn new(session: Session, url: BaseUrl, company_id: String, mut headers: HeaderMap) -> Self {
        // Without a version the newest model answers. A pinned one is refused by servers that are older, and by endpoints that
        // have dropped it; the few fields that are read have been the same since 2020.4, and older servers are refused.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut forward_only = headers.clone();
        forward_only.insert(
            HeaderName::from_static("pagination-type"),
            HeaderValue::from_static("forward-only"),
        );
        Self {
            session,
            url,
            company_id,
            headers,
            forward_only,
            gate: Gate::new(CONCURRENCY),
            system: CachedEndpoint::default(),
        }
    }

    /// The login company.
    pub(super) fn company_id(&self) -> &str {
        &self.company_id
    }

    /// Where requests go.
    pub(super) fn origin(&self) -> String {
        self.url.to_string()
    }

    /// What the server says of itself.
    pub(super) async fn system(&self) -> Result<Arc<System>, Failed> {
        self.system.find(self.discover()).await
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        query: &Query,
    ) -> Result<T, PsaFailure> {
        let request = Request {
            endpoint,
            query,
            forward_only: false,
            retry: RetryScope::Faults,
        };
        Ok(self.send(&request).await?.value)
    }

    /// Asks the API, and once more if it turns out to have moved to another codebase.
    pub(super) async fn send<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<Answer<T>, Failed> {
        let call = move |system: Arc<System>| async move { self.session.call(&self.call(request, &system)).await };
        self.system.call(404, || self.discover(), call).await
    }

    fn call(&self, request: &Request<'_>, system: &System) -> Call<'_> {
        let mut segments = vec![system.codebase.as_str(), "apis", "3.0"];
        segments.extend(request.endpoint.segments());
        let mut url = self.url.path(&segments);
        url.query_pairs_mut().extend_pairs(request.query);
        let headers = if request.forward_only {
            &self.forward_only
        } else {
            &self.headers
        };
        Call {
            endpoint: request.endpoint,
            url,
            headers: headers.clone(),
            body: Bytes::new(),
            retry: request.retry,
            deployment: if system.cloud {
                Deployment::Cloud
            } else {
                Deployment::OnPremises
            },
            rules: &RULES,
            gate: &self.gate,
        }
    }

    fn discover(&self) -> impl Future<Output = Result<System, Failed>> {
        discover(&self.session, &self.url, &self.company_id, &self.gate)
    }
}
