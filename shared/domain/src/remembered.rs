//! Whose address it was when it was last imported.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::ids::PsaContactId;

/// The most contacts that a mapping remembers by their ids.
pub const MAX_SHARERS: usize = 100;

/// What a mapping remembers of those who had its address when it was last imported.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The name of the person that the user is of (R57); `None` in a mapping of an earlier version.
    pub name: Option<String>,
    /// The other contacts of the company that had the address (R56).
    pub sharers: Sharers,
    /// The address that the user was asked to agree to and does not have yet (R84).
    pub asked_for: Option<Address>,
}

/// Says how many there are, and nobody's name.
impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered")
            .field("sharers", &self.sharers)
            .finish_non_exhaustive()
    }
}

/// Contacts of one company that have an address in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sharers {
    /// These.
    Of(BTreeSet<PsaContactId>),
    /// More than [`MAX_SHARERS`]. Every contact of the company that has the address counts as one of them: a user stays with an address
    /// too long rather than move away from people who still have it.
    Many,
}

impl Default for Sharers {
    fn default() -> Self {
        Self::Of(BTreeSet::new())
    }
}

impl FromIterator<PsaContactId> for Sharers {
    fn from_iter<T: IntoIterator<Item = PsaContactId>>(contacts: T) -> Self {
        let mut some = BTreeSet::new();
        for contact in contacts {
            some.insert(contact);
            if some.len() > MAX_SHARERS {
                return Self::Many;
            }
        }
        Self::Of(some)
    }
}

impl Sharers {
    /// Those that are listed.
    pub fn listed(&self) -> impl Iterator<Item = &PsaContactId> {
        match self {
            Self::Of(some) => Some(some.iter()),
            Self::Many => None,
        }
        .into_iter()
        .flatten()
    }

    /// Whether nobody else had the address.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a contact that has the address now is one of them.
    pub fn include(&self, contact: &PsaContactId) -> bool {
        match self {
            Self::Of(some) => some.contains(contact),
            Self::Many => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r56_so_many_sharers_are_listed_and_of_more_everybody_counts() {
        let some = |many: usize| {
            (0..many)
                .map(|id| PsaContactId::new(id.to_string()))
                .collect::<Sharers>()
        };
        let stranger = PsaContactId::new("stranger");
        assert_eq!(some(MAX_SHARERS).listed().count(), MAX_SHARERS);
        assert!(!some(MAX_SHARERS).include(&stranger) && some(MAX_SHARERS).include(&PsaContactId::new("7")));
        assert_eq!(some(MAX_SHARERS + 1), Sharers::Many);
        assert!(Sharers::Many.include(&stranger) && !Sharers::Many.is_empty());
        assert!(Sharers::default().is_empty());
    }
}
