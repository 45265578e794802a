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
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use self::attributes::{
    CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT, Picklists,
};
use self::lists::{CATEGORIES, COMPANIES, CONTACTS, Stretch};
use self::query::Condition;
use self::wire::{Category, Company, Contact, Fields, ThresholdInformation};
use crate::Psa;
use crate::halving::{Halving, ReadBack};
use crate::http::address::PsaUrl;
use crate::http::place::Located;
use crate::http::session::{Call, Endpoint, Failed, Repeat, Session, Stats};
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
        Ok(self.try_ask(endpoint, body, Repeat::Faults).await?)
    }

    async fn try_ask<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        body: Bytes,
        repeat: Repeat,
    ) -> Result<T, Failed> {
        let call = |zone: &PsaUrl| {
            let path: Vec<&str> = API.into_iter().chain(endpoint.path()).collect();
            let call = self.request(endpoint, zone.path(&path), self.headers.clone(), Place::Cloud);
            let body = body.clone();
            Call { body, repeat, ..call }
        };
        let zone = self.zone.find(self.discover()).await?;
        match self.session.call(&call(&zone)).await {
            Err(refusal) if refusal.status == Some(401) => match self.zone.moved(&zone, self.discover()).await? {
                Some(moved) => Ok(self.session.call(&call(&moved)).await?.value),
                None => Err(refusal.into()),
            },
            outcome => Ok(outcome?.value),
        }
    }

    fn request(&self, endpoint: &'static Endpoint, url: Url, headers: HeaderMap, place: Place) -> Call<'_> {
        Call {
            endpoint,
            url,
            headers,
            body: Bytes::new(),
            repeat: Repeat::Faults,
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
            Ok(Picklists::read(fields.fields.0))
        };
        self.picklists.get_or_try_init(read).await
    }

    /// The limit is shared by everything that is connected to the tenant; beyond it, all of that stands still for an hour.
    async fn check_threshold(&self) -> Result<(), PsaFailure> {
        // Where the tenant is must be known for everything that follows.
        self.zone.find(self.discover()).await?;
        let asked = self.try_ask(&THRESHOLD, Bytes::new(), Repeat::Limits).await;
        let used: ThresholdInformation = match asked.map_err(PsaFailure::from) {
            Ok(used) => used,
            Err(failure) if failure.kind == PsaFailureKind::PsaUnauthorized || failure.asks_to_wait().is_some() => {
                return Err(failure);
            }
            // Not being told is no reason not to start.
            Err(_) => return Ok(()),
        };
        let Some(minutes) = used.wait() else {
            return Ok(());
        };
        Err(PsaFailure {
            not_before: self.session.after(Duration::from_mins(minutes)),
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
        let halving = Halving::new();
        let batches: Vec<Vec<i64>> = numbers.chunks(BATCH).map(<[i64]>::to_vec).collect();
        let batches = stream::iter(batches).map(|batch| {
            let read = |ids, repeat| self.by_id::<Company>(&COMPANIES, ids, repeat);
            let probe = |ids: Vec<i64>| self.count(&COMPANIES, vec![Condition::ids(&ids)]);
            halving.read(batch, read, probe)
        });
        let batches: Vec<ReadBack<Company>> = batches.buffered(AT_ONCE).try_collect().await?;
        let mut found = BTreeMap::new();
        for ReadBack { rows, unreadable } in batches {
            for company in rows {
                let company = company.into_domain(picklists);
                found.insert(company.id.clone(), LookedUp::Present(company));
            }
            for id in unreadable {
                let id = PsaCompanyId::new(id.to_string());
                found.insert(id.clone(), LookedUp::Unreadable(id));
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
