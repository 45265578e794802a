//! The AWS SDK as a function needs it: what Lambda's environment says, and one HTTP client with its roots compiled in.
//!
//! The SDK's own way of finding out reads profile files and certificate folders, and asks services that Lambda lacks.

use std::env;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use memchr::memmem;

/// What the names of Amazon Trust Services' five roots have in common, one of which every service of AWS goes back to.
const AMAZON: [&[u8]; 2] = [b"Amazon Root CA", b"Starfield Services Root Certificate Authority"];

/// The HTTP client that all clients of AWS share.
pub(crate) fn http_client() -> SharedHttpClient {
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    match TlsContext::builder().with_trust_store(roots()).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Cannot happen today; the system's certificates would do as well, only slower.
        Err(_) => builder.build_https(),
    }
}

fn roots() -> TrustStore {
    let amazons = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter(|root| is_amazons(root));
    amazons.fold(TrustStore::empty(), |store, root| {
        let body = BASE64_STANDARD.encode(root);
        store.with_pem_certificate(format!(
            "-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
        ))
    })
}

/// With `memchr`, because comparing at every byte of 140 certificates was half of a start.
fn is_amazons(root: &[u8]) -> bool {
    AMAZON.iter().any(|name| memmem::find(root, name).is_some())
}

/// What a client of one service goes by. `service` is its name in `AWS_ENDPOINT_URL_…`, which stand-ins set.
pub(crate) fn config(http: &SharedHttpClient, service: &str) -> SdkConfig {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(env::var("AWS_REGION").ok().map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .http_client(http.clone());
    let endpoint = env::var(format!("AWS_ENDPOINT_URL_{service}")).or_else(|_| env::var("AWS_ENDPOINT_URL"));
    config.set_endpoint_url(endpoint.ok());
    config.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_of_amazon_is_trusted_and_can_be_read() {
        let named = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter(|root| is_amazons(root));
        assert_eq!(named.count(), 5);
        // Certificates that cannot be read are found out only here.
        let _ = http_client();
    }
}
