//! `GET /imports/{x}/addresses`: where somebody is, over all companies (R73)

use api::{Api, Call, CallerWith, Json, List, PageQuery, Paged, Path, Routes, State};
use domain::address::Address;
use domain::ids::{AddressId, ImportId, PsaCompanyId};
use domain::name::Searched;
use domain::problem::Code;
use domain::text::Term;
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::exclusions::ExcludedView;
use crate::found::{self, Found, PeopleQuery};
use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/addresses", list, || {
        let example = json!({
            "company": { "id": "251", "name": "Bakkerij Postma", "selected": true },
            "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma", "active": true,
        });
        Call::new(
            "findPeople",
            "The addresses of all companies, in the order of their companies' ids; without what is decided on them. Of a whole address that \
             somebody was imported with, the rows of that company that have it come first",
        )
        .query::<Browse>()
        .query::<PageQuery>()
        .answers::<List<FoundView>>(200, json!({ "items": [example], "next": null }))
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
}

#[derive(Deserialize, JsonSchema)]
struct Browse {
    /// Only those whose name or address holds this, whatever the case and the accents of either.
    search: Option<Term>,
    /// Only contacts that the PSA counts as active, or only others.
    active: Option<bool>,
    /// Only contacts that are excluded for good, or only others.
    excluded: Option<bool>,
}

/// An address of a contact, with its company. The list of the company says what is decided on it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FoundAddress")]
struct FoundView {
    company: CompanyOfFound,
    id: AddressId,
    /// The address, or the text that is no address.
    address: String,
    contact: String,
    active: bool,
    /// The contact is excluded for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<ExcludedView>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompanyOfFoundAddress")]
struct CompanyOfFound {
    id: PsaCompanyId,
    name: String,
    selected: bool,
}

impl From<Found> for FoundView {
    fn from(found: Found) -> Self {
        Self {
            company: CompanyOfFound {
                id: found.company,
                name: found.name,
                selected: found.selected,
            },
            address: found.address.text().to_owned(),
            id: found.address.id,
            contact: found.address.name,
            active: found.address.active,
            excluded: found.excluded.map(ExcludedView::from),
        }
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Browse>>,
    Path(id): Path<ImportId>,
) -> Api<Json<List<FoundView>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let search = query.filter.search.as_ref();
    let address = search.and_then(|search| search.parse::<Address>().ok());
    let filter = PeopleQuery {
        search: search.map(|search| Searched::of(search)),
        address: address.map(|address| address.key().clone()),
        active: query.filter.active,
        excluded: query.filter.excluded,
    };
    let found = found::page(&services, &import, &filter, &query.page).await?;
    Ok(Json(List {
        items: found.items.into_iter().map(FoundView::from).collect(),
        next: found.next,
    }))
}
