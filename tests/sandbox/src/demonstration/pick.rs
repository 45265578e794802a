//! Which companies and contacts the PSA's technicians change: ordinary ones, by what the first import made of them.

use sandbox::Error;
use sandbox::api::Api;

use super::answers::{self, Action, AddressRow, Company, CompanyRow, Item};
use super::changes::{Changed, Joiner, Moved};
use super::import::Import;

/// People that an ordinary company has at least.
const SEVERAL: usize = 3;

pub(super) async fn pick(ana: &Api, first: &Import) -> Result<Changed, Error> {
    let mut companies = first.tab_in.iter().filter(|row| is_ordinary(first, row)).map(company);
    let mut next = || companies.next().ok_or_else(|| too_few("ordinary companies"));
    let (renamed, deactivated, merged, target) = (next()?, next()?, next()?, next()?);
    let (moving, joined) = (next()?, next()?);
    Ok(Changed {
        new_name: format!("{} Groep", renamed.name),
        renamed,
        deactivated,
        merged_contacts: contacts(ana, &first.id, &merged).await?,
        merged,
        target,
        moved: moved(first, moving)?,
        joiner: joiner(first, &joined)?,
        joined,
    })
}

/// Whether a company and several of its people were created, and nothing about it was passed over.
fn is_ordinary(first: &Import, row: &CompanyRow) -> bool {
    let created = first
        .plan
        .company(&row.id)
        .is_some_and(|item| item.action == Action::CreateCompany);
    let mut passed = first.result.errors.iter().chain(&first.result.skipped);
    row.status == "unmapped"
        && created
        && users_created(first, &row.id).count() >= SEVERAL
        && !passed.any(|passed| passed.company.id == row.id)
}

fn users_created<'a>(first: &'a Import, company: &'a str) -> impl Iterator<Item = &'a Item> {
    let rows = first.plan.rows().filter(move |item| item.company.id == company);
    rows.filter(|item| item.action == Action::CreateUser)
}

fn company(row: &CompanyRow) -> Company {
    Company {
        id: row.id.clone(),
        name: row.name.clone(),
    }
}

/// The ids of a company's contacts: an address row is named by contact and slot.
async fn contacts(ana: &Api, import: &str, company: &Company) -> Result<Vec<String>, Error> {
    let path = format!("/imports/{import}/companies/{}/addresses", company.id);
    let rows: Vec<AddressRow> = answers::list(ana, &path).await?;
    let mut ids: Vec<String> = rows
        .iter()
        .filter_map(|row| row.id.split_once('~'))
        .map(|(contact, _)| contact.to_owned())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The first created user of a company gets another address.
fn moved(first: &Import, company: Company) -> Result<Moved, Error> {
    let address = users_created(first, &company.id).find_map(|item| item.address.as_ref());
    let address = address.ok_or_else(|| too_few("created users"))?;
    let (contact, slot) = address
        .id
        .split_once('~')
        .ok_or_else(|| too_few("contacts with a slot"))?;
    let from = address
        .address
        .clone()
        .ok_or_else(|| too_few("contacts with an address"))?;
    Ok(Moved {
        contact: contact.to_owned(),
        slot: slot.to_owned(),
        name: address.contact.clone(),
        to: format!("new.{from}"),
        from,
        company,
    })
}

/// Somebody new, with an address as the others in the company have it.
fn joiner(first: &Import, company: &Company) -> Result<Joiner, Error> {
    let address = users_created(first, &company.id).find_map(|item| item.address.as_ref()?.address.as_ref());
    let (_, domain) = address
        .and_then(|address| address.split_once('@'))
        .ok_or_else(|| too_few("contacts with an address"))?;
    Ok(Joiner {
        first: "Femke",
        last: "Hazelaar",
        address: format!("femke.hazelaar@{domain}"),
    })
}

fn too_few(what: &str) -> Error {
    Error::Unexpected(format!("the first import made too few {what}"))
}
