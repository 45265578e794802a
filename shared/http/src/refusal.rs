//! A request that failed for good.

use std::time::Duration;

use jiff::Timestamp;

use crate::call::{Call, Endpoint};
use crate::classification::{Classification, FailureKind};
use crate::fault::Fault;
use crate::said::Said;

/// A failed request. Prints nothing that may not be logged or shown: no credential, no address, nothing of the reply.
#[derive(Debug)]
pub struct Refusal {
    /// What was asked.
    pub endpoint: &'static Endpoint,
    /// The status of the reply, if one came.
    pub status: Option<u16>,
    /// What the failure means. It may still turn out to have another cause.
    pub classification: Classification,
    /// The earliest moment at which asking again makes sense, if it is later than this session.
    pub not_before: Option<Timestamp>,
    /// What the service said of it, which is never printed.
    pub said: Option<Said>,
    /// The path to the value that did not fit; never the value.
    pub(crate) at: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn of(call: &Call<'_>, status: Option<u16>, classification: Classification) -> Self {
        Self {
            endpoint: call.endpoint,
            status,
            classification,
            not_before: None,
            said: None,
            at: None,
            retry_after: None,
        }
    }

    pub(crate) fn is_late(&self) -> bool {
        self.classification == Fault::Late.classification()
    }

    /// Whether a single one of the records that were asked for may be the cause: a page fails as a whole if one of its records cannot
    /// be shown, by the service or to us.
    pub fn may_be_by_a_record(&self) -> bool {
        match self.status {
            Some(500) => self.classification.kind == FailureKind::ServerError,
            Some(200) => self.classification == Fault::Malformed.classification(),
            _ => false,
        }
    }

    /// Status and place, as they follow the reason in a log line; empty if neither says anything.
    pub fn detail(&self) -> String {
        let status = self.status.filter(|status| *status != 200);
        let status = status.map_or_else(String::new, |status| format!(" (status {status})"));
        let at = self.at.as_ref().map_or_else(String::new, |at| format!(" (at {at})"));
        status + &at
    }
}
