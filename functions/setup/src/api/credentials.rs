//! `/integrations/{i}/credentials` (R5)

use api::{Api, Body, Call, Caller, Json, Path, Routes, State};
use domain::ids::IntegrationId;
use domain::object;
use domain::problem::Code;
use domain::text::Text;
use lambda::Services;
use psa::SubmittedCredentials;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::view::{self, IntegrationView};
use crate::edit::{self, Edit};

pub fn routes<R: Routes>(to: R) -> R {
    to.put("/integrations/{i}/credentials", replace, || {
        Call::new(
            "replaceCredentials",
            "Replaces the credentials, and optionally the address or the login company; mappings stay",
        )
        .body::<NewCredentials>(json!({ "credentials": view::credentials() }))
        .answers::<IntegrationView>(200, view::integration())
        .refuses(&[Code::IntegrationNotFound])
        .reads_psa()
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCredentials {
    /// The new address of the PSA, as in `POST /integrations`. Absent: the address stays.
    address: Option<Text<0, 500>>,
    /// The new login company; `ConnectWise` only. Absent: it stays.
    company_id: Option<Text<0, 100>>,
    /// The new credentials. The service checks them against the PSA before it stores them.
    #[serde(default, deserialize_with = "object::only")]
    credentials: SubmittedCredentials,
}

async fn replace(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Body(new): Body<NewCredentials>,
) -> Api<Json<IntegrationView>> {
    let edit = Edit {
        address: new.address.map(String::from),
        company_id: new.company_id.map(String::from),
        ..Edit::default()
    };
    let integration = edit::replace_credentials(&services, &caller, &id, (&new.credentials, &edit)).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, integration).await?))
}
