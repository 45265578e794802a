//! `/integrations` (R1, R4, R5)

use api::{Api, Body, Caller, CallerWith, IntegrationLock, List, PageQuery, Path, Routes, find_integration};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::filter::Filter;
use domain::ids::{ImportId, IntegrationId, MspId};
use domain::import::ImportState;
use domain::name::Name;
use domain::object;
use domain::policy::Policy;
use domain::problem::Code;
use domain::psa::PsaKind;
use domain::text::Text;
use jiff::Timestamp;
use lambda::Services;
use lambda::metrics::listed;
use openapi::Call;
use psa::SubmittedCredentials;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::integrations::Integration;

use super::{credentials, policy};
use crate::connect;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations", list, || {
        Call::new("listIntegrations", "All integrations of the MSP, without secrets")
            .query::<PageQuery>()
            .answers::<List<IntegrationView>>(200, json!({ "items": [example()], "next": null }))
    })
    .post("/integrations", add, || {
        Call::new(
            "addIntegration",
            "Connects a PSA, once its credentials are proved to read it",
        )
        .body::<NewIntegration>(json!({
            "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example", "companyId": "noordzee",
            "credentials": credentials::example(),
        }))
        .answers::<IntegrationView>(201, example())
        .located()
        .reads_psa()
    })
    .get("/integrations/{i}", show, || {
        Call::new("showIntegration", "An integration, without secrets")
            .answers::<IntegrationView>(200, example())
            .refuses(&[Code::IntegrationNotFound])
    })
}

// Without secrets.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Integration")]
pub struct IntegrationView {
    id: IntegrationId,
    kind: PsaKind,
    name: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<String>,
    policy: Policy,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_filter: Option<Filter>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<IntegrationLock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_import: Option<LastImport>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LastImport {
    id: ImportId,
    state: ImportState,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

impl IntegrationView {
    /// The integration with its lock and its newest import.
    pub async fn of(services: &Services, msp: &MspId, integration: Integration) -> Api<Self> {
        let tenant = services.tenant(msp);
        let holder = tenant.holder(&integration.id, services.clock.now()).await?;
        let (newest, _) = tenant.history(&integration.id, None, 1).await?;
        let last_import = listed(newest).pop().map(|import| LastImport {
            id: import.id,
            state: import.state,
            started_at: import.started_at,
            ended_at: import.ended_at,
        });
        Ok(Self {
            id: integration.id,
            kind: integration.kind,
            name: integration.name,
            address: integration.address,
            company_id: integration.company_id,
            policy: integration.policy,
            last_filter: integration.last_filter,
            created_at: integration.created_at,
            lock: holder.map(IntegrationLock::from),
            last_import,
        })
    }
}

pub fn example() -> Value {
    json!({
        "id": "0198c2f4d1a77c3e9a5b6c7d8e9f0a1b", "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example",
        "companyId": "noordzee", "policy": policy::example(), "lastFilter": { "companyType": ["1"] },
        "createdAt": "2026-01-05T09:12:44Z",
        "lock": {
            "holder": "ana@noordzee.example", "import": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40",
            "since": "2026-03-02T08:00:00Z", "until": "2026-03-02T08:30:00Z",
        },
        "lastImport": {
            "id": "0198c2f51b2e7d4f8c6a9b0c1d2e3f40", "state": "review", "startedAt": "2026-03-02T08:00:00Z",
        },
    })
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
) -> Api<Json<List<IntegrationView>>> {
    let all = listed(services.tenant(&caller.msp).integrations().await?);
    let page = List::page(all, &page, |integration| integration.id.as_str().to_owned());
    let mut items = Vec::new();
    for integration in page.items {
        items.push(IntegrationView::of(&services, &caller.msp, integration).await?);
    }
    Ok(Json(List { items, next: page.next }))
}

async fn show(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
) -> Api<Json<IntegrationView>> {
    let integration = find_integration(&services.tenant(&caller.msp), &id).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, integration).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewIntegration {
    kind: PsaKind,
    name: Name<100>,
    /// The host name that the PSA is opened with.
    address: Text<0, 500>,
    /// The login company; `ConnectWise` only.
    company_id: Option<Text<0, 100>>,
    #[serde(default, deserialize_with = "object::only")]
    credentials: SubmittedCredentials,
}

async fn add(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewIntegration>,
) -> Api<impl IntoResponse> {
    let credentials = connect::complete(new.kind, new.credentials, new.company_id.as_deref())?;
    let integration = Integration {
        id: IntegrationId::new(services.ids.next()),
        kind: new.kind,
        name: new.name.into(),
        address: new.address.into(),
        company_id: new.company_id.map(String::from),
        policy: Policy::default(),
        last_filter: None,
        created_at: services.clock.now(),
    };
    connect::add(&services, &caller, &integration, &credentials).await?;
    let location = format!("/integrations/{}", integration.id);
    let view = IntegrationView::of(&services, &caller.msp, integration).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)))
}
