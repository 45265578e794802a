//! What there is to choose from: managed companies, their users, licences.

use api::{Api, Caller, CallerWith, List, Paged, Path};
use axum::Json;
use axum::extract::State;
use domain::directory::{Licences, ManagedCompany, User};
use domain::ids::ManagedCompanyId;
use domain::problem::{Problem, ResourceKind};
use domain::text::Term;
use lambda::Services;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::companies::contains;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Search {
    /// Only what holds this, however either is spelled.
    search: Option<Term>,
}

impl Search {
    fn accepts(&self, text: &str) -> bool {
        self.search.as_ref().is_none_or(|search| contains(text, search))
    }
}

pub(crate) async fn companies(
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

pub(crate) async fn users(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Search>>,
    Path(company): Path<ManagedCompanyId>,
) -> Api<Json<List<User>>> {
    let directory = services.directory(&caller.msp);
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

pub(crate) async fn licences(State(services): State<Services>, caller: Caller) -> Api<Json<Licences>> {
    Ok(Json(services.directory(&caller.msp).licences().await?))
}
