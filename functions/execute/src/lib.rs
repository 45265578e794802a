//! Applies plans: the confirmation, the work row by row, the result, cancelling.

/// A file for each resource, named as in its path.
mod api {
    pub mod audit;
    pub mod execute;
    pub mod imports;
    pub mod result;
}
mod apply;
mod audit;
mod cancel;
mod confirm;
mod context;
mod dropped;
mod finish;
mod licences;
mod record;
mod retries;
mod slices;
mod unattended;
mod unattended_plan;
mod users;
mod work;

use ::api::{Part, Routes, answer};
use axum::Router;
use lambda::{Function, Services};

fn routes<R: Routes>(to: R) -> R {
    let to = api::imports::routes(to);
    let to = api::execute::routes(to);
    let to = api::result::routes(to);
    api::audit::routes(to)
}

/// The function.
pub fn function(services: Services) -> Function {
    Function::new(answer(routes(Router::new()).with_state(services.clone())))
        .with_worker(move |work, deadline| work::work(services.clone(), work, deadline))
}

/// Its part of the OpenAPI document.
pub fn part() -> Part {
    routes(Part::new(
        "execute",
        "Applies plans and cancels imports; lists imports, their results and the audit trail.",
    ))
}
