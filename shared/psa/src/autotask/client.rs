//! The client behind the port.

use std::time::Duration;

use async_trait::async_trait;
use domain::filter::{Attribute, Filter};
use domain::ids::{AttributeId, PsaCompanyId};
use domain::psa::{Cursor, LookedUp, Page, PsaCompany, PsaContact, PsaFailure, PsaFailureKind, Totals};
use futures::try_join;
use http_client::{Endpoint, RetryScope, Stats};
use tokio::sync::OnceCell;

use super::api::Api;
use super::attributes::Picklists;
use super::entities::{categories, companies, contacts};
use super::names::{CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT};
use super::query;
use super::rules::THRESHOLD_NEAR;
use super::wire::{Category, Fields, ThresholdInformation};
use crate::failure::failure;
use crate::look_up;
use crate::port::Psa;
use crate::walk::{List, read_all, walk};

/// Companies per query when reading back; the limit is 500.
const BATCH_SIZE: usize = 200;

static FIELDS: Endpoint = Endpoint::get("/Companies/entityInformation/fields", "Companies: view");
static THRESHOLD: Endpoint = Endpoint::get("/ThresholdInformation", "");

pub(super) struct Autotask {
    api: Api,
    picklists: OnceCell<Picklists>,
}

impl Autotask {
    pub(super) const fn new(api: Api) -> Self {
        Self {
            api,
            picklists: OnceCell::const_new(),
        }
    }

    /// There is no call for one picklist: all of the fields come at once.
    async fn picklists(&self) -> Result<&Picklists, PsaFailure> {
        let read = || async {
            let fields: Fields = self.api.get(&FIELDS, RetryScope::Faults).await?;
            Ok(Picklists::read(fields.fields.0))
        };
        self.picklists.get_or_try_init(read).await
    }

    /// The limit is shared by everything that is connected to the tenant; beyond it, all of that stands still for an hour.
    async fn check_threshold(&self) -> Result<(), PsaFailure> {
        // Where the tenant is must be known for everything that follows.
        self.api.find_zone().await?;
        let asked = self.api.get(&THRESHOLD, RetryScope::Limits).await;
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
            not_before: self.api.session.after(Duration::from_mins(minutes)),
            ..failure(&THRESHOLD, THRESHOLD_NEAR, "")
        })
    }
}

#[async_trait]
impl Psa for Autotask {
    async fn check(&self) -> Result<(), PsaFailure> {
        companies(&self.api, Vec::new()).check().await?;
        contacts(&self.api, Vec::new()).check().await
    }

    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure> {
        let picklists = self.picklists().await?;
        let categories: Vec<Category> = if picklists.knows_categories() {
            Vec::new()
        } else {
            match read_all(&categories(&self.api)).await {
                // Who may read companies and contacts may not be allowed to read these; then nothing is filtered by them.
                Err(failure) if failure.kind == PsaFailureKind::PsaForbidden => Vec::new(),
                categories => categories?,
            }
        };
        Ok(picklists.attributes(categories))
    }

    async fn totals(&self, filter: &Filter) -> Result<Totals, PsaFailure> {
        self.check_threshold().await?;
        let companies = companies(&self.api, query::companies(filter));
        let contacts = contacts(&self.api, query::contacts(filter));
        let (companies, contacts) = try_join!(List::count(&companies), List::count(&contacts))?;
        Ok(Totals { companies, contacts })
    }

    async fn companies(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaCompany>, PsaFailure> {
        let picklists = self.picklists().await?;
        let page = walk(&companies(&self.api, query::companies(filter)), from, expected).await?;
        let next = page.next();
        let companies = page.rows.into_iter();
        let mut items: Vec<PsaCompany> = companies.map(|company| company.into_domain(picklists)).collect();
        items.retain(|company| self.accepts(filter, company));
        Ok(Page { items, next })
    }

    async fn contacts(
        &self,
        filter: &Filter,
        from: Option<&Cursor>,
        expected: Option<u64>,
    ) -> Result<Page<PsaContact>, PsaFailure> {
        let page = walk(&contacts(&self.api, query::contacts(filter)), from, expected).await?;
        let next = page.next();
        let mut items: Vec<PsaContact> = page.rows.into_iter().map(Into::into).collect();
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
        let batches = look_up::numbers(ids).chunks(BATCH_SIZE).map(<[i64]>::to_vec).collect();
        let read = look_up::read_back(&companies(&self.api, Vec::new()), batches).await?;
        let found = read.rows.into_iter().map(|company| {
            let company = company.into_domain(picklists);
            (company.id.clone(), LookedUp::Present(company))
        });
        // Autotask keeps no mark of what was deleted or merged away.
        Ok(look_up::answers(ids, found, read.unreadable))
    }

    fn stats(&self) -> Stats {
        self.api.session.stats()
    }
}
