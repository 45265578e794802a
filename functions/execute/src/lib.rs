//! Carries out plans: the confirmation, the work row by row, the result, cancelling.

mod apply;
mod audit;
mod confirm;
mod document;
mod end;
mod finish;
mod licences;
mod record;
mod result;
mod retries;
mod slices;
mod unattended;
mod users;
mod work;

use axum::Router;
use axum::routing::{delete, get, post};
pub use document::part;
use runtime::{Function, Services};

/// The function.
pub fn function(services: Services) -> Function {
    let router = Router::new()
        .route("/imports/{x}/execute", post(confirm::execute))
        .route("/imports/{x}/result", get(result::show))
        .route("/imports/{x}", delete(end::cancel))
        .route("/integrations/{i}/imports", get(end::history))
        .route("/integrations/{i}/audit", get(audit::list))
        .with_state(services.clone());
    Function::new(router).with_worker(move |work, deadline| work::work(services.clone(), work, deadline))
}
