//! `/managed-companies`: companies added by hand to the built-in directory

use api::{Api, Body, Call, Caller, Json, Routes, State};
use axum::http::StatusCode;
use directory::Directory;
use domain::directory::ManagedCompany;
use domain::ids::IdempotencyKey;
use domain::name::Name;
use domain::problem::Code;
use domain::problem::Problem;
use lambda::Services;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::changes::{built_in, noticed};

pub fn routes<R: Routes>(to: R) -> R {
    to.post("/managed-companies", add, || {
        Call::new("addManagedCompany", "Adds a managed company by hand")
            .body::<NewCompany>(json!({ "name": "Bakkerij Postma" }))
            .answers::<ManagedCompany>(
                201,
                json!({ "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma" }),
            )
            .refuses(&[Code::DirectoryCannot])
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCompany {
    /// The name of the managed company. Invisible and control characters are dropped; white space is trimmed and collapsed.
    name: Name<250>,
}

async fn add(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewCompany>,
) -> Api<(StatusCode, Json<ManagedCompany>)> {
    let name = String::from(new.name);
    let key = IdempotencyKey::by_hand(&services.ids.next());
    let directory = built_in(&services, &caller).await?;
    let created = noticed(&services, &directory, directory.create_company(&key, &name)).await?;
    match created {
        directory::NewCompany::Created(id) => Ok((StatusCode::CREATED, Json(ManagedCompany::new(id, name)))),
        // The built-in directory makes it at once.
        directory::NewCompany::Waits(_) | directory::NewCompany::Unknown => Err(Problem::DirectoryCannot.into()),
    }
}
