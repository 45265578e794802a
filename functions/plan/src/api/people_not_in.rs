//! `/imports/{x}/people-not-in` and that of one company: who was imported before and is not in the snapshot (R55)

use api::{
    AcceptLanguage, Api, Call, CallerWith, Json, List, PageQuery, Path, PersonOfCompany, PersonView, Routes, State,
};
use domain::ids::{ImportId, PsaCompanyId};
use domain::problem::{Code, Problem, ResourceKind};
use lambda::Services;
use serde_json::{Value, json};
use store::decided::Decisions;

use crate::{people, review};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/people-not-in", list, || {
        let mut example = example();
        example["importedFor"] = json!({ "id": "251", "name": "Bakkerij Postma" });
        Call::new(
            "listPeopleNotIn",
            "Lists the people of all companies who were imported before and are not in the snapshot",
        )
        .query::<PageQuery>()
        .answers::<List<PersonOfCompany>>(200, json!({ "items": [example], "next": null }))
        .refuses(&[Code::WrongState])
    })
    .get("/imports/{x}/companies/{p}/people-not-in", list_of_company, || {
        Call::new(
            "listPeopleNotInOfCompany",
            "Lists the people of one company who were imported before and are not in the snapshot",
        )
        .query::<PageQuery>()
        .answers::<List<PersonView>>(200, json!({ "items": [example()], "next": null }))
        .refuses(&[Code::WrongState])
    })
}

fn example() -> Value {
    json!({
        "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma",
        "user": "u-77e1b0d24c9f4a6f8a3d5e6f7a8b9c0d", "reason": "moved_to_company",
        "company": { "id": "263", "name": "Notariskantoor Visser" },
        "detail": "In the PSA the contact no longer belongs to this company.",
        "action": "The user here stays, with its licence. If the contact belongs to another company, give the user here another address, then import the contact there.",
    })
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    AcceptLanguage(language): AcceptLanguage,
    Path(id): Path<ImportId>,
) -> Api<Json<List<PersonOfCompany>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    Ok(Json(people::page_of_all(&tenant, &import, &page, language).await?))
}

async fn list_of_company(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    AcceptLanguage(language): AcceptLanguage,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
) -> Api<Json<List<PersonView>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    let row = tenant.row(&import, &company, &Decisions::default()).await?;
    let row = row.ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    let people = tenant.people_not_in(&import, &row).await?.into_iter();
    let views = people.map(|person| PersonView::of(person, language));
    Ok(Json(List::page(views, &page, |person| person.id().as_str().to_owned())))
}
