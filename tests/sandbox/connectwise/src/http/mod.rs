//! The REST API over HTTP.

mod answer;
pub mod error;
mod link;
mod list;
mod login;
mod query;
mod route;
mod version;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{DATE, HOST};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::credentials::{self, OTHER_COMPANY_ID};
use crate::data::resource::Resource;
use crate::switches::{BadCredentials, Switches};
use crate::tenant::Tenant;
use answer::Answerer;
use error::ApiError;
use list::Lister;
use route::{Called, Endpoint};

/// Answers any request.
pub async fn handle(State(tenant): State<Arc<Tenant>>, request: Request) -> Response {
    let switches = tenant.switches();
    let mut response = answer(&tenant, &switches, request);
    let date = tenant.clock.http_date(switches.date_skew_seconds);
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

fn answer(tenant: &Tenant, switches: &Switches, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let answerer = Answerer::new(switches.content_type);
    match route::find(parts.uri.path(), switches) {
        None => Answerer::unrouted(StatusCode::NOT_FOUND),
        Some(_) if !matches!(parts.method, Method::GET | Method::HEAD) => answerer.wrong_verb(),
        Some(_) if parts.uri.path_and_query().map_or(0, |url| url.as_str().len()) > switches.longest_url => {
            Answerer::unrouted(StatusCode::URI_TOO_LONG)
        }
        Some(Called::CompanyInfo(company)) => answerer.value(&login::company_info(&company, host(&parts), switches)),
        Some(Called::Api { base, endpoint }) => {
            let origin = format!("http://{}", host(&parts));
            let base = format!("{origin}{base}");
            let company = credentials::signed_for(&parts.headers);
            let lister = Lister {
                other_tenant: switches.other_tenant || company.as_deref() == Some(OTHER_COMPANY_ID),
                tenant,
                switches,
                parts: &parts,
                origin,
                base,
            };
            api(&lister, endpoint, answerer).unwrap_or_else(|error| answerer.error(&error))
        }
    }
}

fn api(lister: &Lister<'_>, endpoint: Endpoint, answerer: Answerer) -> Result<Response, ApiError> {
    admit(lister.switches, lister.parts, endpoint)?;
    version::check(&lister.parts.headers, endpoint, &lister.switches.refused_versions)?;
    match endpoint {
        Endpoint::SystemInfo => Ok(answerer.value(&system_info(lister.switches))),
        Endpoint::List(Resource::PortalSecurity(contact)) if lister.switches.portal_security_is_object => {
            let page = lister.list(Resource::PortalSecurity(contact))?;
            Ok(answerer.value(&page.rows[0]))
        }
        Endpoint::List(resource) => lister.list(resource).map(|page| answerer.page(page)),
        Endpoint::Count(resource) => lister
            .count(resource)
            .map(|count| answerer.value(&json!({"count": count}))),
        Endpoint::One(resource, id) => lister.one(resource, id).map(|record| answerer.value(&record)),
    }
}

/// Whether the caller may ask this at all.
fn admit(switches: &Switches, parts: &Parts, endpoint: Endpoint) -> Result<(), ApiError> {
    if let Some(status) = switches.ssl_required {
        return Err(ApiError::new(login::status(status), "Security", "SSL is required."));
    }
    if endpoint == Endpoint::SystemInfo && !switches.system_info_needs_auth {
        return Ok(());
    }
    if !credentials::signed_for(&parts.headers).is_some_and(|company| switches.knows_company(&company)) {
        return Err(match switches.bad_credentials {
            BadCredentials::Unauthorized => ApiError::new(
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "The supplied authentication is incorrect.",
            ),
            BadCredentials::NotAuthenticated => {
                ApiError::new(StatusCode::UNAUTHORIZED, "ConnectWiseApi", "UserNotAuthenticated")
            }
            BadCredentials::NotFound => ApiError::new(StatusCode::NOT_FOUND, "NotFound", "Resource not found"),
        });
    }
    if let Some(status) = switches.client_id_rejection
        && !credentials::names_client(&parts.headers)
    {
        let message = "A valid clientId header is required. Register the integration to obtain a clientId.";
        return Err(ApiError::new(login::status(status), "Unauthorized", message));
    }
    match endpoint {
        Endpoint::List(resource) | Endpoint::Count(resource) | Endpoint::One(resource, _) => rights(switches, resource),
        Endpoint::SystemInfo => Ok(()),
    }
}

fn rights(switches: &Switches, resource: Resource) -> Result<(), ApiError> {
    let forbidden = match resource {
        Resource::CompanyInfos | Resource::ContactInfos if switches.info_lists_open => false,
        _ if resource.of_company() => switches.companies_forbidden,
        _ if resource.of_contact() => switches.contacts_forbidden,
        _ => false,
    };
    if forbidden { Err(ApiError::forbidden()) } else { Ok(()) }
}

fn system_info(switches: &Switches) -> Value {
    json!({
        "version": "v2025.1.104532", "isCloud": login::is_cloud(switches), "serverTimeZone": "Eastern Standard Time",
        "licenseBits": [{"name": "CWS_Manage", "activeFlag": true}], "cloudRegion": "EU",
        "maxWorkFlowRecordsAllowed": 1000,
    })
}

fn host(parts: &Parts) -> &str {
    let header = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    header
        .or_else(|| parts.uri.authority().map(Authority::as_str))
        .unwrap_or_default()
}
