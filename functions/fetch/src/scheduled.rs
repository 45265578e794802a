//! Imports that are due by their integration's schedule (R95): the sweeper starts them.
//!
//! The scheduled moment is the occasion, so a sweep that dies between the start and the next moment, or another one at the same time,
//! starts nothing twice. However long nobody swept, each integration starts once.

use domain::ids::{IdempotencyKey, IntegrationId};
use domain::import::ImportState;
use domain::integration::Integration;
use domain::published::PublishedEvent;
use domain::schedule::Progress;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use lambda::metrics::{Metric, count, listed};
use lambda::{Deadline, Services, Trigger, Triggered};
use store::Tenant;
use store::schedules::{Due, SHARDS};
use tracing::{error, info};

use crate::unattended;

/// How many integrations are looked at at once.
const DUE_CONCURRENCY: usize = 16;

/// The newest imports among which the last one that was done is looked for. More are not made between two scheduled ones.
const NEWEST_IMPORTS: i32 = 20;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a look at an integration ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// Its import has begun, now or by an earlier look.
    Started,
    /// An earlier unattended import, of a schedule or an event, still holds the lock: this moment is left out.
    StillRunning,
    /// The start was refused, and operators know why.
    Refused,
    /// The integration is paused: this moment is left out.
    Paused,
    /// Nothing was to be started.
    NotDue,
}

/// The sum of all looks.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub due: usize,
    pub started: usize,
    pub failed: usize,
}

/// Starts what is due, until nothing is or the time of the run ends: what is left is due at the next sweep.
pub(crate) async fn start_due(services: &Services, deadline: Deadline) -> Sum {
    let mut sum = Sum::default();
    for shard in 0..SHARDS {
        let mut after = None;
        while !deadline.is_near() {
            let page = services.store.due(shard, services.clock.now(), after).await;
            let (due, next) = match page {
                Ok(page) => page,
                Err(error) => {
                    error!(shard, %error, "what is due could not be listed");
                    sum.failed += 1;
                    break;
                }
            };
            let mut looks = stream::iter(listed(due))
                .map(|due| look_at(services.clone(), due))
                .buffer_unordered(DUE_CONCURRENCY);
            // One that fails must not keep the others waiting.
            while let Some(looked) = looks.next().await {
                sum.add(looked.as_ref().ok());
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    sum
}

impl Sum {
    const fn add(&mut self, looked: Option<&Looked>) {
        match looked {
            None => self.failed += 1,
            Some(Looked::NotDue) => return,
            Some(Looked::Started) => self.started += 1,
            Some(Looked::StillRunning | Looked::Refused | Looked::Paused) => {}
        }
        self.due += 1;
    }
}

async fn look_at(services: Services, due: Due) -> Result<Looked, Error> {
    let looked = look(&services, &due).await;
    looked.inspect_err(|error| {
        error!(msp = %due.msp, integration = %due.integration, %error, "an integration that is due could not be looked at");
    })
}

async fn look(services: &Services, due: &Due) -> Result<Looked, Error> {
    let (tenant, now) = (services.tenant(&due.msp), services.clock.now());
    // The index may be a moment behind.
    let Some(seen) = tenant.schedule(&due.integration).await?.filter(|seen| seen.due <= now) else {
        return Ok(Looked::NotDue);
    };
    let integration = tenant.integration(&due.integration).await?;
    let Some((integration, next)) = integration.and_then(|integration| next_of(integration, now)) else {
        // Removed, or a schedule that was taken back: nobody looks at it any more.
        let _ = tenant.end_schedule(&due.integration, &seen).await?;
        return Ok(Looked::NotDue);
    };
    let next = next.ok_or("the time zone of its schedule is not known")?;
    let is_due = seen.next <= now;
    let looked = match (is_due, integration.paused) {
        (false, _) => Looked::NotDue,
        (true, true) => Looked::Paused,
        (true, false) => start(services, due, seen.next).await?,
    };
    let next = if is_due { next } else { seen.next };
    let after = if integration.paused {
        seen.paused(next, now)
    } else {
        seen.looked_at(next, last_done(&tenant, &integration.id).await?, now)
    };
    if after.overdue && !seen.overdue {
        tell_overdue(services, &tenant, due, &after).await?;
    }
    // False: another sweep was faster, or an administrator has set another schedule.
    let _ = tenant.advance_schedule(&due.integration, &seen, &after).await?;
    Ok(looked)
}

/// The integration with its next scheduled moment, which is none if the time zone is not known; nothing if it has no schedule.
fn next_of(integration: Integration, now: Timestamp) -> Option<(Integration, Option<Timestamp>)> {
    let next = integration.policy.schedule.as_ref()?.next_after(now);
    Some((integration, next))
}

/// Starts the import of a scheduled moment.
async fn start(services: &Services, due: &Due, at: Timestamp) -> Result<Looked, Error> {
    let (tenant, token) = (services.tenant(&due.msp), IdempotencyKey::new(format!("schedule.{at}")));
    if tenant.started_by(&due.integration, &token).await?.is_some() {
        return Ok(Looked::Started);
    }
    let holder = tenant.holder(&due.integration, services.clock.now()).await?;
    if holder.is_some_and(|holder| holder.person.is_principal()) {
        count(Metric::SchedulesSkipped, 1);
        info!(integration = %due.integration, %at, "a scheduled import is left out: the one before is still running");
        return Ok(Looked::StillRunning);
    }
    let trigger = Trigger {
        msp: due.msp.clone(),
        integration: due.integration.clone(),
        token,
    };
    Ok(match unattended::start(services.clone(), trigger).await? {
        Triggered::Started { .. } | Triggered::Already { .. } => Looked::Started,
        Triggered::Refused { .. } => Looked::Refused,
    })
}

/// When an import of the integration was last done, if it is among the newest ones.
async fn last_done(tenant: &Tenant, integration: &IntegrationId) -> Result<Option<Timestamp>, Error> {
    let (newest, _) = tenant.history(integration, None, NEWEST_IMPORTS).await?;
    let done = newest
        .items
        .into_iter()
        .filter(|import| import.state == ImportState::Done);
    Ok(done.filter_map(|import| import.ended_at).max())
}

/// Writes the event *overdue*, once until an import is done again.
async fn tell_overdue(services: &Services, tenant: &Tenant, due: &Due, after: &Progress) -> Result<(), Error> {
    let event = PublishedEvent::overdue(
        services.ids.next(),
        due.msp.clone(),
        due.integration.clone(),
        services.clock.now(),
    );
    if tenant.publish_overdue(after.last(), &event).await? {
        count(Metric::SchedulesOverdue, 1);
        error!(msp = %due.msp, integration = %due.integration, since = %after.last(), "no scheduled import was done for too long");
    }
    Ok(())
}
