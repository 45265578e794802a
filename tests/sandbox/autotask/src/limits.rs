//! The two limits of a tenant: requests in 60 minutes, and calls at the same time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::switches::Switches;

/// The rolling time in which requests count.
pub const TIMEFRAME_MINUTES: i64 = 60;

/// What the tenant has used. Clones share it.
#[derive(Clone, Default)]
pub struct Limits(Arc<Used>);

#[derive(Default)]
struct Used {
    requests: Mutex<VecDeque<Timestamp>>,
    running: Mutex<HashMap<(String, String), usize>>,
}

/// Why a call is not let in.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many requests in the timeframe.
    Hour,
    /// Too many calls of this endpoint at the same time.
    Threads,
}

/// A call at work; dropping it ends the call.
pub struct Running {
    used: Arc<Used>,
    key: (String, String),
    /// How much the server slows the call down.
    pub latency: Duration,
}

impl Limits {
    /// Lets a call in. A refused call does not count against the hour, or a tenant beyond it would never get back.
    pub fn enter(&self, code: &str, endpoint: &str, now: Timestamp, switches: &Switches) -> Result<Running, Refused> {
        let threshold = usize::try_from(switches.external_request_threshold).unwrap_or(usize::MAX);
        let used = {
            let mut requests = lock(&self.0.requests);
            forget_old(&mut requests, now);
            if requests.len() >= threshold {
                return Err(Refused::Hour);
            }
            requests.push_back(now);
            requests.len()
        };
        let key = (code.to_owned(), endpoint.to_owned());
        let mut running = lock(&self.0.running);
        let count = running.entry(key.clone()).or_default();
        if *count >= switches.threads {
            return Err(Refused::Threads);
        }
        *count += 1;
        Ok(Running {
            used: Arc::clone(&self.0),
            key,
            latency: latency(used, threshold, switches.latency_scale),
        })
    }

    /// The requests of the timeframe that ends now.
    pub fn used(&self, now: Timestamp) -> usize {
        let mut requests = lock(&self.0.requests);
        forget_old(&mut requests, now);
        requests.len()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(count) = lock(&self.used.running).get_mut(&self.key) {
            *count = count.saturating_sub(1);
        }
    }
}

fn forget_old(requests: &mut VecDeque<Timestamp>, now: Timestamp) {
    while requests
        .front()
        .is_some_and(|&first| now.duration_since(first) >= SignedDuration::from_mins(TIMEFRAME_MINUTES))
    {
        requests.pop_front();
    }
}

fn latency(used: usize, threshold: usize, scale: f64) -> Duration {
    let seconds = match () {
        () if used * 4 >= threshold * 3 => 1.0,
        () if used * 2 >= threshold => 0.5,
        () => 0.0,
    };
    Duration::try_from_secs_f64(seconds * scale).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn switches(threshold: u32) -> Switches {
        Switches {
            external_request_threshold: threshold,
            latency_scale: 1.0,
            ..Switches::default()
        }
    }

    #[test]
    fn the_fourth_call_at_the_same_time_is_refused_per_code_and_endpoint() {
        let (limits, switches) = (Limits::default(), switches(10_000));
        let enter = |code, endpoint| limits.enter(code, endpoint, START, &switches);
        let mut running: Vec<_> = (0..3).map(|_| enter("a", "companies").unwrap()).collect();
        assert_eq!(enter("a", "companies").err(), Some(Refused::Threads));
        assert!(enter("a", "contacts").is_ok() && enter("b", "companies").is_ok());
        running.pop();
        assert!(enter("a", "companies").is_ok());
    }

    #[test]
    fn requests_leave_the_count_after_sixty_minutes() {
        let (limits, switches) = (Limits::default(), switches(2));
        let at = |minutes| {
            limits
                .enter("a", "x", START + SignedDuration::from_mins(minutes), &switches)
                .map(|_| ())
        };
        assert_eq!([at(0), at(30), at(59)], [Ok(()), Ok(()), Err(Refused::Hour)]);
        assert_eq!([at(60), at(60)], [Ok(()), Err(Refused::Hour)]);
        assert_eq!(at(90), Ok(()));
    }

    #[test]
    fn calls_get_slower_from_half_and_three_quarters_of_the_threshold() {
        let (limits, switches) = (Limits::default(), switches(8));
        let latencies: Vec<_> = (0..8)
            .map(|_| limits.enter("a", "x", START, &switches).unwrap().latency.as_millis())
            .collect();
        assert_eq!(latencies, [0, 0, 0, 500, 500, 1_000, 1_000, 1_000]);
    }
}
