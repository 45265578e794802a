//! How many requests a second are taken.

use std::collections::VecDeque;

/// A second, in milliseconds.
const SECOND: i64 = 1_000;

/// The requests of the last second.
#[derive(Default)]
pub(crate) struct Limits(VecDeque<i64>);

impl Limits {
    /// Whether one more request is within the limit; one that is not does not count.
    pub fn take(&mut self, now: i64, per_second: usize) -> bool {
        while self
            .0
            .front()
            .is_some_and(|&first| now - first >= SECOND || first > now)
        {
            self.0.pop_front();
        }
        let within = self.0.len() < per_second;
        if within {
            self.0.push_back(now);
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_leave_the_count_after_a_second() {
        let mut limits = Limits::default();
        let taken: Vec<bool> = [0, 500, 999, 1_000, 1_499, 1_500]
            .into_iter()
            .map(|now| limits.take(now, 2))
            .collect();
        assert_eq!(taken, [true, true, false, true, false, true]);
    }
}
