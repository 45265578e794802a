//! From the pages of a PSA to a complete snapshot: rows, their addresses, and who is absent, in one piece (R9).
//!
//! The rows are made slice by slice, from the pages and from the answers about absent rows. They and their lists are written on the way,
//! as a draft that does not count before the snapshot is complete. If a run ends in the middle, the next run makes the snapshot from the beginning.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{AddressId, PsaCompanyId};
use domain::not_in::{Absentees, FoundAbsent};
use domain::psa::PsaContact;
use domain::row::{CompanyRow, SnapshotAddress};
use psa::Psa;
use store::StoreError;
use store::checkpoint::Checkpoint;
use store::fenced::FencedOutcome;
use store::rows::Row;
use store::snapshot::pages::Pages;
use store::snapshot::{Complete, Draft};
use worker::{Stop, fenced};

use crate::context::{Position, Run, Stage};
use crate::hidden::Orphans;
use crate::joined::{self, Records, Slice};
use crate::known::Known;
use crate::mirrored::{self, Seen};
use crate::missing::LookUpAnswer;
use crate::people::{self, Found, PeopleContext, Persons, Reasons};
use crate::rows::SnapshotContext;
use crate::walk::Read;
use crate::{hidden, missing};

/// Makes the snapshot and lets it count. Returns `false` when time runs out first, or when what the last import knew does not suffice. In
/// the second case everything has to be read.
pub(crate) async fn complete(
    run: &Run,
    psa: &dyn Psa,
    Read { pages, noted, changed }: &mut Read,
    checkpoint: &mut Checkpoint<Position>,
) -> Result<bool, Stop> {
    checkpoint.progress.sorted = Some(0);
    noted.note(run, checkpoint).await?;
    let (pages, changed) = (&*pages, changed.as_deref());
    let known = changed.map(|changed| &changed.known);
    let mut context = SnapshotContext::read(run, pages).await?;
    let counts = joined::count(pages)?;
    hidden::check_walks(run, psa, known, &context, checkpoint).await?;
    let Some(orphans) = hidden::orphans(run, psa, known, &context, (pages, &counts), checkpoint).await? else {
        return Ok(false);
    };
    let Some(absent) = missing::read_back_companies(run, known, &context, pages, checkpoint).await? else {
        return Ok(false);
    };
    let mut leaves = leaves(known, &orphans, &absent);
    let not_in = missing::rows(run, &mut context, pages, absent).await?;
    let people = PeopleContext::read(run, &context, &not_in).await?;
    let all: BTreeSet<PsaCompanyId> = context.ids.iter().chain(not_in.keys()).cloned().collect();
    checkpoint.progress.to_sort = Some(all.len() as u64);
    let slices = joined::slices(&all, &counts);
    let records = Records {
        ids: &context.ids,
        added: &context.added,
        with_contacts: all.iter().chain(context.mappings.keys()).collect(),
        pages,
    };
    let groups = joined::groups(&slices, &counts, &records.with_contacts);
    drop(counts);
    let is_late = || run.deadline.is_near();
    let (mut persons, mut dealt) = (Persons::default(), None);
    for slices in &groups {
        if !people.is_any_mapped(slices) {
            continue;
        }
        let Some(pages) = records.deal(slices, is_late)? else {
            return Ok(false);
        };
        if !people::compare(run, &context, &people, slices.iter().zip(&pages), &mut persons).await? {
            return Ok(false);
        }
        // Those of several groups are dealt again, since together they take much of a worker's memory.
        dealt = Some(pages).filter(|_| groups.len() == 1);
    }
    let Some(found) = people::look_for(run, known, pages, &persons, checkpoint).await? else {
        return Ok(false);
    };
    let reasons = Reasons::read(run, (&context, pages), (&people, &found), (&persons, known), checkpoint).await?;
    if known.is_some_and(Known::is_left_open) {
        return Ok(false);
    }
    leaves.names.extend(reasons.names_outside.clone());
    leaves.contacts.extend(found.not_in_pages.clone());
    let draft = run.tenant.draft(&run.lease, &run.import, run.services.clock.now());
    let mut making = Making {
        run,
        context: &context,
        found: &found,
        reasons,
        persons,
        not_in,
        draft: draft.await?.ok_or(Stop::LeaseLost)?,
        rows: 0,
        absent_companies: BTreeSet::new(),
        absent: BTreeMap::new(),
    };
    for slices in groups {
        let Some(pages) = dealt
            .take()
            .map_or_else(|| records.deal(slices, is_late), |pages| Ok(Some(pages)))?
        else {
            return Ok(false);
        };
        for (slice, pages) in slices.iter().zip(pages) {
            if is_late() {
                return Ok(false);
            }
            making.slice(&pages, slice).await?;
            checkpoint.progress.sorted = Some(making.rows);
            noted.note(run, checkpoint).await?;
        }
    }
    let mut made = making.made(&people);
    drop(records);
    // Comparing with what the last import knew takes memory of its own.
    let (companies, added) = context.into_companies();
    let seen = Seen {
        pages,
        companies: &companies,
        added: &added,
        changed,
        more: &found.accepted,
        known: leaves,
        tables: changed.map_or_else(|| psa.tables(), |changed| changed.tables.clone()),
    };
    mirrored::add(run, &mut made.draft, seen, &checkpoint.position).await?;
    made.complete(run, &orphans.contacts, checkpoint).await?;
    Ok(true)
}

/// What is known of companies and contacts that are not in, for the next import.
fn leaves(known: Option<&Known>, orphans: &Orphans, absent: &[LookUpAnswer]) -> Known {
    let mut leaves = Known::default();
    if let Some(known) = known {
        leaves.absent.clone_from(&known.absent);
        leaves.outside.clone_from(&known.outside);
        leaves.names.clone_from(&known.names);
        leaves.contacts.clone_from(&known.contacts);
    }
    leaves.outside.extend(orphans.outside.iter().cloned());
    leaves.gone.clone_from(&orphans.gone);
    for answer in absent {
        if let LookUpAnswer::Absent(id, why) = answer {
            leaves.absent.insert(id.clone(), why.clone());
        }
    }
    leaves
}

/// Rows as they are made.
struct Making<'a> {
    run: &'a Run,
    context: &'a SnapshotContext,
    found: &'a Found,
    reasons: Reasons<'a>,
    persons: Persons,
    not_in: BTreeMap<PsaCompanyId, CompanyRow>,
    draft: Draft,
    /// How many rows are made.
    rows: u64,
    absent_companies: BTreeSet<PsaCompanyId>,
    /// Addresses found absent, of companies that are in.
    absent: BTreeMap<PsaCompanyId, BTreeSet<AddressId>>,
}

/// What is left once all rows are made.
struct Made {
    draft: Draft,
    absentees: Absentees,
    found: FoundAbsent,
}

impl Making<'_> {
    /// Makes the rows of the companies of a slice.
    async fn slice(&mut self, pages: &Pages, slice: &Slice) -> Result<(), Stop> {
        let mut addresses = joined::join(pages, slice, self.found.contacts())?;
        let mut rows = Vec::new();
        for (id, company) in joined::companies(pages)? {
            let addresses = addresses.remove(&id).unwrap_or_default();
            let row = self.context.row(&company, &addresses);
            rows.push(self.with_lists(row, addresses).await?);
        }
        let absent = self.not_in.extract_if(slice.clone(), |_, _| true);
        for (id, row) in absent.collect::<Vec<_>>() {
            self.absent_companies.insert(id);
            rows.push(self.with_lists(row, Vec::new()).await?);
        }
        self.rows += rows.len() as u64;
        self.draft.add_rows(rows)?;
        let now = || self.run.services.clock.now();
        let (tenant, lease, import) = (&self.run.tenant, &self.run.lease, &self.run.import);
        written(&tenant.write_lists(lease, import, &mut self.draft, now).await?)
    }

    /// The row with its lists, which are added to the draft.
    async fn with_lists(&mut self, row: CompanyRow, addresses: Vec<SnapshotAddress>) -> Result<Row, Stop> {
        let mut persons = self.persons.remove(&row.id).unwrap_or_default();
        if self.found.has_contacts_of(&row.id) {
            people::retain_absent(self.run, self.context, &row, &addresses, &mut persons).await?;
        }
        let people = self.reasons.of(&row.id, persons);
        if row.reason.is_none() && !people.is_empty() {
            let ids = people.iter().map(|person| person.id.clone());
            self.absent.insert(row.id.clone(), ids.collect());
        }
        let mut row = Row::new(row);
        self.draft.add_addresses(&mut row, addresses)?;
        self.draft.add_people(&mut row, &people)?;
        Ok(row)
    }

    fn made(self, people: &PeopleContext) -> Made {
        Made {
            draft: self.draft,
            absentees: Absentees {
                filter: self.run.import.filter.clone(),
                companies: self.absent_companies,
                addresses: self.absent,
            },
            found: self.reasons.found(people),
        }
    }
}

impl Made {
    /// Lets the snapshot count.
    async fn complete(
        mut self,
        run: &Run,
        orphans: &[PsaContact],
        checkpoint: &mut Checkpoint<Position>,
    ) -> Result<(), Stop> {
        let Run { worker, integration } = run;
        let (tenant, import) = (&worker.tenant, &worker.import);
        let mut more = tenant.found_absent_actions(import, self.absentees)?;
        more.extend(tenant.orphans_actions(import, orphans)?);
        let mut next = checkpoint.clone();
        next.position.absent = self.found;
        next.position.stage = Stage::Review;
        let snapshot = Complete {
            policy: import.unattended.then_some(&integration.policy),
            more,
        };
        let now = || worker.services.clock.now();
        let completed = tenant.complete_snapshot(&worker.lease, import, &mut self.draft, snapshot, &next, now);
        written(&completed.await?)?;
        *checkpoint = next;
        Ok(())
    }
}

/// Reads the outcome of a write that also rests on the last snapshot.
fn written(outcome: &FencedOutcome) -> Result<(), Stop> {
    match outcome {
        // The last snapshot has expired since it was read: the next try begins without it.
        FencedOutcome::Refused(_) => Err(StoreError::Contention {
            what: "the last snapshot",
        }
        .into()),
        outcome => fenced(outcome),
    }
}
