//! `GET /licences` (R46)

use api::{Api, Call, Caller, Json, Routes, State};
use domain::directory::Licences;
use lambda::Services;
use serde_json::json;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/licences", show, || {
        let example = json!({ "mode": "pool", "total": 1000, "used": 274, "reserved": 12, "available": 714 });
        Call::new("showLicences", "Shows the licences of the MSP").answers::<Licences>(200, example)
    })
}

async fn show(State(services): State<Services>, caller: Caller) -> Api<Json<Licences>> {
    Ok(Json(
        services.remembered_directory(&caller.msp).await?.licences().await?,
    ))
}
