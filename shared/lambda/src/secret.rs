//! One secret of a function's own.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use futures::future::BoxFuture;

use crate::aws::{self, TIME_LIMITS};
use crate::aws_http::http_client;

/// The secret cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the function's secret cannot be read: {0}")]
pub struct SecretError(pub String);

/// Reads the secret of this id from Secrets Manager.
pub fn secret(id: String) -> BoxFuture<'static, Result<String, SecretError>> {
    Box::pin(async move {
        let http = http_client().map_err(|error| SecretError(error.to_string()))?;
        let client = Client::new(&aws::config(&http, "SECRETS_MANAGER", TIME_LIMITS));
        secret_of(&client, &id).await
    })
}

/// Reads the secret of this id by a client.
pub async fn secret_of(client: &Client, id: &str) -> Result<String, SecretError> {
    let found = client.get_secret_value().secret_id(id).send().await;
    let found = found.map_err(|error| SecretError(DisplayErrorContext(&error).to_string()))?;
    let text = found.secret_string;
    text.ok_or_else(|| SecretError("it holds no text".to_owned()))
}
