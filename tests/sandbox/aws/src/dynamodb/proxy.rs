//! A loopback proxy in front of `DynamoDB`: asks every answer what it cost, and tells of writes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header, response};
use axum::response::{IntoResponse, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::meter::{Meter, is_read, is_write};
use super::outage::Outage;
use super::throttle::{Refused, Throttling};
use super::tokens::{Recognised, Tokens, Transaction};
use super::upstream::Upstream;
use crate::access::{Access, of_dynamodb};

/// `DynamoDB` takes 16 MB and answers with as much.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

struct Proxy {
    upstream: Upstream,
    client: Client<HttpConnector, Body>,
    meter: Arc<Meter>,
    writes: Arc<Notify>,
    limits: Limits,
    tokens: Tokens,
}

/// What calls are refused for.
pub(super) struct Limits {
    pub access: Access,
    pub outage: Outage,
    pub throttle: Throttling,
}

pub(super) fn router(upstream: Upstream, meter: Arc<Meter>, writes: Arc<Notify>, limits: Limits) -> Router {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    Router::new().fallback(forward).with_state(Arc::new(Proxy {
        upstream,
        client,
        meter,
        writes,
        limits,
        tokens: Tokens::default(),
    }))
}

async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    if let Some(fault) = proxy.limits.outage.meet() {
        return fault.answer().into_response();
    }
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target
        .and_then(|target| target.split_once('.'))
        .map(|(_, operation)| operation.to_owned());
    let operation = operation.unwrap_or_default();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if let Err(message) = proxy
        .limits
        .access
        .judge(&parts.headers, || of_dynamodb(&operation, &body))
    {
        tracing::error!(message, "refused");
        return denied(&message);
    }
    match proxy.exchange_throttled(parts, body, &operation).await {
        Ok((parts, body)) => {
            proxy.meter.add(&operation, &body, !parts.status.is_success());
            if is_write(&operation) && parts.status.is_success() {
                proxy.writes.notify_one();
            }
            Response::from_parts(parts, Body::from(body))
        }
        // In DynamoDB's own form, which makes the SDK try again.
        Err(error) => {
            tracing::warn!(error, operation, "DynamoDB could not be asked");
            (StatusCode::INTERNAL_SERVER_ERROR, r#"{"__type":"InternalServerError"}"#).into_response()
        }
    }
}

fn denied(message: &str) -> Response {
    let body = serde_json::json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": message });
    (StatusCode::BAD_REQUEST, body.to_string()).into_response()
}

impl Proxy {
    /// Answers itself what tables and partitions have no room for.
    async fn exchange_throttled(
        &self,
        parts: Parts,
        body: Bytes,
        operation: &str,
    ) -> Result<(response::Parts, Bytes), axum::BoxError> {
        let throttle = self
            .limits
            .throttle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(throttle) = throttle else {
            return self.exchange_once(parts, body, operation).await;
        };
        match throttle.admit(operation, &body) {
            Err(Refused(refusal)) => Ok(json_answer(StatusCode::BAD_REQUEST, refusal)),
            Ok(None) => self.exchange_once(parts, body, operation).await,
            Ok(Some(mut admitted)) => {
                let body = admitted.body.take().map_or(body, Bytes::from);
                let (mut parts, answer) = self.exchange_once(parts, body, operation).await?;
                let charged = throttle.charge(operation, admitted, answer.into());
                parts.headers.remove(header::CONTENT_LENGTH);
                Ok((parts, charged.into()))
            }
        }
    }

    /// Writes nothing for a transaction that was written with the same token.
    async fn exchange_once(
        &self,
        parts: Parts,
        body: Bytes,
        operation: &str,
    ) -> Result<(response::Parts, Bytes), axum::BoxError> {
        let has_token = operation == "TransactWriteItems" && self.upstream.is_embedded;
        let Some(transaction) = has_token.then(|| Transaction::read(&body)).flatten() else {
            return self.exchange(parts, body, operation).await;
        };
        let slot = self.tokens.slot(&transaction, Instant::now());
        let mut done = slot.lock().await;
        match transaction.recognise(*done) {
            Recognised::New => {
                let answer = self.exchange(parts, without_token(&body)?, operation).await?;
                *done = answer.0.status.is_success().then(|| transaction.digest());
                Ok(answer)
            }
            Recognised::Done => Ok(json_answer(StatusCode::OK, transaction.replay())),
            Recognised::Other => {
                let refused = r#"{"__type":"com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException"}"#;
                Ok(json_answer(StatusCode::BAD_REQUEST, refused.to_owned()))
            }
        }
    }

    async fn exchange(
        &self,
        mut parts: Parts,
        body: Bytes,
        operation: &str,
    ) -> Result<(response::Parts, Bytes), axum::BoxError> {
        let counted = is_read(operation) || is_write(operation);
        // What is not JSON goes on as it is, to be refused by DynamoDB itself.
        let body = if counted {
            with_capacity(&body).unwrap_or(body)
        } else {
            body
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("{}{path}", self.upstream.url).parse()?;
        parts.headers.remove(header::HOST);
        parts.headers.remove(header::CONTENT_LENGTH);
        if let Some(signed) = parts.headers.get_mut(header::AUTHORIZATION)
            && let Some(changed) = with_access_key(signed, &self.upstream.access_key)
        {
            *signed = changed;
        }
        let answer = self
            .client
            .request(Request::from_parts(parts, Body::from(body)))
            .await?;
        let (parts, body) = answer.into_parts();
        Ok((parts, to_bytes(Body::new(body), BODY_LIMIT).await?))
    }
}

/// The header of a signature, with another access key id than that of whoever signed.
fn with_access_key(signed: &HeaderValue, access_key: &str) -> Option<HeaderValue> {
    let (before, credential) = signed.to_str().ok()?.split_once("Credential=")?;
    let (_, scope) = credential.split_once('/')?;
    format!("{before}Credential={access_key}/{scope}").parse().ok()
}

/// Asks for the capacity consumed, unless the caller already did in his own way. Only the outermost fields are read.
fn with_capacity(body: &Bytes) -> serde_json::Result<Bytes> {
    let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body)?;
    if fields
        .get("ReturnConsumedCapacity")
        .is_some_and(|asked| asked.get() != r#""NONE""#)
    {
        return Ok(body.clone());
    }
    let total = serde_json::value::to_raw_value("TOTAL")?;
    fields.insert("ReturnConsumedCapacity".into(), &total);
    Ok(serde_json::to_vec(&fields)?.into())
}

fn without_token(body: &Bytes) -> serde_json::Result<Bytes> {
    let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body)?;
    fields.remove("ClientRequestToken");
    Ok(serde_json::to_vec(&fields)?.into())
}

fn json_answer(status: StatusCode, body: String) -> (response::Parts, Bytes) {
    let answer = (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], ());
    (answer.into_response().into_parts().0, body.into())
}
