//! The credentials that the simulated tenant accepts: fixed, and of no use anywhere else.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// The login company.
pub const COMPANY_ID: &str = "noordzee";
/// The login company of another tenant, which has the same ids and keys.
pub const OTHER_COMPANY_ID: &str = "zuiderzee";
/// The public key of the API member.
pub const PUBLIC_KEY: &str = "SimulatedPublicKey";
/// The private key of the API member.
pub const PRIVATE_KEY: &str = "SimulatedPrivateKey";
/// The id of the vendor's integration.
pub const CLIENT_ID: &str = "5e1f4a00-0000-4000-8000-00000000c11e";

/// All that a client needs to know, as the sandbox prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The login company.
    pub company_id: &'static str,
    /// The public key.
    pub public_key: &'static str,
    /// The private key.
    pub private_key: &'static str,
    /// The id of the vendor's integration.
    pub client_id: &'static str,
}

impl Credentials {
    /// Those the simulator accepts.
    pub const ACCEPTED: Self = Self {
        company_id: COMPANY_ID,
        public_key: PUBLIC_KEY,
        private_key: PRIVATE_KEY,
        client_id: CLIENT_ID,
    };
}

/// The login company that the request is signed for, if it is signed by the API member.
pub(crate) fn signed_for(headers: &HeaderMap) -> Option<String> {
    let written = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = written.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let company = decoded.strip_suffix(&format!("+{PUBLIC_KEY}:{PRIVATE_KEY}"))?;
    scheme.eq_ignore_ascii_case("basic").then(|| company.to_owned())
}

/// Whether the request names the vendor's integration.
pub(crate) fn names_client(headers: &HeaderMap) -> bool {
    headers
        .get("clientid")
        .is_some_and(|given| given.as_bytes().eq_ignore_ascii_case(CLIENT_ID.as_bytes()))
}
