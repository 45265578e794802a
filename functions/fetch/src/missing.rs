//! The tab *not in*: companies mapped earlier and absent from the snapshot, with the reason (R13, R14).
//!
//! A company may have started to match after the walk passed its id, or the PSA skipped it.
//! Companies that a read by id finds and the filter accepts are *in*.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use domain::ids::{PsaCompanyId, PsaContactId};
use domain::mapping::CompanyMapping;
use domain::psa::{LookedUp, PsaCompany, PsaFailure};
use domain::row::{Absence, AddressCounts, CompanyDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use psa::Psa;
use serde::{Deserialize, Serialize};
use store::checkpoint::Checkpoint;
use store::staging::bucket;
use tracing::info;
use worker::{Stop, fenced};

use crate::context::{Position, Run};
use crate::read_back::{Absent, read_back};
use crate::rows::{SnapshotContext, addresses_by_company};

/// What the row of an absent company says, as it is stored until the rows are made.
#[derive(Debug, Serialize, Deserialize)]
struct AbsentCompany {
    reason: Absence,
    types: Vec<String>,
    status: String,
    active: bool,
}

/// The answer for one absent company, as it is stored until all are read back.
#[derive(Debug, Serialize, Deserialize)]
enum LookUpAnswer {
    /// The snapshot should have it.
    In(PsaCompany),
    /// It is absent for a reason.
    Absent(PsaCompanyId, AbsentCompany),
}

impl AbsentCompany {
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

    /// A company of which only the reason is known.
    const fn unseen(reason: Absence) -> Self {
        Self {
            reason,
            types: Vec::new(),
            status: String::new(),
            active: false,
        }
    }
}

/// The mapped companies that no page had, in the order of their ids. One whose managed company is gone is dangling, and belongs in
/// no tab while it is absent.
fn absent(context: &SnapshotContext) -> Vec<&CompanyMapping> {
    let present: HashSet<&PsaCompanyId> = context.companies.iter().map(|company| &company.id).collect();
    let absent = context
        .mappings
        .values()
        .filter(|mapping| !present.contains(&mapping.company));
    let mut absent: Vec<&CompanyMapping> = absent
        .filter(|mapping| context.managed.get(&mapping.managed).is_some())
        .collect();
    absent.sort_by(|one, other| one.company.cmp(&other.company));
    absent
}

/// Companies that no page had.
struct AbsentCompanies<'a>(&'a Run);

#[async_trait]
impl Absent for AbsentCompanies<'_> {
    type Id = PsaCompanyId;
    type Record = PsaCompany;
    const NAME: &'static str = "companies";

    async fn look_up(psa: &dyn Psa, ids: &[PsaCompanyId]) -> Result<Vec<LookedUp>, PsaFailure> {
        psa.look_up(ids).await
    }

    async fn store(
        &self,
        psa: &dyn Psa,
        last: &PsaCompanyId,
        answers: Vec<LookedUp>,
        checkpoint: &mut Checkpoint<Position>,
    ) -> Result<(), Stop> {
        let run = self.0;
        let answers: Vec<LookUpAnswer> = answers.into_iter().map(|answer| classify(run, psa, answer)).collect();
        checkpoint.position.read_back = Some(last.clone());
        let now = run.services.clock.now();
        fenced(
            &run.tenant
                .stage_answers(&run.lease, &run.import, (last, &answers), checkpoint, now)
                .await?,
        )
    }
}

/// Reads the absent companies back by id, from where the last run stopped; `false` when time ran out first.
pub(crate) async fn read_back_companies(
    run: &Run,
    context: &SnapshotContext,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<bool, Stop> {
    let ids = absent(context).into_iter().map(|mapping| mapping.company.clone());
    let read = checkpoint.position.read_back.clone();
    let ids: Vec<PsaCompanyId> = ids.filter(|id| read.as_ref().is_none_or(|read| id > read)).collect();
    read_back(run, &AbsentCompanies(run), &ids, checkpoint).await
}

fn classify(run: &Run, psa: &dyn Psa, answer: LookedUp) -> LookUpAnswer {
    match answer {
        LookedUp::Present(company) if psa.accepts(&run.import.filter, &company) => LookUpAnswer::In(company),
        LookedUp::Present(company) => LookUpAnswer::Absent(company.id.clone(), AbsentCompany::of(company)),
        LookedUp::Deleted(id) | LookedUp::Gone(id) => {
            LookUpAnswer::Absent(id, AbsentCompany::unseen(Absence::DeletedInPsa))
        }
        LookedUp::Unreadable(id) => LookUpAnswer::Absent(id, AbsentCompany::unseen(Absence::Unreadable)),
    }
}

/// The rows of the absent companies, once they are read back.
pub(crate) async fn not_in_rows(
    run: &Run,
    context: &SnapshotContext,
    position: &Position,
) -> Result<Vec<(CompanyRow, Vec<SnapshotAddress>)>, Stop> {
    let mut absent = absent(context);
    if absent.is_empty() {
        return Ok(Vec::new());
    }
    let (mut found, mut present) = (HashMap::new(), Vec::new());
    for answer in run.tenant.staged_answers(&run.import).await? {
        match answer {
            LookUpAnswer::In(company) => present.push(company),
            LookUpAnswer::Absent(id, why) => drop(found.insert(id, why)),
        }
    }
    absent.retain(|mapping| present.iter().all(|company: &PsaCompany| company.id != mapping.company));
    mark_merged(run, &absent, &mut found, position.buckets).await?;
    let mut rows = in_rows(run, context, &present, position.buckets).await?;
    rows.extend(absent.into_iter().map(|mapping| {
        let found = found.remove(&mapping.company);
        (row(context, mapping, found), Vec::new())
    }));
    Ok(rows)
}

/// Rows of companies that the walk did not see; it has seen their people, whom it reads whatever their company.
async fn in_rows(
    run: &Run,
    context: &SnapshotContext,
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
        rows.push((context.row(company, &addresses), addresses));
    }
    Ok(rows)
}

/// Neither PSA says into what a company was merged; but a merge moves its contacts, and a deletion does not.
async fn mark_merged(
    run: &Run,
    absent: &[&CompanyMapping],
    found: &mut HashMap<PsaCompanyId, AbsentCompany>,
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

fn row(context: &SnapshotContext, mapping: &CompanyMapping, found: Option<AbsentCompany>) -> CompanyRow {
    let found = found.unwrap_or_else(|| AbsentCompany::unseen(Absence::Unreadable));
    CompanyRow {
        id: mapping.company.clone(),
        name: mapping.name.clone(),
        identifier: mapping.identifier.clone(),
        tab: Tab::NotIn,
        status: ImportStatus::Mapped,
        types: found.types,
        psa_status: found.status,
        active: found.active,
        own: false,
        last_imported: context.dates.get(&mapping.company).copied(),
        mapped: context.managed.get(&mapping.managed),
        candidates: Vec::new(),
        suggestions: Vec::new(),
        namesake_in_psa: false,
        reason: Some(found.reason),
        addresses: AddressCounts::default(),
        people_not_in: 0,
        decision: CompanyDecision::none(),
    }
}
