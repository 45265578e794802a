//! `GET /imports/{x}/orphans` (R53)

use api::{Api, Call, CallerWith, Json, List, PageQuery, Path, Routes, State};
use domain::ids::{ImportId, PsaCompanyId, PsaContactId};
use domain::problem::Code;
use domain::psa::PsaContact;
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/orphans", list, || {
        let example = json!({ "contact": "30682004", "company": "29683117", "name": "Sanne Postma", "active": true, "addresses": ["sanne@postma.example"] });
        Call::new("listOrphans", "Lists contacts whose company the PSA does not have, or hides")
            .query::<PageQuery>()
            .answers::<List<Orphan>>(200, json!({ "items": [example], "next": null }))
            .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
}

/// A contact that names a company which the service cannot read by its id. No row has it, and no import applies to it. If the company
/// exists in the PSA, the API user lacks the right to see it.
#[derive(Debug, Serialize, JsonSchema)]
struct Orphan {
    /// The id of the contact in the PSA.
    contact: PsaContactId,
    /// The id of the company that the contact names.
    company: Option<PsaCompanyId>,
    /// The contact's name in the PSA.
    name: String,
    /// Whether the PSA counts the contact as active.
    active: bool,
    /// The contact's email addresses, as the PSA spells them.
    addresses: Vec<String>,
}

impl From<PsaContact> for Orphan {
    fn from(contact: PsaContact) -> Self {
        Self {
            contact: contact.id,
            company: contact.company,
            name: contact.name,
            active: contact.active,
            addresses: contact.addresses.into_iter().map(|address| address.text).collect(),
        }
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<ImportId>,
) -> Api<Json<List<Orphan>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let mut orphans = services.tenant(&caller.msp).orphans(&import).await?;
    orphans.sort_by(|one, other| one.id.cmp(&other.id));
    let orphans = orphans.into_iter().map(Orphan::from);
    Ok(Json(List::page(orphans, &page, |orphan| {
        orphan.contact.as_str().to_owned()
    })))
}
