//! How many costly calls an MSP may make (R65).

use std::time::Duration;

use jiff::Timestamp;

use crate::StoreError;
use crate::keys;
use crate::retry::Attempts;
use crate::schema::{Kind, SCHEMA};
use crate::single::UpdateOutcome;
use crate::table::{Item, Table, Tenant, number};

/// How much of its allowance an MSP has used.
const CALL_RATE: Kind = Kind::first("call rate");

const MINUTE: Duration = Duration::from_mins(1);

/// How many calls of one kind an MSP may make in a minute. It may make all of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRate {
    /// The kind of call, which names the item.
    pub kind: &'static str,
    /// How many; 0 is no limit.
    pub per_minute: u32,
}

/// What was decided about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is counted, and may be made.
    Admitted,
    /// The MSP has made too many.
    Refused {
        /// After this long one more is admitted.
        retry_after: Duration,
    },
}

impl Tenant {
    /// Counts a call unless the MSP has made too many.
    ///
    /// One number says up to which moment the MSP has used its allowance: each call moves it on by its share of a minute, and it may be
    /// at most a minute ahead (the generic cell rate algorithm). So a call costs one write unit, and a refused one as much. Crates
    /// for rate limits keep their state in the process, and each Lambda environment is a process of its own.
    pub async fn admit(&self, rate: CallRate, now: Timestamp) -> Result<Admission, StoreError> {
        if rate.per_minute == 0 {
            return Ok(Admission::Admitted);
        }
        let key = keys::call_rate(&self.msp, rate.kind);
        let share = millis(MINUTE) / i64::from(rate.per_minute);
        let now = now.as_millisecond();
        let latest = now + millis(MINUTE) - share;
        let mut attempts = Attempts::at("call rate");
        loop {
            let values = [
                (":share", number(share)),
                (":now", number(now)),
                (":latest", number(latest)),
            ];
            let update = "SET usedUntil = usedUntil + :share";
            let refused = match self
                .update_one(
                    Table::Records,
                    &key,
                    update,
                    "usedUntil BETWEEN :now AND :latest",
                    &values,
                )
                .await?
            {
                UpdateOutcome::Applied(_) => return Ok(Admission::Admitted),
                UpdateOutcome::Refused(item) => item,
            };
            if let Some(used_until) = used_until(refused.as_ref()).filter(|used_until| *used_until > latest) {
                let retry_after = Duration::from_millis(used_until.abs_diff(latest));
                return Ok(Admission::Refused { retry_after });
            }
            if self.begin_anew(&key, now, share).await? {
                return Ok(Admission::Admitted);
            }
            // Another call of the MSP was counted in between.
            attempts.again().await?;
        }
    }

    /// Counts the first call after a time without any.
    async fn begin_anew(&self, key: &keys::Key, now: i64, share: i64) -> Result<bool, StoreError> {
        let values = [
            (":first", number(now + share)),
            (":now", number(now)),
            (":schema", number(CALL_RATE.schema)),
        ];
        let update = format!("SET usedUntil = :first, #{SCHEMA} = :schema");
        let condition = "attribute_not_exists(usedUntil) OR usedUntil < :now";
        self.update_alone(Table::Records, key, &update, condition, &values)
            .await
    }
}

fn used_until(item: Option<&Item>) -> Option<i64> {
    item?.get("usedUntil")?.as_n().ok()?.parse().ok()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
