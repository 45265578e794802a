//! How many requests to a service are under way at once, by how well it keeps up (R43).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// A service that takes longer to answer does not keep up.
const SLOW: Duration = Duration::from_secs(10);

/// So many answers in time allow one request more at once.
const EARNED_BY: usize = 20;

/// Lets so many requests be under way at once, and fewer while the service is slow or refuses them as too many: half as many for each
/// such answer, and one more again for every few that are as they should be.
#[derive(Debug)]
pub struct Gate {
    permits: Semaphore,
    most: usize,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    /// How many may be under way now.
    limit: usize,
    /// How many more are: their permits are not given back.
    surplus: usize,
    /// Answers in time since the limit changed.
    in_time: usize,
}

impl Gate {
    /// A gate for at most so many requests.
    pub const fn new(most: usize) -> Self {
        Self {
            permits: Semaphore::const_new(most),
            most,
            window: Mutex::new(Window {
                limit: most,
                surplus: 0,
                in_time: 0,
            }),
        }
    }

    /// Waits until another request may be sent.
    pub(crate) async fn enter(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permits.acquire().await
    }

    /// A request was answered after so long; `refused` if as one too many.
    pub(crate) fn leave(&self, permit: SemaphorePermit<'_>, took: Duration, refused: bool) {
        let mut window = self.window();
        if refused || took >= SLOW {
            let half = (window.limit / 2).max(1);
            window.surplus += window.limit - half;
            window.limit = half;
            window.in_time = 0;
        } else {
            window.in_time += 1;
            if window.in_time >= EARNED_BY && window.limit < self.most {
                window.limit += 1;
                window.in_time = 0;
                match window.surplus.checked_sub(1) {
                    Some(less) => window.surplus = less,
                    None => self.permits.add_permits(1),
                }
            }
        }
        if window.surplus > 0 {
            window.surplus -= 1;
            permit.forget();
        }
        window.surplus -= self.permits.forget_permits(window.surplus);
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(200);

    /// Takes all permits there are.
    fn fill(gate: &Gate) -> Vec<SemaphorePermit<'_>> {
        std::iter::from_fn(|| gate.permits.try_acquire().ok()).collect()
    }

    /// Answers everything under way, and as much again as is let in, so many times.
    fn answer(gate: &Gate, times: usize, refused: bool) {
        for _ in 0..times {
            for permit in fill(gate) {
                gate.leave(permit, QUICK, refused);
            }
        }
    }

    #[test]
    fn r43_each_refusal_halves_what_is_sent_at_once() {
        let gate = Gate::new(8);
        for left in [4, 2, 1, 1] {
            let mut all = fill(&gate);
            gate.leave(all.pop().unwrap(), QUICK, true);
            for permit in all {
                gate.leave(permit, QUICK, false);
            }
            let under_way = fill(&gate);
            assert_eq!(under_way.len(), left);
        }
    }

    #[test]
    fn r43_requests_under_way_are_too_many_until_they_are_answered() {
        let gate = Gate::new(4);
        let mut all = fill(&gate);
        gate.leave(all.pop().unwrap(), QUICK, true);
        gate.leave(all.pop().unwrap(), QUICK, false);
        assert!(fill(&gate).is_empty(), "two are under way, and two are allowed");
        gate.leave(all.pop().unwrap(), QUICK, false);
        assert_eq!(fill(&gate).len(), 1);
    }

    #[test]
    fn r43_a_slow_answer_counts_as_a_refusal() {
        let gate = Gate::new(2);
        let mut all = fill(&gate);
        gate.leave(all.pop().unwrap(), SLOW, false);
        drop(all);
        assert_eq!(fill(&gate).len(), 1);
    }

    #[test]
    fn what_is_sent_at_once_comes_back_one_by_one_and_not_beyond_the_most() {
        let gate = Gate::new(4);
        answer(&gate, 1, true);
        assert_eq!(fill(&gate).len(), 1);
        for most in [2, 3, 4, 4, 4] {
            while gate.window().limit < most {
                answer(&gate, 1, false);
            }
            answer(&gate, 2 * EARNED_BY, false);
            assert!(fill(&gate).len() <= 4);
        }
        assert_eq!(fill(&gate).len(), 4);
    }
}
