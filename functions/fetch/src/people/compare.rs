//! Mapped addresses that no row of their company keeps or takes over.

use std::collections::HashMap;

use domain::directory::User;
use domain::facts::CompanyFacts;
use domain::ids::{PsaCompanyId, UserId};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::not_in::PersonAbsence;
use domain::plan::{absent, may_be_absent};
use domain::row::{AddressDecision, CompanyRow, SnapshotAddress};
use futures::{StreamExt, TryStreamExt, stream};
use store::checkpoint::Checkpoint;
use store::people::AbsentPerson;
use store::rows::Addresses;
use worker::{Stop, fenced};

use super::PeopleContext;
use crate::context::{Position, Run, Stage};
use crate::rows::SnapshotContext;

/// Companies that are compared at once.
const GROUP_SIZE: usize = 100;

/// Users of the companies of a group, as far as a single company has no more.
const MAX_USERS_PER_GROUP: u64 = 10_000;

/// Companies whose users are read at once.
const READ_CONCURRENCY: usize = 8;

/// What a company's mappings have come to.
#[derive(Default)]
struct Compared {
    absent: Vec<AbsentPerson>,
    /// Addresses that the last finished import had and whose users exist.
    had: u64,
}

/// The part of a company's facts that decides which mappings have an address.
struct Company {
    id: PsaCompanyId,
    mapped: Vec<AddressMapping>,
    addresses: Vec<SnapshotAddress>,
}

/// Compares the next group of companies.
pub(crate) async fn compare(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    from: Option<PsaCompanyId>,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<(), Stop> {
    let group = next_group(context, people, from.as_ref());
    let Some(last) = group.last() else {
        checkpoint.position.people.found.companies = people.not_in.len() as u64;
        checkpoint.position.stage = Stage::Whereabouts;
        return Ok(());
    };
    let companies = read(run, people, group).await?;
    let compared = stream::iter(companies).map(|company| compare_one(run, context, people, company));
    let compared: Vec<Compared> = compared.buffered(READ_CONCURRENCY).try_collect().await?;
    let mut next = checkpoint.clone();
    next.position.stage = Stage::People(Some(last.clone()));
    let mut absent = Vec::new();
    for company in compared {
        next.position.people.addresses.of += company.had;
        absent.extend(company.absent);
    }
    if !absent.is_empty() {
        let now = || run.services.clock.now();
        let staged = (last, absent.as_slice());
        fenced(
            &run.tenant
                .stage_people(&run.lease, &run.import, staged, &next, now)
                .await?,
        )?;
    }
    *checkpoint = next;
    Ok(())
}

fn next_group<'a>(
    context: &SnapshotContext,
    people: &'a PeopleContext,
    from: Option<&PsaCompanyId>,
) -> &'a [PsaCompanyId] {
    let begin = from.map_or(0, |from| people.mapped.partition_point(|id| id <= from));
    let left = people.mapped.get(begin..).unwrap_or_default();
    let mut users = 0;
    let fits = left.iter().take(GROUP_SIZE).take_while(|id| {
        let own = context.mappings.get(id).map_or(0, |mapping| mapping.users);
        users += own;
        users == own || users <= MAX_USERS_PER_GROUP
    });
    let length = fits.count().max(1).min(left.len());
    left.get(..length).unwrap_or_default()
}

/// Reads mappings and addresses of a group, in as few queries as that takes.
async fn read(run: &Run, people: &PeopleContext, group: &[PsaCompanyId]) -> Result<Vec<Company>, Stop> {
    let (tenant, import) = (&run.tenant, &run.import);
    let mut mapped = tenant.address_mappings_among(&import.integration, group).await?;
    let is_dense = match (group.first(), group.last()) {
        (Some(first), Some(last)) => people.between(first, last) <= group.len() * 2,
        _ => false,
    };
    let mut among = if is_dense {
        tenant.addresses_among(import, group).await?
    } else {
        HashMap::new()
    };
    let mut companies = Vec::new();
    for id in group {
        let mapped = mapped.remove(id).unwrap_or_default();
        if mapped.is_empty() {
            continue;
        }
        let addresses = match among.remove(id) {
            Some(addresses) => addresses,
            None if is_dense || people.not_in.contains_key(id) => Vec::new(),
            None => tenant.addresses(import, id).await?,
        };
        companies.push(Company {
            id: id.clone(),
            mapped,
            addresses: flat(addresses),
        });
    }
    Ok(companies)
}

/// The addresses of all chunks. Nothing is decided before the review.
pub(super) fn flat(chunks: Addresses) -> Vec<SnapshotAddress> {
    chunks.into_iter().flat_map(|chunk| chunk.addresses).collect()
}

async fn compare_one(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    company: Company,
) -> Result<Compared, Stop> {
    let Company { id, mapped, addresses } = company;
    let had = |mapping: &&AddressMapping| people.before.had(&id, &mapping.id);
    let absence = people.not_in.get(&id);
    if absence.is_none() && !may_be_absent(&addresses, &mapped) {
        return Ok(Compared {
            absent: Vec::new(),
            had: mapped.iter().filter(had).count() as u64,
        });
    }
    let Some(mapping) = context.mappings.get(&id) else {
        return Ok(Compared::default());
    };
    let users = users(run, mapping).await?;
    let is_live = |mapping: &&AddressMapping| users.contains_key(&mapping.user);
    let had = mapped.iter().filter(is_live).filter(had).count() as u64;
    let row = match absence {
        Some(_) => None,
        None => run.tenant.row(&run.import, &id).await?,
    };
    let absent = match (absence, row) {
        (Some(absence), _) => {
            let reason = PersonAbsence::of_company(*absence);
            let all = mapped.iter().filter_map(|mapping| person(&id, mapping, &users, reason));
            all.collect()
        }
        (None, Some(row)) => absent_in(&id, &facts(run, (row, mapping), addresses, mapped, users)),
        (None, None) => Vec::new(),
    };
    Ok(Compared { absent, had })
}

fn absent_in(company: &PsaCompanyId, facts: &CompanyFacts) -> Vec<AbsentPerson> {
    let absent = absent(facts).into_iter();
    absent
        .filter_map(|(mapping, reason)| person(company, mapping, &facts.users, reason))
        .collect()
}

/// The users of a mapped company.
pub(super) async fn users(run: &Run, mapping: &CompanyMapping) -> Result<HashMap<UserId, User>, Stop> {
    let users = run.services.directory(&run.import.msp).users(&mapping.managed).await?;
    Ok(users.into_iter().map(|user| (user.id.clone(), user)).collect())
}

/// The facts of a company on which nothing is decided yet.
pub(super) fn facts(
    run: &Run,
    (row, mapping): (CompanyRow, &CompanyMapping),
    addresses: Vec<SnapshotAddress>,
    mapped_addresses: Vec<AddressMapping>,
    users: HashMap<UserId, User>,
) -> CompanyFacts {
    let undecided = addresses.into_iter();
    CompanyFacts {
        row,
        mapping: Some(mapping.clone()),
        addresses: undecided.map(|address| (address, AddressDecision::default())).collect(),
        hides_contacts: run.import.filter.hides_contacts(),
        hand_over: None,
        mapped_addresses,
        users,
        holders: HashMap::new(),
    }
}

/// The person of a mapping, unless the user is gone: then nothing is left that could be taken back.
fn person(
    company: &PsaCompanyId,
    mapping: &AddressMapping,
    users: &HashMap<UserId, User>,
    reason: Option<PersonAbsence>,
) -> Option<AbsentPerson> {
    users.get(&mapping.user).map(|user| AbsentPerson {
        company: company.clone(),
        id: mapping.id.clone(),
        user: user.id.clone(),
        address: mapping.address.clone(),
        name: mapping.remembered.name.clone().unwrap_or_else(|| user.name.clone()),
        reason,
    })
}
