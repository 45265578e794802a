//! `/licences` (R46, R47)

use api::{Api, Body, Call, Caller, Json, Routes, State};
use directory::Directory;
use domain::directory::{LicenceMode, Licences};
use domain::problem::{Code, Mistake, Problem};
use lambda::Services;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::changes::built_in;

pub fn routes<R: Routes>(to: R) -> R {
    to.put("/licences", replace, || {
        Call::new(
            "setLicences",
            "Sets how many licences the MSP has, and how the directory charges",
        )
        .body::<NewLicences>(json!({ "total": 1000, "mode": "pool" }))
        .answers::<Licences>(
            200,
            json!({ "mode": "pool", "total": 1000, "used": 274, "reserved": 0, "available": 726 }),
        )
        .refuses(&[Code::DirectoryCannot])
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewLicences {
    /// How many licences the MSP has from now on. In a pool, no fewer than users hold and imports have reserved.
    total: u32,
    /// How the directory charges from now on.
    #[serde(default = "pool")]
    mode: LicenceMode,
}

const fn pool() -> LicenceMode {
    LicenceMode::Pool
}

async fn replace(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewLicences>,
) -> Api<Json<Licences>> {
    let directory = built_in(&services, &caller).await?;
    if !directory.set_licences(new.mode, new.total.into()).await? {
        return Err(Problem::invalid("/total", Mistake::LicencesInUse).into());
    }
    Ok(Json(directory.licences().await?))
}
