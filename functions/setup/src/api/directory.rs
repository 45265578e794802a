//! `/directory`: which directory the MSP has (R81)

use api::{Api, Body, Call, Caller, Json, Routes, State};
use domain::directory::{ChosenDirectory, DirectoryKind};
use domain::problem::{Code, Problem};
use domain::text::Text;
use lambda::Services;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::choose_directory::{choose_built_in, choose_lastpass};

/// What checking a key can end with.
const OF_DIRECTORY: [Code; 4] = [
    Code::DirectoryUnauthorized,
    Code::DirectoryForbidden,
    Code::DirectoryOtherAccount,
    Code::DirectoryUnavailable,
];

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/directory", show, || {
        Call::new("showDirectory", "Shows which directory the MSP uses").answers::<DirectoryView>(200, example())
    })
    .put("/directory", choose, || {
        Call::new(
            "chooseDirectory",
            "Chooses the directory, or replaces its key; mappings to the other directory wait until it is chosen again",
        )
        .body::<NewDirectory>(
            json!({ "kind": "lastpass", "apiKey": "lpkey_abcdefghijkl_abcdefghijklmnopqrstuvwxyz012345" }),
        )
        .answers::<DirectoryView>(200, example())
        .refuses(&[Code::CredentialsRequired, Code::IntegrationLocked, Code::TooManyCalls])
        .refuses(&OF_DIRECTORY)
    })
    .delete("/directory", leave, || {
        Call::new(
            "leaveDirectory",
            "Goes back to the built-in directory, and deletes the key of the other one",
        )
        .answers::<DirectoryView>(200, json!({ "kind": "builtIn", "version": 2 }))
        .refuses(&[Code::IntegrationLocked])
    })
}

fn example() -> Value {
    json!({ "kind": "lastpass", "version": 1 })
}

/// The directory that the MSP uses, without its key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Directory")]
struct DirectoryView {
    /// Which directory it is.
    kind: DirectoryKind,
    /// Grows with every choice of the directory and every new key; 0 before the first choice.
    version: u64,
}

impl From<ChosenDirectory> for DirectoryView {
    fn from(chosen: ChosenDirectory) -> Self {
        Self {
            kind: chosen.kind,
            version: chosen.version,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewDirectory {
    /// The directory to use from now on.
    kind: DirectoryKind,
    /// The API key of the directory. `lastpass` requires it. The service checks it before it stores it, and never shows it.
    #[serde(default)]
    api_key: Option<Text<0, 500>>,
}

async fn show(State(services): State<Services>, caller: Caller) -> Api<Json<DirectoryView>> {
    let chosen = services.tenant(&caller.msp).chosen_directory().await?;
    Ok(Json(chosen.into()))
}

async fn choose(
    State(services): State<Services>,
    caller: Caller,
    Body(new): Body<NewDirectory>,
) -> Api<Json<DirectoryView>> {
    let chosen = match new.kind {
        DirectoryKind::BuiltIn => choose_built_in(&services, &caller).await?,
        DirectoryKind::LastPass => {
            let key = new.api_key.map(String::from).unwrap_or_default();
            if key.trim().is_empty() {
                let field = Some("apiKey".to_owned());
                return Err(Problem::CredentialsRequired { field }.into());
            }
            choose_lastpass(&services, &caller, &SecretString::from(key.trim())).await?
        }
    };
    Ok(Json(chosen.into()))
}

async fn leave(State(services): State<Services>, caller: Caller) -> Api<Json<DirectoryView>> {
    Ok(Json(choose_built_in(&services, &caller).await?.into()))
}
