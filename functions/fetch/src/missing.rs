//! The tab *not in*: companies mapped earlier and absent from the snapshot, with the reason (R13, R14).
//!
//! That a list did not name a company proves little: it may have come to match the filter behind the walk, or the PSA may have
//! passed over it. So who is read back and matches is *in* after all.

use std::collections::{HashMap, HashSet};

use domain::ids::{PsaCompanyId, PsaContactId};
use domain::mapping::CompanyMapping;
use domain::psa::{LookedUp, PsaCompany};
use domain::row::{Absence, AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use store::staging::bucket;
use tracing::{info, warn};

use crate::rows::{Known, addresses_by_company};
use crate::work::{Position, Run, Stop};

/// What reading a company back told.
struct Found {
    reason: Absence,
    types: Vec<String>,
    status: String,
    active: bool,
}

impl Found {
    /// A company that is there and that the filter does not accept.
    fn of(company: PsaCompany) -> Self {
        Self {
            reason: if company.active {
                Absence::FilteredOut
            } else {
                Absence::Inactive
            },
            types: company.types,
            status: company.status,
            active: company.active,
        }
    }

    /// A company of which nothing is known but why.
    const fn unseen(reason: Absence) -> Self {
        Self {
            reason,
            types: Vec::new(),
            status: String::new(),
            active: false,
        }
    }
}

/// What reading absent companies back told of all of them.
#[derive(Default)]
struct ReadBack {
    absent: HashMap<PsaCompanyId, Found>,
    /// Those that the snapshot should have.
    present: Vec<PsaCompany>,
}

pub(crate) async fn not_in_rows(
    run: &Run,
    known: &Known,
    position: &Position,
) -> Result<Vec<(CompanyRow, Vec<SnapshotAddress>)>, Stop> {
    let present: HashSet<&PsaCompanyId> = known.companies.iter().map(|company| &company.id).collect();
    // One whose managed company is gone is dangling, and belongs in no tab while it is absent.
    let absent = known
        .mappings
        .values()
        .filter(|mapping| !present.contains(&mapping.company));
    let mut absent: Vec<&CompanyMapping> = absent
        .filter(|mapping| known.managed.get(&mapping.managed).is_some())
        .collect();
    if absent.is_empty() {
        return Ok(Vec::new());
    }
    absent.sort_by(|one, other| one.company.cmp(&other.company));
    let ReadBack {
        absent: mut found,
        present,
    } = read_back(run, &absent, position.may_wait()).await?;
    absent.retain(|mapping| present.iter().all(|company| company.id != mapping.company));
    tell_merged(run, &absent, &mut found, position.buckets).await?;
    let mut rows = in_rows(run, known, &present, position.buckets).await?;
    rows.extend(absent.into_iter().map(|mapping| {
        let found = found.remove(&mapping.company);
        (row(known, mapping, found), Vec::new())
    }));
    Ok(rows)
}

/// Rows of companies that the walk did not see; it has seen their people, whom it reads whatever their company.
async fn in_rows(
    run: &Run,
    known: &Known,
    companies: &[PsaCompany],
    buckets: usize,
) -> Result<Vec<(CompanyRow, Vec<SnapshotAddress>)>, Stop> {
    let mut rows = Vec::new();
    for company in companies {
        info!(import = %run.import.id, company = %company.id, "in, although no page had it");
        let contacts = run
            .tenant
            .staged_contacts(&run.import, bucket(&company.id, buckets))
            .await?;
        let addresses = addresses_by_company(contacts).remove(&company.id).unwrap_or_default();
        rows.push((known.row(company, &addresses), addresses));
    }
    Ok(rows)
}

/// Reads the absent companies back by id, in few requests. That this fails says nothing about the snapshot; but a PSA that only
/// asks to come back later is waited for.
async fn read_back(run: &Run, absent: &[&CompanyMapping], may_wait: bool) -> Result<ReadBack, Stop> {
    let ids: Vec<PsaCompanyId> = absent.iter().map(|mapping| mapping.company.clone()).collect();
    let psa = run
        .services
        .psa(&run.import.msp, &run.integration, run.deadline.0)
        .await
        .map_err(Stop::Problem)?;
    let answers = match psa.look_up(&ids).await {
        Ok(answers) => answers,
        Err(failure) if may_wait && failure.asks_to_wait().is_some() => return Err(failure.into()),
        Err(failure) => {
            warn!(import = %run.import.id, %failure, "absent companies could not be read back");
            Vec::new()
        }
    };
    let mut told = ReadBack::default();
    for answer in answers {
        match answer {
            LookedUp::Present(company) if psa.accepts(&run.import.filter, &company) => told.present.push(company),
            LookedUp::Present(company) => drop(told.absent.insert(company.id.clone(), Found::of(company))),
            LookedUp::Deleted(id) | LookedUp::Gone(id) => {
                told.absent.insert(id, Found::unseen(Absence::DeletedInPsa));
            }
            LookedUp::Unreadable(id) => {
                told.absent.insert(id, Found::unseen(Absence::Unreadable));
            }
        }
    }
    Ok(told)
}

/// Neither PSA says into what a company was merged; but a merge moves its contacts, and a deletion does not.
async fn tell_merged(
    run: &Run,
    absent: &[&CompanyMapping],
    found: &mut HashMap<PsaCompanyId, Found>,
    buckets: usize,
) -> Result<(), Stop> {
    let mut owners: HashMap<PsaContactId, PsaCompanyId> = HashMap::new();
    for mapping in absent {
        if found
            .get(&mapping.company)
            .is_some_and(|found| found.reason == Absence::DeletedInPsa)
        {
            for address in run
                .tenant
                .address_mappings(&run.import.integration, &mapping.company)
                .await?
            {
                owners.insert(PsaContactId::new(address.id.contact()), mapping.company.clone());
            }
        }
    }
    for bucket in 0..if owners.is_empty() { 0 } else { buckets } {
        for contact in run.tenant.staged_contacts(&run.import, bucket).await? {
            if let (Some(before), Some(now)) = (owners.get(&contact.id), &contact.company)
                && before != now
                && let Some(found) = found.get_mut(before)
            {
                found.reason = Absence::MergedInPsa;
            }
        }
    }
    Ok(())
}

fn row(known: &Known, mapping: &CompanyMapping, found: Option<Found>) -> CompanyRow {
    let found = found.unwrap_or_else(|| Found::unseen(Absence::Unreadable));
    CompanyRow {
        id: mapping.company.clone(),
        name: mapping.name.clone(),
        tab: Tab::NotIn,
        status: ImportStatus::Mapped,
        types: found.types,
        psa_status: found.status,
        active: found.active,
        own: false,
        last_imported: known.dates.get(&mapping.company).copied(),
        mapped: known.managed.get(&mapping.managed),
        candidates: Vec::new(),
        suggestions: Vec::new(),
        namesake_in_psa: false,
        reason: Some(found.reason),
        addresses: AddressCounts::default(),
        decision: CompanyDecision::none(),
    }
}
