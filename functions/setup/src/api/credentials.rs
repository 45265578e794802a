//! `/integrations/{i}/credentials` (R5)

use api::{Api, Body, Call, Caller, Json, Path, Routes, State};
use domain::ids::IntegrationId;
use domain::object;
use domain::problem::Code;
use lambda::Services;
use psa::SubmittedCredentials;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::view::{self, IntegrationView};
use crate::connect;

pub fn routes<R: Routes>(to: R) -> R {
    to.put("/integrations/{i}/credentials", replace, || {
        Call::new("replaceCredentials", "Replaces the credentials; mappings stay")
            .body::<NewCredentials>(json!({ "credentials": view::credentials() }))
            .answers::<IntegrationView>(200, view::integration())
            .refuses(&[Code::IntegrationNotFound])
            .reads_psa()
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCredentials {
    #[serde(default, deserialize_with = "object::only")]
    credentials: SubmittedCredentials,
}

async fn replace(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<IntegrationId>,
    Body(new): Body<NewCredentials>,
) -> Api<Json<IntegrationView>> {
    let integration = connect::replace_credentials(&services, &caller, &id, &new.credentials).await?;
    Ok(Json(IntegrationView::of(&services, &caller.msp, integration).await?))
}
