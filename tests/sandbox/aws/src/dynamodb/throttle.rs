//! A `DynamoDB` that takes only so many units a second, as AWS does.
//!
//! Each partition and each table has a bucket for writes and one for reads, filled at its rate on the injected clock. A full one holds what
//! was not used in the time of a burst. A request is let in while no bucket that it needs is empty, and then takes what it costs: the next
//! ones wait until the bucket has made up for it. What is not let in costs nothing.
//!
//! AWS leaves open, or says in several ways, and so this does one as well as the other in turns: whether a hot partition is answered with
//! `ProvisionedThroughputExceededException` or `ThrottlingException`, and a transaction with the reason `ThrottlingError` or
//! `ProvisionedThroughputExceeded`. Whether a partition can burst above its rate is open too: a [`Capacity`] says for how long.
//!
//! Not imitated: several partition keys on one partition (AWS splits those that are busy), and indexes of their own: what a write costs
//! there is its table's. A refused condition costs one unit an item.

mod answer;
mod request;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::meter::{is_read, is_write, units_by_table};
use crate::state_machine::Clock;
use request::Asked;

/// Units a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Write units.
    pub write: f64,
    /// Read units.
    pub read: f64,
}

impl Rate {
    fn share(self, of: f64) -> Self {
        let (write, read) = (self.write / of, self.read / of);
        Self { write, read }
    }
}

/// What is taken a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    /// By the items of one partition key.
    pub partition: Rate,
    /// By one table.
    pub table: Rate,
    /// For how long what is not used can be used later.
    pub burst: Duration,
}

impl Capacity {
    /// As AWS has it by default, with the burst that it does not promise.
    pub const AWS: Self = Self {
        partition: Rate {
            write: 1_000.0,
            read: 3_000.0,
        },
        table: Rate {
            write: 40_000.0,
            read: 40_000.0,
        },
        burst: Duration::from_mins(5),
    };

    /// The same without any burst: what is left of a second is gone after it.
    #[must_use]
    pub const fn without_burst(self) -> Self {
        Self {
            burst: Duration::from_secs(1),
            ..self
        }
    }

    /// One part of so many, for an MSP that is as many times smaller.
    #[must_use]
    pub fn share(self, of: f64) -> Self {
        Self {
            partition: self.partition.share(of),
            table: self.table.share(of),
            ..self
        }
    }
}

/// What a bucket is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name {
    /// A table, or an index.
    of: String,
    /// A partition key; none for the table itself.
    key: Option<String>,
    is_write: bool,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    units: f64,
    /// In seconds.
    since: f64,
}

#[derive(Debug, Default)]
struct State {
    buckets: HashMap<Name, Bucket>,
    refused: u64,
}

/// What calls are held to now, if to anything.
pub(super) type Throttling = Arc<Mutex<Option<Arc<Limiter>>>>;

/// Holds tables and partitions to their capacity.
pub struct Limiter {
    capacity: Capacity,
    clock: Clock,
    state: Mutex<State>,
}

/// A request that was let in.
#[derive(Debug)]
pub struct Admitted {
    /// What is sent on instead of the request, if not all of a batch was let in.
    pub body: Option<Vec<u8>>,
    asked: Asked,
    left_over: Option<serde_json::Value>,
}

/// A request that was refused: the body of an answer with the status 400.
#[derive(Debug)]
pub struct Refused(pub String);

impl Limiter {
    /// Everything is unused.
    pub fn new(capacity: Capacity, clock: Clock) -> Self {
        Self {
            capacity,
            clock,
            state: Mutex::default(),
        }
    }

    /// How many requests were refused so far, or let in in part.
    pub fn refused(&self) -> u64 {
        self.lock().refused
    }

    /// Lets a request in; `None` if it is of a kind that has no limits here.
    pub fn admit(&self, operation: &str, body: &[u8]) -> Result<Option<Admitted>, Refused> {
        let is_write = is_write(operation);
        if !is_write && !is_read(operation) {
            return Ok(None);
        }
        let mut asked = Asked::read(operation, body);
        let (now, mut state) = (self.now(), self.lock());
        let has_room: Vec<bool> = asked
            .parts
            .iter()
            .map(|part| {
                let names = names(part, is_write);
                names.iter().all(|name| self.bucket(&mut state, name, now).units > 0.0)
            })
            .collect();
        let is_whole = has_room.iter().all(|has_room| *has_room);
        let (mut replaced, mut left_over) = (None, None);
        if !is_whole {
            state.refused += 1;
            if !operation.starts_with("Batch") || !has_room.contains(&true) {
                let is_other = state.refused % 2 == 0;
                return Err(Refused(answer::refusal(operation, &has_room, is_other)));
            }
            let (sent, rest) = request::split(operation, body, &has_room);
            (replaced, left_over) = (Some(sent.to_string().into_bytes()), Some(rest));
            asked.keep(&has_room);
        }
        for part in &asked.parts {
            for name in names(part, is_write) {
                self.bucket(&mut state, &name, now).units -= part.weight;
            }
        }
        Ok(Some(Admitted {
            body: replaced,
            asked,
            left_over,
        }))
    }

    /// Takes what a request cost that was let in, as its answer says; gives what is answered instead.
    pub fn charge(&self, operation: &str, admitted: Admitted, answered: Vec<u8>) -> Vec<u8> {
        let (now, mut state) = (self.now(), self.lock());
        for (table, units) in units_by_table(&answered) {
            let of_table = |part: &&request::Part| part.table() == table;
            let weight: f64 = admitted
                .asked
                .parts
                .iter()
                .filter(of_table)
                .map(|part| part.weight)
                .sum();
            for part in admitted.asked.parts.iter().filter(of_table) {
                // Its weight was taken when it was let in.
                let more = part.weight * (units / weight - 1.0);
                for name in names(part, is_write(operation)) {
                    self.bucket(&mut state, &name, now).units -= more;
                }
            }
        }
        match admitted.left_over {
            Some(rest) => answer::with_left_over(operation, &answered, rest),
            None => answered,
        }
    }

    fn bucket<'a>(&self, state: &'a mut State, name: &Name, now: f64) -> &'a mut Bucket {
        let rate = match name.key {
            Some(_) => self.capacity.partition,
            None => self.capacity.table,
        };
        let rate = if name.is_write { rate.write } else { rate.read };
        let full = rate * self.capacity.burst.as_secs_f64();
        let unused = Bucket {
            units: full,
            since: now,
        };
        let bucket = state.buckets.entry(name.clone()).or_insert(unused);
        bucket.units = full.min((now - bucket.since).max(0.0).mul_add(rate, bucket.units));
        bucket.since = now;
        bucket
    }

    /// In seconds.
    fn now(&self) -> f64 {
        let now = (self.clock)();
        now.as_duration().as_secs_f64()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limiter")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// The buckets that a part of a request needs: of its partition, and of its table.
fn names(part: &request::Part, is_write: bool) -> [Name; 2] {
    let (table, of) = (part.table().to_owned(), part.of.clone());
    let key = Some(part.key.clone());
    [
        Name { of, key, is_write },
        Name {
            of: table,
            key: None,
            is_write,
        },
    ]
}

#[cfg(test)]
mod tests;
