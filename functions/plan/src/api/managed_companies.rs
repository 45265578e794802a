//! `/managed-companies`: what a company can be mapped to (R24)

use api::{Api, Call, Caller, CallerWith, Json, List, PageQuery, Paged, Path, Routes, State, find_integration};
use domain::directory::ManagedCompany;
use domain::ids::{IntegrationId, ManagedCompanyId, PsaCompanyId};
use domain::name::Searched;
use domain::problem::{Code, Problem, ResourceKind};
use domain::text::Term;
use futures::{StreamExt, TryStreamExt, stream};
use lambda::Services;
use matching::Like;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tenant;

/// Mappings of a page that are read at once.
const READ_CONCURRENCY: usize = 16;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/managed-companies", list, || {
        let example = json!({
            "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V.",
            "mappedTo": { "company": "251", "name": "Bakkerij Postma" },
        });
        Call::new("listManagedCompanies", "Lists the managed companies of the MSP")
            .query::<Browse>()
            .query::<PageQuery>()
            .answers::<List<ManagedCompanyView>>(200, json!({ "items": [example], "next": null }))
            .refuses(&[Code::IntegrationNotFound])
    })
    .get("/managed-companies/{c}", show, || {
        let example = json!({ "id": "c-3f0c1a9be2d34786a1c0ffee5f0c1a9b", "name": "Bakkerij Postma B.V." });
        Call::new("showManagedCompany", "Shows a managed company").answers::<ManagedCompany>(200, example)
    })
}

#[derive(Deserialize, JsonSchema)]
struct Browse {
    /// Only managed companies whose name contains this text, in any case and with or without accents.
    search: Option<Term>,
    /// The id of an integration: adds `mappedTo` to the managed companies that a company of it is mapped to.
    integration: Option<IntegrationId>,
    /// A name to order by: the most similar names come first. Absent: in the order of ids.
    like: Option<Term>,
}

/// A managed company, with the company of the PSA that is mapped to it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ManagedCompanyRow")]
struct ManagedCompanyView {
    #[serde(flatten)]
    managed: ManagedCompany,
    /// The company of the integration in the query that is mapped to it. Absent without that parameter, or if none is mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapped_to: Option<MappedCompany>,
}

/// The PSA company that is mapped to a managed company.
#[derive(Serialize, JsonSchema)]
struct MappedCompany {
    /// The id of the company in the PSA.
    company: PsaCompanyId,
    /// The name of the company when it was last imported.
    name: String,
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Browse>>,
) -> Api<Json<List<ManagedCompanyView>>> {
    let Browse {
        search,
        integration,
        like,
    } = query.filter;
    if let Some(integration) = &integration {
        find_integration(&services.tenant(&caller.msp), integration).await?;
    }
    let mut companies = services.remembered_directory(&caller.msp).await?.companies().await?;
    companies.sort_by(|one, other| one.id.cmp(&other.id));
    let search = search.map(|search| Searched::of(&search));
    let is_found = |company: &ManagedCompany| search.as_ref().is_none_or(|search| search.is_in(&company.name));
    let found = companies.into_iter().filter(is_found);
    let page = match like {
        Some(like) => List::counted(by_likeness(found.collect(), &like), &query.page)?,
        None => List::page(found, &query.page, |company| company.id.as_str().to_owned()),
    };
    Ok(Json(with_mappings(&services, &caller, page, integration).await?))
}

async fn show(
    State(services): State<Services>,
    caller: Caller,
    Path(company): Path<ManagedCompanyId>,
) -> Api<Json<ManagedCompany>> {
    let directory = services.remembered_directory(&caller.msp).await?;
    let found = directory.company(&company).await?;
    Ok(Json(
        found.ok_or_else(|| Problem::not_found(ResourceKind::ManagedCompany))?,
    ))
}

/// Those first whose names are most like this one.
fn by_likeness(mut companies: Vec<ManagedCompany>, name: &str) -> Vec<ManagedCompany> {
    let like = Like::to(name);
    companies.sort_by_cached_key(|company| (like.place(&company.name), company.name.clone()));
    companies
}

/// Two small reads for each managed company of the page, which is less than all mappings of a large integration.
async fn with_mappings(
    services: &Services,
    caller: &Caller,
    page: List<ManagedCompany>,
    integration: Option<IntegrationId>,
) -> Api<List<ManagedCompanyView>> {
    let (tenant, integration) = (&services.tenant(&caller.msp), integration.as_ref());
    let views = page.items.into_iter();
    let views = views.map(|managed| async move { ManagedCompanyView::of(tenant, integration, managed).await });
    let views: Vec<_> = views.collect();
    Ok(List {
        items: stream::iter(views).buffered(READ_CONCURRENCY).try_collect().await?,
        next: page.next,
    })
}

impl ManagedCompanyView {
    async fn of(tenant: &Tenant, integration: Option<&IntegrationId>, managed: ManagedCompany) -> Api<Self> {
        let mapping = match integration {
            Some(integration) => tenant.mapped_to(integration, &managed.id).await?,
            None => None,
        };
        let mapped_to = mapping.map(|mapping| MappedCompany {
            company: mapping.company,
            name: mapping.name,
        });
        Ok(Self { managed, mapped_to })
    }
}
