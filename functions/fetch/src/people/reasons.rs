//! The reasons of all people who are not in, kept with the rows of their companies.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::ids::{AddressId, PsaCompanyId, PsaContactId};
use domain::not_in::{OtherCompany, PersonAbsence, PersonNotIn, SuspiciousSnapshot, Whereabouts};
use domain::plan::{PlanCompany, absent};
use domain::psa::{LookedUp, PsaContact};
use domain::row::{AddressCounts, CompanyRow, SnapshotAddress};
use store::checkpoint::Checkpoint;
use store::people::{AbsentPerson, CompanyPeople, ContactAnswer};
use tracing::{info, warn};
use worker::{Stop, fenced};

use super::PeopleContext;
use super::compare::{facts, flat, users};
use crate::context::{Position, Run, Stage};
use crate::rows::SnapshotContext;

/// Companies whose names are read in one request.
const NAMES_PAGE_SIZE: usize = 150;

/// People of a group, by company.
type Group = BTreeMap<PsaCompanyId, Vec<AbsentPerson>>;

/// Answers by contact.
type Answers = HashMap<PsaContactId, ContactAnswer>;

/// Keeps the reasons of the groups behind `from`, as far as there is time.
pub(crate) async fn keep_reasons(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    mut from: Option<PsaCompanyId>,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let mut answers: Option<Answers> = None;
    while !run.deadline.is_near() {
        let Some((group, absent)) = run.tenant.next_staged_people(&run.import, from.as_ref()).await? else {
            let position = &mut checkpoint.position;
            let addresses = position.people.addresses;
            position.people.found.suspicious = SuspiciousSnapshot::of(people.companies(), addresses);
            position.stage = Stage::Review;
            return Ok(());
        };
        let answers = match &mut answers {
            Some(answers) => answers,
            None => answers.insert(read_answers(run).await?),
        };
        let mut by_company = Group::new();
        for person in absent {
            by_company.entry(person.company.clone()).or_default().push(person);
        }
        keep_group(run, context, people, (&group, by_company, answers), checkpoint).await?;
        from = Some(group);
    }
    Ok(())
}

async fn read_answers(run: &Run) -> Result<Answers, Stop> {
    let answers = run.tenant.staged_contact_answers(&run.import).await?.into_iter();
    Ok(answers.map(|answer| (answer.id.clone(), answer)).collect())
}

async fn keep_group(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    (group, mut absent, answers): (&PsaCompanyId, Group, &Answers),
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    for (company, persons) in &mut absent {
        add_found_contacts(run, context, people, (company, persons, answers), checkpoint).await?;
    }
    let others = absent.values().flatten();
    let others = others.filter_map(|person| reason(people, person, answers).1);
    let companies = absent.keys().cloned().chain(others).collect();
    let names = names(run, context, companies, checkpoint).await?;
    let mut next = checkpoint.clone();
    next.position.stage = Stage::Reasons(Some(group.clone()));
    let (mut writes, mut found) = (Vec::new(), BTreeMap::new());
    for (id, persons) in absent {
        let name = names.get(&id).cloned().unwrap_or_default();
        let mut kept = CompanyPeople {
            company: PlanCompany { id, name },
            people: Vec::with_capacity(persons.len()),
        };
        for person in persons {
            let (reason, other) = reason(people, &person, answers);
            count(people, &mut next.position, &person, reason);
            kept.people.push(not_in(person, reason, other, &names));
        }
        writes.extend(run.tenant.people_actions(&run.import, &kept)?);
        if !people.not_in.contains_key(&kept.company.id) && !kept.people.is_empty() {
            let ids: BTreeSet<AddressId> = kept.people.into_iter().map(|person| person.id).collect();
            found.insert(kept.company.id, ids);
        }
    }
    writes.extend(run.tenant.absent_addresses_actions(&run.import, group, found)?);
    let now = || run.services.clock.now();
    let kept = run.tenant.keep_people(&run.lease, &run.import, writes, &next, now);
    fenced(&kept.await?)?;
    *checkpoint = next;
    Ok(())
}

fn not_in(
    person: AbsentPerson,
    reason: PersonAbsence,
    company: Option<PsaCompanyId>,
    names: &HashMap<PsaCompanyId, String>,
) -> PersonNotIn {
    PersonNotIn {
        id: person.id,
        user: person.user,
        address: person.address,
        name: person.name,
        reason,
        company: company.map(|id| OtherCompany {
            name: names.get(&id).cloned(),
            id,
        }),
    }
}

fn reason(people: &PeopleContext, person: &AbsentPerson, answers: &Answers) -> (PersonAbsence, Option<PsaCompanyId>) {
    if let Some(reason) = person.reason {
        return (reason, None);
    }
    let answer = answers.get(&PsaContactId::new(person.id.contact()));
    let found = answer.map_or(&Whereabouts::Unreadable, |answer| &answer.found);
    PersonAbsence::of(&person.company, people.not_in.get(&person.company).copied(), found)
}

fn count(people: &PeopleContext, position: &mut Position, person: &AbsentPerson, reason: PersonAbsence) {
    let position = &mut position.people;
    position.found.people.add(reason);
    if !people.before.had(&person.company, &person.id) {
        return;
    }
    if people.is_filtered(reason) {
        position.addresses.of = position.addresses.of.saturating_sub(1);
    } else {
        position.addresses.absent += 1;
    }
}

/// Absence from the pages is no proof: a contact that a read by id finds with its company and the filter accepts is *in*, with all of
/// its addresses.
async fn add_found_contacts(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    (company, persons, answers): (&PsaCompanyId, &mut Vec<AbsentPerson>, &Answers),
    checkpoint: &Checkpoint<Position>,
) -> Result<(), Stop> {
    let contacts: BTreeSet<PsaContactId> = persons
        .iter()
        .map(|person| PsaContactId::new(person.id.contact()))
        .collect();
    let answered = contacts.iter().filter_map(|id| answers.get(id)?.contact.as_ref());
    let found: Vec<&PsaContact> = answered
        .filter(|contact| contact.company.as_ref() == Some(company))
        .collect();
    let Some(mapping) = context.mappings.get(company) else {
        return Ok(());
    };
    if found.is_empty() || people.not_in.contains_key(company) {
        return Ok(());
    }
    let Some(mut row) = run.tenant.row(&run.import, company).await? else {
        return Ok(());
    };
    info!(import = %run.import.id, %company, contacts = found.len(), "in, although no page had them");
    let mut addresses = flat(run.tenant.addresses(&run.import, company).await?);
    add(&mut addresses, found);
    row.addresses = AddressCounts::of(&addresses);
    write(run, &row, &addresses, checkpoint).await?;
    let mapped = run.tenant.address_mappings(&run.import.integration, company).await?;
    let users = users(run, mapping).await?;
    let facts = facts(run, (row, mapping), addresses, mapped, users);
    let absent: HashSet<&AddressId> = absent(&facts).into_iter().map(|(mapping, _)| &mapping.id).collect();
    persons.retain(|person| absent.contains(&person.id));
    Ok(())
}

/// Adds the addresses of contacts, unless a run that died has done so.
fn add(addresses: &mut Vec<SnapshotAddress>, contacts: Vec<&PsaContact>) {
    for contact in contacts {
        if addresses.iter().all(|row| row.id.contact() != contact.id.as_str()) {
            addresses.extend(SnapshotAddress::of(contact.clone()));
        }
    }
}

async fn write(
    run: &Run,
    row: &CompanyRow,
    addresses: &[SnapshotAddress],
    checkpoint: &Checkpoint<Position>,
) -> Result<(), Stop> {
    let rows = [(row.clone(), addresses.to_vec())];
    let now = || run.services.clock.now();
    fenced(
        &run.tenant
            .add_rows(&run.lease, &run.import, &rows, checkpoint, now)
            .await?,
    )
}

/// The names of companies: from the snapshot or the mappings, else read by id.
async fn names(
    run: &Run,
    context: &SnapshotContext,
    companies: BTreeSet<PsaCompanyId>,
    checkpoint: &Checkpoint<Position>,
) -> Result<HashMap<PsaCompanyId, String>, Stop> {
    if companies.is_empty() {
        return Ok(HashMap::new());
    }
    let seen = context
        .companies
        .iter()
        .filter(|company| companies.contains(&company.id));
    let mut names: HashMap<PsaCompanyId, String> =
        seen.map(|company| (company.id.clone(), company.name.clone())).collect();
    for company in &companies {
        if let (false, Some(mapping)) = (names.contains_key(company), context.mappings.get(company)) {
            names.insert(company.clone(), mapping.name.clone());
        }
    }
    let unknown: Vec<PsaCompanyId> = companies.into_iter().filter(|id| !names.contains_key(id)).collect();
    for batch in unknown.chunks(NAMES_PAGE_SIZE) {
        match run.compared_psa().await?.look_up(batch).await {
            Ok(answers) => names.extend(answers.into_iter().filter_map(|answer| match answer {
                LookedUp::Present(company) => Some((company.id, company.name)),
                _ => None,
            })),
            // A company is named by its id as well.
            Err(failure) => {
                let failure = run.tolerate(failure, checkpoint.waited)?;
                warn!(import = %run.import.id, %failure, "names of companies could not be read");
            }
        }
    }
    Ok(names)
}
