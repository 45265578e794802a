//! `GET /managed-companies/{c}/users`: what an address can be mapped to (R29)

use api::{Api, Call, CallerWith, Json, List, PageQuery, Paged, Path, Routes, State};
use domain::directory::User;
use domain::ids::ManagedCompanyId;
use domain::problem::{Problem, ResourceKind};
use lambda::Services;
use serde_json::json;

use super::search::Search;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/managed-companies/{c}/users", list, || {
        let example = json!({
            "id": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "company": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b",
            "address": "sanne@postma.example", "name": "Sanne Postma", "state": "enrolled",
        });
        Call::new("listUsers", "Lists the users of a managed company")
            .query::<Search>()
            .query::<PageQuery>()
            .answers::<List<User>>(200, json!({ "items": [example], "next": null }))
    })
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Search>>,
    Path(company): Path<ManagedCompanyId>,
) -> Api<Json<List<User>>> {
    let directory = services.remembered_directory(&caller.msp).await?;
    if directory.company(&company).await?.is_none() {
        return Err(Problem::not_found(ResourceKind::ManagedCompany).into());
    }
    let mut users = directory.users(&company).await?;
    users.sort_by(|one, other| one.id.cmp(&other.id));
    let found = users
        .into_iter()
        .filter(|user| query.filter.accepts(&user.name) || query.filter.accepts(user.address.original()));
    Ok(Json(List::page(found, &query.page, |user| user.id.as_str().to_owned())))
}
