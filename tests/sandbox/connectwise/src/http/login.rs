//! Codebase discovery.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::switches::{Rejection, Switches};

/// The codebase of every server on premises, and the router of the cloud.
pub const ROUTER: &str = "v4_6_release/";

/// The answer of `/login/companyinfo/{id}`: null for a company that is not known.
pub fn company_info(company: &str, host: &str, switches: &Switches) -> Value {
    if !switches.knows_company(company) {
        return Value::Null;
    }
    let is_cloud = match (switches.is_cloud_boolean, is_cloud(switches)) {
        (true, cloud) => Value::Bool(cloud),
        (false, true) => "True".into(),
        (false, false) => "False".into(),
    };
    let mut info = json!({
        "CompanyName": "Noordzee ICT Beheer B.V.", "Codebase": switches.codebase,
        "VersionCode": switches.codebase.trim_end_matches('/').replace('_', "."), "VersionNumber": "v4.6.104532",
        "CompanyID": company, "IsCloud": is_cloud,
    });
    info["SiteUrl"] = switches.site_url.as_deref().unwrap_or(host).into();
    info
}

/// A codebase other than the router's is that of a cloud.
pub fn is_cloud(switches: &Switches) -> bool {
    switches.codebase != ROUTER
}

/// The status of a switch.
pub fn status(rejection: Rejection) -> StatusCode {
    match rejection {
        Rejection::BadRequest => StatusCode::BAD_REQUEST,
        Rejection::Unauthorized => StatusCode::UNAUTHORIZED,
        Rejection::Forbidden => StatusCode::FORBIDDEN,
    }
}
