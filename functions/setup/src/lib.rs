//! Sets up integrations: checks credentials against the PSA and stores them. Also the changes made by hand in the
//! built-in directory.

mod by_hand;
mod document;
mod integrations;
mod view;

use std::time::{Duration, Instant};

use api::NoParameters;
use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, patch, post, put};
pub use document::part;
use lambda::{Function, Services};

/// How long reading the PSA may take: API Gateway waits 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// The function.
pub fn function(services: Services) -> Function {
    Function::new(api::answer(
        Router::new()
            .route("/openapi.json", get(served))
            .route("/integrations", get(integrations::list).post(integrations::add))
            .route("/integrations/{i}", get(integrations::show))
            .route("/integrations/{i}/credentials", put(integrations::replace_credentials))
            .route("/integrations/{i}/policy", put(integrations::replace_policy))
            .route("/managed-companies", post(by_hand::add_company))
            .route("/managed-companies/{c}/users", post(by_hand::add_user))
            .route("/managed-companies/{c}/users/{u}", patch(by_hand::change_user))
            .route("/licences", put(by_hand::set_licences))
            .with_state(services),
    ))
}

fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// The OpenAPI document, made from the code of all functions by a test.
const DOCUMENT: &str = include_str!("../../../infra/openapi.json");

async fn served(_: NoParameters) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
