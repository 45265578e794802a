//! Identifiers.

use domain::ids::{AddressId, AddressSlot, MAX_LENGTH, PsaContactId, UserId, check};

#[test]
fn an_identifier_from_outside_has_a_length() {
    let longest = "u".repeat(MAX_LENGTH);
    assert!(check(&longest).is_ok());
    assert_eq!(UserId::try_from(longest.clone()).unwrap().as_str(), longest);
    let longer = "u".repeat(MAX_LENGTH + 1);
    assert!(check(&longer).is_err());
    assert!(UserId::try_from(longer).is_err());
}

#[test]
fn an_address_row_is_known_by_its_contact_and_slot() {
    let id = AddressId::of(&PsaContactId::new("7"), &AddressSlot::new("email~2"));
    assert_eq!((id.as_str(), id.contact()), ("7~email~2", "7"));
    assert_eq!(id.to_string(), "7~email~2");
    assert_eq!(AddressId::new("7").contact(), "7");
}
