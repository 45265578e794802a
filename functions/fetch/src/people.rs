//! People who were imported before and are not in the snapshot, with the reason (R55), and whether so much is absent that the
//! snapshot is suspicious (R54).
//!
//! First the mappings are [compared](compare) with the contacts of their companies. Contacts that their company does not have are
//! [looked for](look_for) in the pages, then read back by id. At last each gets its [reason](Reasons), for review, plan and result alike.

mod compare;
mod reasons;
mod whereabouts;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use domain::address::Address;
use domain::filter::Filter;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::not_in::{Absentees, Missed, PersonAbsence};
use domain::row::{Absence, CompanyRow};
use worker::Stop;

use crate::context::Run;
use crate::joined::Slice;
use crate::rows::SnapshotContext;

pub(crate) use compare::{Persons, compare, retain_absent};
pub(crate) use reasons::Reasons;
pub(crate) use whereabouts::{Found, look_for};

/// A mapped address that the snapshot does not have.
#[derive(Clone)]
pub(crate) struct AbsentPerson {
    /// The row that it was imported from.
    id: AddressId,
    user: UserId,
    /// The address as last imported.
    address: Address,
    name: String,
    /// Why, if the contact need not be looked for.
    reason: Option<PersonAbsence>,
}

/// Says which row it was, and nobody's address.
impl fmt::Debug for AbsentPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbsentPerson")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What is the same for all people of a snapshot.
pub(crate) struct PeopleContext {
    /// The companies that are mapped to a managed company that exists, in the order of their ids.
    mapped: Vec<PsaCompanyId>,
    /// The companies that are not in.
    not_in: HashMap<PsaCompanyId, Absence>,
    /// What the last finished import found absent.
    before: Absentees,
    filter: Filter,
}

impl PeopleContext {
    /// Reads it, once it is known which companies are absent.
    pub(crate) async fn read(
        run: &Run,
        context: &SnapshotContext,
        not_in: &BTreeMap<PsaCompanyId, CompanyRow>,
    ) -> Result<Self, Stop> {
        let mapped = context.mappings.values();
        let mapped = mapped.filter(|mapping| context.managed.get(&mapping.managed).is_some());
        let mut mapped: Vec<PsaCompanyId> = mapped.map(|mapping| mapping.company.clone()).collect();
        mapped.sort();
        let not_in = not_in.iter().filter_map(|(id, row)| Some((id.clone(), row.reason?)));
        Ok(Self {
            mapped,
            not_in: not_in.collect(),
            before: run.tenant.absentees(&run.import.integration).await?,
            filter: run.import.filter.clone(),
        })
    }

    /// The mapped companies of a slice.
    fn mapped_in(&self, slice: &Slice) -> &[PsaCompanyId] {
        let begin = self.mapped.partition_point(|id| id < slice.start());
        let end = self.mapped.partition_point(|id| id <= slice.end());
        self.mapped.get(begin..end).unwrap_or_default()
    }

    /// Whether slices have a mapped company: the others are not looked at.
    pub(crate) fn is_any_mapped(&self, slices: &[Slice]) -> bool {
        slices.iter().any(|slice| !self.mapped_in(slice).is_empty())
    }

    /// Whether the filter explains an absence. An inactive contact is explained if the filter has changed since the last finished import:
    /// the contact may have been inactive before, and the new filter leaves inactive contacts out.
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
