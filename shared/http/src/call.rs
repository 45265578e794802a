//! One request, with what is needed to classify its answer.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use url::Url;

use crate::classification::{Deployment, Rule};
use crate::gate::Gate;

/// One thing that can be asked of a service. Shown as method and path, which is how failures and the log name it.
#[derive(Debug)]
pub struct Endpoint {
    /// To a PSA only `GET` is sent, and `POST` for queries: nothing is written there.
    pub method: Method,
    /// Below the service's API, from a slash.
    pub path: &'static str,
    /// The right that the call takes, in the vendor's words; empty if none.
    pub right: &'static str,
    /// The statuses of a success. The body may be empty where it is another than 200.
    pub(crate) accepts: &'static [u16],
}

impl Endpoint {
    /// An endpoint that is read.
    pub const fn get(path: &'static str, right: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
            right,
            accepts: &[200],
        }
    }

    /// An endpoint that takes a query as its body.
    pub const fn post(path: &'static str, right: &'static str) -> Self {
        Self {
            method: Method::POST,
            path,
            right,
            accepts: &[200],
        }
    }

    /// An endpoint that changes something. Its calls are repeated for rate limits only: any other answer that is missing may be of a
    /// call that was applied.
    pub const fn write(method: Method, path: &'static str, accepts: &'static [u16]) -> Self {
        Self {
            method,
            path,
            right: "",
            accepts,
        }
    }

    /// The segments of the path.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').skip(1)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// One request.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is asked.
    pub endpoint: &'static Endpoint,
    /// Where. Made of a [`BaseUrl`](crate::BaseUrl), so that it has been checked.
    pub url: Url,
    /// Credentials, marked as sensitive, and what else the service wants.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// The failures after which the request is repeated.
    pub retry: RetryScope,
    /// What kind of address this is.
    pub deployment: Deployment,
    /// What refusals of this service mean.
    pub rules: &'static [Rule],
    /// Limits how many requests are under way at once.
    pub gate: &'a Gate,
}

/// The failures after which a request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryScope {
    /// Rate limits and transient faults.
    Faults,
    /// Rate limits and transient faults, except those that a single record may cause.
    NotRecords,
    /// Rate limits only.
    Limits,
}

/// A success.
#[derive(Debug)]
pub struct Answer<T> {
    /// The body.
    pub value: T,
    /// The `Link` header, if there is one.
    pub link: Option<String>,
    /// When the service answered, by its own clock, if it says so.
    pub date: Option<Timestamp>,
}
