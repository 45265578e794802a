//! What Autotask supplies to the client behind the port.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use domain::filter::{Attribute, Filter};
use domain::ids::TenantFingerprint;
use domain::psa::{LookedUp, PsaContact, PsaFailure, PsaFailureKind, Tables};
use domain::tenant::PsaSystem;
use http_client::{Endpoint, RetryScope, Session};
use tokio::sync::OnceCell;

use super::api::Api;
use super::attributes::Picklists;
use super::entities::{categories, companies, contacts};
use super::names::{CLASSIFICATION, COMPANY_ACTIVE, COMPANY_CATEGORY, COMPANY_TYPE, CONTACT_ACTIVE, MARKET_SEGMENT};
use super::query::{self, Condition};
use super::rules::THRESHOLD_NEAR;
use super::wire::{Category, Company, Contact, Fields, ThresholdInformation};
use crate::client::Product;
use crate::failure::failure;
use crate::selection::Selection;
use crate::walk::{List, read_all};

static FIELDS: Endpoint = Endpoint::get("/Companies/entityInformation/fields", "Companies: view");
static THRESHOLD: Endpoint = Endpoint::get("/ThresholdInformation", "");

pub(super) struct Autotask {
    api: Api,
    picklists: OnceCell<Picklists>,
    /// Those that an earlier run has read, as far as labels of companies go.
    known: OnceLock<Picklists>,
}

impl Autotask {
    pub(super) const fn new(api: Api) -> Self {
        Self {
            api,
            picklists: OnceCell::const_new(),
            known: OnceLock::new(),
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
}

#[async_trait]
impl Product for Autotask {
    type Company = Company;
    type Contact = Contact;

    const COMPANY_ATTRIBUTES: &'static [&'static str] = &[
        COMPANY_TYPE,
        COMPANY_CATEGORY,
        CLASSIFICATION,
        MARKET_SEGMENT,
        COMPANY_ACTIVE,
    ];
    const CONTACT_ATTRIBUTES: &'static [&'static str] = &[CONTACT_ACTIVE];
    const TELLS_CHANGES: bool = true;

    fn session(&self) -> &Session {
        &self.api.session
    }

    fn companies(&self, selection: Selection<'_>) -> impl List<Row = Company> + Send {
        let conditions = match selection {
            Selection::All => Vec::new(),
            Selection::Accepted(filter) => query::companies(filter),
            Selection::ChangedSince(moment) => vec![Condition::after("lastTrackedModifiedDateTime", moment)],
        };
        companies(&self.api, conditions)
    }

    fn contacts(&self, selection: Selection<'_>) -> impl List<Row = Contact> + Send {
        let conditions = match selection {
            Selection::All => Vec::new(),
            Selection::Accepted(filter) => query::contacts(filter),
            Selection::ChangedSince(moment) => vec![Condition::after("lastModifiedDate", moment)],
        };
        contacts(&self.api, conditions)
    }

    fn evaluates_all_of(&self, filter: &Filter) -> bool {
        query::is_whole(filter)
    }

    fn tables(&self) -> Tables {
        let read = self.picklists.get().or_else(|| self.known.get());
        read.map(Picklists::to_tables).unwrap_or_default()
    }

    fn use_tables(&self, tables: &Tables) {
        if let Some(known) = Picklists::from_tables(tables) {
            self.known.get_or_init(|| known);
        }
    }

    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure> {
        Ok(self.api.find_zone().await?.tenant.clone())
    }

    async fn system(&self) -> Result<PsaSystem, PsaFailure> {
        let zone = self.api.find_zone().await?;
        Ok(PsaSystem {
            origin: Some(zone.url.to_string()),
            zone: zone.name.clone(),
            ..PsaSystem::default()
        })
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

    async fn prepare(&self) -> Result<(), PsaFailure> {
        self.picklists().await?;
        Ok(())
    }

    /// Autotask keeps no mark of what was deleted or merged away.
    async fn company(&self, row: Company) -> Result<LookedUp, PsaFailure> {
        let picklists = match self.known.get() {
            Some(known) if row.has_labels_in(known) => known,
            _ => self.picklists().await?,
        };
        Ok(LookedUp::Present(row.into_domain(picklists)))
    }

    fn contact(&self, row: Contact) -> PsaContact {
        row.into()
    }

    /// The limit is shared by everything that is connected to the tenant; beyond it, all of that stands still for an hour.
    async fn check_limits(&self) -> Result<(), PsaFailure> {
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
