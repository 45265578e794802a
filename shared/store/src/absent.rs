//! People whom a fetch finds absent, and where their contacts are (R55).

use std::fmt;

use domain::address::Address;
use domain::ids::{AddressId, PsaCompanyId, PsaContactId, UserId};
use domain::not_in::{PersonAbsence, Whereabouts};
use domain::psa::PsaContact;

/// A mapped address that the snapshot does not have.
#[derive(Clone)]
pub struct AbsentPerson {
    /// The company it was imported for.
    pub company: PsaCompanyId,
    /// The row that it was imported from.
    pub id: AddressId,
    /// The user.
    pub user: UserId,
    /// The address as last imported.
    pub address: Address,
    /// The person's name.
    pub name: String,
    /// Why, if the contact need not be looked for.
    pub reason: Option<PersonAbsence>,
}

/// Says which row it was, and nobody's address.
impl fmt::Debug for AbsentPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbsentPerson")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Where an absent contact was found.
#[derive(Debug, Clone)]
pub struct ContactAnswer {
    /// The contact.
    pub id: PsaContactId,
    /// What was found.
    pub found: Whereabouts,
    /// The contact itself, if the snapshot should have it.
    pub contact: Option<PsaContact>,
}
