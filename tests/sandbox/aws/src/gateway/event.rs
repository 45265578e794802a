//! The event of a call: payload format 2.0.

use std::collections::BTreeMap;

use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::sdk::ACCOUNT;

/// Every caller is on this machine.
const SOURCE: &str = "127.0.0.1";

/// What an event is made from.
pub(super) struct Event<'a> {
    pub id: &'a str,
    pub key: &'a str,
    pub variables: Map<String, Value>,
    pub claims: Option<Map<String, Value>>,
    pub head: &'a Parts,
    pub body: &'a [u8],
}

impl Event<'_> {
    pub fn to_json(&self) -> Value {
        let query = self.head.uri.query().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.key,
            "rawPath": decoded(self.head.uri.path()),
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": self.context(),
            "isBase64Encoded": false,
        });
        // What is empty is left out, not sent as null.
        let cookies = self.cookies();
        if !cookies.is_empty() {
            event["cookies"] = cookies.into();
        }
        if !query.is_empty() {
            event["queryStringParameters"] = json!(parameters(query));
        }
        if !self.variables.is_empty() {
            event["pathParameters"] = self.variables.clone().into();
        }
        if !self.body.is_empty() {
            let (body, encoded) = body(&self.head.headers, self.body);
            event["body"] = body.into();
            event["isBase64Encoded"] = encoded.into();
        }
        event
    }

    /// Names in lower case, values of one name joined, cookies apart; and those that API Gateway adds.
    fn headers(&self) -> BTreeMap<&str, String> {
        let mut headers: BTreeMap<&str, String> = BTreeMap::new();
        for name in self.head.headers.keys().filter(|name| *name != COOKIE) {
            headers.insert(name.as_str(), values(&self.head.headers, name).join(","));
        }
        let host = headers.entry("host").or_insert_with(|| SOURCE.into()).clone();
        let port = host.rsplit_once(':').map_or("80", |(_, port)| port).to_owned();
        headers.insert("x-forwarded-for", SOURCE.into());
        headers.insert("x-forwarded-port", port);
        headers.insert("x-forwarded-proto", "http".into());
        headers
    }

    fn cookies(&self) -> Vec<String> {
        let cookies = values(&self.head.headers, &COOKIE);
        cookies
            .iter()
            .flat_map(|cookies| cookies.split(';'))
            .map(|cookie| cookie.trim().to_owned())
            .collect()
    }

    fn context(&self) -> Value {
        let now = Timestamp::now();
        let one = |name: &HeaderName| values(&self.head.headers, name).into_iter().next().unwrap_or_default();
        let host = one(&HOST);
        let mut context = json!({
            "accountId": ACCOUNT,
            "apiId": "sandbox",
            "domainName": host,
            "domainPrefix": host.split(['.', ':']).next(),
            "http": {
                "method": self.head.method.as_str(),
                "path": decoded(self.head.uri.path()),
                "protocol": format!("{:?}", self.head.version),
                "sourceIp": SOURCE,
                "userAgent": one(&USER_AGENT),
            },
            "requestId": self.id,
            "routeKey": self.key,
            "stage": "$default",
            "time": now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.as_millisecond(),
        });
        if let Some(claims) = &self.claims {
            let claims: BTreeMap<_, _> = claims.iter().map(|(name, value)| (name, claim(value))).collect();
            context["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
        }
        context
    }
}

fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// The values of one name are joined by commas, which is why a function had better read `rawQueryString`.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let joined = parameters.entry(name.into_owned());
        joined
            .and_modify(|all| *all = format!("{all},{value}"))
            .or_insert_with(|| value.clone().into_owned());
    }
    parameters
}

/// HTTP APIs decode the path, in `rawPath` as well, unlike all other sources of this event (middleapi/standard-server
/// pull request 93 and the captures it cites).
fn decoded(path: &str) -> String {
    percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned()
}

/// Texts are passed on as they are, all else in Base64: also forms, and bodies that do not say what they are. Which
/// types count as text was measured against AWS in ministackorg/ministack pull request 766.
fn body(headers: &HeaderMap, body: &[u8]) -> (String, bool) {
    let kind = values(headers, &CONTENT_TYPE).join(",");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = kind.starts_with("text/")
        || matches!(
            kind.as_str(),
            "application/json" | "application/xml" | "application/javascript"
        );
    match std::str::from_utf8(body) {
        Ok(body) if text => (body.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

/// Every claim arrives as a text; a list as its members between brackets with spaces between, so that a member with a
/// space in it cannot be told from two.
fn claim(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => format!("[{}]", values.iter().map(claim).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}
