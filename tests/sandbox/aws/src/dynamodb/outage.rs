//! A `DynamoDB` that takes no call of the functions for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use serde::Deserialize;

/// How every call of the functions fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreFault {
    /// The service fails.
    Error,
    /// The table has no room.
    Throttling,
}

impl StoreFault {
    pub(super) const fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::Error => (
                StatusCode::INTERNAL_SERVER_ERROR,
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}"#,
            ),
            Self::Throttling => (
                StatusCode::BAD_REQUEST,
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#,
            ),
        }
    }
}

/// The fault of now, if there is one; clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Outage(Arc<Mutex<Option<Plan>>>);

#[derive(Debug)]
struct Plan {
    fault: StoreFault,
    /// How many calls are answered before it begins.
    skip: u64,
}

impl Outage {
    /// The fault that a call meets.
    pub fn meet(&self) -> Option<StoreFault> {
        let mut plan = self.lock();
        let plan = plan.as_mut()?;
        if plan.skip > 0 {
            plan.skip -= 1;
            return None;
        }
        Some(plan.fault)
    }

    pub fn set(&self, fault: Option<StoreFault>, skip: u64) {
        *self.lock() = fault.map(|fault| Plan { fault, skip });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Plan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_after_so_many_calls_and_lasts_until_it_is_ended() {
        let outage = Outage::default();
        outage.set(Some(StoreFault::Error), 2);
        let met: Vec<bool> = (0..4).map(|_| outage.meet().is_some()).collect();
        assert_eq!(met, [false, false, true, true]);
        outage.set(None, 0);
        assert_eq!(outage.meet(), None);
    }
}
