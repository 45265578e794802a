//! Datto Autotask PSA, REST API 1.0.

mod attributes;
mod lists;
mod query;
mod rules;
mod wire;
mod zone;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::filter::{Attribute, Filter};
use domain::ids::{AttributeId, PsaCompanyId};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, PsaFailureKind, Totals};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use self::attributes::{
    CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT, Picklists,
};
use self::lists::{CATEGORIES, COMPANIES, CONTACTS, Stretch};
use self::wire::{Category, Company, Contact, Fields, ThresholdInformation};
use crate::Psa;
use crate::http::address::PsaUrl;
use crate::http::place::Located;
use crate::http::session::{Call, Endpoint, Session, Stats};
use crate::http::verdict::Place;

/// Three are allowed for each entity, counted over all that use the same integration code.
const AT_ONCE: usize = 2;

/// Companies per query when reading back; the limit is 500.
const BATCH: usize = 200;

const API: [&str; 2] = ["ATServicesRest", "v1.0"];

static FIELDS: Endpoint = Endpoint {
    name: "GET /Companies/entityInformation/fields",
    right: "Companies: view",
};

static THRESHOLD: Endpoint = Endpoint {
    name: "GET /ThresholdInformation",
    right: "",
};

pub(crate) struct Autotask {
    session: Session,
    url: PsaUrl,
    user: SecretString,
    headers: HeaderMap,
    companies_gate: Semaphore,
    contacts_gate: Semaphore,
    other_gate: Semaphore,
    zone: Located<PsaUrl>,
    picklists: OnceCell<Picklists>,
}

impl Autotask {
    pub(crate) fn new(session: Session, url: PsaUrl, user: SecretString, mut headers: HeaderMap) -> Self {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            session,
            url,
            user,
            headers,
            companies_gate: Semaphore::new(AT_ONCE),
            contacts_gate: Semaphore::new(AT_ONCE),
            other_gate: Semaphore::new(AT_ONCE),
            zone: Located::nowhere(),
            picklists: OnceCell::new(),
        }
    }

    fn user(&self) -> &str {
        self.user.expose_secret()
    }

    /// Asks the zone, and once more if the tenant turns out to have moved to another. A 401 is not asked again otherwise: it is
    /// failed logins that lock the API user.
    async fn ask<T: DeserializeOwned>(&self, endpoint: &'static Endpoint, body: Bytes) -> Result<T, PsaFailure> {
        let zone = self.zone.find(self.discover()).await?;
        match self.session.call(&self.in_zone(&zone, endpoint, body.clone())).await {
            Err(refusal) if refusal.status == Some(401) => match self.zone.moved(&zone, self.discover()).await? {
                Some(moved) => Ok(self.session.call(&self.in_zone(&moved, endpoint, body)).await?.value),
                None => Err(refusal.into()),
            },
            outcome => Ok(outcome?.value),
        }
    }

    fn in_zone(&self, zone: &PsaUrl, endpoint: &'static Endpoint, body: Bytes) -> Call<'_> {
        let path: Vec<&str> = API.into_iter().chain(endpoint.path()).collect();
        let call = self.request(endpoint, zone.path(&path), self.headers.clone(), Place::Cloud);
        Call { body, ..call }
    }

    fn request(&self, endpoint: &'static Endpoint, url: Url, headers: HeaderMap, place: Place) -> Call<'_> {
        Call {
            endpoint,
            url,
            headers,
            body: Bytes::new(),
            place,
            rules: &rules::RULES,
            gate: match endpoint.path().next() {
                Some("Companies") => &self.companies_gate,
                Some("Contacts") => &self.contacts_gate,
                _ => &self.other_gate,
            },
        }
    }

    /// There is no call for one picklist: all of the fields come at once.
    async fn picklists(&self) -> Result<&Picklists, PsaFailure> {
        let read = || async {
            let fields: Fields = self.ask(&FIELDS, Bytes::new()).await?;
            Ok(Picklists::read(fields.fields))
        };
        self.picklists.get_or_try_init(read).await
    }

    /// The limit is shared by everything that is connected to the tenant; beyond it, all of that stands still for an hour.
    async fn check_threshold(&self) -> Result<(), PsaFailure> {
        let used: ThresholdInformation = match self.ask(&THRESHOLD, Bytes::new()).await {
            // Not being allowed to know is no reason not to start.
            Err(failure) if failure.kind == PsaFailureKind::PsaForbidden => return Ok(()),
            outcome => outcome?,
        };
        if used.current_timeframe_request_count * 10 <= used.external_request_threshold * 9 {
            return Ok(());
        }
        // The window rolls: after a quarter of it, a quarter of an even load is forgotten.
        let wait = Duration::from_mins(u64::from(used.request_threshold_timeframe / 4).max(1));
        Err(PsaFailure {
            not_before: self.session.after(wait),
            ..THRESHOLD.failure(rules::THRESHOLD_NEAR, "")
        })
    }
}

#[async_trait]
impl Psa for Autotask {
    async fn check(&self) -> Result<(), PsaFailure> {
        self.check_list(&COMPANIES).await?;
        self.check_list(&CONTACTS).await
    }

    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure> {
        let picklists = self.picklists().await?;
        let categories: Vec<Category> = if picklists.knows_categories() {
            Vec::new()
        } else {
            match self.all(&CATEGORIES).await {
                // Who may read companies and contacts may not be allowed to read these; then nothing is filtered by them.
                Err(failure) if failure.kind == PsaFailureKind::PsaForbidden => Vec::new(),
                categories => categories?,
            }
        };
        Ok(picklists.attributes(categories))
    }

    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure> {
        self.check_threshold().await?;
        let (companies, contacts) = futures::try_join!(
            self.count(&COMPANIES, query::companies(filter)),
            self.count(&CONTACTS, query::contacts(filter)),
        )?;
        Ok(Totals { companies, contacts })
    }

    async fn companies(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaCompany>, PsaFailure> {
        let picklists = self.picklists().await?;
        let Stretch { rows, next } = self
            .walk_on(&COMPANIES, query::companies(filter), from, expected)
            .await?;
        let mut items: Vec<PsaCompany> = rows
            .into_iter()
            .map(|company: Company| company.into_domain(picklists))
            .collect();
        items.retain(|company| self.accepts(filter, company));
        Ok(Page { items, next })
    }

    async fn contacts(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaContact>, PsaFailure> {
        let Stretch { rows, next } = self.walk_on(&CONTACTS, query::contacts(filter), from, expected).await?;
        let mut items: Vec<PsaContact> = rows.into_iter().map(|contact: Contact| contact.into()).collect();
        let attributes = [AttributeId::new(CONTACT_ACTIVE)];
        items.retain(|contact| filter.accepts(&attributes, &contact.values));
        Ok(Page { items, next })
    }

    fn accepts(&self, filter: &Filter, company: &PsaCompany) -> bool {
        let attributes = [
            COMPANY_TYPE,
            COMPANY_CATEGORY,
            CLASSIFICATION,
            MARKET_SEGMENT,
            COMPANY_ACTIVE,
        ];
        filter.accepts(&attributes.map(AttributeId::new), &company.values)
    }

    async fn look_up(&self, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure> {
        let picklists = self.picklists().await?;
        let numbers: Vec<i64> = ids.iter().filter_map(|id| id.as_str().parse().ok()).collect();
        let mut found = BTreeMap::new();
        for batch in numbers.chunks(BATCH) {
            for company in self.by_id::<Company>(&COMPANIES, batch).await? {
                let company = company.into_domain(picklists);
                found.insert(company.id.clone(), LookedUp::Present(company));
            }
        }
        // Autotask keeps no mark of what was deleted or merged away.
        let answer = |id: &PsaCompanyId| found.get(id).cloned().unwrap_or_else(|| LookedUp::Gone(id.clone()));
        Ok(ids.iter().map(answer).collect())
    }

    fn stats(&self) -> Stats {
        self.session.stats()
    }
}
