//! Whether an import reads all of the PSA, or only what changed since the last one (R77–R79).
//!
//! Changes are read only from a point up to which everything is known, and only if the PSA's own counts then prove that nothing else has
//! changed. In every other case the same import reads everything, and says why.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::filter::Filter;
use crate::ids::{PsaCompanyId, PsaContactId, SecretId};
use crate::psa::{Changes, LookedUp, PsaCompany, PsaContact, Totals};

/// Changes are asked for from so long before the watermark on: the clocks of a PSA's servers differ, and so do its time zones.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// How many hours after a full read the next one is due, unless the policy says otherwise.
pub const FULL_READ_HOURS: u16 = 24;

/// The fewest and the most hours that a policy may say.
pub const FULL_READ_HOURS_RANGE: RangeInclusive<u16> = 1..=168;

/// The version of what clients read and how. Raise it when they read more than before, or read it otherwise: then every integration is read
/// in full once.
pub const VERSION: u32 = 1;

/// How an import reads the PSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadingMode {
    /// It reads only what changed since the last import.
    Changes,
    /// It reads everything.
    Full,
}

/// Why an import reads everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FullReadReason {
    /// There was no import before, or what it read is no longer kept.
    First,
    /// The start of the import asked for it (`full`).
    Requested,
    /// The last full read is longer ago than the policy allows.
    Due,
    /// The filter has changed since the last import.
    OtherFilter,
    /// The address, the login company or the credentials have changed since the last import.
    OtherConnection,
    /// This version of the service reads in another way than the one that read last.
    OtherVersion,
    /// The PSA does not say what changed, or when it answered.
    NotOffered,
    /// The PSA does not evaluate all of the filter, so that its counts prove nothing.
    FilterNotCounted,
    /// So much has changed that a full read is as cheap.
    ManyChanges,
    /// The PSA's own counts do not match the rows after the changes.
    CountsDiffer,
    /// The changes do not tell what became of a company or a contact.
    LeftOpen,
}

impl FullReadReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::First,
        Self::Requested,
        Self::Due,
        Self::OtherFilter,
        Self::OtherConnection,
        Self::OtherVersion,
        Self::NotOffered,
        Self::FilterNotCounted,
        Self::ManyChanges,
        Self::CountsDiffer,
        Self::LeftOpen,
    ];
}

/// How an import reads the PSA, and why it reads everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// Whether the import reads everything or only changes.
    pub mode: ReadingMode,
    /// Why the import reads everything. Absent if it reads only changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<FullReadReason>,
}

impl Reading {
    /// Only changes are read.
    pub const CHANGES: Self = Self {
        mode: ReadingMode::Changes,
        reason: None,
    };

    /// Everything is read, for this reason.
    pub const fn full(reason: FullReadReason) -> Self {
        Self {
            mode: ReadingMode::Full,
            reason: Some(reason),
        }
    }
}

/// Where and as whom a PSA is read. Other credentials may see other rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Where the PSA is.
    pub address: String,
    /// The login company, for products that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Which secret has the credentials; others have another.
    pub secret: SecretId,
}

/// What the last complete snapshot rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRead {
    /// When everything was read last.
    pub full_at: Timestamp,
    /// Up to when, by the clock of the PSA, every change is known that the PSA stamps. `None` if it has not told the time.
    pub watermark: Option<Timestamp>,
    /// The filter.
    pub filter: Filter,
    /// Where and as whom.
    pub connection: Connection,
    /// What clients made of it.
    pub version: u32,
}

/// What an import is about to read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Whether everything was asked for.
    pub full: bool,
    /// The filter.
    pub filter: &'a Filter,
    /// Where and as whom.
    pub connection: &'a Connection,
    /// How many hours after a full read the next one is due.
    pub full_read_hours: u16,
    /// The time.
    pub now: Timestamp,
    /// Whether the PSA counts exactly the rows that the filter accepts.
    pub is_counted: bool,
}

/// From when on changes are to be read, or why everything is.
pub fn since(last: Option<&LastRead>, wanted: Wanted<'_>) -> Result<Timestamp, FullReadReason> {
    let last = last.ok_or(FullReadReason::First)?;
    let due = last
        .full_at
        .checked_add(SignedDuration::from_hours(wanted.full_read_hours.into()));
    let refusals = [
        (wanted.full, FullReadReason::Requested),
        (last.connection != *wanted.connection, FullReadReason::OtherConnection),
        (last.filter != *wanted.filter, FullReadReason::OtherFilter),
        (last.version != VERSION, FullReadReason::OtherVersion),
        (!wanted.is_counted, FullReadReason::FilterNotCounted),
        // A clock that was set back must not put the next full read off.
        (
            due.map_or(true, |due| wanted.now >= due) || wanted.now < last.full_at,
            FullReadReason::Due,
        ),
    ];
    if let Some((_, reason)) = refusals.into_iter().find(|(refuses, _)| *refuses) {
        return Err(reason);
    }
    let watermark = last.watermark.ok_or(FullReadReason::NotOffered)?;
    watermark.checked_sub(OVERLAP).map_err(|_| FullReadReason::NotOffered)
}

/// The watermark after a snapshot that rests on replies of which the earliest was sent `as_of`, by the clock of the PSA: never later than
/// that, and never later than `now`, so that a clock that is far ahead hides no change of the days to come. In whole seconds, as a PSA
/// says when it replies: not every PSA takes more digits in a filter.
pub fn watermark(as_of: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let earliest = as_of?.min(now);
    Timestamp::from_second(earliest.as_second()).ok()
}

/// What changes make of the rows that are known. A row that is gone has no record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// Companies that are in now, or not any more.
    pub companies: BTreeMap<PsaCompanyId, Option<PsaCompany>>,
    /// Contacts that the filter accepts now, or not any more.
    pub contacts: BTreeMap<PsaContactId, Option<PsaContact>>,
}

impl Edits {
    /// The edits that changes come to, where the filter accepts these rows. What left the filter, or was deleted and is still shown, is gone.
    pub fn of(
        changes: &Changes,
        accepts_company: impl Fn(&PsaCompany) -> bool,
        accepts_contact: impl Fn(&PsaContact) -> bool,
    ) -> Self {
        let mut edits = Self::default();
        for change in &changes.companies {
            let (id, company) = match change {
                LookedUp::Present(company) => (&company.id, accepts_company(company).then_some(company)),
                LookedUp::Deleted(id) | LookedUp::Gone(id) => (id, None),
                // It is as it was, as far as anybody knows.
                LookedUp::Unreadable(_) => continue,
            };
            edits.companies.insert(id.clone(), company.cloned());
        }
        for contact in &changes.contacts {
            let accepted = accepts_contact(contact).then_some(contact);
            edits.contacts.insert(contact.id.clone(), accepted.cloned());
        }
        edits
    }
}

/// Whether the PSA's own counts prove that nothing is missing after the changes, and nothing too many (R78).
pub fn proves(counted: Totals, known: Totals) -> bool {
    counted == known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AttributeId, ValueId};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn connection() -> Connection {
        Connection {
            address: "na.myconnectwise.net".to_owned(),
            company_id: Some("msp".to_owned()),
            secret: SecretId::new("s1"),
        }
    }

    fn last() -> LastRead {
        LastRead {
            full_at: at("2026-03-02T08:00:00Z"),
            watermark: Some(at("2026-03-02T09:00:00Z")),
            filter: Filter::default(),
            connection: connection(),
            version: VERSION,
        }
    }

    /// The decision for an import that could read changes otherwise.
    fn reads(last: Option<&LastRead>, change: impl FnOnce(&mut Wanted<'_>)) -> Result<Timestamp, FullReadReason> {
        let (filter, connection) = (Filter::default(), connection());
        let mut wanted = Wanted {
            full: false,
            filter: &filter,
            connection: &connection,
            full_read_hours: 24,
            now: at("2026-03-03T07:59:59Z"),
            is_counted: true,
        };
        change(&mut wanted);
        since(last, wanted)
    }

    #[test]
    fn r77_changes_are_read_from_a_day_before_the_watermark() {
        assert_eq!(reads(Some(&last()), |_| ()), Ok(at("2026-03-01T09:00:00Z")));
    }

    #[test]
    fn r78_everything_is_read_at_first_and_when_it_was_asked_for() {
        assert_eq!(reads(None, |_| ()), Err(FullReadReason::First));
        let asked = reads(Some(&last()), |wanted| wanted.full = true);
        assert_eq!(asked, Err(FullReadReason::Requested));
    }

    #[test]
    fn r78_everything_is_read_when_it_is_due_and_when_a_clock_went_back() {
        for (hours, now, is_due) in [
            (24, "2026-03-03T08:00:00Z", true),
            (168, "2026-03-09T07:59:59Z", false),
            (168, "2026-03-09T08:00:00Z", true),
            (1, "2026-03-02T08:59:59Z", false),
            (1, "2026-03-02T07:59:59Z", true),
        ] {
            let read = reads(Some(&last()), |wanted| {
                wanted.full_read_hours = hours;
                wanted.now = at(now);
            });
            assert_eq!(read.err(), is_due.then_some(FullReadReason::Due), "{hours} {now}");
        }
    }

    #[test]
    fn r78_everything_is_read_after_another_filter_connection_or_version() {
        let other = Filter(BTreeMap::from([(
            AttributeId::new("companyType"),
            vec![ValueId::new("1")],
        )]));
        let with_filter = LastRead {
            filter: other,
            ..last()
        };
        assert_eq!(reads(Some(&with_filter), |_| ()), Err(FullReadReason::OtherFilter));
        let connections = [
            Connection {
                secret: SecretId::new("s2"),
                ..connection()
            },
            Connection {
                address: "eu.myconnectwise.net".to_owned(),
                ..connection()
            },
            Connection {
                company_id: None,
                ..connection()
            },
        ];
        for connection in connections {
            let other = LastRead { connection, ..last() };
            assert_eq!(reads(Some(&other), |_| ()), Err(FullReadReason::OtherConnection));
        }
        let older = LastRead {
            version: VERSION - 1,
            ..last()
        };
        assert_eq!(reads(Some(&older), |_| ()), Err(FullReadReason::OtherVersion));
    }

    #[test]
    fn r78_everything_is_read_where_the_psa_cannot_tell() {
        let uncounted = reads(Some(&last()), |wanted| wanted.is_counted = false);
        assert_eq!(uncounted, Err(FullReadReason::FilterNotCounted));
        let timeless = LastRead {
            watermark: None,
            ..last()
        };
        assert_eq!(reads(Some(&timeless), |_| ()), Err(FullReadReason::NotOffered));
    }

    #[test]
    fn r78_the_watermark_is_never_past_the_reply_nor_past_now() {
        let now = at("2026-03-02T10:00:00.123456789Z");
        for (as_of, watermark_is) in [
            (None, None),
            (Some("2026-03-02T09:59:58Z"), Some("2026-03-02T09:59:58Z")),
            (Some("2027-03-02T09:59:58Z"), Some("2026-03-02T10:00:00Z")),
        ] {
            assert_eq!(watermark(as_of.map(at), now), watermark_is.map(at));
        }
    }

    #[test]
    fn r78_counts_prove_a_snapshot_only_if_both_are_equal() {
        let totals = |companies, contacts| Totals { companies, contacts };
        assert!(proves(totals(5, 9), totals(5, 9)));
        for counted in [totals(4, 9), totals(6, 9), totals(5, 8), totals(5, 10)] {
            assert!(!proves(counted, totals(5, 9)), "{counted:?}");
        }
    }
}
