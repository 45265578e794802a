//! People whom a fetch finds absent, and where their contacts are (R55).

use domain::ids::PsaContactId;
use domain::not_in::Whereabouts;
use domain::psa::PsaContact;

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
