//! The HTTP interface: what happens to a call before it reaches the data.

mod call;
mod read;
mod route;

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::answers;
use crate::auth::{INTEGRATION_CODE, tenant_of};
use crate::limits::{Refused, Running, TIMEFRAME_MINUTES};
use crate::switches::Switches;
use crate::tenant::Tenant;
use call::Call;
use route::Route;

/// No query comes near this.
const LONGEST_BODY: usize = 4 * 1024 * 1024;
/// The web server knows no longer URL.
const LONGEST_URL: usize = 2_048;

/// Answers every call.
pub(crate) async fn handle(State(tenant): State<Arc<Tenant>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return answers::errors(500, answers::UNEXPECTED);
    };
    let path = parts.uri.path().to_owned();
    let call = Call::new(parts, body);
    let mut response = answer(&tenant, &path, &call).await.unwrap_or_else(|refusal| *refusal);
    let date = tenant.clock.http_date(tenant.switches().date_skew_seconds);
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn answer(tenant: &Tenant, path: &str, call: &Call) -> Result<Response, Box<Response>> {
    let switches = tenant.switches();
    if call.uri.len() > LONGEST_URL {
        return Err(Box::new(answers::html_not_found()));
    }
    let (route, endpoint) = Route::find(path).ok_or_else(|| Box::new(not_found(call, &switches)))?;
    if !route.allows(&call.method) {
        return Err(Box::new(answers::method_not_allowed(call.method.as_str())));
    }
    match route {
        // No credentials are needed to find out where to bring them.
        Route::ZoneInformation => return Ok(zone_information(call, &switches)),
        Route::VersionInformation => return Ok(answers::ok(&json!({"apiVersions": ["1.0"]}))),
        _ => {}
    }
    tenant.logins.check(&call.headers, &switches)?;
    let running = enter(tenant, &endpoint, &switches)?;
    tokio::time::sleep(running.latency + Duration::from_millis(switches.service_millis)).await;
    permitted(route, call, &switches)?;
    Ok(serve(tenant, route, call, &switches))
}

fn not_found(call: &Call, switches: &Switches) -> Response {
    if switches.html_not_found {
        return answers::html_not_found();
    }
    answers::message(
        404,
        &format!(
            "No HTTP resource was found that matches the request URI '{}'.",
            call.uri
        ),
    )
}

fn zone_information(call: &Call, switches: &Switches) -> Response {
    let Some(tenant) = call.parameter("user").and_then(tenant_of) else {
        return answers::errors(500, "Zone information could not be determined");
    };
    // The order of the fields is the server's; serde_json's map would sort them.
    let url = switches
        .zone_url
        .clone()
        .unwrap_or_else(|| format!("{}/ATServicesRest/", call.origin));
    let web_url = format!("{}/", call.origin);
    let body = format!(
        r#"{{"zoneName":{},"url":{},"webUrl":{},"ci":{tenant}}}"#,
        json!(switches.zone_name),
        json!(url),
        json!(web_url)
    );
    answers::raw(StatusCode::OK, body)
}

fn enter(tenant: &Tenant, endpoint: &str, switches: &Switches) -> Result<Running, Box<Response>> {
    let entered = tenant
        .limits
        .enter(INTEGRATION_CODE, endpoint, tenant.clock.now(), switches);
    entered.map_err(|refused| {
        Box::new(match refused {
            Refused::Hour => overrun(switches),
            Refused::Threads => {
                let text = format!(
                    "The Autotask API thread threshold of {} threads has been exceeded.",
                    switches.threads
                );
                let answer = match &switches.thread_limit_body {
                    Some(body) => answers::raw(answers::code(switches.thread_limit_status), body.clone()),
                    None => answers::errors(switches.thread_limit_status, &text),
                };
                come_back(answer, switches.thread_limit_retry_after)
            }
        })
    })
}

fn overrun(switches: &Switches) -> Response {
    let response = answers::raw(StatusCode::TOO_MANY_REQUESTS, switches.overrun_body.clone());
    come_back(response, switches.overrun_retry_after)
}

/// Says when, if it is to be said.
fn come_back(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn permitted(route: Route, call: &Call, switches: &Switches) -> Result<(), Box<Response>> {
    let Some(entity) = route.reads() else {
        return Ok(());
    };
    if call.headers.contains_key("ImpersonationResourceId") {
        return Err(Box::new(answers::errors(500, answers::NO_PERMISSION)));
    }
    if switches.denied.contains(&entity) {
        return Err(Box::new(answers::errors(
            switches.denied_status,
            answers::NO_PERMISSION,
        )));
    }
    if call.method == Method::POST && switches.content_type_required && !call.is_json() {
        return Err(Box::new(answers::message(
            415,
            "The request entity's media type is not supported for this resource.",
        )));
    }
    Ok(())
}

fn serve(tenant: &Tenant, route: Route, call: &Call, switches: &Switches) -> Response {
    match route {
        Route::Version => answers::raw(
            StatusCode::OK,
            r#"{"majorVersion":2026,"minorVersion":2,"build":1,"customerType":"Live"}"#.into(),
        ),
        Route::ThresholdInformation => {
            let used = tenant.limits.used(tenant.clock.now());
            let limit = switches.external_request_threshold;
            answers::raw(
                StatusCode::OK,
                format!(
                    r#"{{"externalRequestThreshold":{limit},"requestThresholdTimeframe":{TIMEFRAME_MINUTES},"currentTimeframeRequestCount":{used}}}"#
                ),
            )
        }
        _ => read::serve(tenant, route, call, switches),
    }
}
