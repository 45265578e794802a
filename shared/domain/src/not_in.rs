//! People who were imported before and are not in a snapshot, with the reason (R55), and what of that is suspicious (R54).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::filter::Filter;
use crate::ids::{AddressId, PsaCompanyId, UserId};
use crate::row::Absence;

macro_rules! reasons {
    ($($(#[$doc:meta])+ $reason:ident $code:literal $count:ident;)+) => {
        /// Why an address imported before is not in the snapshot.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum PersonAbsence {
            $($(#[$doc])+ $reason,)+
        }

        impl PersonAbsence {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$reason,)+];

            /// The code, as the API spells it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $code,)+
                }
            }
        }

        /// How many people are not in the snapshot, by reason.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct PeopleCounts {
            $(
                $(#[$doc])+
                #[serde(default)]
                pub $count: u64,
            )+
        }

        impl PeopleCounts {
            /// Nobody.
            pub const NONE: Self = Self { $($count: 0,)+ };

            /// Counts one more.
            pub const fn add(&mut self, reason: PersonAbsence) {
                *match reason {
                    $(PersonAbsence::$reason => &mut self.$count,)+
                } += 1;
            }

            /// All of them.
            pub const fn sum(&self) -> u64 {
                0 $(+ self.$count)+
            }
        }
    };
}

reasons! {
    /// The contact was deleted, or its company was.
    ContactDeleted "contact_deleted" contact_deleted;
    /// The contact is inactive, or its company is, and the filter leaves it out.
    ContactInactive "contact_inactive" contact_inactive;
    /// The contact is there, and no longer has the address.
    AddressRemoved "address_removed" address_removed;
    /// The contact belongs to another company, or to none.
    MovedToCompany "moved_to_company" moved_to_company;
    /// The company was merged into another one.
    MergedInto "merged_into" merged_into;
    /// The filter leaves the contact out, or its company.
    FilteredOut "filtered_out" filtered_out;
    /// The PSA gave no usable answer about the contact.
    Unreadable "unreadable" unreadable;
}

/// An address imported before that is not in the snapshot. Its user stays as it is (R31).
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNotIn {
    /// The row that it was imported from.
    pub id: AddressId,
    /// The user.
    pub user: UserId,
    /// The address as last imported.
    pub address: Address,
    /// The person's name.
    pub name: String,
    /// Why.
    pub reason: PersonAbsence,
    /// The company that the contact belongs to now.
    pub company: Option<OtherCompany>,
}

/// The PSA company that a contact belongs to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherCompany {
    /// The id of the company in the PSA.
    pub id: PsaCompanyId,
    /// The name of the company. Absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Says which row it was, and nobody's address.
impl fmt::Debug for PersonNotIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonNotIn")
            .field("id", &self.id)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// What reading a contact back found, as far as a reason needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// The PSA has it.
    There {
        /// Its company, if it has one.
        company: Option<PsaCompanyId>,
        /// Whether the filter accepts it.
        accepted: bool,
        /// Whether the PSA counts it as active.
        active: bool,
    },
    /// The PSA does not know it.
    Gone,
    /// The PSA gave no usable answer.
    Unreadable,
}

impl PersonAbsence {
    /// The reason for everybody of a company that is not in itself, if the company's reason is theirs. Where contacts may have gone
    /// elsewhere, each has a reason of its own.
    pub const fn of_company(absence: Absence) -> Option<Self> {
        match absence {
            Absence::FilteredOut => Some(Self::FilteredOut),
            Absence::Inactive => Some(Self::ContactInactive),
            Absence::Unreadable => Some(Self::Unreadable),
            Absence::DeletedInPsa | Absence::MergedInPsa => None,
        }
    }

    /// Why an address of a contact of `company` is not in, and the other company that the contact belongs to now, if there is one.
    /// `absence` is why the company itself is not in, if it is not. If no other reason applies, and the filter accepts the contact, the
    /// address was removed.
    pub fn of(company: &PsaCompanyId, absence: Option<Absence>, found: &Whereabouts) -> (Self, Option<PsaCompanyId>) {
        let Whereabouts::There {
            company: now,
            accepted,
            active,
        } = found
        else {
            let is_gone = *found == Whereabouts::Gone;
            return (
                if is_gone {
                    Self::ContactDeleted
                } else {
                    Self::Unreadable
                },
                None,
            );
        };
        let elsewhere = now.as_ref().filter(|now| *now != company).cloned();
        let reason = match absence {
            Some(Absence::MergedInPsa) => Self::MergedInto,
            _ if now.as_ref() != Some(company) => Self::MovedToCompany,
            Some(Absence::DeletedInPsa) => Self::ContactDeleted,
            _ if *accepted => Self::AddressRemoved,
            _ if *active => Self::FilteredOut,
            _ => Self::ContactInactive,
        };
        (reason, elsewhere)
    }
}

/// What was not in the snapshot of an import, of what was mapped then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absentees {
    /// The filter of that import.
    pub filter: Filter,
    /// Companies, each with all of its addresses.
    pub companies: BTreeSet<PsaCompanyId>,
    /// Addresses of companies that were in.
    pub addresses: BTreeMap<PsaCompanyId, BTreeSet<AddressId>>,
}

impl Absentees {
    /// Whether the address was in, if it was mapped.
    pub fn had(&self, company: &PsaCompanyId, address: &AddressId) -> bool {
        let absent = self.addresses.get(company);
        !self.companies.contains(company) && !absent.is_some_and(|absent| absent.contains(address))
    }
}

/// How many rows the last finished import had that the filter still accepts, and how many of them are absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missed {
    /// How many are absent now.
    pub absent: u64,
    /// How many the last finished import had.
    pub of: u64,
}

/// A snapshot in which so much is absent that it may not show all that the PSA has (R54).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuspiciousSnapshot {
    /// Mapped companies.
    pub companies: Missed,
    /// Mapped addresses.
    pub addresses: Missed,
}

impl Missed {
    /// At least so many must be absent for a snapshot to be suspicious.
    const LEAST: u64 = 5;

    /// More than one in so many must be absent for a snapshot to be suspicious.
    const ONE_IN: u64 = 5;

    const fn is_suspicious(self) -> bool {
        self.absent >= Self::LEAST && self.absent * Self::ONE_IN > self.of
    }
}

impl SuspiciousSnapshot {
    /// Whether it is one.
    pub const fn of(companies: Missed, addresses: Missed) -> Option<Self> {
        if companies.is_suspicious() || addresses.is_suspicious() {
            Some(Self { companies, addresses })
        } else {
            None
        }
    }
}

/// What an import found absent, once its snapshot is complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundAbsent {
    /// Mapped companies that are not in.
    pub companies: u64,
    /// People who are not in.
    pub people: PeopleCounts,
    /// Whether that is suspicious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicious: Option<SuspiciousSnapshot>,
}

impl FoundAbsent {
    /// Everything is there.
    pub const NOTHING: Self = Self {
        companies: 0,
        people: PeopleCounts::NONE,
        suspicious: None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "7";

    fn there(company: Option<&str>, accepted: bool, active: bool) -> Whereabouts {
        let company = company.map(PsaCompanyId::new);
        Whereabouts::There {
            company,
            accepted,
            active,
        }
    }

    #[test]
    fn r55_every_contact_that_is_not_in_has_a_reason() {
        use PersonAbsence as P;
        let (home, deleted, merged) = (Some(HOME), Some(Absence::DeletedInPsa), Some(Absence::MergedInPsa));
        for (absence, found, reason, elsewhere) in [
            (None, Whereabouts::Gone, P::ContactDeleted, None),
            (None, Whereabouts::Unreadable, P::Unreadable, None),
            (None, there(home, true, true), P::AddressRemoved, None),
            (None, there(home, true, false), P::AddressRemoved, None),
            (None, there(home, false, true), P::FilteredOut, None),
            (None, there(home, false, false), P::ContactInactive, None),
            (None, there(Some("8"), true, true), P::MovedToCompany, Some("8")),
            (None, there(Some("8"), false, false), P::MovedToCompany, Some("8")),
            (None, there(None, true, true), P::MovedToCompany, None),
            (deleted, Whereabouts::Gone, P::ContactDeleted, None),
            (deleted, there(home, true, true), P::ContactDeleted, None),
            (deleted, there(Some("8"), true, true), P::MovedToCompany, Some("8")),
            (merged, there(Some("8"), true, true), P::MergedInto, Some("8")),
            (merged, there(home, true, true), P::MergedInto, None),
            (merged, Whereabouts::Gone, P::ContactDeleted, None),
            (merged, Whereabouts::Unreadable, P::Unreadable, None),
        ] {
            let expected = (reason, elsewhere.map(PsaCompanyId::new));
            assert_eq!(
                PersonAbsence::of(&PsaCompanyId::new(HOME), absence, &found),
                expected,
                "{absence:?} {found:?}"
            );
        }
    }

    #[test]
    fn r54_more_than_a_fifth_and_at_least_five_are_suspicious() {
        let missed = |absent, of| Missed { absent, of };
        for (absent, of, suspicious) in [
            (0, 0, false),
            (4, 4, false),
            (5, 5, true),
            (5, 24, true),
            (5, 25, false),
            (6, 25, true),
            (20, 100, false),
            (21, 100, true),
        ] {
            let some = missed(absent, of);
            let none = missed(0, 100);
            for (companies, addresses) in [(some, none), (none, some)] {
                assert_eq!(
                    SuspiciousSnapshot::of(companies, addresses).is_some(),
                    suspicious,
                    "{absent} of {of}"
                );
            }
        }
    }

    #[test]
    fn r54_an_address_was_in_unless_it_or_its_company_was_not() {
        let (company, other) = (PsaCompanyId::new("1"), PsaCompanyId::new("2"));
        let (address, gone) = (AddressId::new("1~1"), AddressId::new("2~1"));
        let absentees = Absentees {
            filter: Filter::default(),
            companies: BTreeSet::from([other.clone()]),
            addresses: BTreeMap::from([(company.clone(), BTreeSet::from([gone.clone()]))]),
        };
        assert!(absentees.had(&company, &address));
        assert!(!absentees.had(&company, &gone));
        assert!(!absentees.had(&other, &address));
    }

    #[test]
    fn r55_reasons_are_spelled_and_counted_alike() {
        let mut counts = PeopleCounts::default();
        for reason in PersonAbsence::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            counts.add(*reason);
        }
        let fields = serde_json::to_value(counts).unwrap();
        assert!(
            fields.as_object().unwrap().values().all(|count| *count == 1),
            "{fields}"
        );
        assert_eq!(counts.sum(), PersonAbsence::ALL.len() as u64);
    }
}
