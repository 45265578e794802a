//! `/integrations` (R1, R4, R5)

use api::{Api, Body, Call, Caller, CallerWith, Json, List, PageQuery, Path, Routes, State, find_integration};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::ids::IntegrationId;
use domain::integration::Integration;
use domain::name::Name;
use domain::object;
use domain::policy::Policy;
use domain::problem::Code;
use domain::psa::PsaKind;
use domain::text::Text;
use lambda::Services;
use lambda::metrics::listed;
use psa::SubmittedCredentials;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::view::{self, IntegrationView};
use crate::connect;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations", list, || {
        Call::new("listIntegrations", "All integrations of the MSP, without secrets")
            .query::<PageQuery>()
            .answers::<List<IntegrationView>>(200, json!({ "items": [view::integration()], "next": null }))
    })
    .post("/integrations", add, || {
        Call::new(
            "addIntegration",
            "Connects a PSA, once its credentials are proved to read it",
        )
        .body::<NewIntegration>(json!({
            "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example", "companyId": "noordzee",
            "credentials": view::credentials(),
        }))
        .answers::<IntegrationView>(201, view::integration())
        .located()
        .reads_psa()
    })
    .get("/integrations/{i}", show, || {
        Call::new("showIntegration", "An integration, without secrets")
            .answers::<IntegrationView>(200, view::integration())
            .refuses(&[Code::IntegrationNotFound])
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
    let vendor = psa::vendor(new.kind);
    let credentials = connect::complete(vendor, &new.credentials, new.company_id.as_deref())?;
    let integration = Integration {
        id: IntegrationId::new(services.ids.next()),
        kind: new.kind.into(),
        name: new.name.into(),
        address: new.address.into(),
        company_id: new.company_id.map(String::from),
        policy: Policy::default(),
        last_filter: None,
        tenant: None,
        version: 1,
        created_at: services.clock.now(),
    };
    let integration = connect::add(&services, &caller, integration, &credentials).await?;
    let location = format!("/integrations/{}", integration.id);
    let view = IntegrationView::of(&services, &caller.msp, integration).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)))
}
