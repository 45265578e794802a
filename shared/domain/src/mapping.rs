//! The durable links between a PSA and the directory.

use std::collections::HashSet;

use crate::address::{Address, AddressKey};
use crate::ids::{AddressId, ManagedCompanyId, PsaCompanyId, UserId};
use crate::plan::CompanyPlan;
use crate::remembered::Remembered;

/// The most companies of one integration whose mapping was dropped by hand. For each of them the generation of its next managed company is
/// stored. Without it, a new creation would have an idempotency key that was used before, and the directory would answer with the old
/// managed company.
pub const MAX_DROPPED: usize = 5_000;

/// PSA company → managed company, within one integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyMapping {
    /// The PSA's id.
    pub company: PsaCompanyId,
    /// The managed company.
    pub managed: ManagedCompanyId,
    /// The name the PSA had when it was last carried over; only a difference to this is a renaming.
    pub name: String,
    /// The short name that the PSA had then, if it keeps one. By name and identifier the PSA's tenant is recognised (R51).
    pub identifier: Option<String>,
    /// How often another managed company was asked for (see [`crate::ids::IdempotencyKey::company`]).
    pub generation: u32,
    /// How many users its addresses are mapped to.
    pub users: u64,
    /// The managed company that it was mapped to before, if that was dropped: its users stayed there.
    pub former: Option<ManagedCompanyId>,
}

/// PSA contact and address → user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressMapping {
    /// Contact and slot.
    pub id: AddressId,
    /// The user.
    pub user: UserId,
    /// The address as last imported.
    pub address: Address,
    /// The other addresses, as of then, of the contact and of those who shared this one, imported or not: none of them is new when this
    /// one goes (R30).
    pub other_addresses: Vec<AddressKey>,
    /// Whose address it was as of then.
    pub remembered: Remembered,
}

/// The id of a mapping whose address is gone and whose slot another mapping takes. It is kept: its user is still there, and the address
/// may come back.
fn displaced(id: &AddressId, user: &UserId) -> AddressId {
    AddressId::new(format!("{}~gone-{user}", id.contact()))
}

/// A company's address mappings after its plan, or a chunk of it, was applied. `users`, in the order of the plan, says to whom
/// each row is mapped from here on; `None` leaves it with whom it was.
pub fn after(before: &[AddressMapping], plan: &CompanyPlan, users: &[Option<UserId>]) -> Vec<AddressMapping> {
    let rows = || plan.users.iter().zip(users);
    let given: HashSet<&UserId> = users.iter().flatten().collect();
    let made = rows().filter_map(|(row, user)| {
        let (user, address, remembered) = match (user, &row.address, &row.mapped) {
            (Some(user), Some(address), _) => (user, address, &row.remembered),
            // It stays with whom it was, unless another row got the user, and remembers what is there now.
            (_, _, Some(mapped)) if !given.contains(&mapped.user) => {
                (&mapped.user, &mapped.address, &mapped.remembered)
            }
            _ => return None,
        };
        Some(AddressMapping {
            id: row.id.clone(),
            user: user.clone(),
            address: address.clone(),
            other_addresses: row.other_addresses.clone(),
            remembered: remembered.clone(),
        })
    });
    let made: Vec<AddressMapping> = made.collect();
    let ids: HashSet<&AddressId> = made.iter().map(|mapping| &mapping.id).collect();
    let mapped: HashSet<&UserId> = made.iter().map(|mapping| &mapping.user).collect();
    // By user too: another part of the plan may have put another mapping there.
    let moved = rows().filter_map(|(row, _)| row.mapped.as_ref());
    let moved: HashSet<(&AddressId, &UserId)> = moved.map(|mapped| (&mapped.id, &mapped.user)).collect();
    let has_moved = |mapping: &AddressMapping| {
        let mut moved = moved.iter().filter(|(_, user)| *user == &mapping.user);
        moved.any(|(id, user)| **id == mapping.id || displaced(id, user) == mapping.id)
    };
    let displaces: HashSet<(&AddressId, &UserId)> = plan
        .users
        .iter()
        .filter_map(|row| Some((&row.id, row.displaces.as_ref()?)))
        .collect();
    let mut after = Vec::with_capacity(before.len());
    for mapping in before {
        if mapped.contains(&mapping.user) || has_moved(mapping) {
            continue;
        }
        let mut mapping = mapping.clone();
        if let Some((_, other_addresses)) = plan.orphaned.iter().find(|(id, _)| *id == mapping.id) {
            mapping.other_addresses.clone_from(other_addresses);
        }
        if ids.contains(&mapping.id) {
            if !displaces.contains(&(&mapping.id, &mapping.user)) {
                continue;
            }
            mapping.id = displaced(&mapping.id, &mapping.user);
        }
        after.push(mapping);
    }
    after.extend(made);
    after.sort_by(|one, other| one.id.cmp(&other.id));
    after
}
