//! The tab *not in*: companies mapped earlier and absent from the snapshot, with the reason (R13, R14).
//!
//! Absence from the pages is no proof: the company may have started to match after the walk passed its id, or the PSA skipped it.
//! Companies that a read by id finds and the filter accepts are *in*.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use domain::ids::{PsaCompanyId, PsaContactId};
use domain::mapping::CompanyMapping;
use domain::psa::{LookedUp, PsaCompany, PsaFailure};
use domain::row::{Absence, AddressCounts, CompanyDecision, CompanyRow, ImportStatus, Tab};
use psa::Psa;
use serde::{Deserialize, Serialize};
use store::checkpoint::Checkpoint;
use store::snapshot::pages::Pages;
use tracing::info;
use worker::{Stop, fenced};

use crate::absent_company::AbsentCompany;
use crate::context::{Position, Run};
use crate::known::Known;
use crate::read_back::{Absent, read_back};
use crate::rows::SnapshotContext;

/// The answer for one absent company, as it is stored until all are read back.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LookUpAnswer {
    /// The snapshot should have it.
    In(PsaCompany),
    /// It is absent for a reason.
    Absent(PsaCompanyId, AbsentCompany),
}

impl LookUpAnswer {
    /// The company it is about.
    const fn id(&self) -> &PsaCompanyId {
        match self {
            Self::In(company) => &company.id,
            Self::Absent(id, _) => id,
        }
    }
}

/// The mapped companies that no page had, in the order of their ids. One whose managed company is gone is dangling, and belongs in
/// no tab while it is absent.
fn absent(context: &SnapshotContext) -> Vec<&CompanyMapping> {
    let absent = context
        .mappings
        .values()
        .filter(|mapping| !context.has(&mapping.company));
    let mut absent: Vec<&CompanyMapping> = absent
        .filter(|mapping| context.managed.get(&mapping.managed).is_some())
        .collect();
    absent.sort_by(|one, other| one.company.cmp(&other.company));
    absent
}

/// Companies that no page had.
struct AbsentCompanies<'a> {
    run: &'a Run,
    /// Whether the pages are saved that the checkpoint knows of: else it must not be stored.
    is_saved: bool,
}

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
        let run = self.run;
        let answers: Vec<LookUpAnswer> = answers.into_iter().map(|answer| classify(run, psa, answer)).collect();
        let now = run.services.clock.now();
        fenced(
            &run.tenant
                .stage_answers(
                    &run.lease,
                    &run.import,
                    (last, &answers),
                    self.is_saved.then_some(&*checkpoint),
                    now,
                )
                .await?,
        )
    }
}

/// Returns the answers about the absent companies. Reads those back by id for which no run has stored an answer; returns `None` when time
/// runs out first. With `known` nothing is read: if an answer is missing there, leaves `known` open and returns `None`.
pub(crate) async fn read_back_companies(
    run: &Run,
    known: Option<&Known>,
    context: &SnapshotContext,
    pages: &Pages,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<Option<Vec<LookUpAnswer>>, Stop> {
    let absent = absent(context);
    if absent.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if let Some(known) = known {
        let answer = |mapping: &CompanyMapping| {
            let why = known.absent.get(&mapping.company)?.clone();
            Some(LookUpAnswer::Absent(mapping.company.clone(), why))
        };
        let answers: Option<Vec<LookUpAnswer>> = absent.into_iter().map(answer).collect();
        if answers.is_none() {
            known.leave_open();
        }
        return Ok(answers);
    }
    let mut answers: Vec<LookUpAnswer> = run.tenant.staged_answers(&run.import).await?;
    let answered: HashSet<&PsaCompanyId> = answers.iter().map(LookUpAnswer::id).collect();
    let ids = absent.into_iter().map(|mapping| &mapping.company);
    let ids: Vec<PsaCompanyId> = ids.filter(|id| !answered.contains(id)).cloned().collect();
    if !ids.is_empty() {
        let is_saved = !pages.has_unsaved();
        if !read_back(run, &AbsentCompanies { run, is_saved }, &ids, checkpoint).await? {
            return Ok(None);
        }
        answers = run.tenant.staged_answers(&run.import).await?;
    }
    Ok(Some(answers))
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

/// The rows of the absent companies. Companies that were read back and are *in* are added to the snapshot instead. The walk missed these
/// companies but not their contacts: it reads a contact whatever its company is.
pub(crate) async fn rows(
    run: &Run,
    context: &mut SnapshotContext,
    pages: &Pages,
    answers: Vec<LookUpAnswer>,
) -> Result<BTreeMap<PsaCompanyId, CompanyRow>, Stop> {
    let (mut found, mut present) = (HashMap::new(), Vec::new());
    for answer in answers {
        match answer {
            LookUpAnswer::In(company) => present.push(company),
            LookUpAnswer::Absent(id, why) => drop(found.insert(id, why)),
        }
    }
    // An answer may be that of a run which died, and whose pages were read anew.
    present.retain(|company: &PsaCompany| !context.has(&company.id));
    for company in &present {
        info!(import = %run.import.id, company = %company.id, "in, although no page had it");
    }
    context.add(present);
    let absent = absent(context);
    mark_merged(run, &absent, &mut found, pages).await?;
    let rows = absent.into_iter().map(|mapping| {
        let found = found.remove(&mapping.company);
        (mapping.company.clone(), row(context, mapping, found))
    });
    Ok(rows.collect())
}

/// Neither PSA says into what a company was merged; but a merge moves its contacts, and a deletion does not.
async fn mark_merged(
    run: &Run,
    absent: &[&CompanyMapping],
    found: &mut HashMap<PsaCompanyId, AbsentCompany>,
    pages: &Pages,
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
    if owners.is_empty() {
        return Ok(());
    }
    for page in pages.contacts() {
        for contact in page? {
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
