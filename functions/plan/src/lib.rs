//! What an administrator reviews: rows, decisions, pickers and the plan.

/// A file for each resource, named as in its path.
mod api {
    pub mod addresses;
    pub mod companies;
    pub mod company_counts;
    pub mod company_plan;
    pub mod company_selection;
    pub mod decision;
    pub mod exclusions;
    pub mod filter;
    pub mod found_people;
    pub mod hand_overs;
    pub mod imports;
    pub mod licences;
    pub mod managed_companies;
    pub mod mappings;
    pub mod orphans;
    pub mod people_not_in;
    pub mod plan;
    pub mod rules;
    pub mod search;
    pub mod suggestions;
    pub mod target;
    pub mod users;
}
mod decisions;
mod exclusions;
mod found;
mod least_time;
mod pages;
mod people;
mod review;
mod ticked;

use ::api::{Part, Routes, answer};
use axum::Router;
use lambda::{Function, Services};

fn routes<R: Routes>(to: R) -> R {
    let to = api::imports::routes(to);
    let to = api::companies::routes(to);
    let to = api::company_selection::routes(to);
    let to = api::orphans::routes(to);
    let to = api::hand_overs::routes(to);
    let to = api::addresses::routes(to);
    let to = api::found_people::routes(to);
    let to = api::rules::routes(to);
    let to = api::exclusions::routes(to);
    let to = api::mappings::routes(to);
    let to = api::people_not_in::routes(to);
    let to = api::plan::routes(to);
    let to = api::company_plan::routes(to);
    let to = api::managed_companies::routes(to);
    let to = api::users::routes(to);
    api::licences::routes(to)
}

/// The function.
pub fn function(services: Services) -> Function {
    Function::new(answer(routes(Router::new()).with_state(services)))
}

/// Its part of the OpenAPI document.
pub fn part() -> Part {
    routes(Part::new(
        "plan",
        "Shows what an administrator reviews, and takes decisions: rows, exclusions, mappings, choices and the plan.",
    ))
}
