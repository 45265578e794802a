//! Mapped addresses that no contact of their company keeps or takes over.

use std::collections::{BTreeMap, HashSet};

use domain::directory::{Capabilities, User};
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::mapping::{AddressMapping, CompanyMapping};
use domain::not_in::PersonAbsence;
use domain::plan::{absent, may_be_absent};
use domain::psa::PsaCompany;
use domain::quick::HashMap;
use domain::row::{AddressDecision, CompanyRow, SnapshotAddress};
use domain::rules::PeopleRules;
use futures::{StreamExt, TryStreamExt, stream};
use store::Consistency;
use store::snapshot::pages::Pages;
use worker::Stop;

use super::{AbsentPerson, PeopleContext};
use crate::context::Run;
use crate::joined::{Addresses, Slice, companies, join};
use crate::rows::SnapshotContext;

/// Companies whose mappings are read at once.
const GROUP_SIZE: usize = 100;

/// Users of the companies of a group, as far as a single company has no more.
const MAX_USERS_PER_GROUP: u64 = 10_000;

/// Companies whose users are read at once.
const READ_CONCURRENCY: usize = 8;

/// Who is absent, by company, and how many mapped addresses the last finished import had.
#[derive(Debug, Default)]
pub(crate) struct Persons {
    by_company: BTreeMap<PsaCompanyId, Vec<AbsentPerson>>,
    /// Mapped addresses that the last finished import had. Addresses whose user no longer exists are left out only in companies where
    /// somebody may be absent: the users of other companies are not read.
    pub(super) had: u64,
}

impl Persons {
    /// Those of a company, who are taken out.
    pub(crate) fn remove(&mut self, company: &PsaCompanyId) -> Option<Vec<AbsentPerson>> {
        self.by_company.remove(company)
    }

    /// All of them, with their companies.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&PsaCompanyId, &AbsentPerson)> {
        let companies = self.by_company.iter();
        companies.flat_map(|(company, persons)| persons.iter().map(move |person| (company, person)))
    }
}

/// What a company's mappings have come to.
#[derive(Default)]
struct Compared {
    absent: Vec<AbsentPerson>,
    had: u64,
}

/// Compares the mapped companies of slices; `false` when time ran out first.
pub(crate) async fn compare(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    slices: impl Iterator<Item = (&Slice, &Pages)>,
    all: &mut Persons,
) -> Result<bool, Stop> {
    for (slice, pages) in slices {
        let mut left = people.mapped_in(slice);
        if left.is_empty() {
            continue;
        }
        let (companies, mut addresses) = (companies(pages)?, join(pages, slice, &[])?);
        while !left.is_empty() {
            if run.deadline.is_near() {
                return Ok(false);
            }
            let (group, rest) = left.split_at(next_group(context, left));
            compare_group(run, context, people, (group, &companies, &mut addresses), all).await?;
            left = rest;
        }
    }
    Ok(true)
}

async fn compare_group(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    (group, present, addresses): (&[PsaCompanyId], &BTreeMap<PsaCompanyId, PsaCompany>, &mut Addresses),
    all: &mut Persons,
) -> Result<(), Stop> {
    // This read is eventually consistent. It may lack the newest mappings, and then somebody who is absent is overlooked. Who seems to be
    // absent is compared again, after a consistent read.
    let stored = run
        .tenant
        .address_mappings_among(&run.import.integration, group, Consistency::Eventual);
    let mut mapped = stored.await?;
    let companies = group.iter().filter_map(|id| {
        let addresses = addresses.remove(id).unwrap_or_default();
        let mapped = mapped.remove(id);
        let is_looked_at = mapped.is_some() || people.not_in.contains_key(id);
        is_looked_at.then(|| (id, mapped.unwrap_or_default(), addresses))
    });
    let compared = companies.map(|(id, mapped, addresses)| async move {
        let compared = compare_one(run, context, people, (id, present.get(id)), (mapped, addresses)).await?;
        Ok::<_, Stop>((id, compared))
    });
    let compared: Vec<_> = compared.collect();
    let compared: Vec<(&PsaCompanyId, Compared)> =
        stream::iter(compared).buffered(READ_CONCURRENCY).try_collect().await?;
    for (id, Compared { absent, had }) in compared {
        all.had += had;
        if !absent.is_empty() {
            all.by_company.insert(id.clone(), absent);
        }
    }
    Ok(())
}

fn next_group(context: &SnapshotContext, left: &[PsaCompanyId]) -> usize {
    let mut users = 0;
    let fits = left.iter().take(GROUP_SIZE).take_while(|id| {
        let own = context.mappings.get(id).map_or(0, |mapping| mapping.users);
        users += own;
        users == own || users <= MAX_USERS_PER_GROUP
    });
    fits.count().max(1).min(left.len())
}

async fn compare_one(
    run: &Run,
    context: &SnapshotContext,
    people: &PeopleContext,
    (id, company): (&PsaCompanyId, Option<&PsaCompany>),
    (mapped, addresses): (Vec<AddressMapping>, Vec<SnapshotAddress>),
) -> Result<Compared, Stop> {
    let had = |mapping: &&AddressMapping| people.before.had(id, &mapping.id);
    let absence = people.not_in.get(id);
    if absence.is_none() && !may_be_absent(&addresses, &mapped) {
        return Ok(Compared {
            absent: Vec::new(),
            had: mapped.iter().filter(had).count() as u64,
        });
    }
    let Some(mapping) = context.mappings.get(id) else {
        return Ok(Compared::default());
    };
    // A large company has many: not twice in memory.
    drop(mapped);
    let mapped = run.tenant.address_mappings(&run.import.integration, id).await?;
    let users = users(run, mapping).await?;
    let is_live = |mapping: &&AddressMapping| users.contains_key(&mapping.user);
    let had = mapped.iter().filter(is_live).filter(had).count() as u64;
    let absent = match (absence, company) {
        (Some(absence), _) => {
            let reason = PersonAbsence::of_company(*absence);
            let all = mapped.iter().filter_map(|mapping| person(mapping, &users, reason));
            all.collect()
        }
        (None, Some(company)) => {
            let row = context.row(company, &addresses);
            let facts = facts(run, (row, mapping), addresses, mapped, users);
            let absent = absent(&facts).into_iter();
            let absent = absent.filter_map(|(mapping, reason)| person(mapping, &facts.users, reason));
            absent.collect()
        }
        (None, None) => Vec::new(),
    };
    Ok(Compared { absent, had })
}

/// Keeps those persons of a company who are absent although more of its contacts were found than the pages had.
pub(crate) async fn retain_absent(
    run: &Run,
    context: &SnapshotContext,
    row: &CompanyRow,
    addresses: &[SnapshotAddress],
    persons: &mut Vec<AbsentPerson>,
) -> Result<(), Stop> {
    let Some(mapping) = context.mappings.get(&row.id) else {
        return Ok(());
    };
    let mapped = run.tenant.address_mappings(&run.import.integration, &row.id).await?;
    let users = users(run, mapping).await?;
    let facts = facts(run, (row.clone(), mapping), addresses.to_vec(), mapped, users);
    let absent: HashSet<&AddressId> = absent(&facts).into_iter().map(|(mapping, _)| &mapping.id).collect();
    persons.retain(|person| absent.contains(&person.id));
    Ok(())
}

/// The users of a mapped company.
async fn users(run: &Run, mapping: &CompanyMapping) -> Result<HashMap<UserId, User>, Stop> {
    let users = run
        .services
        .remembered_directory(&run.import.msp)
        .await?
        .users(&mapping.managed)
        .await?;
    Ok(users.into_iter().map(|user| (user.id.clone(), user)).collect())
}

/// The facts of a company on which nothing is decided yet.
fn facts(
    run: &Run,
    (row, mapping): (CompanyRow, &CompanyMapping),
    addresses: Vec<SnapshotAddress>,
    mapped_addresses: Vec<AddressMapping>,
    users: HashMap<UserId, User>,
) -> CompanyFacts {
    let undecided = addresses.into_iter();
    CompanyFacts {
        generation: 0,
        row,
        mapping: Some(mapping.clone()),
        addresses: undecided.map(|address| (address, AddressDecision::default())).collect(),
        rules: PeopleRules::default(),
        hides_contacts: run.import.filter.hides_contacts(),
        hand_over: None,
        capabilities: Capabilities::ALL_AT_ONCE,
        mapped_addresses,
        users,
        holders: HashMap::default(),
    }
}

/// The person of a mapping, unless the user is gone: then nothing is left that could be taken back.
fn person(
    mapping: &AddressMapping,
    users: &HashMap<UserId, User>,
    reason: Option<PersonAbsence>,
) -> Option<AbsentPerson> {
    users.get(&mapping.user).map(|user| AbsentPerson {
        id: mapping.id.clone(),
        user: user.id.clone(),
        address: mapping.address.clone(),
        name: mapping.remembered.name.clone().unwrap_or_else(|| user.name.clone()),
        reason,
    })
}
