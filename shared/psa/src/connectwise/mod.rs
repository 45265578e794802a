//! `ConnectWise` PSA (Manage), REST API 3.0.

mod attributes;
mod condition;
mod discovery;
mod lists;
mod look_up;
mod rules;
mod wire;

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use domain::filter::{Attribute, Filter, Subject};
use domain::ids::PsaCompanyId;
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Totals};
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};

use self::attributes::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE, Narrowed, attribute};
use self::discovery::System;
use self::lists::{COMPANIES, CONTACTS, setup};
use self::wire::{Company, Contact, Identified};
use crate::Psa;
use crate::http::address::PsaUrl;
use crate::http::place::Located;
use crate::http::session::{Answer, Call, Endpoint, Refusal, Session, Stats};
use crate::http::verdict::Place;

/// No number is published; with the largest pages most tenants need fewer than twenty requests.
const AT_ONCE: usize = 4;

pub(crate) struct Connectwise {
    session: Session,
    url: PsaUrl,
    company_id: String,
    headers: HeaderMap,
    gate: Semaphore,
    system: Located<System>,
    /// The names of inactive statuses' ids; what makes a company inactive is its status.
    inactive_statuses: OnceCell<Vec<i64>>,
}

impl Connectwise {
    pub(crate) fn new(session: Session, url: PsaUrl, company_id: String, mut headers: HeaderMap) -> Self {
        // Without a version the newest model answers. A pinned one is refused by servers that are older, and by endpoints that
        // have dropped it; the few fields that are read have been the same since 2018.
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Walk by id instead of page number (since 2018.5).
        headers.insert(HeaderName::from_static("pagination-type"), HeaderValue::from_static("forward-only"));
        Self {
            session,
            url,
            company_id,
            headers,
            gate: Semaphore::new(AT_ONCE),
            system: Located::nowhere(),
            inactive_statuses: OnceCell::new(),
        }
    }

    /// Asks the API, and once more if it turns out to have moved to another codebase.
    async fn get<T: DeserializeOwned>(&self, endpoint: &'static Endpoint, query: &Query) -> Result<Answer<T>, PsaFailure> {
        let system = self.system.find(self.discover()).await?;
        match self.ask(&system, endpoint, query).await {
            Err(refusal) if refusal.status == Some(404) => {
                match self.system.moved(&system, self.discover()).await? {
                    Some(moved) => Ok(self.ask(&moved, endpoint, query).await?),
                    None => Err(refusal.into()),
                }
            }
            outcome => Ok(outcome?),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, system: &System, endpoint: &'static Endpoint, query: &Query) -> Result<Answer<T>, Refusal> {
        let mut url = self.url.path(&[&[system.codebase.as_str(), "3.0"][..], &endpoint.path()].concat());
        url.query_pairs_mut().extend_pairs(query);
        let place = if system.cloud { Place::Cloud } else { Place::OnPremises };
        self.session.call(&self.request(endpoint, url, self.headers.clone(), place)).await
    }

    fn request(&self, endpoint: &'static Endpoint, url: url::Url, headers: HeaderMap, place: Place) -> Call<'_> {
        Call {
            endpoint,
            method: Method::GET,
            url,
            headers,
            body: Bytes::new(),
            place,
            rules: &rules::RULES,
            gate: &self.gate,
        }
    }
}
