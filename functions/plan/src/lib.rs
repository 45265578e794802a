//! What an administrator reviews: rows, decisions, pickers and the plan.

mod addresses;
mod companies;
mod document;
mod pickers;
mod plan;
mod scope;
mod suggestions;

use axum::Router;
use axum::routing::{get, patch, post};
pub use document::part;
use lambda::{Function, Services};

/// The function.
pub fn function(services: Services) -> Function {
    Function::new(api::answer(
        Router::new()
            .route("/imports/{x}", get(scope::show))
            .route("/imports/{x}/companies", get(companies::list))
            .route("/imports/{x}/companies/select", post(companies::select))
            .route("/imports/{x}/companies/{p}", patch(companies::decide))
            .route("/imports/{x}/companies/{p}/addresses", get(addresses::list))
            .route("/imports/{x}/companies/{p}/addresses/select", post(addresses::select))
            .route("/imports/{x}/companies/{p}/addresses/{a}", patch(addresses::decide))
            .route("/imports/{x}/plan", get(plan::show))
            .route("/managed-companies", get(pickers::companies))
            .route("/managed-companies/{c}/users", get(pickers::users))
            .route("/licences", get(pickers::licences))
            .with_state(services),
    ))
}
