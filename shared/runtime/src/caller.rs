//! Who calls. API Gateway has verified the token; nothing but its request context tells who the caller is (R3).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::ids::MspId;
use domain::import::Person;
use domain::problem::Problem;
use lambda_http::request::RequestContext;

use crate::problem::ApiError;

/// A signed-in administrator of an MSP.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The MSP.
    pub msp: MspId,
    /// The administrator.
    pub person: Person,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Ok(from_context(parts.extensions.get::<RequestContext>()).ok_or(Problem::NotAdministrator)?)
    }
}

fn from_context(context: Option<&RequestContext>) -> Option<Caller> {
    let Some(RequestContext::ApiGatewayV2(context)) = context else {
        return None;
    };
    let claims = &context.authorizer.as_ref()?.jwt.as_ref()?.claims;
    let claim = |name: &str| claims.get(name).filter(|value| !value.trim().is_empty()).cloned();
    let msp = claim("msp").filter(|msp| is_identifier(msp))?;
    // API Gateway writes a list of roles as `[one two]`.
    let roles = claim("roles")?;
    let mut roles = roles.split(|c: char| matches!(c, '[' | ']' | ',' | '"') || c.is_whitespace());
    if !roles.any(|role| role == "administrator") {
        return None;
    }
    let subject = claim("sub")?;
    let name = claim("email").unwrap_or_else(|| subject.clone());
    Some(Caller {
        msp: MspId::new(msp),
        person: Person { subject, name },
    })
}

/// A tenant id becomes part of every key; `#` would let one reach into another's keys.
fn is_identifier(msp: &str) -> bool {
    msp.len() <= 128
        && msp
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
