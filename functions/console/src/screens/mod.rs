//! The screens: each gathers what it shows from the API, and renders it.

mod companies;
mod company;
mod connect;
mod directory;
mod frame;
mod home;
mod imports;
mod integrations;
mod licences;
mod lists;
mod pages;
mod password_manager;
mod people;
mod plan;
mod policy;
mod preferences;
mod result;
mod rules;
mod start;
mod undecided;
mod undo;

use axum::Router;

use crate::Console;
use crate::refused::Refused;

pub(crate) fn routes(to: Router<Console>) -> Router<Console> {
    let to = home::routes(to);
    let to = start::routes(to);
    let to = imports::routes(to);
    let to = companies::routes(to);
    let to = company::routes(to);
    let to = people::routes(to);
    let to = plan::routes(to);
    let to = result::routes(to);
    let to = integrations::routes(to);
    let to = connect::routes(to);
    let to = policy::routes(to);
    let to = lists::routes(to);
    let to = rules::routes(to);
    let to = undecided::routes(to);
    let to = directory::routes(to);
    let to = licences::routes(to);
    let to = password_manager::routes(to);
    preferences::routes(to)
}

/// What a page is at, or a form is sent to, for another method.
pub(crate) async fn wrong_method() -> Refused {
    Refused::WrongMethod
}

/// What no page is at.
pub(crate) async fn no_such_page() -> Refused {
    Refused::NotFound
}
