//! `GET /managed-companies`: what a company can be mapped to (R24)

use api::{Api, Call, CallerWith, Json, List, PageQuery, Paged, Routes, State};
use domain::directory::ManagedCompany;
use lambda::Services;
use serde_json::json;

use super::search::Search;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/managed-companies", list, || {
        let example = json!({ "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." });
        Call::new("listManagedCompanies", "The managed companies of the MSP")
            .query::<Search>()
            .query::<PageQuery>()
            .answers::<List<ManagedCompany>>(200, json!({ "items": [example], "next": null }))
    })
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Search>>,
) -> Api<Json<List<ManagedCompany>>> {
    let mut companies = services.directory(&caller.msp).companies().await?;
    companies.sort_by(|one, other| one.id.cmp(&other.id));
    let found = companies
        .into_iter()
        .filter(|company| query.filter.accepts(&company.name));
    Ok(Json(List::page(found, &query.page, |company| {
        company.id.as_str().to_owned()
    })))
}
