//! When a contact may be somebody else by now (R57).

use crate::address::Address;
use crate::directory::User;
use crate::mapping::AddressMapping;
use crate::name;

/// The name that the user is remembered by; where the mapping has none yet, the user's own.
pub(super) fn remembered_name<'a>(mapping: &'a AddressMapping, user: &'a User) -> &'a str {
    mapping.remembered.name.as_deref().unwrap_or(&user.name)
}

/// Whether a row that would move the user of its mapping has neither a name nor a local part in common with what was imported. A
/// corrected spelling changes neither (R61).
pub(super) fn is_possible(mapping: &AddressMapping, user: &User, name: &str, address: &Address) -> bool {
    let (before, now) = (mapping.address.key(), address.key());
    let would_move = before != now && user.address.key() != now;
    would_move && before.local() != now.local() && !name::may_be_one_person(remembered_name(mapping, user), name)
}
