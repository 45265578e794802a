//! The texts that every language has.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::address::NoAddressReason;
use crate::not_in::{PersonAbsence, SuspiciousSnapshot};
use crate::plan::Reason;
use crate::problem::{Mistake, Problem, ResourceKind, UrlRefused};
use crate::reading::FullReadReason;
use crate::row::Absence;
use crate::suggestion::Similarity;

/// The texts of one language.
pub(crate) trait Messages {
    /// What happened, why, and what to do next.
    fn problem(&self, problem: &Problem) -> String;

    /// What happens or happened to a row, and what to do next; no advice where there is nothing to do.
    fn reason(&self, reason: Reason) -> (&'static str, &'static str);

    /// Why a contact has no address, and what to do next.
    fn no_address(&self, reason: NoAddressReason) -> (&'static str, &'static str);

    /// Why a mapped company is absent from the snapshot.
    fn absence(&self, absence: Absence) -> &'static str;

    /// Why a person imported before is not in the snapshot, and what to do next.
    fn person_absence(&self, absence: PersonAbsence) -> (&'static str, &'static str);

    /// What is suspicious about a snapshot, and what to do next.
    fn suspicious(&self, snapshot: &SuspiciousSnapshot) -> String;

    /// Why an import reads everything.
    fn full_read(&self, reason: FullReadReason) -> &'static str;

    /// Why a managed company is suggested.
    fn similarity(&self, similarity: Similarity) -> &'static str;

    /// What is looked for by its id, as part of a sentence.
    fn resource(&self, kind: ResourceKind) -> &'static str;

    /// Why the address of a PSA is refused, as part of a sentence.
    fn url_refused(&self, reason: UrlRefused) -> &'static str;

    /// What is wrong with an address in a request.
    fn invalid_address(&self, reason: NoAddressReason) -> &'static str;

    /// What is wrong with a name in a request that may have `most` characters.
    fn invalid_name(&self, most: usize) -> String;

    /// What is wrong with a text in a request that may have `least` to `most` characters.
    fn invalid_text(&self, least: usize, most: usize) -> String;

    /// What is wrong with an interval of a schedule that is not one of the `known`.
    fn no_interval(&self, known: &str) -> String;

    /// What is wrong with a time of the day.
    fn no_time_of_day(&self) -> &'static str;

    /// What is wrong with a filter of more attributes, or more values of one, than these.
    fn filter_too_large(&self, attributes: usize, values: usize) -> String;

    /// What is wrong with a field of a request.
    fn mistake(&self, mistake: &Mistake<'_>) -> Cow<'static, str>;

    /// What to know before creating users that are billed.
    fn billed_by_use(&self) -> &'static str;
}

/// A number of things, in the form for one or for many.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A moment as people read it, in the one time zone that holds for everybody.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
