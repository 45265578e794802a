//! `/integrations` (R1, R4, R5, R52)

use api::{Api, Body, Call, Caller, CallerWith, Json, List, PageQuery, Path, Routes, State, find_integration};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::ids::{IntegrationId, SecretId};
use domain::integration::Integration;
use domain::name::Name;
use domain::object;
use domain::policy::Policy;
use domain::problem::{Code, Problem};
use domain::psa::PsaKind;
use domain::text::Text;
use lambda::Services;
use lambda::metrics::listed;
use psa::SubmittedCredentials;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::previous::{self, RemovedView};
use super::view::{self, IntegrationView};
use crate::{connect, edit, remove};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations", list, || {
        Call::new("listIntegrations", "Lists all integrations of the MSP, without secrets")
            .query::<PageQuery>()
            .answers::<List<IntegrationView>>(200, json!({ "items": [view::integration()], "next": null }))
    })
    .post("/integrations", add, || {
        Call::new(
            "addIntegration",
            "Connects a PSA, after a check that its credentials can read it",
        )
        .body::<NewIntegration>(json!({
            "kind": "connectwise", "name": "Ours", "address": "psa.noordzee.example", "companyId": "noordzee",
            "credentials": view::credentials(),
        }))
        .answers::<Added>(201, view::integration())
        .located()
        .refuses(&[Code::LimitExceeded])
        .reads_psa()
    })
    .patch("/integrations/{i}", edit, || {
        Call::new(
            "editIntegration",
            "Renames, pauses or resumes an integration, or gives it another address or login company",
        )
        .body::<Edit>(json!({ "version": 1, "name": "Ours", "paused": true }))
        .answers::<IntegrationView>(200, view::integration())
        .refuses(&[Code::IntegrationNotFound, Code::DecisionConflict])
        .reads_psa()
    })
    .delete("/integrations/{i}", remove, || {
        Call::new(
            "removeIntegration",
            "Removes an integration and its credentials; its mappings and audit trail are kept for 400 days",
        )
        .answers::<RemovedView>(200, previous::removed())
        .refuses(&[Code::IntegrationNotFound, Code::IntegrationLocked])
    })
    .get("/integrations/{i}", show, || {
        Call::new("showIntegration", "Shows an integration, without secrets")
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
    /// The PSA product.
    kind: PsaKind,
    /// The name that administrators will see. Invisible and control characters are dropped; white space is trimmed and collapsed.
    name: Name<100>,
    /// The address at which a browser opens the PSA: its host name, or a URL that begins with `https://`.
    address: Text<0, 500>,
    /// The login company. `ConnectWise` requires it; other products refuse it.
    company_id: Option<Text<0, 100>>,
    /// The id of a removed integration of the same tenant. It comes back with its id, its mappings, its policy and its audit trail.
    adopt: Option<IntegrationId>,
    /// The credentials of the API user. Each product takes fields of its own.
    #[serde(default, deserialize_with = "object::only")]
    credentials: SubmittedCredentials,
}

/// The new integration, with a removed one of the same tenant if there is one.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AddedIntegration")]
struct Added {
    #[serde(flatten)]
    integration: IntegrationView,
    /// A removed integration of the same tenant, whose mappings `adopt` could have taken over. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<RemovedView>,
}

/// A change of an integration: `version` and at least one other field.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("minProperties" = 2))]
struct Edit {
    /// The `version` of the integration that the change is based on. An older one is refused with `decision_conflict`.
    version: u64,
    /// The new name, cleaned as in `POST /integrations`. Absent: it stays.
    name: Option<Name<100>>,
    /// The new address of the PSA, as in `POST /integrations`. Absent: it stays.
    address: Option<Text<0, 500>>,
    /// The new login company; `ConnectWise` only. Absent: it stays.
    company_id: Option<Text<0, 100>>,
    /// Whether schedules and events start no imports; administrators still can. Absent: it stays.
    paused: Option<bool>,
}

async fn add(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewIntegration>,
) -> Api<impl IntoResponse> {
    let vendor = psa::vendor(new.kind);
    let credentials = connect::complete(vendor, &new.credentials, new.company_id.as_deref())?;
    let adopt = new.adopt.clone();
    let integration = new.into_integration(&services);
    let integration = match adopt {
        None => connect::add(&services, &caller, integration, &credentials).await?,
        Some(id) => connect::adopt(&services, &caller, (integration, &id), &credentials).await?,
    };
    let location = format!("/integrations/{}", integration.id);
    let previous = RemovedView::before(&services, &caller.msp, &integration).await?;
    let integration = IntegrationView::of(&services, &caller.msp, integration).await?;
    let added = Added { integration, previous };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(added)))
}

impl NewIntegration {
    fn into_integration(self, services: &Services) -> Integration {
        Integration {
            id: IntegrationId::new(services.ids.next()),
            kind: self.kind.into(),
            name: self.name.into(),
            address: self.address.into(),
            company_id: self.company_id.map(String::from),
            policy: Policy::default(),
            last_filter: None,
            tenant: None,
            system: None,
            secret: SecretId::new(services.ids.next()),
            paused: false,
            version: 1,
            created_at: services.clock.now(),
        }
    }
}

async fn edit(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Body(edit): Body<Edit>,
) -> Api<Json<IntegrationView>> {
    let seen = edit.version;
    let edit = edit::Edit {
        name: edit.name.map(String::from),
        address: edit.address.map(String::from),
        company_id: edit.company_id.map(String::from),
        paused: edit.paused,
    };
    if edit == edit::Edit::default() {
        return Err(Problem::nothing_to_change(&["name", "address", "companyId", "paused"]).into());
    }
    let integration = edit::edit(&services, &caller, &id, seen, &edit).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, integration).await?))
}

async fn remove(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
) -> Api<Json<RemovedView>> {
    let removed = remove::remove(&services, &caller, &id).await?;
    Ok(Json(RemovedView::of(&services, &caller.msp, removed).await?))
}
