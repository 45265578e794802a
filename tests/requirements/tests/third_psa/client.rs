//! Example PSA, a product that nobody sells: its descriptor, its wire format and its client.

use std::sync::Arc;

use async_trait::async_trait;
use domain::filter::{Attribute, AttributeValue, Subject};
use domain::ids::{AddressSlot, AttributeId, PsaCompanyId, PsaContactId, TenantFingerprint, ValueId};
use domain::name::{clean, of_company};
use domain::psa::{LookedUp, PsaAddress, PsaCompany, PsaContact, PsaFailure};
use http_client::header::{HeaderMap, HeaderName};
use http_client::{AddressRules, BaseUrl, Call, Deployment, Endpoint, Gate, Hosts};
use http_client::{FailureKind, RetryAdvice, RetryScope, Rule, Session, When};
use psa::failure::Failed;
use psa::pushed_down::accepted_ids;
use psa::walk::{List, ListRow, PageRead, Walk};
use psa::{Access, Client, FingerprintSource, Product, Psa, Selection, Vendor, secret_headers};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub static VENDOR: Vendor = Vendor {
    id: "example",
    product: "Example PSA",
    credential_fields: &["secret"],
    login_company: None,
    address: AddressRules {
        hosts: Hosts::Under("psa.example"),
        api_host: |_| None,
    },
    fingerprint: FingerprintSource::Answer,
    request_id: None,
    hidden_rows: &[],
    connect,
};

fn connect(access: Access<'_>) -> Result<Arc<dyn Psa>, PsaFailure> {
    let [key] = access.secrets(["secret"])?;
    Ok(Arc::new(Client(Example {
        headers: secret_headers([(HeaderName::from_static("x-key"), key.expose_secret())])?,
        session: access.session,
        url: access.url,
        gate: Gate::new(4),
    })))
}

const TYPE: &str = "companyType";

static COMPANIES: [Endpoint; 2] = lists("/companies", "/companies/count");
static CONTACTS: [Endpoint; 2] = lists("/contacts", "/contacts/count");
static TENANT: Endpoint = Endpoint::get("/tenant", "Read");
static ATTRIBUTES: Endpoint = Endpoint::get("/attributes", "Read");
static FAILED: Rule = When::status(500..=500).means(FailureKind::ServerError, RetryAdvice::Soon, "failed");

const fn lists(rows: &'static str, count: &'static str) -> [Endpoint; 2] {
    [Endpoint::get(rows, "Read"), Endpoint::get(count, "Read")]
}

struct Example {
    session: Session,
    url: BaseUrl,
    headers: HeaderMap,
    gate: Gate,
}

#[derive(Deserialize)]
struct Sent {
    rows: Vec<Record>,
    more: bool,
}

/// A company, or a contact with its company.
#[derive(Deserialize)]
struct Record {
    id: i64,
    name: String,
    active: bool,
    own: Option<bool>,
    kind: Option<u32>,
    label: Option<String>,
    website: Option<String>,
    company: Option<i64>,
    emails: Option<Vec<String>>,
}

impl ListRow for Record {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Example {
    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        query: &str,
        retry: RetryScope,
    ) -> Result<T, Failed> {
        let mut url = self.url.path(&endpoint.segments().collect::<Vec<_>>());
        url.set_query(Some(query));
        let call = Call {
            endpoint,
            url,
            headers: self.headers.clone(),
            body: Vec::new().into(),
            retry,
            deployment: Deployment::Cloud,
            rules: std::slice::from_ref(&FAILED),
            gate: &self.gate,
        };
        Ok(self.session.call(&call).await?.value)
    }
}

/// Rows and their number, of those that a filter accepts.
struct Rows<'a>(&'a Example, &'static [Endpoint; 2], String);

fn any(name: &str, ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("&{name}={}", ids.join("."))
}

#[async_trait]
impl List for Rows<'_> {
    type Row = Record;

    const SMALLEST_ID: i64 = 1;
    const PAGE_SIZE: usize = 500;
    const CONCURRENCY: usize = 4;
    const HAS_OWN_MODE: bool = false;

    fn endpoint(&self) -> &'static Endpoint {
        &self.1[0]
    }

    async fn page(&self, walk: &Walk) -> Result<PageRead<Record>, PsaFailure> {
        let query = format!("after={}{}", walk.last, self.2);
        let Sent { rows, more } = self.0.get(&self.1[0], &query, RetryScope::Faults).await?;
        Ok(PageRead {
            rows,
            announced: more,
            date: None,
            out_of_mode: false,
        })
    }

    async fn count(&self) -> Result<u64, PsaFailure> {
        Ok(self.0.get(&self.1[1], &self.2, RetryScope::Faults).await?)
    }

    async fn check(&self) -> Result<(), PsaFailure> {
        self.0.get::<Sent>(&self.1[0], "limit=1", RetryScope::Faults).await?;
        Ok(())
    }

    async fn rows_by_id(&self, ids: &[i64], retry: RetryScope) -> Result<Vec<Record>, Failed> {
        Ok(self.0.get::<Sent>(&self.1[0], &any("ids", ids), retry).await?.rows)
    }

    async fn count_by_id(&self, ids: &[i64]) -> Result<u64, PsaFailure> {
        Ok(self.0.get(&self.1[1], &any("ids", ids), RetryScope::Faults).await?)
    }
}

#[async_trait]
impl Product for Example {
    type Company = Record;
    type Contact = Record;

    const COMPANY_ATTRIBUTES: &'static [&'static str] = &[TYPE];
    const CONTACT_ATTRIBUTES: &'static [&'static str] = &[];

    fn session(&self) -> &Session {
        &self.session
    }

    fn companies(&self, selection: Selection<'_>) -> impl List<Row = Record> + Send {
        let kinds = selection.filter().and_then(|filter| accepted_ids(filter, TYPE));
        let query = kinds.map(|ids| any("kinds", &ids));
        Rows(self, &COMPANIES, query.unwrap_or_default())
    }

    fn contacts(&self, _: Selection<'_>) -> impl List<Row = Record> + Send {
        Rows(self, &CONTACTS, String::new())
    }

    async fn fingerprint(&self) -> Result<TenantFingerprint, PsaFailure> {
        Ok(self.get(&TENANT, "", RetryScope::Faults).await?)
    }

    async fn attributes(&self) -> Result<Vec<Attribute>, PsaFailure> {
        let kinds: Vec<(ValueId, String, bool)> = self.get(&ATTRIBUTES, "", RetryScope::Faults).await?;
        let value = |(id, label, active)| AttributeValue { id, label, active };
        Ok(vec![Attribute {
            id: AttributeId::new(TYPE),
            subject: Subject::Company,
            label: "Type".to_owned(),
            values: kinds.into_iter().map(value).collect(),
        }])
    }

    async fn company(&self, row: Record) -> Result<LookedUp, PsaFailure> {
        let id = PsaCompanyId::new(row.id.to_string());
        let value = |kind: u32| (AttributeId::new(TYPE), ValueId::new(kind.to_string()));
        Ok(LookedUp::Present(PsaCompany {
            name: of_company(&row.name, None, &id),
            id,
            identifier: None,
            types: row.label.into_iter().collect(),
            status: if row.active { "Active" } else { "Inactive" }.to_owned(),
            active: row.active,
            own: row.own == Some(true),
            website: row.website.filter(|site| !site.is_empty()),
            values: row.kind.map(value).into_iter().collect(),
        }))
    }

    fn contact(&self, row: Record) -> PsaContact {
        let emails = row.emails.unwrap_or_default().into_iter().enumerate();
        let address = |(slot, text): (usize, String)| PsaAddress {
            slot: AddressSlot::new(slot.to_string()),
            text: clean(&text),
        };
        PsaContact {
            id: PsaContactId::new(row.id.to_string()),
            company: row.company.map(|id| PsaCompanyId::new(id.to_string())),
            name: clean(&row.name),
            active: row.active,
            addresses: emails.map(address).filter(|address| !address.text.is_empty()).collect(),
            values: Vec::new(),
        }
    }
}
