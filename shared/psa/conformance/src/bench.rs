//! A client with a simulator of its product behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::filter::Filter;
use domain::ids::{AttributeId, PsaCompanyId, PsaContactId, ValueId};
use domain::psa::{Cursor, PsaCompany, PsaContact, PsaFailure, VendorId};
use futures::{StreamExt, TryStreamExt};
use psa::{Connector, HttpPolicy, Psa, RetryPolicy, SubmittedCredentials};
use serde_json::{Value, json};
use simkit::msp::{self, Msp, Size};
use simkit::{Served, Simulator, serve};
use tokio::net::TcpSocket;

use crate::product::Product;

/// Far more pages than any walk here has.
const MAX_PAGES: usize = 1_000;

/// A product, its simulator and what is asked of it.
pub struct Bench {
    /// The product.
    pub product: &'static dyn Product,
    /// Its simulator.
    pub simulator: Arc<dyn Simulator>,
    /// Where it listens.
    pub origin: String,
    size: Size,
    served: Served,
}

impl Bench {
    /// A product with a small MSP.
    pub async fn small(product: &'static dyn Product) -> Self {
        Self::open(product, Size::Small).await
    }

    /// A product with an MSP of this size.
    pub async fn open(product: &'static dyn Product, size: Size) -> Self {
        let simulator = product.simulator(size);
        let (address, served) = serve(simulator.router(), ([127, 0, 0, 1], 0).into()).await.unwrap();
        Self {
            product,
            simulator,
            origin: format!("http://{address}"),
            size,
            served,
        }
    }

    /// The product's port is closed, for as long as the socket is there: no other test can come to listen there.
    pub async fn stop(self) -> TcpSocket {
        let address = self.origin.trim_start_matches("http://").parse().unwrap();
        self.served.stop().await;
        let bound = TcpSocket::new_v4().unwrap();
        // Connections to the product may still be ending.
        bound.set_reuseaddr(true).unwrap();
        bound.bind(address).unwrap();
        bound
    }

    /// A client with the right credentials.
    pub fn psa(&self) -> Arc<dyn Psa> {
        self.psa_with(&json!({}))
    }

    /// With some of the credentials replaced; `companyId` is one of them here.
    pub fn psa_with(&self, replaced: &Value) -> Arc<dyn Psa> {
        self.psa_at(&[&self.origin], replaced)
    }

    /// The first of the allowed origins is the one that is opened.
    pub fn psa_at(&self, allowed: &[&str], replaced: &Value) -> Arc<dyn Psa> {
        let policy = HttpPolicy {
            allowed_origins: allowed.iter().map(|origin| origin.parse().unwrap()).collect(),
            timeout: Duration::from_secs(20),
            retry: RetryPolicy {
                base: Duration::from_millis(1),
                cap: Duration::from_millis(4),
                repeats: 2,
            },
            ..HttpPolicy::default()
        };
        let vendor = self.product.vendor();
        let mut all = self.product.credentials();
        all.as_object_mut()
            .unwrap()
            .extend(replaced.as_object().unwrap().clone());
        let company_id = all.as_object_mut().unwrap().remove("companyId");
        let company_id = company_id.and_then(|id| id.as_str().map(str::to_owned));
        let submitted: SubmittedCredentials = serde_json::from_value(all).unwrap();
        let credentials = submitted.complete(vendor.credential_fields).unwrap();
        let connector = Connector::new(policy).unwrap().with_vendor(vendor);
        let id = VendorId::try_from(vendor.id).unwrap();
        let target = connector.target(id, allowed[0], company_id.as_deref()).unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        connector.connect(&target, &credentials, deadline).unwrap()
    }

    /// Sets switches of the simulator.
    pub fn switch(&self, changes: Value) {
        self.simulator.set_switches(changes).unwrap();
    }

    /// Changes what the product holds.
    pub fn change(&self, changes: Value) {
        self.simulator.change_records(changes).unwrap();
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Value) {
        self.simulator.faults().add(serde_json::from_value(fault).unwrap());
    }

    /// Requests so far whose path contains this.
    pub fn asked(&self, path: &str) -> usize {
        let path = path.to_lowercase();
        self.simulator
            .requests()
            .items()
            .iter()
            .filter(|seen| seen.path.to_lowercase().contains(&path))
            .count()
    }

    /// The MSP that the product holds.
    pub fn msp(&self) -> Msp {
        msp::generate(self.size)
    }

    /// The product's id of a company.
    pub fn company_id(&self, number: u32) -> i64 {
        self.product.company_id(number)
    }

    /// The product's id of a contact.
    pub fn contact_id(&self, number: u32) -> i64 {
        self.product.contact_id(number)
    }

    /// The list of companies or contacts, as it is called in paths.
    pub fn list(&self, contacts: bool) -> &'static str {
        self.product.lists()[usize::from(contacts)]
    }

    /// How often that list was read.
    pub fn reads(&self, contacts: bool) -> usize {
        let list = self
            .list(contacts)
            .trim_start_matches("(?i)")
            .trim_end_matches('$')
            .to_lowercase();
        let items = self.simulator.requests().items();
        items
            .iter()
            .filter(|seen| seen.path.to_lowercase().ends_with(&list))
            .count()
    }

    /// Makes pages so small that contacts fill several.
    pub fn small_pages(&self) {
        if let Some(switches) = self.product.small_pages() {
            self.switch(switches);
        }
    }
}

/// A company's id.
pub fn company(id: i64) -> PsaCompanyId {
    PsaCompanyId::new(id.to_string())
}

/// A contact's id.
pub fn contact(id: i64) -> PsaContactId {
    PsaContactId::new(id.to_string())
}

/// A filter of these attributes and values.
pub fn filter(entries: &[(&str, &[&str])]) -> Filter {
    let values = |values: &[&str]| values.iter().map(|value| ValueId::new(*value)).collect();
    Filter(
        entries
            .iter()
            .map(|(id, of)| (AttributeId::new(*id), values(of)))
            .collect(),
    )
}

/// Every company, with the count known or not.
pub async fn companies(psa: &dyn Psa, filter: &Filter, counted: bool) -> Result<Vec<PsaCompany>, PsaFailure> {
    let expected = if counted {
        Some(psa.totals(filter).await?.companies)
    } else {
        None
    };
    let mut pages = psa.companies(filter, None, expected);
    let mut all = Vec::new();
    while let Some(page) = pages.try_next().await? {
        all.extend(page.items);
    }
    Ok(all)
}

/// Every contact; after each page but the last something happens.
pub async fn contacts_while(
    psa: &dyn Psa,
    counted: bool,
    happens: impl FnMut(usize),
) -> Result<Vec<PsaContact>, PsaFailure> {
    walk_contacts(psa, &Filter::default(), counted, happens).await
}

/// Every contact.
pub async fn contacts(psa: &dyn Psa, filter: &Filter, counted: bool) -> Result<Vec<PsaContact>, PsaFailure> {
    walk_contacts(psa, filter, counted, |_| ()).await
}

async fn walk_contacts(
    psa: &dyn Psa,
    filter: &Filter,
    counted: bool,
    mut happens: impl FnMut(usize),
) -> Result<Vec<PsaContact>, PsaFailure> {
    let expected = if counted {
        Some(psa.totals(filter).await?.contacts)
    } else {
        None
    };
    let (mut all, mut from) = (Vec::new(), None::<Cursor>);
    for page_number in 1..MAX_PAGES {
        let page = psa.contacts(filter, from.as_ref(), expected).next().await;
        let page = page.unwrap()?;
        all.extend(page.items);
        from = page.next;
        if from.is_none() {
            return Ok(all);
        }
        happens(page_number);
    }
    panic!("the walk does not end");
}
