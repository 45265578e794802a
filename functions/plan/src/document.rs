//! What is said of these calls in the OpenAPI document.

mod examples;

use api::{ImportView, List, PageQuery};
use domain::directory::{Licences, ManagedCompany, User};
use domain::problem::Code;
use openapi::{Call, Part};
use serde_json::{Value, json};

use crate::companies::{Browse, CompanyView, Selected};
use crate::pickers::Search;
use crate::plan::PlanView;
use crate::{addresses, companies};

/// What a decision may be refused with.
const DECIDING: [Code; 3] = [Code::WrongState, Code::IntegrationLocked, Code::ImportAbandoned];

/// The calls of this function.
pub fn part() -> Part {
    let calls = of_imports().into_iter().chain(of_companies()).chain(of_addresses());
    Part {
        name: "plan",
        about: "What an administrator reviews and decides: rows, pickers and the plan.",
        calls: calls.chain(pickers()).collect(),
    }
}

fn page(item: &Value) -> Value {
    json!({ "items": [item], "next": null })
}

fn of_imports() -> [Call; 2] {
    [
        Call::new(
            "GET",
            "/imports/{x}",
            "showImport",
            "An import, with its progress and lock",
        )
        .answers::<ImportView>(200, examples::import()),
        Call::new(
            "GET",
            "/imports/{x}/plan",
            "showPlan",
            "What would happen; nothing has been written yet",
        )
        .query::<PageQuery>()
        .answers::<PlanView>(200, examples::plan())
        .refuses(&[Code::WrongState, Code::IntegrationNotFound]),
    ]
}

fn of_companies() -> [Call; 3] {
    [
        Call::new(
            "GET",
            "/imports/{x}/companies",
            "listCompanies",
            "The rows of a tab: unmapped first, then by name",
        )
        .query::<Browse>()
        .query::<PageQuery>()
        .answers::<List<CompanyView>>(200, page(&examples::company()))
        .refuses(&[Code::WrongState]),
        Call::new(
            "POST",
            "/imports/{x}/companies/select",
            "selectCompanies",
            "Selects many rows of the tab in",
        )
        .body::<companies::Select>(json!({ "selected": true, "where": { "status": "mapped" } }))
        .answers::<Selected>(200, json!({ "matched": 23, "selected": true }))
        .refuses(&DECIDING),
        Call::new(
            "PATCH",
            "/imports/{x}/companies/{p}",
            "decideCompany",
            "Decides on a company",
        )
        .body::<companies::Decision>(json!({ "version": 1, "selected": true, "target": { "create": {} } }))
        .answers::<CompanyView>(200, examples::company())
        .refuses(&DECIDING)
        .refuses(&[Code::DecisionConflict, Code::NotSelectable]),
    ]
}

fn of_addresses() -> [Call; 3] {
    [
        Call::new(
            "GET",
            "/imports/{x}/companies/{p}/addresses",
            "listAddresses",
            "The addresses of a company",
        )
        .query::<PageQuery>()
        .answers::<List<addresses::AddressRow>>(200, page(&examples::address()))
        .refuses(&[Code::WrongState]),
        Call::new(
            "POST",
            "/imports/{x}/companies/{p}/addresses/select",
            "selectAddresses",
            "Ticks many addresses",
        )
        .body::<addresses::Select>(json!({ "selected": true, "where": { "active": true } }))
        .answers::<Selected>(200, json!({ "matched": 12, "selected": true }))
        .refuses(&DECIDING),
        Call::new(
            "PATCH",
            "/imports/{x}/companies/{p}/addresses/{a}",
            "decideAddress",
            "Decides on an address",
        )
        .body::<addresses::Decision>(json!({ "version": 0, "selected": true }))
        .answers::<addresses::AddressRow>(200, examples::address())
        .refuses(&DECIDING)
        .refuses(&[Code::DecisionConflict, Code::NotSelectable]),
    ]
}

fn pickers() -> [Call; 3] {
    [
        Call::new(
            "GET",
            "/managed-companies",
            "listManagedCompanies",
            "The managed companies of the MSP",
        )
        .query::<Search>()
        .query::<PageQuery>()
        .answers::<List<ManagedCompany>>(200, page(&examples::managed())),
        Call::new(
            "GET",
            "/managed-companies/{c}/users",
            "listUsers",
            "The users of a managed company",
        )
        .query::<Search>()
        .query::<PageQuery>()
        .answers::<List<User>>(200, page(&examples::user())),
        Call::new("GET", "/licences", "showLicences", "The licences of the MSP")
            .answers::<Licences>(200, examples::licences()),
    ]
}
