//! The worker: from wherever the last run stopped to the end of the plan, or to where time ends (R34, R36, R37).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::ids::PsaCompanyId;
use domain::import::{Assignment, Import, ImportState};
use domain::plan::Counts;
use futures::{TryStreamExt, pin_mut};
use jiff::Timestamp;
use lambda::{Deadline, Services, Work, WorkOutcome};
use planning::Planning;
use store::checkpoint::Checkpoint;
use store::journal::{ConfirmedCompany, Outcomes, PLAN_SCHEMA};
use store::rows::Row;
use store::waited::WaitReason;
use store::{StoreError, Tenant};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing::warn;
use worker::{Acquired, Failed, Job, Next, Stop, Wait};

use crate::apply::{self, Applied};
use crate::context::{Position, Run};
use crate::finish::{Rows, finish_import};
use crate::slices::{Accounted, slices};
use crate::unattended::Decision;

/// Companies worked on at once. The more there are, the more are committed together, under one proof of the lease, with one item of
/// outcomes and one of the audit trail.
const COMPANY_CONCURRENCY: usize = 40;

/// Companies that are planned together.
const NEIGHBOURS: usize = 25;

/// The most companies between two checkpoints.
const MAX_COMPANIES_PER_CHECKPOINT: usize = 1_000;

/// Rows skipped between two checkpoints: what is kept in memory until they are written.
const MAX_SKIPPED_ROWS: usize = 50_000;

/// The longest time between two checkpoints, well within a worker's lease.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// Looks in a row for what a directory does later. Each thing ends by itself after some hours, looked for every few seconds at first.
const MAX_LOOKS: u32 = 1_000;

pub(crate) async fn work(services: Services, work: Work, deadline: Deadline) -> Result<WorkOutcome, worker::Error> {
    match worker::acquire(services, work, deadline, Assignment::Execute).await? {
        Acquired::Run(run) if run.import.state == ImportState::Review => {
            Box::pin(worker::work_on::<Decision>(*run)).await
        }
        Acquired::Run(run) => worker::work_on::<Execution>(*run).await,
        Acquired::Nothing(outcome) => Ok(outcome),
    }
}

/// Applies a confirmed plan.
struct Execution {
    run: Run,
    planning: OnceCell<Planning>,
    /// Companies that have their outcomes since the plan was confirmed: they need nothing.
    skipped: HashSet<PsaCompanyId>,
}

#[async_trait]
impl Job for Execution {
    const ASSIGNMENT: Assignment = Assignment::Execute;
    type Position = Position;

    async fn open(run: &worker::Run, checkpoint: Option<&Checkpoint<Position>>) -> Result<Self, Stop> {
        let confirmed = confirmed(&run.tenant, &run.import).await?;
        let waited = checkpoint.map_or(run.waited, |checkpoint| checkpoint.waited.merged(run.waited));
        Ok(Self {
            run: Run::open(run.clone(), confirmed, waited).await?,
            planning: OnceCell::new(),
            skipped: run.tenant.skipped_when_confirmed(&run.import).await?,
        })
    }

    async fn step(&mut self, checkpoint: &mut Checkpoint<Position>) -> Result<Next, Stop> {
        let batch = self.next_companies(checkpoint).await?;
        self.run.end_changes().await;
        if let Err(stop) = self.run.check_outage() {
            return Ok(Next::Stopped(stop));
        }
        if let Batch::Waits(until) = batch {
            return Ok(Next::Wait(Wait {
                reason: WaitReason::Directory,
                until: Some(until),
                free: MAX_LOOKS,
            }));
        }
        if matches!(batch, Batch::OutOfTime) {
            return Ok(Next::Run);
        }
        // After the last one too: rows that it skipped make the import a cancelled one.
        self.run.look_for_cancel().await?;
        if matches!(batch, Batch::More) {
            return Ok(Next::Step);
        }
        // Adding up the journal takes memory of its own.
        drop(self.planning.take());
        finish_import(&mut self.run, Rows::AccountedFor).await?;
        Ok(Next::Done)
    }

    /// First gives the import up, so that its remaining rows are skipped. If they cannot be skipped either, the import ends with what is in
    /// the journal; but after a stop that passes they are tried again, until every row is accounted for.
    async fn fail(&mut self, stop: Stop) -> Result<Failed, Stop> {
        // A key that is rejected for one row is rejected for all.
        let is_rejected = matches!(&stop, Stop::Directory(error) if error.is_of_key());
        if (stop.passes() || is_rejected) && !self.run.give_up {
            return Ok(Failed::GivesUp);
        }
        if stop.passes() || !self.run.give_up {
            return Err(stop);
        }
        warn!(import = %self.run.import.id, error = %stop, "giving up with rows unaccounted for");
        drop(self.planning.take());
        finish_import(&mut self.run, Rows::Unaccounted).await?;
        Ok(Failed::Ended)
    }
}

/// What was confirmed for each company.
async fn confirmed(tenant: &Tenant, import: &Import) -> Result<HashMap<PsaCompanyId, ConfirmedCompany>, Stop> {
    let confirmed = match tenant.confirmed(import).await {
        // An abandoned import begins no further company, so it can end without the confirmed plan.
        Err(error) if import.abandoned && !error.passes() => {
            warn!(import = %import.id, %error, "the confirmed plan of an abandoned import cannot be read; ending without it");
            HashMap::new()
        }
        confirmed => confirmed?,
    };
    if let Some(schema) = confirmed.values().find_map(ConfirmedCompany::other_schema) {
        warn!(
            import = %import.id,
            "confirmed by another version of psa-import (plan schema {schema}, this version has {PLAN_SCHEMA}): its companies count as changed"
        );
    }
    Ok(confirmed)
}

impl Execution {
    async fn planning(&self) -> Result<&Planning, Stop> {
        let run = &self.run;
        let open = || Planning::open(run.tenant.clone(), Arc::clone(&run.directory), run.import.clone());
        Ok(self.planning.get_or_try_init(open).await?)
    }

    /// The rows that have yet to be applied, in the order of their ids.
    async fn rows_left(
        &self,
        planning: &Planning,
        checkpoint: &Checkpoint<Position>,
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>>, Stop> {
        let rows = planning.selected(checkpoint.position.after.as_ref()).await?;
        Ok(rows.filter(|row| row.as_ref().map_or(true, |row| !self.skipped.contains(&row.id))))
    }

    /// Notes how many rows there are to apply, for people to watch: once, since it never changes after the confirmation.
    async fn note_total(&self, planning: &Planning, checkpoint: &mut Checkpoint<Position>) -> Result<(), Stop> {
        let (run, mut left) = (&self.run, 0);
        if checkpoint.progress.to_execute.is_some() {
            return Ok(());
        }
        for row in self.rows_left(planning, checkpoint).await? {
            row?;
            left += 1;
        }
        let progress = &mut checkpoint.progress;
        progress.to_execute = Some(progress.executed + left);
        let mut tx = run.transaction()?;
        run.tenant
            .note_progress(&mut tx, &run.import, Assignment::Execute, progress)?;
        run.commit(tx).await
    }

    /// What is applied at once: companies of which something was confirmed one by one, others together with their neighbours. Of the
    /// first company `named` rows have their outcomes already.
    async fn units(&self, planning: &Planning, rows: Vec<Row>, named: usize) -> Result<Vec<Unit>, Stop> {
        let run = &self.run;
        let ids: Vec<PsaCompanyId> = rows.iter().map(|row| row.id.clone()).collect();
        let begun = run.tenant.begun_among(&run.import, &ids).await?;
        // Of these companies nobody but this run records more of them.
        let outcomes = if begun.is_empty() {
            Arc::default()
        } else {
            Arc::new(run.tenant.outcomes(&run.import).await?)
        };
        let is_read = |id: &&PsaCompanyId| !run.confirmed.contains_key(id) && planning.mapping(id).is_some();
        planning.expect(ids.iter().filter(is_read).count());
        let mut units = Vec::new();
        for (place, row) in rows.into_iter().enumerate() {
            let named = if place == 0 { named } else { 0 };
            let (begun, confirmed) = (begun.contains(&row.id), run.confirmed.contains_key(&row.id));
            match units.last_mut() {
                _ if begun || confirmed || named > 0 => units.push(Unit::One {
                    row: Box::new(row),
                    begun: begun.then(|| Arc::clone(&outcomes)),
                    named,
                }),
                Some(Unit::Unchanged(rows)) if rows.len() < NEIGHBOURS => rows.push(row),
                _ => units.push(Unit::Unchanged(vec![row])),
            }
        }
        Ok(units)
    }

    /// Applies the next companies, several at once, and moves the checkpoint past those that have their outcomes.
    async fn next_companies(&self, checkpoint: &mut Checkpoint<Position>) -> Result<Batch, Stop> {
        // As it mostly is when nobody was asked: nothing has changed, and the confirmation has all outcomes.
        if checkpoint.progress.to_execute == Some(checkpoint.progress.executed) {
            return Ok(Batch::Last);
        }
        let (run, planning) = (&self.run, self.planning().await?);
        self.note_total(planning, checkpoint).await?;
        let rows = self
            .rows_left(planning, checkpoint)
            .await?
            .take(MAX_COMPANIES_PER_CHECKPOINT);
        let rows = rows.collect::<Result<Vec<Row>, _>>()?;
        let units = self.units(planning, rows, checkpoint.position.within).await?;
        let units = futures::stream::iter(units.into_iter().map(Ok::<_, Stop>));
        // By the clock of the pauses between retries, which tests move.
        let due = Instant::now() + CHECKPOINT_EVERY;
        let skipped = AtomicUsize::new(0);
        let is_full = || Instant::now() >= due || skipped.load(Ordering::Relaxed) >= MAX_SKIPPED_ROWS;
        let is_time_up = || run.is_to_end() || is_full();
        let applied = units
            .try_take_while(|_| std::future::ready(Ok(!is_time_up())))
            .map_ok(|unit| unit.apply(run, planning))
            .try_buffered(COMPANY_CONCURRENCY)
            .map_ok(|applied| futures::stream::iter(applied.into_iter().map(Ok::<_, Stop>)))
            .try_flatten();
        pin_mut!(applied);
        let (mut done, mut is_whole) = (Vec::new(), true);
        // Companies after an unfinished one are worked on, too, but the checkpoint does not pass them. The next step finds those that were
        // applied in the journal. Those that were skipped have no entry yet, and the next step skips them again.
        while let Some((company, applied)) = applied.try_next().await? {
            let (entries, applied) = match applied {
                Applied::Skipped(entries) => (entries, Counts::default()),
                Applied::Journaled(applied) => (Vec::new(), applied),
                Applied::Unfinished => {
                    is_whole = false;
                    continue;
                }
            };
            if !is_whole {
                continue;
            }
            skipped.fetch_add(entries.iter().map(|entry| entry.rest.len()).sum(), Ordering::Relaxed);
            done.push(Accounted {
                company,
                entries,
                applied,
            });
        }
        // One company may take longer than waits in a row are free: any outcome that is recorded counts.
        let got_further = run.take_recorded() || !done.is_empty();
        if got_further {
            checkpoint.waited.reset();
        }
        for slice in slices(&run.tenant, &run.import, checkpoint, &done)? {
            let mut tx = run.transaction()?;
            for action in slice.actions {
                tx.push(action)?;
            }
            run.tenant
                .advance(&mut tx, &run.import, Assignment::Execute, &slice.checkpoint)?;
            run.commit(tx).await?;
            *checkpoint = slice.checkpoint;
        }
        let waits = run.waits();
        Ok(if run.deadline.is_near() {
            Batch::OutOfTime
        // A step that recorded nothing would be repeated at once, so it ends in a wait even if it has not come to the last company.
        } else if let Some(until) = waits.filter(|_| !got_further || !is_time_up()) {
            Batch::Waits(until)
        } else if is_time_up() || done.len() == MAX_COMPANIES_PER_CHECKPOINT {
            Batch::More
        } else {
            Batch::Last
        })
    }
}

/// What is applied at once.
enum Unit {
    /// One company; if an earlier run has begun it, with the outcomes that were recorded by then.
    One {
        row: Box<Row>,
        begun: Option<Arc<Outcomes>>,
        named: usize,
    },
    /// Companies of which nothing was confirmed: they are to be as they are.
    Unchanged(Vec<Row>),
}

impl Unit {
    async fn apply(self, run: &Run, planning: &Planning) -> Result<Vec<(PsaCompanyId, Applied)>, Stop> {
        match self {
            Self::One { row, begun, named } => {
                let company = row.id.clone();
                if run.is_too_early(&company) {
                    return Ok(vec![(company, Applied::Unfinished)]);
                }
                let applied = apply::apply(run, planning, *row, (begun.as_deref(), named)).await?;
                Ok(vec![(company, applied)])
            }
            Self::Unchanged(rows) => apply::unchanged(run, planning, rows).await,
        }
    }
}

enum Batch {
    More,
    Last,
    OutOfTime,
    /// The directory does something later, and without it there is nothing to do.
    Waits(Timestamp),
}
