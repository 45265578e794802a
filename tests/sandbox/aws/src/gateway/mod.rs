//! Stands for API Gateway's HTTP API: the template's routes, its authorizer, and its events and answers.

mod answer;
mod event;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::template::OTHERS;
use crate::{Fault, Functions, Route, Template, Throttle, Verifier, Way, tokens::Rejected};
use event::Event;

/// What API Gateway takes: 10 MB.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// How long API Gateway waits for a function, however long that may run.
const INTEGRATION_LIMIT: Duration = Duration::from_secs(30);

/// The API in front of the functions.
#[derive(Clone)]
pub struct Gateway {
    routes: Arc<[Route]>,
    others: Option<Way>,
    functions: Functions,
    verifier: Verifier,
    limit: Duration,
    throttle: Arc<DefaultDirectRateLimiter>,
}

impl Gateway {
    /// The template's routes, with the functions behind them and the authorizer that knows these tokens.
    pub fn new(template: &Template, functions: Functions, verifier: Verifier) -> Self {
        Self {
            routes: template.routes().iter().chain(template.pages()).cloned().collect(),
            others: template.others().cloned(),
            functions,
            verifier,
            limit: INTEGRATION_LIMIT,
            throttle: Arc::new(RateLimiter::direct(quota(template.throttle()))),
        }
    }

    /// Waits this long for a function, instead of 30 seconds.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The router to serve.
    pub fn router(self) -> Router {
        let mut paths: BTreeMap<String, HashMap<Method, Route>> = BTreeMap::new();
        for route in self.routes.iter() {
            paths
                .entry(in_axums_words(&route.path))
                .or_default()
                .insert(route.method.clone(), route.clone());
        }
        let mut router = Router::new().fallback(any(other).with_state(Arc::new(self.clone())));
        for (path, methods) in paths {
            let place = Arc::new(Place {
                gateway: self.clone(),
                methods,
            });
            router = router.route(&path, any(handle).with_state(place));
        }
        router
    }

    async fn answer(&self, key: &str, way: &Way, variables: Map<String, Value>, request: Request) -> Response {
        if self.throttle.check().is_err() {
            return message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let Ok(claims) = self.authorise(way, request.headers()) else {
            let refusal = message(StatusCode::UNAUTHORIZED, "Unauthorized");
            return ([(header::WWW_AUTHENTICATE, "Bearer")], refusal).into_response();
        };
        let (head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let id = Uuid::now_v7().to_string();
        let event = Event {
            id: &id,
            key,
            variables,
            claims,
            head: &head,
            body: &body,
        };
        let mut response = self.invoke(key, way, event.to_json()).await;
        if let Ok(id) = id.parse() {
            response.headers_mut().insert("apigw-requestid", id);
        }
        response
    }

    /// The claims, when the route asks for a token; the token may stand with or without its scheme.
    fn authorise(&self, way: &Way, headers: &HeaderMap) -> Result<Option<Map<String, Value>>, Rejected> {
        if !way.authorised {
            return Ok(None);
        }
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let token = match token.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => token,
        };
        self.verifier.verify(token).map(Some)
    }

    /// The function goes on when nobody waits any more, be it that the caller went away or that it took too long.
    async fn invoke(&self, key: &str, way: &Way, event: Value) -> Response {
        let (functions, function) = (self.functions.clone(), way.function.clone());
        let call = tokio::spawn(async move { functions.invoke(&function, event).await });
        let fault = match tokio::time::timeout(self.limit, call).await {
            Ok(Ok(Ok(answer))) => match answer::response(answer) {
                Ok(response) => return response,
                Err(error) => error,
            },
            // Without a free environment, Lambda runs nothing.
            Ok(Ok(Err(Fault::Throttled))) => return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Ok(Ok(Err(fault))) => fault.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        tracing::warn!(route = key, fault, "no usable answer");
        message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }
}

fn quota(throttle: Throttle) -> Quota {
    Quota::per_second(throttle.rate).allow_burst(throttle.burst)
}

/// `{name+}` takes all that is left of a path, as `{*name}` does in axum.
fn in_axums_words(path: &str) -> String {
    match path.rsplit_once('{') {
        Some((before, last)) if last.ends_with("+}") => format!("{before}{{*{}}}", &last[..last.len() - 2]),
        _ => path.to_owned(),
    }
}

/// The routes of one path.
struct Place {
    gateway: Gateway,
    methods: HashMap<Method, Route>,
}

async fn handle(State(place): State<Arc<Place>>, variables: RawPathParams, request: Request) -> Response {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)));
    let of_method = place.methods.get(request.method());
    match of_method.or_else(|| place.methods.values().find(|route| route.method.as_str() == "ANY")) {
        Some(route) => {
            let gateway = &place.gateway;
            gateway
                .answer(&route.key(), &route.way, variables.collect(), request)
                .await
        }
        None => other(State(Arc::new(place.gateway.clone())), request).await,
    }
}

/// Also for a path that exists with other methods: an HTTP API knows routes, not resources.
async fn other(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    match &gateway.others {
        Some(way) => gateway.answer(OTHERS, way, Map::new(), request).await,
        None => message(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}
