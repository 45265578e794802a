//! The descriptor of each product that ships.

use domain::psa::PsaKind;

use crate::autotask;
use crate::connectwise;
use crate::vendor::Vendor;

/// The descriptor of a product.
pub const fn vendor(kind: PsaKind) -> &'static Vendor {
    match kind {
        PsaKind::Connectwise => &connectwise::VENDOR,
        PsaKind::Autotask => &autotask::VENDOR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hidden::Seen;

    #[test]
    fn r01_every_kind_has_the_descriptor_of_its_id() {
        for kind in PsaKind::ALL {
            assert_eq!((vendor(kind).id, vendor(kind).product), (kind.id(), kind.product()));
        }
    }

    const WHOLE: Seen = Seen {
        company_read: true,
        contacts: 600,
        contacts_filtered: false,
        contact_has_company: true,
        orphans: 0,
        addresses_mapped: true,
    };

    #[test]
    fn r53_a_whole_snapshot_proves_nothing_and_each_proof_names_a_right() {
        for kind in PsaKind::ALL {
            let vendor = vendor(kind);
            assert_eq!(vendor.hidden_rows_in(&WHOLE), None);
            assert!(!vendor.hidden_rows.is_empty());
            for proof in vendor.hidden_rows {
                assert!(!proof.list.right.is_empty(), "{proof:?}");
            }
        }
    }

    #[test]
    fn r53_each_proof_of_a_product_proves_what_no_other_does() {
        const NO_CONTACT: Seen = Seen { contacts: 0, ..WHOLE };
        const ORPHANS: Seen = Seen { orphans: 100, ..WHOLE };
        let no_company = Seen {
            company_read: false,
            ..WHOLE
        };
        let without_company = Seen {
            contact_has_company: false,
            ..WHOLE
        };
        for (kind, cases) in [
            (
                PsaKind::Autotask,
                [
                    (no_company, "company 0"),
                    (NO_CONTACT, "no contact"),
                    (ORPHANS, "companies that"),
                ],
            ),
            (
                PsaKind::Connectwise,
                [
                    (NO_CONTACT, "no contact"),
                    (without_company, "without its company"),
                    (ORPHANS, "companies that"),
                ],
            ),
        ] {
            let vendor = vendor(kind);
            assert_eq!(vendor.hidden_rows.len(), cases.len());
            for (seen, why) in cases {
                let failure = vendor.hidden_rows_in(&seen).unwrap();
                assert!(failure.reason.contains(why), "{kind:?}: {failure:?}");
            }
        }
    }
}
