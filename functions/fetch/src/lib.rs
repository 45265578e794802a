//! Starts imports and downloads their snapshots.

mod document;
mod missing;
mod rows;
mod start;
mod suggestions;
mod sweep;
mod unattended;
mod walk;
mod work;

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
pub use document::part;
use lambda::{Function, Services};

/// How long reading the attributes may take: API Gateway waits 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// The function.
pub fn function(services: Services) -> Function {
    let router = Router::new()
        .route("/integrations/{i}/attributes", get(start::attributes))
        .route("/integrations/{i}/imports", post(start::start))
        .with_state(services.clone());
    let (for_work, for_sweep) = (services.clone(), services.clone());
    Function::new(api::answer(router))
        .with_worker(move |work, deadline| work::work(for_work.clone(), work, deadline))
        .with_sweeper(move || sweep::sweep(for_sweep.clone()))
        .with_starter(move |trigger| unattended::start(services.clone(), trigger))
}

fn deadline() -> Instant {
    Instant::now() + PATIENCE
}
