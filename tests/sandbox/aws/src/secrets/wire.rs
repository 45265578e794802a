//! The protocol: an operation in a header, JSON in the body, errors by name.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::access::{Access, of_secrets};

use super::refusal::Refusal;
use super::vault::{CURRENT, Changed, Content, Secret, Vault, Version};

type Shared = Arc<(Mutex<Vault>, Access)>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer(self.status, &json!({ "__type": self.kind, "Message": self.message }))
    }
}

pub(super) fn router(vault: Vault, access: Access) -> Router {
    Router::new()
        .route("/", post(handle))
        .with_state(Arc::new((Mutex::new(vault), access)))
}

async fn handle(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let (vault, access) = &*shared;
    let operation = target.strip_prefix("secretsmanager.");
    if let Err(message) = access.judge(&headers, || of_secrets(operation.unwrap_or_default(), &body)) {
        return answer(
            StatusCode::BAD_REQUEST,
            &json!({ "__type": "AccessDeniedException", "Message": message }),
        );
    }
    let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
    let result = match operation {
        Some("GetSecretValue") => parsed(&body).and_then(|request| get(&vault, &request)),
        Some("DescribeSecret") => parsed(&body).and_then(|request| describe(&vault, &request)),
        Some("CreateSecret") => parsed(&body).and_then(|request| create(&mut vault, request)),
        Some("PutSecretValue") => parsed(&body).and_then(|request| put(&mut vault, request)),
        Some("RestoreSecret") => parsed(&body).and_then(|request| restore(&mut vault, &request)),
        Some("DeleteSecret") => parsed(&body).and_then(|request| delete(&mut vault, &request)),
        _ => Err(Refusal::client(
            "UnknownOperationException",
            "The sandbox does not know this operation.",
        )),
    };
    match result {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(refusal) => refusal.into_response(),
    }
}

fn answer(status: StatusCode, value: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/x-amz-json-1.1")],
        value.to_string(),
    )
        .into_response()
}

/// The message does not repeat the body, which holds the secret.
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|_| Refusal::client("SerializationException", "The request is not understood."))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reference {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
    #[serde(default)]
    force_delete_without_recovery: bool,
    recovery_window_in_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    /// The name of a new secret.
    name: Option<String>,
    /// The name or ARN of one that is there.
    secret_id: Option<String>,
    client_request_token: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
}

impl Change {
    fn content(&mut self) -> Result<Option<Content>, Refusal> {
        match (self.secret_string.take(), self.secret_binary.take()) {
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "You can't specify both a binary secret value and a string.",
            )),
            (Some(text), None) => Ok(Some(Content::Text(text))),
            (None, Some(bytes)) => Ok(Some(Content::Binary(bytes))),
            (None, None) => Ok(None),
        }
    }
}

fn get(vault: &Vault, request: &Reference) -> Result<Value, Refusal> {
    let (name, secret) = vault.usable(&request.secret_id)?;
    let (id, version) = version(secret, request).ok_or_else(Refusal::no_such_version)?;
    let mut value = json!({
        "ARN": secret.arn,
        "Name": name,
        "VersionId": id,
        "VersionStages": version.stages,
        "CreatedDate": version.created.as_second(),
    });
    if let (Some(fields), Ok(Value::Object(content))) = (value.as_object_mut(), serde_json::to_value(&version.content))
    {
        fields.extend(content);
    }
    Ok(value)
}

fn version<'a>(secret: &'a Secret, request: &Reference) -> Option<(&'a String, &'a Version)> {
    let stage = request.version_stage.as_deref();
    let stage = stage.or(request.version_id.is_none().then_some(CURRENT));
    secret.versions.iter().find(|(id, version)| {
        request.version_id.as_ref().is_none_or(|wanted| wanted == *id)
            && stage.is_none_or(|stage| version.stages.contains(stage))
    })
}

fn describe(vault: &Vault, request: &Reference) -> Result<Value, Refusal> {
    let (name, secret) = vault.find(&request.secret_id)?;
    let stages = secret.versions.iter().filter(|(_, version)| !version.stages.is_empty());
    let stages: Map<_, _> = stages
        .map(|(id, version)| (id.clone(), json!(version.stages)))
        .collect();
    let mut value = json!({
        "ARN": secret.arn,
        "Name": name,
        "CreatedDate": secret.created.as_second(),
        "LastChangedDate": secret.changed.as_second(),
        "VersionIdsToStages": stages,
    });
    if let Some(deleted) = secret.deleted {
        value["DeletedDate"] = deleted.as_second().into();
    }
    Ok(value)
}

fn create(vault: &mut Vault, mut request: Change) -> Result<Value, Refusal> {
    let content = request.content()?;
    let name = request.name.ok_or(Refusal::invalid("You must provide a name."))?;
    let changed = vault.create(name, request.client_request_token, content)?;
    changed_answer(vault, &changed)
}

fn put(vault: &mut Vault, mut request: Change) -> Result<Value, Refusal> {
    let content = request.content()?;
    let content = content.ok_or(Refusal::invalid(
        "You must provide either SecretString or SecretBinary.",
    ))?;
    let id = request
        .secret_id
        .ok_or(Refusal::invalid("You must provide a SecretId."))?;
    let changed = vault.put(&id, request.client_request_token, content)?;
    changed_answer(vault, &changed)
}

fn changed_answer(vault: &Vault, changed: &Changed) -> Result<Value, Refusal> {
    let (name, secret) = vault.find(&changed.name)?;
    let mut value = json!({ "ARN": secret.arn, "Name": name });
    if let Some(id) = &changed.version {
        value["VersionId"] = id.as_str().into();
        value["VersionStages"] = json!(secret.versions.get(id).map(|version| &version.stages));
    }
    Ok(value)
}

fn delete(vault: &mut Vault, request: &Reference) -> Result<Value, Refusal> {
    let days = request.recovery_window_in_days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(Refusal::invalid(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    let (name, secret) = vault.delete(&request.secret_id, request.force_delete_without_recovery)?;
    let date = secret.deleted.map(|deleted| deleted.as_second() + days * 24 * 3600);
    Ok(json!({ "ARN": secret.arn, "Name": name, "DeletionDate": date }))
}

fn restore(vault: &mut Vault, request: &Reference) -> Result<Value, Refusal> {
    let (name, secret) = vault.restore(&request.secret_id)?;
    Ok(json!({ "ARN": secret.arn, "Name": name }))
}
