//! Which faults are tried again, and after how long.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Retrier {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    pub error_equals: Vec<String>,
    interval_seconds: u32,
    backoff_rate: f64,
    max_attempts: u32,
    max_delay_seconds: u32,
    #[serde(rename = "JitterStrategy")]
    _jitter: Jitter,
}

#[derive(Debug, Clone, Deserialize)]
enum Jitter {
    #[serde(rename = "FULL")]
    Full,
}

/// What one visit to a task has used up of each retrier.
pub(super) struct Attempts<'a> {
    retriers: &'a [Retrier],
    used: Vec<u32>,
}

impl<'a> Attempts<'a> {
    pub fn new(retriers: &'a [Retrier]) -> Self {
        Self {
            retriers,
            used: vec![0; retriers.len()],
        }
    }

    /// How long to wait before the next try, or `None` when the first retrier that knows the error has no try left:
    /// later retriers are not asked then.
    pub fn next_delay(&mut self, error: &str) -> Option<Duration> {
        let index = self
            .retriers
            .iter()
            .position(|retrier| matches(&retrier.error_equals, error))?;
        let (retrier, used) = (&self.retriers[index], &mut self.used[index]);
        if *used == retrier.max_attempts {
            return None;
        }
        let delay = retrier.longest_delay(*used);
        *used += 1;
        Some(delay.mul_f64(rand::random()))
    }
}

impl Retrier {
    /// The delay before jitter, after so many tries.
    fn longest_delay(&self, used: u32) -> Duration {
        let growth = self.backoff_rate.powi(used.try_into().unwrap_or(i32::MAX));
        let seconds = (f64::from(self.interval_seconds) * growth).min(f64::from(self.max_delay_seconds));
        Duration::from_secs_f64(seconds)
    }
}

/// Whether a list of error names holds this one, wildcards included.
pub(super) fn matches(names: &[String], error: &str) -> bool {
    names.iter().any(|name| match name.as_str() {
        // A fault of the definition itself cannot be caught.
        "States.ALL" => error != "States.Runtime",
        "States.TaskFailed" => error != "States.Timeout" && error != "States.Runtime",
        name => name == error,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn retrier(errors: &[&str], attempts: u32) -> Retrier {
        serde_json::from_value(json!({
            "ErrorEquals": errors, "IntervalSeconds": 2, "BackoffRate": 3.0, "MaxAttempts": attempts,
            "MaxDelaySeconds": 10, "JitterStrategy": "FULL"
        }))
        .unwrap()
    }

    #[test]
    fn delays_grow_up_to_their_limit_and_are_drawn_below_it() {
        let retriers = [retrier(&["States.ALL"], 50)];
        let longest: Vec<_> = (0..4).map(|used| retriers[0].longest_delay(used).as_secs()).collect();
        assert_eq!(longest, [2, 6, 10, 10]);
        let mut attempts = Attempts::new(&retriers);
        let drawn: Vec<_> = (0..50).map(|_| attempts.next_delay("any").unwrap()).collect();
        assert!(drawn.iter().all(|delay| *delay <= Duration::from_secs(10)));
        assert!(
            drawn.windows(2).any(|pair| pair[0] > pair[1]),
            "full jitter does not only grow"
        );
        assert_eq!(attempts.next_delay("any"), None);
    }

    #[test]
    fn the_first_retrier_that_knows_an_error_decides_alone() {
        let retriers = [retrier(&["Lambda.Unknown"], 1), retrier(&["States.TaskFailed"], 2)];
        let mut attempts = Attempts::new(&retriers);
        assert!(attempts.next_delay("Lambda.Unknown").is_some());
        assert_eq!(attempts.next_delay("Lambda.Unknown"), None);
        assert!(attempts.next_delay("FunctionError").is_some());
        assert_eq!(
            attempts.next_delay("States.Timeout"),
            None,
            "TaskFailed does not stand for a timeout"
        );
    }
}
