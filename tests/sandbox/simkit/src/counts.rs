//! Counts that lag behind the rows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Questions that are remembered; beyond them all are forgotten.
const MAX_QUESTIONS: usize = 1_000;

/// What counts were when each question was last asked.
#[derive(Debug, Default)]
pub struct Counts(Mutex<HashMap<String, usize>>);

impl Counts {
    /// The answer to a question. If counts `lag`, it is what the same question should have been answered the last time.
    pub fn answer(&self, question: String, count: usize, lag: bool) -> usize {
        if !lag {
            return count;
        }
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= MAX_QUESTIONS {
            last.clear();
        }
        last.insert(question, count).unwrap_or(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_lags_is_that_of_the_last_time() {
        let counts = Counts::default();
        let asked: Vec<usize> = [5, 6, 6]
            .map(|count| counts.answer("all".to_owned(), count, true))
            .into();
        assert_eq!(asked, [5, 5, 6]);
        assert_eq!(counts.answer("some".to_owned(), 2, true), 2);
        assert_eq!(counts.answer("all".to_owned(), 9, false), 9);
    }
}
