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

    #[test]
    fn r01_every_kind_has_the_descriptor_of_its_id() {
        for kind in PsaKind::ALL {
            assert_eq!((vendor(kind).id, vendor(kind).product), (kind.id(), kind.product()));
        }
    }
}
