//! One event from its arrival to its answer, as operators see it: which import it is about, what it belongs to, how long it took.

use std::time::Duration;

use domain::import::Import;
use http::HeaderMap;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_runtime::Error;
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Span, error, info, info_span};

use crate::event::Event;
use crate::metrics;

tokio::task_local! {
    /// The caller's trace id (`traceparent`), if any.
    pub(crate) static TRACE: Option<String>;
}

/// Longer ones are not of the form that is read here.
const LONGEST_TRACE: usize = 200;

/// The trace that the event being handled is part of; an import takes it along to its workers.
pub fn trace() -> Option<String> {
    TRACE.try_with(Clone::clone).ok().flatten()
}

/// Says which import the event being handled is about, in the log and in its metrics.
pub fn attach_to_span(import: &Import) {
    let span = Span::current();
    span.record("import", import.id.as_str());
    span.record("integration", import.integration.as_str());
    // A worker continues the trace of the caller whose import it is; a caller has a trace of its own.
    let trace = trace().or_else(|| import.trace.clone());
    span.record("trace", trace.as_deref());
    metrics::attach(import, trace);
}

/// The trace that a call of the API brings along: W3C's header if the caller sends one, else API Gateway's.
pub(crate) fn trace_of(event: &Event) -> Option<String> {
    let Event::Http(request) = event else { return None };
    let LambdaRequest::ApiGatewayV2(request) = &**request else {
        return None;
    };
    header(&request.headers, "traceparent").or_else(|| header(&request.headers, "x-amzn-trace-id"))
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= LONGEST_TRACE).then(|| value.to_owned())
}

/// What stands in every line of the log about the event.
pub(crate) fn span(event: &Event, trace: Option<&str>) -> Span {
    let span = info_span!(
        "event",
        kind = Empty,
        route = Empty,
        correlation = Empty,
        msp = Empty,
        import = Empty,
        integration = Empty,
        trace
    );
    match event {
        Event::Http(request) => {
            span.record("kind", "http");
            if let LambdaRequest::ApiGatewayV2(request) = &**request {
                let context = &request.request_context;
                span.record("route", request.route_key.as_deref());
                span.record("correlation", context.request_id.as_deref());
            }
        }
        Event::Work(work) => {
            span.record("kind", "work");
            span.record("msp", work.msp.as_str());
            span.record("import", work.import.as_str());
        }
        Event::Trigger(trigger) => {
            span.record("kind", "trigger");
            span.record("msp", trigger.msp.as_str());
            span.record("integration", trigger.integration.as_str());
        }
        Event::BadTrigger(_) => {
            span.record("kind", "trigger");
        }
        Event::Sweep => {
            span.record("kind", "sweep");
        }
    }
    span
}

/// The last line of an event.
pub(crate) fn ended(answer: &Result<Value, Error>, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match answer {
        Ok(answer) => {
            let (status, outcome) = (answer["statusCode"].as_u64(), answer["outcome"].as_str());
            info!(duration_ms, status, outcome, "handled");
        }
        Err(error) => error!(duration_ms, %error, "failed"),
    }
}

/// API Gateway's request id: what ties an answer to the log.
pub fn correlation_id(context: Option<&RequestContext>) -> String {
    match context {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
