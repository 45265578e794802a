//! The durable links between a PSA and the directory.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::ids::{ManagedCompanyId, PsaCompanyId, UserId};
use crate::plan::CompanyPlan;
use crate::row::AddressId;

/// PSA company → managed company, within one integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompanyMapping {
    /// The PSA's id.
    pub company: PsaCompanyId,
    /// The managed company.
    pub managed: ManagedCompanyId,
    /// The name the PSA had when it was last carried over; only a difference to this is a renaming.
    pub name: String,
    /// How often another managed company was asked for (see [`crate::directory::Token::company`]).
    pub generation: u32,
    /// How many users its addresses are mapped to.
    #[serde(default)]
    pub users: u64,
}

/// PSA contact and address → user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMapping {
    /// Contact and slot.
    #[serde(rename = "i")]
    pub id: AddressId,
    /// The user.
    #[serde(rename = "u")]
    pub user: UserId,
    /// The address as last imported.
    #[serde(rename = "a")]
    pub address: Address,
    /// The contact's other addresses as of then, imported or not: none of them is new when this one goes (R30).
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<AddressId>,
}

/// A company's address mappings after its plan was carried out. `users`, in the order of the plan, says to whom each row is mapped
/// from here on; `None` leaves it with whom it was.
pub fn after(before: &[AddressMapping], plan: &CompanyPlan, users: &[Option<UserId>]) -> Vec<AddressMapping> {
    let rows = &plan.users;
    let given: HashSet<&UserId> = users.iter().flatten().collect();
    let made: Vec<AddressMapping> = rows
        .iter()
        .zip(users)
        .filter_map(|(row, user)| {
            let (user, address) = if let (Some(user), Some(address)) = (user, &row.address) {
                (user, address)
            } else {
                // Its mapping moves along with it, unless another row got the user, and remembers what is there now.
                let source = row.mapping.as_ref()?;
                let mapping = before.iter().find(|mapping| mapping.id == *source)?;
                (!given.contains(&mapping.user)).then_some((&mapping.user, &mapping.address))?
            };
            Some(AddressMapping {
                id: row.id.clone(),
                user: user.clone(),
                address: address.clone(),
                beside: row.beside.clone(),
            })
        })
        .collect();
    let moved = rows.iter().zip(users).filter_map(|(row, _)| row.mapping.as_ref());
    let ids: HashSet<&AddressId> = made.iter().map(|mapping| &mapping.id).chain(moved).collect();
    let mapped: HashSet<&UserId> = made.iter().map(|mapping| &mapping.user).collect();
    let is_kept = |mapping: &&AddressMapping| !ids.contains(&mapping.id) && !mapped.contains(&mapping.user);
    let mut after: Vec<AddressMapping> = before.iter().filter(is_kept).cloned().collect();
    for mapping in &mut after {
        if let Some((_, rows)) = plan.gone.iter().find(|(gone, _)| *gone == mapping.id) {
            mapping.beside.clone_from(rows);
        }
    }
    after.extend(made);
    after.sort_by(|one, other| one.id.cmp(&other.id));
    after
}
