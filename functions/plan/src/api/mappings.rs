//! `/integrations/{i}/mappings`: what is mapped, outside of any import

use api::{Api, Call, CallerWith, Cursor, Json, Limit, List, PageQuery, Path, Routes, State, find_integration};
use domain::address::Address;
use domain::directory::ManagedCompany;
use domain::ids::{AddressId, IntegrationId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::problem::{Code, Problem, ResourceKind};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lambda::Services;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// Managed companies of a page that are read at once.
const READ_CONCURRENCY: usize = 16;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/integrations/{i}/mappings", list, || {
        let example = json!({
            "company": "251", "name": "Bakkerij Postma", "users": 12, "lastImported": "2026-03-02T08:00:00Z",
            "managedCompany": { "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." },
        });
        Call::new(
            "listMappings",
            "Lists the mapped companies of the PSA, in the order of their ids",
        )
        .query::<PageQuery>()
        .answers::<List<MappingView>>(200, json!({ "items": [example], "next": null }))
        .refuses(&[Code::IntegrationNotFound])
    })
    .get("/integrations/{i}/mappings/{p}/addresses", addresses, || {
        let example = json!({
            "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma",
            "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d",
        });
        Call::new("listAddressMappings", "Lists the mapped addresses of a company")
            .query::<PageQuery>()
            .answers::<List<AddressMappingView>>(200, json!({ "items": [example], "next": null }))
            .refuses(&[Code::IntegrationNotFound])
    })
}

/// A company of the PSA and the managed company that it is mapped to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Mapping")]
struct MappingView {
    /// The id of the company in the PSA.
    company: PsaCompanyId,
    /// The name of the company when it was last imported.
    name: String,
    /// The managed company that the company is mapped to.
    managed_company: ManagedCompanyView,
    /// How many users the addresses of the company are mapped to.
    users: u64,
    /// When the company was last imported. Absent if the date is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_imported: Option<Timestamp>,
}

/// The managed company that a company is mapped to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MappedManagedCompany")]
struct ManagedCompanyView {
    /// The id of the managed company in the directory.
    id: ManagedCompanyId,
    /// The name of the managed company. Absent if the directory no longer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// An address of a contact and the user that it is mapped to.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AddressMapping")]
struct AddressMappingView {
    /// The id of the address row within its company.
    id: AddressId,
    /// The email address when it was last imported.
    address: String,
    /// The contact's name when it was last imported. Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// The id of the user in the directory.
    user: UserId,
}

impl MappingView {
    fn of(mapping: CompanyMapping, managed: Option<ManagedCompany>, last_imported: Option<Timestamp>) -> Self {
        Self {
            company: mapping.company,
            name: mapping.name,
            managed_company: ManagedCompanyView {
                id: mapping.managed,
                name: managed.map(|managed| managed.name),
            },
            users: mapping.users,
            last_imported,
        }
    }
}

impl From<AddressMapping> for AddressMappingView {
    fn from(mapping: AddressMapping) -> Self {
        Self {
            id: mapping.id,
            address: Address::original(&mapping.address).to_owned(),
            contact: mapping.remembered.name,
            user: mapping.user,
        }
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<MappingView>>> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, &id).await?;
    let (after, Limit(limit)) = (page.after.as_ref().map(company).transpose()?, page.limit);
    let (mappings, next) = tenant.mappings_page(&id, after.as_ref(), limit).await?;
    let dates = tenant.dates(&id).await?;
    let directory = services.remembered_directory(&caller.msp).await?;
    let views = mappings.into_iter().map(|mapping| {
        let (directory, last_imported) = (&directory, dates.get(&mapping.company).copied());
        async move {
            let managed = directory.company(&mapping.managed).await?;
            Api::Ok(MappingView::of(mapping, managed, last_imported))
        }
    });
    let views: Vec<_> = views.collect();
    Ok(Json(List {
        items: stream::iter(views).buffered(READ_CONCURRENCY).try_collect().await?,
        next: next.map(|company| company.as_str().to_owned()),
    }))
}

fn company(cursor: &Cursor) -> Api<PsaCompanyId> {
    PsaCompanyId::try_from(cursor.as_str().to_owned()).map_err(|_| Cursor::refused())
}

async fn addresses(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path((id, company)): Path<(IntegrationId, PsaCompanyId)>,
) -> Api<Json<List<AddressMappingView>>> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, &id).await?;
    if tenant.company_mapping(&id, &company).await?.is_none() {
        return Err(Problem::not_found(ResourceKind::Mapping).into());
    }
    let mappings = tenant.address_mappings(&id, &company).await?.into_iter();
    let views = mappings.map(AddressMappingView::from);
    Ok(Json(List::page(views, &page, |view| view.id.as_str().to_owned())))
}
