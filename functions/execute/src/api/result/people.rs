//! People who were not in the snapshot, as the result shows them (R55).

use api::{Api, PersonOfCompany};
use domain::import::Import;
use domain::language::Language;
use domain::not_in::PersonNotIn;
use domain::plan::PlanCompany;
use store::Tenant;
use store::people::PeoplePosition;

/// The first ones, at most so many.
pub(super) async fn first(
    tenant: &Tenant,
    import: &Import,
    most: usize,
    language: Language,
) -> Api<Vec<PersonOfCompany>> {
    let (mut all, mut from) = (Vec::new(), PeoplePosition::start());
    loop {
        let room = most.saturating_sub(all.len());
        let (people, next) = page(tenant, import, &from, room).await?;
        let people = people.into_iter().take(room);
        all.extend(people.map(|(company, person)| PersonOfCompany::of(&company, person, language)));
        match next {
            Some(next) if all.len() < most => from = next,
            _ => return Ok(all),
        }
    }
}

/// The next ones, as many as asked for or some more, with where to go on.
pub(super) async fn page(
    tenant: &Tenant,
    import: &Import,
    from: &PeoplePosition,
    people: usize,
) -> Api<(Vec<(PlanCompany, PersonNotIn)>, Option<PeoplePosition>)> {
    let (companies, next) = tenant.people_page(import, from, people).await?;
    let mut people = Vec::new();
    for company in companies {
        let named = company
            .people
            .into_iter()
            .map(|person| (company.company.clone(), person));
        people.extend(named);
    }
    Ok((people, next))
}
