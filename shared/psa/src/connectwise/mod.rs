//! `ConnectWise` PSA (Manage), REST API 3.0.

mod attributes;
mod condition;
mod discovery;
mod lists;
mod look_up;
mod paging;
mod rules;
mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use domain::filter::{Attribute, Filter, Subject};
use domain::ids::{AttributeId, PsaCompanyId};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, Totals};
use futures::try_join;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use self::attributes::{COMPANY_STATUS, COMPANY_TYPE, CONTACT_TYPE, Narrowed, attribute};
use self::condition::Condition;
use self::discovery::System;
use self::lists::{COMPANIES, CONTACTS, List, Stretch, setup};
use self::wire::{Company, Contact, Identified};
use crate::Psa;
use crate::flag::Flag;
use crate::http::address::PsaUrl;
use crate::http::place::Located;
use crate::http::session::{Answer, Call, Endpoint, Failed, Repeat, Session, Stats};
use crate::http::verdict::Place;

/// No number is published; with the largest pages most tenants need fewer than twenty requests.
const AT_ONCE: usize = 4;

pub(crate) struct Connectwise {
    session: Session,
    url: PsaUrl,
    company_id: String,
    headers: HeaderMap,
    /// The same, with the mode of walks.
    forward_only: HeaderMap,
    gate: Semaphore,
    system: Located<System>,
    /// A company has no flag of its own: it is its status that makes it inactive.
    inactive_statuses: OnceCell<Vec<i64>>,
}

type Query = Vec<(&'static str, String)>;

impl Connectwise {
    pub(crate) fn new(session: Session, url: PsaUrl, company_id: String, mut headers: HeaderMap) -> Self {
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
            gate: Semaphore::new(AT_ONCE),
            system: Located::nowhere(),
            inactive_statuses: OnceCell::new(),
        }
    }

    /// Asks the API, and once more if it turns out to have moved to another codebase.
    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        query: &Query,
    ) -> Result<Answer<T>, PsaFailure> {
        Ok(self.try_get(endpoint, query, &self.headers, Repeat::Faults).await?)
    }

    async fn try_get<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        query: &Query,
        headers: &HeaderMap,
        repeat: Repeat,
    ) -> Result<Answer<T>, Failed> {
        let call = |system: &System| {
            let mut segments = vec![system.codebase.as_str(), "apis", "3.0"];
            segments.extend(endpoint.path());
            let mut url = self.url.path(&segments);
            url.query_pairs_mut().extend_pairs(query);
            let place = if system.cloud { Place::Cloud } else { Place::OnPremises };
            let call = self.request(endpoint, url, headers.clone(), place);
            Call { repeat, ..call }
        };
        let system = self.system.find(self.discover()).await?;
        match self.session.call(&call(&system)).await {
            Err(refusal) if refusal.status == Some(404) => match self.system.moved(&system, self.discover()).await? {
                Some(moved) => Ok(self.session.call(&call(&moved)).await?),
                None => Err(refusal.into()),
            },
            outcome => Ok(outcome?),
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
            gate: &self.gate,
        }
    }

    /// A company as the domain has it.
    async fn company(&self, company: Company) -> Result<PsaCompany, PsaFailure> {
        let inactive = self
            .inactive_statuses
            .get_or_try_init(|| self.read_inactive_statuses())
            .await?;
        let system = self.system.find(self.discover()).await?;
        Ok(company.into_domain(inactive, system.msp.as_ref()))
    }

    async fn read_inactive_statuses(&self) -> Result<Vec<i64>, PsaFailure> {
        let statuses = self.table(&setup::COMPANY_STATUSES).await?;
        Ok(statuses
            .into_iter()
            .filter(|status| Flag::is_set(status.inactive_flag))
            .filter_map(|status| status.id)
            .collect())
    }

    /// A role that may not see companies gets contacts that seem to have none. One contact with a company, of whatever type,
    /// shows that the role may.
    async fn check_companies_are_shown(&self) -> Result<(), PsaFailure> {
        let one = vec![
            ("conditions", Condition::Above("company/id", 0).to_string()),
            ("fields", "id,company".to_owned()),
            ("pageSize", "1".to_owned()),
        ];
        let contacts = self.get::<Vec<Contact>>(&CONTACTS.rows, &one).await?.value;
        if contacts.iter().any(|contact| contact.company().is_some()) {
            return Ok(());
        }
        Err(PsaFailure {
            missing_right: Some(COMPANIES.rows.right.to_owned()),
            ..CONTACTS.rows.failure(rules::COMPANIES_HIDDEN, "")
        })
    }

    async fn check_list(&self, list: &'static List) -> Result<(), PsaFailure> {
        let one = vec![("fields", "id".to_owned()), ("pageSize", "1".to_owned())];
        self.get::<Vec<Identified>>(&list.rows, &one).await?;
        Ok(())
    }
}

#[async_trait]
impl Psa for Connectwise {
    async fn check(&self) -> Result<(), PsaFailure> {
        self.check_list(&COMPANIES).await?;
        self.check_list(&CONTACTS).await
    }

    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure> {
        let (types, statuses, contact_types) = try_join!(
            self.table(&setup::COMPANY_TYPES),
            self.table(&setup::COMPANY_STATUSES),
            self.table(&setup::CONTACT_TYPES),
        )?;
        Ok(vec![
            attribute(COMPANY_TYPE, Subject::Company, "Company type", types),
            attribute(COMPANY_STATUS, Subject::Company, "Company status", statuses),
            attribute(CONTACT_TYPE, Subject::Contact, "Contact type", contact_types),
        ])
    }

    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure> {
        let (companies, contacts) = (Narrowed::companies(filter), Narrowed::contacts(filter));
        let (companies, contacts) = try_join!(
            self.count(&COMPANIES, &companies, None),
            self.count(&CONTACTS, &contacts, None)
        )?;
        Ok(Totals { companies, contacts })
    }

    async fn companies(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaCompany>, PsaFailure> {
        let stretch: Stretch<Company> = self
            .walk_on(&COMPANIES, &Narrowed::companies(filter), from, expected)
            .await?;
        let next = stretch.next();
        let mut items = Vec::with_capacity(stretch.rows.len());
        for row in stretch.rows {
            if !Flag::is_set(row.deleted_flag) {
                items.push(self.company(row).await?);
            }
        }
        items.retain(|company| self.accepts(filter, company));
        Ok(Page { items, next })
    }

    async fn contacts(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaContact>, PsaFailure> {
        let narrowed = Narrowed::contacts(filter);
        let mut stretch: Stretch<Contact> = self.walk_on(&CONTACTS, &narrowed, from, expected).await?;
        stretch.walk.companies_seen |= stretch.rows.iter().any(|contact| contact.company().is_some());
        if stretch.complete && stretch.walk.delivered > 0 && !stretch.walk.companies_seen {
            self.check_companies_are_shown().await?;
        }
        let next = stretch.next();
        let mut items: Vec<PsaContact> = stretch.rows.into_iter().map(Into::into).collect();
        let attributes = [AttributeId::new(CONTACT_TYPE)];
        items.retain(|contact| filter.accepts(&attributes, &contact.values));
        Ok(Page { items, next })
    }

    fn accepts(&self, filter: &Filter, company: &PsaCompany) -> bool {
        filter.accepts(&[COMPANY_TYPE, COMPANY_STATUS].map(AttributeId::new), &company.values)
    }

    async fn look_up(&self, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure> {
        self.read_back(ids).await
    }

    fn stats(&self) -> Stats {
        self.session.stats()
    }
}
