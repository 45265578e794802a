//! When integrations are due to be imported by themselves (R95): an item for each that has a schedule, found through an index by the
//! moment at which somebody has to look at it.
//!
//! The partitions of the index take a thousand writes a second each: with several, all integrations may be due in one minute. One more
//! has the snapshots by the moment at which they expire.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{IntegrationId, MspId};
use domain::schedule::{Progress, Schedule};
use jiff::Timestamp;
use serde::Deserialize;

use crate::StoreError;
use crate::keys;
use crate::schema::Kind;
use crate::table::{Item, Readable, Store, Table, Tenant, body, number, readable, text};
use crate::tx::Action;

const SCHEDULE: Kind = Kind::first("schedule");

/// The index.
const DUE: &str = "due";

/// Its partitions, which the role of the sweeper lists, too.
pub const SHARDS: usize = 8;

/// How many are read at once.
const PAGE_SIZE: i32 = 100;

/// An integration that has to be looked at.
#[derive(Debug, Clone, Deserialize)]
pub struct Due {
    /// The tenant.
    pub msp: MspId,
    /// The integration.
    pub integration: IntegrationId,
}

/// See [`Progress`]. Moments are seconds of Unix time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleItem {
    #[serde(default)]
    due: Option<i64>,
    #[serde(default)]
    next_at: i64,
    #[serde(default)]
    since: i64,
    #[serde(default)]
    done_at: Option<i64>,
    #[serde(default)]
    overdue: bool,
}

impl Store {
    /// Integrations of one shard that were due a moment ago, the longest first, but for those that cannot be read; and where the next
    /// page begins.
    pub async fn due(
        &self,
        shard: usize,
        now: Timestamp,
        after: Option<Item>,
    ) -> Result<(Readable<Due>, Option<Item>), StoreError> {
        self.due_in(SCHEDULE, keys::due_shard(shard), now, after).await
    }

    /// One page of a partition of the index.
    pub(crate) async fn due_in(
        &self,
        kind: Kind,
        shard: String,
        now: Timestamp,
        after: Option<Item>,
    ) -> Result<(Readable<Due>, Option<Item>), StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.records)
            .index_name(DUE)
            .key_condition_expression("dueShard = :shard AND due <= :now")
            .expression_attribute_values(":shard", text(shard))
            .expression_attribute_values(":now", number(now.as_second()))
            .set_exclusive_start_key(after)
            .limit(PAGE_SIZE)
            .send()
            .await
            .map_err(|error| StoreError::sdk("Query", error))?;
        let items = page.items.unwrap_or_default().into_iter();
        let due = readable(kind, items.map(|item| body(kind, item)));
        Ok((due, page.last_evaluated_key))
    }
}

impl Tenant {
    /// How far the schedule of an integration has come; none if it has no schedule.
    pub async fn schedule(&self, integration: &IntegrationId) -> Result<Option<Progress>, StoreError> {
        let item = self
            .get(Table::Records, &keys::schedule(&self.msp, integration))
            .await?;
        let Some(item) = item else { return Ok(None) };
        let item: ScheduleItem = body(SCHEDULE, item)?;
        let moment = |seconds| Timestamp::from_second(seconds).map_err(|error| StoreError::shape(SCHEDULE.name, error));
        let Some(due) = item.due else { return Ok(None) };
        Ok(Some(Progress {
            due: moment(due)?,
            next: moment(item.next_at)?,
            since: moment(item.since)?,
            done: item.done_at.map(moment).transpose()?,
            overdue: item.overdue,
        }))
    }

    /// Moves a schedule on; `false` if somebody else has moved it or replaced it since it was `seen`.
    pub async fn advance_schedule(
        &self,
        integration: &IntegrationId,
        seen: &Progress,
        to: &Progress,
    ) -> Result<bool, StoreError> {
        let mut update = "SET due = :due, nextAt = :next, since = :from, overdue = :overdue".to_owned();
        let mut values = vec![
            (":due", number(to.due.as_second())),
            (":next", number(to.next.as_second())),
            (":from", number(to.since.as_second())),
            (":overdue", AttributeValue::Bool(to.overdue)),
        ];
        values.extend(as_seen(seen));
        if let Some(done) = to.done {
            update += ", doneAt = :done";
            values.push((":done", number(done.as_second())));
        }
        self.update_alone(
            Table::Records,
            &keys::schedule(&self.msp, integration),
            &update,
            IS_AS_SEEN,
            &values,
        )
        .await
    }

    /// Lets the sweeper forget an integration that has no schedule any more; `false` if it has got one since it was `seen`.
    pub async fn end_schedule(&self, integration: &IntegrationId, seen: &Progress) -> Result<bool, StoreError> {
        self.update_alone(
            Table::Records,
            &keys::schedule(&self.msp, integration),
            END,
            IS_AS_SEEN,
            &as_seen(seen),
        )
        .await
    }

    /// The write of the schedule of another policy. One that stays keeps the moment at which it is due, if it has one.
    pub(crate) async fn replace_schedule(
        &self,
        integration: &IntegrationId,
        (before, after): (Option<&Schedule>, Option<&Schedule>),
        now: Timestamp,
    ) -> Result<Option<Action>, StoreError> {
        let seen = self.schedule(integration).await?;
        if before == after && (after.is_none() || seen.is_some()) {
            return Ok(None);
        }
        let next = after.and_then(|schedule| schedule.next_after(now));
        let progress = next.map(|next| match &seen {
            Some(seen) => seen.rescheduled(next),
            None => Progress::new(next, now),
        });
        Ok(Some(self.schedule_action(integration, progress.as_ref())?))
    }

    /// The write that stores how far a schedule has come; without `progress`, the one that takes the integration out of the index.
    pub(crate) fn schedule_action(
        &self,
        integration: &IntegrationId,
        progress: Option<&Progress>,
    ) -> Result<Action, StoreError> {
        let key = keys::schedule(&self.msp, integration);
        // A condition that always holds: whether there was a schedule before makes no difference.
        let condition = "attribute_exists(pk) OR attribute_not_exists(pk)";
        let Some(progress) = progress else {
            return Action::update(self, Table::Records, &key, END, condition, &[]);
        };
        let mut values = vec![
            (":schema", number(SCHEDULE.schema)),
            (":msp", text(self.msp.as_str())),
            (":integration", text(integration.as_str())),
            (":shard", text(keys::due_shard(shard_of(integration)))),
            (":due", number(progress.due.as_second())),
            (":next", number(progress.next.as_second())),
            (":since", number(progress.since.as_second())),
            (":overdue", AttributeValue::Bool(progress.overdue)),
        ];
        let done = match progress.done {
            Some(done) => {
                values.push((":done", number(done.as_second())));
                ", doneAt = :done"
            }
            None => " REMOVE doneAt",
        };
        let update = format!(
            "SET #schema = :schema, msp = :msp, integration = :integration, dueShard = :shard, due = :due, nextAt = :next, \
                since = :since, overdue = :overdue{done}"
        );
        Action::update(self, Table::Records, &key, &update, condition, &values)
    }
}

/// Takes an item out of the index.
const END: &str = "REMOVE dueShard, due";

/// Nobody has moved a schedule on or replaced it. `due` alone does not prove that: if it is the moment at which the integration is overdue,
/// a schedule that has replaced this one may have the same `due`.
const IS_AS_SEEN: &str = "due = :dueSeen AND nextAt = :nextSeen AND since = :sinceSeen";

fn as_seen(seen: &Progress) -> [(&'static str, AttributeValue); 3] {
    [
        (":dueSeen", number(seen.due.as_second())),
        (":nextSeen", number(seen.next.as_second())),
        (":sinceSeen", number(seen.since.as_second())),
    ]
}

/// Always the same for one integration.
fn shard_of(integration: &IntegrationId) -> usize {
    let bytes = integration.as_str().bytes();
    bytes.fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    }) % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r95_integrations_are_spread_over_all_shards() {
        let mut filled = [0_usize; SHARDS];
        for number in 0..8_000_u128 {
            filled[shard_of(&IntegrationId::new(format!("{number:032x}")))] += 1;
        }
        assert!(filled.iter().all(|shard| (700..1300).contains(shard)), "{filled:?}");
    }
}
