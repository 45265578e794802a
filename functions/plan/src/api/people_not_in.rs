//! `/imports/{x}/people-not-in` and that of one company: who was imported before and is not in the snapshot (R55)

use api::{
    AcceptLanguage, Api, Call, CallerWith, Cursor, Json, Limit, List, PageQuery, Path, PersonOfCompany, PersonView,
    Routes, State,
};
use domain::ids::{AddressId, ImportId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::problem::{Code, Problem, ResourceKind};
use lambda::Services;
use serde_json::{Value, json};
use store::Tenant;
use store::people::{CompanyPeople, PeoplePosition};

use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/people-not-in", list, || {
        let mut example = example();
        example["importedFor"] = json!({ "id": "251", "name": "Bakkerij Postma" });
        Call::new(
            "listPeopleNotIn",
            "People who were imported before and are not in, of all companies",
        )
        .query::<PageQuery>()
        .answers::<List<PersonOfCompany>>(200, json!({ "items": [example], "next": null }))
        .refuses(&[Code::WrongState])
    })
    .get("/imports/{x}/companies/{p}/people-not-in", list_of_company, || {
        Call::new(
            "listPeopleNotInOfCompany",
            "People of a company who were imported before and are not in",
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
        "action": "Take the licence back by hand in the directory. If the contact belongs to another company, give access there.",
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
    Ok(Json(page_of_all(&tenant, &import, &page, language).await?))
}

/// A page of the people of all companies, in the order of companies. A cursor is the last person of the page before: the company,
/// and the address row.
async fn page_of_all(
    tenant: &Tenant,
    import: &Import,
    page: &PageQuery,
    language: Language,
) -> Api<List<PersonOfCompany>> {
    let Limit(limit) = page.limit;
    let after = page.after.as_ref().map(position).transpose()?;
    let mut items = Vec::new();
    let mut from = match &after {
        Some((company, _)) => PeoplePosition::at(company),
        None => PeoplePosition::start(),
    };
    loop {
        let (chunks, next) = tenant.people_page(import, &from, 1).await?;
        for CompanyPeople { company, people } in chunks {
            for person in people {
                let is_before = |(last, id): &(PsaCompanyId, AddressId)| *last == company.id && person.id <= *id;
                if after.as_ref().is_some_and(is_before) {
                    continue;
                }
                if items.len() == limit {
                    let next = items.last().map(cursor);
                    return Ok(List { items, next });
                }
                items.push(PersonOfCompany::of(&company, person, language));
            }
        }
        match next {
            Some(next) => from = next,
            None => return Ok(List { items, next: None }),
        }
    }
}

fn cursor(last: &PersonOfCompany) -> String {
    let (company, id) = last.place();
    format!("{company}#{id}")
}

fn position(cursor: &Cursor) -> Api<(PsaCompanyId, AddressId)> {
    let (company, id) = cursor.as_str().split_once('#').ok_or_else(Cursor::refused)?;
    let company = PsaCompanyId::try_from(company.to_owned()).map_err(|_| Cursor::refused())?;
    Ok((company, AddressId::new(id)))
}

async fn list_of_company(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    AcceptLanguage(language): AcceptLanguage,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
) -> Api<Json<List<PersonView>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let tenant = services.tenant(&caller.msp);
    if tenant.row(&import, &company).await?.is_none() {
        return Err(Problem::not_found(ResourceKind::CompanyOfImport).into());
    }
    let people = tenant.people_not_in(&import, &company).await?.into_iter();
    let views = people.map(|person| PersonView::of(person, language));
    Ok(Json(List::page(views, &page, |person| person.id().as_str().to_owned())))
}
