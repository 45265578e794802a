//! The people of all companies of an import who are not in, page by page (R55).

use api::{Api, Cursor, Limit, List, PageQuery, PersonOfCompany};
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::not_in::PersonNotIn;
use store::Tenant;
use store::people::{CompanyPeople, PeoplePosition};

/// A page of the people of all companies, in the order of companies. A cursor is the last person of the page before: the company,
/// and the address row.
pub async fn page_of_all(
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
        let (chunks, next) = tenant.people_page(import, &from, limit + 1).await?;
        items.extend(
            chunks
                .into_iter()
                .flat_map(|chunk| behind(after.as_ref(), chunk, language)),
        );
        if items.len() > limit {
            items.truncate(limit);
            let next = items.last().map(cursor);
            return Ok(List { items, next });
        }
        match next {
            Some(next) => from = next,
            None => return Ok(List { items, next: None }),
        }
    }
}

/// The people of a company who come behind the last one of the page before.
fn behind(after: Option<&(PsaCompanyId, AddressId)>, chunk: CompanyPeople, language: Language) -> Vec<PersonOfCompany> {
    let CompanyPeople { company, people } = chunk;
    let is_behind = |person: &PersonNotIn| !after.is_some_and(|(last, id)| *last == company.id && person.id <= *id);
    let people = people.into_iter().filter(is_behind);
    people
        .map(|person| PersonOfCompany::of(&company, person, language))
        .collect()
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
