//! Sets up integrations: checks credentials against the PSA and stores them. Also the changes made by hand in the
//! built-in directory, and the record of who signed in.

/// A file for each resource, named as in its path.
mod api {
    pub mod credentials;
    pub mod directory;
    pub mod document;
    pub mod integrations;
    pub mod licences;
    pub mod managed_companies;
    pub mod mappings;
    pub mod policy;
    pub mod previous;
    pub mod sign_ins;
    pub mod users;
    pub mod view;
}
mod changes;
mod choose_directory;
mod connect;
mod edit;
mod remove;

use ::api::{Part, Routes, answer};
use axum::Router;
use lambda::{Function, Services};

fn routes<R: Routes>(to: R) -> R {
    let to = api::document::routes(to);
    let to = api::integrations::routes(to);
    let to = api::credentials::routes(to);
    let to = api::policy::routes(to);
    let to = api::mappings::routes(to);
    let to = api::managed_companies::routes(to);
    let to = api::users::routes(to);
    let to = api::directory::routes(to);
    let to = api::sign_ins::routes(to);
    api::licences::routes(to)
}

/// The function.
pub fn function(services: Services) -> Function {
    Function::new(answer(routes(Router::new()).with_state(services)))
}

/// Its part of the OpenAPI document.
pub fn part() -> Part {
    routes(Part::new(
        "setup",
        "Manages integrations and their credentials, the choice of the directory, and changes made by hand in the built-in directory.",
    ))
}
