//! Names, reservations and idempotency keys of the directory.

use std::collections::HashSet;

use domain::directory::{ManagedCompany, ReservationId};
use domain::ids::{AddressId, IdempotencyKey, ImportId, IntegrationId, ManagedCompanyId, PsaCompanyId};

#[test]
fn r61_a_name_that_only_needs_cleaning_is_misspelled() {
    let company = |name: &str| ManagedCompany::new(ManagedCompanyId::new("1"), name.to_owned());
    assert!(company("Acme\u{200b} BV").is_misspelled("Acme BV"));
    assert!(!company("Acme BV").is_misspelled("Acme BV"));
    assert!(!company("Acme\u{200b} BV").is_misspelled("Acme NV"));
}

#[test]
fn r46_a_reservation_tells_its_import() {
    let reservation = ReservationId::of(&ImportId::new("2027.x"), "c1");
    assert_eq!(reservation.as_str(), "2027.x.c1");
    assert_eq!(reservation.import(), ImportId::new("2027.x"));
}

#[test]
fn r37_each_intended_change_has_a_key_of_its_own() {
    let company = |integration: &str, company: &str, generation| {
        IdempotencyKey::company(
            &IntegrationId::new(integration),
            &PsaCompanyId::new(company),
            generation,
        )
    };
    let user = |import: &str, company: &str, address: &str| {
        let (import, company) = (ImportId::new(import), ManagedCompanyId::new(company));
        IdempotencyKey::user(&import, &company, &AddressId::new(address))
    };
    let keys = || {
        [
            company("i", "1", 0),
            company("i", "1", 1),
            company("i", "2", 0),
            company("i1", "", 0),
            user("x", "m", "1~1"),
            user("x", "m", "1~2"),
            user("x", "n", "1~1"),
            user("y", "m", "1~1"),
            IdempotencyKey::by_hand("1"),
            IdempotencyKey::by_hand("2"),
            IdempotencyKey::batch(&[company("i", "1", 0), company("i", "2", 0)]),
            IdempotencyKey::batch(&[company("i", "2", 0), company("i", "1", 0)]),
            IdempotencyKey::batch(&[company("i", "1", 0)]),
        ]
    };
    assert_eq!(keys(), keys());
    assert_eq!(keys().into_iter().collect::<HashSet<_>>().len(), keys().len());
    assert!(keys().iter().all(|key| key.as_str().len() == 32));
}
