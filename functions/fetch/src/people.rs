//! People who were imported before and are not in the snapshot, with the reason (R55), and whether so much is absent that the
//! snapshot is suspicious (R54).
//!
//! First the mappings are [compared](compare) with the rows, group by group of companies. Contacts that no row of their company has
//! are [looked for](look_for) in the snapshot, then read back by id. At last the [reasons](keep_reasons) are kept, for review, plan and
//! result alike.

mod compare;
mod reasons;
mod whereabouts;

use std::collections::HashMap;

use domain::filter::Filter;
use domain::ids::PsaCompanyId;
use domain::not_in::{Absentees, Missed, PersonAbsence};
use domain::row::{Absence, CompanyRow, SnapshotAddress};
use store::checkpoint::Checkpoint;
use worker::{Stop, fenced};

use crate::context::{Position, Run};
use crate::rows::SnapshotContext;

pub(crate) use compare::compare;
pub(crate) use reasons::keep_reasons;
pub(crate) use whereabouts::look_for;

/// What is the same for all people of a snapshot.
pub(crate) struct PeopleContext {
    /// The companies that are mapped to a managed company that exists, in the order of their ids.
    mapped: Vec<PsaCompanyId>,
    /// The companies of the snapshot, in the order of their ids.
    snapshot: Vec<PsaCompanyId>,
    /// The companies that are not in.
    not_in: HashMap<PsaCompanyId, Absence>,
    /// What the last finished import found absent.
    before: Absentees,
    filter: Filter,
}

impl PeopleContext {
    /// Reads it, once the rows of all companies are there.
    pub(crate) async fn read(run: &Run, context: &SnapshotContext) -> Result<Self, Stop> {
        let mapped = context.mappings.values();
        let mapped = mapped.filter(|mapping| context.managed.get(&mapping.managed).is_some());
        let mut mapped: Vec<PsaCompanyId> = mapped.map(|mapping| mapping.company.clone()).collect();
        mapped.sort();
        let mut snapshot: Vec<PsaCompanyId> = context.companies.iter().map(|company| company.id.clone()).collect();
        snapshot.sort();
        Ok(Self {
            mapped,
            snapshot,
            not_in: run.tenant.not_in(&run.import).await?,
            before: run.tenant.absentees(&run.import.integration).await?,
            filter: run.import.filter.clone(),
        })
    }

    /// How many companies of the snapshot are between these, in the order of ids.
    fn between(&self, first: &PsaCompanyId, last: &PsaCompanyId) -> usize {
        let before = self.snapshot.partition_point(|id| id < first);
        self.snapshot.partition_point(|id| id <= last).saturating_sub(before)
    }

    /// Whether the filter is why somebody is absent who was there before. The filter may be another one now, which leaves out what has
    /// been inactive all the time.
    fn is_filtered(&self, reason: PersonAbsence) -> bool {
        match reason {
            PersonAbsence::FilteredOut => true,
            PersonAbsence::ContactInactive => self.before.filter != self.filter,
            _ => false,
        }
    }

    /// Mapped companies that the last finished import had.
    fn companies(&self) -> Missed {
        let mut missed = Missed::default();
        for company in self.mapped.iter().filter(|id| !self.before.companies.contains(id)) {
            let reason = self
                .not_in
                .get(company)
                .map(|absence| PersonAbsence::of_company(*absence));
            if reason.flatten().is_some_and(|reason| self.is_filtered(reason)) {
                continue;
            }
            missed.of += 1;
            missed.absent += u64::from(reason.is_some());
        }
        missed
    }
}

/// Keeps which companies are absent, before their rows are written.
pub(crate) async fn keep_not_in(
    run: &Run,
    rows: &[(CompanyRow, Vec<SnapshotAddress>)],
    checkpoint: &Checkpoint<Position>,
) -> Result<(), Stop> {
    let absent = rows.iter().filter_map(|(row, _)| Some((row.id.clone(), row.reason?)));
    let writes = run.tenant.not_in_actions(&run.import, absent)?;
    if writes.is_empty() {
        return Ok(());
    }
    let now = || run.services.clock.now();
    let kept = run.tenant.keep_people(&run.lease, &run.import, writes, checkpoint, now);
    fenced(&kept.await?)
}
