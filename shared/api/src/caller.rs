//! Who calls (R3, R64). API Gateway has verified the token of the Authorization header; its payload is read here once more,
//! because API Gateway hands claims over as texts, in which a role of two words cannot be told from two roles.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{IdempotencyKey, MspId};
use domain::import::Person;
use domain::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use lambda::Services;
use lambda_http::request::RequestContext;
use serde_json::{Map, Value};

use crate::input::{NoParameters, Query, QueryString};
use crate::problem::ApiError;

/// The role that may do everything.
const ADMINISTRATOR: &str = "administrator";

/// A signed-in administrator of an MSP. As an argument of a handler it also refuses every parameter of the query string; a
/// call that takes some has a [`CallerWith`] in its place.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The MSP.
    pub msp: MspId,
    /// The administrator.
    pub person: Person,
}

impl FromRequestParts<Services> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, ApiError> {
        let caller = Self::authorize(parts, &services.roles_claim)?;
        NoParameters::from_request_parts(parts, services).await?;
        Ok(caller)
    }
}

/// The caller of a call that takes parameters. [`Caller`] by itself is the one of a call that takes none.
#[derive(Debug, Clone)]
pub struct CallerWith<Q> {
    /// Who calls.
    pub caller: Caller,
    /// The parameters.
    pub query: Q,
}

impl<Q: Query> FromRequestParts<Services> for CallerWith<Q> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, ApiError> {
        let caller = Caller::authorize(parts, &services.roles_claim)?;
        let mut query_string = QueryString::of(parts);
        let query = Q::read(&mut query_string)?;
        query_string.refuse_others()?;
        Ok(Self { caller, query })
    }
}

/// The issue time of a token is not believed if it is further from now than this, in the past or in the future.
const OLDEST_TOKEN: SignedDuration = SignedDuration::from_hours(24);

/// A sign-in of the caller, told from others by its token: a repeated call with the same token is about the same sign-in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Who signed in.
    pub caller: Caller,
    /// Identifies the sign-in. The token cannot be told from it.
    pub key: IdempotencyKey,
    issued_at: Option<Timestamp>,
}

impl FromRequestParts<Services> for SignIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, services).await?;
        let token = token(&parts.headers).ok_or(Problem::NotAdministrator)?;
        let issued_at = payload(token).and_then(|payload| payload.get("iat")?.as_i64());
        Ok(Self {
            caller,
            key: IdempotencyKey::sign_in(token),
            issued_at: issued_at.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        })
    }
}

impl SignIn {
    /// When it was, the same however often it is asked: when its token was issued. A token that gives no credible time counts as of now.
    pub fn at(&self, now: Timestamp) -> Timestamp {
        let is_credible = |at: &Timestamp| now.duration_since(*at).abs() <= OLDEST_TOKEN;
        self.issued_at.filter(is_credible).unwrap_or(now)
    }
}

impl Caller {
    /// The administrator who calls, whose roles are in the claim `roles`.
    fn authorize(parts: &Parts, roles: &str) -> Result<Self, Problem> {
        let context = parts.extensions.get::<RequestContext>();
        authorized(context, &parts.headers, roles).ok_or(Problem::NotAdministrator)
    }
}

/// The administrator whose token the JWT authorizer has verified. Identity providers put the roles of a person into different
/// claims: `roles`, or `cognito:groups`.
fn authorized(context: Option<&RequestContext>, headers: &HeaderMap, roles: &str) -> Option<Caller> {
    let Some(RequestContext::ApiGatewayV2(context)) = context else {
        return None;
    };
    // Only the request context proves that the authorizer ran: a header alone is whatever a caller writes.
    let verified = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    let payload = payload(token(headers)?)?;
    let text = |name: &str| payload.get(name)?.as_str().filter(|text| !text.trim().is_empty());
    // The header may hold another token than the one that the authorizer verified: `sub` and `msp` must agree.
    let proved = |name: &str| text(name).filter(|text| verified.get(name).is_some_and(|claim| claim == text));
    let (subject, msp) = (proved("sub")?, proved("msp")?);
    if !is_identifier(msp) || !holds(payload.get(roles)?, ADMINISTRATOR) {
        return None;
    }
    Some(Caller {
        msp: MspId::new(msp),
        person: Person {
            subject: subject.to_owned(),
            name: text("email").unwrap_or(subject).to_owned(),
        },
    })
}

/// The token in the Authorization header, with or without its scheme. API Gateway joins several headers of one name by commas, and no
/// token holds one: which of several was verified cannot be told, so none of them is read.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else {
        return None;
    };
    let only = only.to_str().ok().filter(|only| !only.contains(','))?;
    Some(match only.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_matches(' '),
        _ => only,
    })
}

/// What a token says.
fn payload(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Whether the claim holds the role: a text is one role, a list of texts is roles, anything else is none.
fn holds(claim: &Value, role: &str) -> bool {
    match claim {
        Value::String(only) => only == role,
        Value::Array(roles) => roles.iter().all(Value::is_string) && roles.iter().any(|one| one == role),
        _ => false,
    }
}

/// A tenant id becomes part of every key; `#` would let one reach into another's keys.
fn is_identifier(msp: &str) -> bool {
    msp.len() <= 128
        && msp
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests;
