//! `POST /imports/{x}/execute` (R35, R39)

use api::{Api, Body, Call, Caller, ImportView, Json, Path, Routes, State, admit_plan_call};
use axum::http::StatusCode;
use domain::directory::CreationAction;
use domain::ids::ImportId;
use domain::problem::Code;
use domain::text::Text;
use lambda::Services;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::imports::example;
use crate::confirm::{Agreement, confirm};

pub fn routes<R: Routes>(to: R) -> R {
    to.post("/imports/{x}/execute", execute, || {
        Call::new("executeImport", "Confirms the plan and starts to apply it")
            .body::<Confirmation>(json!({
                "planHash": "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786",
                "confirmMassChange": false,
                "creation": "invite",
            }))
            .answers::<ImportView>(202, example("executing"))
            .refuses(&[Code::IntegrationLocked, Code::ImportAbandoned, Code::WrongState])
            .computes_plan()
            .refuses(&[Code::PlanChanged, Code::MassChange, Code::InsufficientLicences])
            .refuses(&[Code::IntegrationNotFound, Code::SnapshotExpired])
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Confirmation {
    /// The `hash` of the plan that the caller agrees to.
    plan_hash: Text<0, 128>,
    /// Whether the caller agrees to a mass change. A plan with `massChange` requires it.
    #[serde(default)]
    confirm_mass_change: bool,
    /// Whether the directory invites new users at once, where it offers the choice. Absent: as the policy says.
    #[serde(default)]
    creation: Option<CreationAction>,
}

async fn execute(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
    Body(confirmation): Body<Confirmation>,
) -> Api<(StatusCode, Json<ImportView>)> {
    let agreed = Agreement {
        plan_hash: confirmation.plan_hash.into(),
        mass_change: confirmation.confirm_mass_change,
        creation: confirmation.creation,
    };
    admit_plan_call(&services, &caller.msp).await?;
    let begun = confirm(&services, &caller, &id, &agreed).await?;
    Ok((StatusCode::ACCEPTED, Json(ImportView::of(&services, begun).await?)))
}
