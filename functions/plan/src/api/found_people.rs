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
            "Finds addresses over all companies, ordered by the ids of their companies; without the decisions on them. If `search` is a whole \
             address that is mapped, its rows come first",
        )
        .query::<Browse>()
        .query::<PageQuery>()
        .answers::<List<FoundView>>(200, json!({ "items": [example], "next": null }))
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
}

#[derive(Deserialize, JsonSchema)]
struct Browse {
    /// Only addresses or names that contain this text, in any case and with or without accents.
    search: Option<Term>,
    /// `true`: only contacts that the PSA counts as active. `false`: only the others.
    active: Option<bool>,
    /// `true`: only contacts that are excluded. `false`: only the others.
    excluded: Option<bool>,
}

/// An address of a contact, with its company. The address list of the company shows the decision on it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "FoundAddress")]
struct FoundView {
    /// The PSA company of the contact.
    company: CompanyOfFound,
    /// The id of the address row within its company.
    id: AddressId,
    /// The email address, or the text that the PSA has in its place.
    address: String,
    /// The contact's name in the PSA.
    contact: String,
    /// Whether the PSA counts the contact as active.
    active: bool,
    /// Who excluded the contact, when and why. Absent if it is not excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<ExcludedView>,
}

/// The PSA company of an address.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompanyOfFoundAddress")]
struct CompanyOfFound {
    /// The id of the company in the PSA.
    id: PsaCompanyId,
    /// The name of the company.
    name: String,
    /// Whether the import applies to the company.
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
