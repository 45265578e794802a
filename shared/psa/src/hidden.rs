//! What proves that a PSA hides rows from the API user (R53). A PSA does not say so: the rows are absent, and look deleted. The proofs
//! of a product are data of its descriptor.

use http_client::Endpoint;

/// Fewer contacts prove nothing: a tenant may have some that hang on no company, or on one that was deleted. There is one exception: if
/// addresses are mapped, even a few contacts of which none hangs on a company are a proof.
const MIN_CONTACTS: u64 = 20;

/// Contacts of companies that cannot be read back prove hidden rows if they are more than one of so many contacts.
const MAX_ORPHANS: u64 = 20;

/// One proof, and what it says.
#[derive(Debug)]
pub struct HiddenRows {
    /// What must have been seen.
    pub evidence: Evidence,
    /// The list that lacks rows, with the right to grant.
    pub list: &'static Endpoint,
    /// For the log: what was seen.
    pub reason: &'static str,
}

/// What a complete answer cannot look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Every tenant has a company with this id, which cannot be deleted, and a read by id does not find it.
    CompanyMissing(&'static str),
    /// There is no contact at all, although addresses were mapped.
    NoContacts,
    /// No contact hangs on a company, although addresses were mapped or there are many contacts.
    NoContactHasCompany,
    /// Many contacts hang on companies that cannot be read back.
    CompaniesOfContactsMissing,
}

/// What a snapshot has shown so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations")]
pub struct Seen {
    /// Whether the company of [`Evidence::CompanyMissing`] was read.
    pub company_read: bool,
    /// How many contacts came.
    pub contacts: u64,
    /// Whether the filter leaves contacts out.
    pub contacts_filtered: bool,
    /// Whether any contact hangs on a company.
    pub contact_has_company: bool,
    /// How many contacts hang on companies that cannot be read back.
    pub orphans: u64,
    /// Whether addresses are mapped.
    pub addresses_mapped: bool,
}

impl Seen {
    /// Whether a contact that hangs on a company would be evidence against hidden rows.
    pub const fn expects_companies(&self) -> bool {
        self.addresses_mapped || self.contacts >= MIN_CONTACTS
    }

    pub(crate) const fn proves(&self, evidence: Evidence) -> bool {
        match evidence {
            Evidence::CompanyMissing(_) => !self.company_read,
            Evidence::NoContacts => self.contacts == 0 && !self.contacts_filtered && self.addresses_mapped,
            Evidence::NoContactHasCompany => !self.contact_has_company && self.expects_companies(),
            Evidence::CompaniesOfContactsMissing => {
                self.orphans >= MIN_CONTACTS && self.orphans.saturating_mul(MAX_ORPHANS) > self.contacts
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Seen = Seen {
        company_read: true,
        contacts: 600,
        contacts_filtered: false,
        contact_has_company: true,
        orphans: 0,
        addresses_mapped: true,
    };

    #[test]
    fn r53_only_more_than_five_percent_and_at_least_20_orphans_are_proof() {
        for (contacts, orphans, proof) in [
            (600, 31, true),
            (600, 30, false),
            (100, 19, false),
            (100, 20, true),
            (20, 20, true),
            (400, 20, false),
            (399, 20, true),
            (u64::MAX, u64::MAX, false),
        ] {
            let seen = Seen {
                contacts,
                orphans,
                ..WHOLE
            };
            let found = seen.proves(Evidence::CompaniesOfContactsMissing);
            assert_eq!(found, proof, "{orphans} of {contacts}");
        }
    }

    #[test]
    fn r53_no_contact_is_proof_only_if_addresses_are_mapped_and_none_is_filtered() {
        for (contacts, contacts_filtered, addresses_mapped, proof) in [
            (0, false, true, true),
            (0, true, true, false),
            (0, false, false, false),
            (1, false, true, false),
        ] {
            let seen = Seen {
                contacts,
                contacts_filtered,
                addresses_mapped,
                ..WHOLE
            };
            assert_eq!(seen.proves(Evidence::NoContacts), proof, "{seen:?}");
        }
    }

    #[test]
    fn r53_a_few_contacts_without_company_are_proof_only_if_addresses_are_mapped() {
        for (contacts, addresses_mapped, proof) in [
            (1, false, false),
            (19, false, false),
            (20, false, true),
            (1, true, true),
        ] {
            let seen = Seen {
                contacts,
                addresses_mapped,
                contact_has_company: false,
                ..WHOLE
            };
            assert_eq!(seen.proves(Evidence::NoContactHasCompany), proof, "{seen:?}");
        }
    }
}
