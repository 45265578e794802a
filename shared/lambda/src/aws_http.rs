//! The HTTP client of the AWS SDK: the same `reqwest` that reaches PSAs, with the roots of AWS compiled in.
//!
//! The SDK's own client speaks HTTP/2 too and has a TLS connector of its own: 310 kB of each function's zip for what no function needs.

use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use memchr::memmem;
use reqwest::{Certificate, Client};

/// The five roots of Amazon Trust Services are found by these names. The certificate of every AWS service goes back to one of them.
const AMAZON: [&[u8]; 2] = [b"Amazon Root CA", b"Starfield Services Root Certificate Authority"];

/// How long a connection to AWS may take to be made.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// The HTTP client that all clients of AWS share.
pub(crate) fn http_client() -> Result<SharedHttpClient, reqwest::Error> {
    let connector = SharedHttpConnector::new(Reqwest(client()?));
    Ok(http_client_fn(move |_, _| connector.clone()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "addresses of AWS come from the SDK and the environment, and no tenant can choose them"
)]
fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // The SDK repeats, and signs anew each time.
        .retry(reqwest::retry::never())
        .no_gzip()
        // Without this the system's certificates are read from files, which takes longer than all the rest of a start.
        .tls_certs_only(roots()?)
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(CONNECT_LIMIT)
        .build()
}

fn roots() -> Result<Vec<Certificate>, reqwest::Error> {
    let amazons = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter(|root| is_amazons(root));
    amazons.map(|root| Certificate::from_der(root)).collect()
}

/// With `memchr`, because comparing at every byte of 140 certificates was half of a start.
fn is_amazons(root: &[u8]) -> bool {
    AMAZON.iter().any(|name| memmem::find(root, name).is_some())
}

/// Sends what the SDK has signed. The SDK holds each attempt to its time limit, and drops this future when the time is up.
#[derive(Debug)]
struct Reqwest(Client);

impl HttpConnector for Reqwest {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = to_reqwest(request)?;
            let response = client.execute(request).await.map_err(failed)?;
            to_sdk(response).await
        })
    }
}

fn to_reqwest(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(refused)?;
    let (parts, body) = request.into_parts();
    let body = body
        .bytes()
        .ok_or_else(|| refused("a stream cannot be repeated, so none is sent"))?;
    let request = http::Request::from_parts(parts, Bytes::copy_from_slice(body));
    request.try_into().map_err(refused)
}

/// With the whole answer, since an answer that breaks off is a failed attempt like one that never came.
async fn to_sdk(mut response: reqwest::Response) -> Result<HttpResponse, ConnectorError> {
    let mut answer = http::Response::new(SdkBody::empty());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    *answer.body_mut() = SdkBody::from(response.bytes().await.map_err(failed)?);
    answer.try_into().map_err(refused)
}

/// The SDK repeats both kinds.
fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

/// What no repetition mends.
fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectorError {
    ConnectorError::user(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_of_amazon_is_trusted_and_can_be_read() {
        assert_eq!(roots().unwrap().len(), 5);
        // Certificates that cannot be read are found out only here.
        http_client().unwrap();
    }
}
