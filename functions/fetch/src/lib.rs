//! Starts imports and downloads their snapshots.

/// A file for each resource, named as in its path.
mod api {
    pub mod attributes;
    pub mod imports;
}
mod absent_company;
mod changed;
mod changes;
mod context;
mod expired;
mod hidden;
mod joined;
mod known;
mod mirrored;
mod missing;
mod people;
mod read_back;
mod read_directory;
mod rows;
mod scheduled;
mod snapshot;
mod start;
mod suggestions;
mod sweep;
mod unattended;
mod walk;
mod work;

use ::api::{Part, Routes, answer};
use axum::Router;
use lambda::{Function, Services};

fn routes<R: Routes>(to: R) -> R {
    api::imports::routes(api::attributes::routes(to))
}

/// The function.
pub fn function(services: Services) -> Function {
    let (for_work, for_sweep) = (services.clone(), services.clone());
    Function::new(answer(routes(Router::new()).with_state(services.clone())))
        .with_worker(move |work, deadline| work::work(for_work.clone(), work, deadline))
        .with_sweeper(move |deadline| sweep::sweep(for_sweep.clone(), deadline))
        .with_starter(move |trigger| unattended::start(services.clone(), trigger))
}

/// Its part of the OpenAPI document.
pub fn part() -> Part {
    routes(Part::new(
        "fetch",
        "Lists the attributes to filter by, and starts imports.",
    ))
}
