//! The address rows of one company: what they are, and what happens to those that are ticked.

use std::collections::{HashMap, HashSet};

use crate::address::{Address, AddressKey};
use crate::directory::User;
use crate::facts::CompanyFacts;
use crate::ids::{ManagedCompanyId, UserId};
use crate::mapping::AddressMapping;
use crate::plan::{CompanyStep, SkipReason, UserPlan, UserStep};
use crate::row::{AddressDecision, AddressId, AddressStatus, SnapshotAddress, Target};

/// One address row as an administrator sees it.
pub struct AddressView<'a> {
    /// What the snapshot holds.
    pub snapshot: &'a SnapshotAddress,
    /// The address, if it is one.
    pub address: Option<Address>,
    /// What the import knows of it.
    pub status: AddressStatus,
    /// The mapping it has, or takes over from an address that the PSA replaced.
    pub mapping: Option<&'a AddressMapping>,
    /// The decision on it.
    pub decision: &'a AddressDecision,
    /// Whether it is ticked: as decided, else if imported before (R28) or new where the policy says so (R48).
    pub selected: bool,
    /// The managed company that holds the address, when it is another one.
    pub conflict: Option<ManagedCompanyId>,
    holder: Option<UserId>,
}

/// The address rows of a company whose users are in `managed`; the same address twice is one row (R32).
pub(super) fn views<'a>(
    facts: &'a CompanyFacts,
    managed: Option<&ManagedCompanyId>,
    keeps_mappings: bool,
) -> Vec<AddressView<'a>> {
    let links = Links::of(facts, keeps_mappings);
    let users_by_address: HashMap<&AddressKey, &User> =
        facts.users.values().map(|user| (user.address.key(), user)).collect();
    let mut seen = HashSet::new();
    let mut views = Vec::with_capacity(facts.addresses.len());
    // Mapped rows first: of two rows with one address, the one imported before is the row.
    let (mapped, rest): (Vec<_>, Vec<_>) = facts
        .addresses
        .iter()
        .partition(|(row, _)| links.mapping(&row.id).is_some());
    for (snapshot, decision) in mapped.into_iter().chain(rest) {
        let address: Option<Address> = snapshot.text.parse().ok();
        if let Some(address) = &address
            && !seen.insert(address.key().clone())
        {
            continue;
        }
        let mapping = links.mapping(&snapshot.id);
        let holder = address
            .as_ref()
            .and_then(|address| holder(address.key(), managed, &users_by_address, facts));
        let conflict = holder
            .as_ref()
            .filter(|(_, company)| Some(company) != managed)
            .map(|(_, company)| company.clone());
        let status = match (&address, &mapping, &holder) {
            (None, ..) => AddressStatus::NoAddress,
            (_, Some(_), _) => AddressStatus::Mapped,
            _ if conflict.is_some() => AddressStatus::AddressConflict,
            (_, None, Some(_)) => AddressStatus::UnmappedPossibleDuplicate,
            (_, None, None) => AddressStatus::Unmapped,
        };
        let is_new = matches!(
            status,
            AddressStatus::Unmapped | AddressStatus::UnmappedPossibleDuplicate
        );
        let ticked_unasked = mapping.is_some() || (is_new && snapshot.active && facts.row.decision.ticks_new);
        let selected = decision.selected.unwrap_or(ticked_unasked);
        views.push(AddressView {
            snapshot,
            address,
            status,
            mapping,
            decision,
            selected,
            conflict,
            holder: holder.map(|(user, _)| user),
        });
    }
    views.sort_by(|one, other| one.snapshot.id.cmp(&other.snapshot.id));
    views
}

/// Which user of which managed company has an address.
fn holder(
    key: &AddressKey,
    managed: Option<&ManagedCompanyId>,
    users: &HashMap<&AddressKey, &User>,
    facts: &CompanyFacts,
) -> Option<(UserId, ManagedCompanyId)> {
    let here = users.get(key).filter(|user| Some(&user.company) == managed);
    here.map(|user| (user.id.clone(), user.company.clone())).or_else(|| {
        facts
            .holders
            .get(key)
            .map(|holder| (holder.user.clone(), holder.company.clone()))
    })
}

/// Which mapping each row has, counting those taken over from a replaced address (R30).
struct Links<'a> {
    by_row: HashMap<&'a AddressId, &'a AddressMapping>,
    by_user: HashMap<&'a UserId, &'a AddressMapping>,
    present: HashSet<&'a AddressId>,
}

impl<'a> Links<'a> {
    fn of(facts: &'a CompanyFacts, keeps_mappings: bool) -> Self {
        let present: HashSet<&AddressId> = facts.addresses.iter().map(|(row, _)| &row.id).collect();
        // A mapping to a user that is gone is no mapping: the address is offered anew.
        let live = || {
            facts
                .mapped_addresses
                .iter()
                .filter(|mapping| keeps_mappings && facts.users.contains_key(&mapping.user))
        };
        let mut by_row: HashMap<&AddressId, &AddressMapping> = live().map(|mapping| (&mapping.id, mapping)).collect();
        for (row, mapping) in replacements(facts, &live().collect::<Vec<_>>(), &present) {
            by_row.insert(row, mapping);
        }
        Self {
            by_row,
            by_user: live().map(|mapping| (&mapping.user, mapping)).collect(),
            present,
        }
    }

    fn mapping(&self, row: &AddressId) -> Option<&'a AddressMapping> {
        self.by_row.get(row).copied()
    }
}

/// Rows that replace a mapped address: on one contact exactly one mapped address is gone and exactly one row is new.
fn replacements<'a>(
    facts: &'a CompanyFacts,
    live: &[&'a AddressMapping],
    present: &HashSet<&'a AddressId>,
) -> Vec<(&'a AddressId, &'a AddressMapping)> {
    let mut gone: HashMap<&str, Vec<&AddressMapping>> = HashMap::new();
    for mapping in live {
        if !present.contains(&mapping.id) {
            gone.entry(mapping.id.contact()).or_default().push(mapping);
        }
    }
    if gone.is_empty() {
        return Vec::new();
    }
    let mapped: HashSet<&AddressId> = live.iter().map(|mapping| &mapping.id).collect();
    let mut fresh: HashMap<&str, Vec<&AddressId>> = HashMap::new();
    for (row, _) in &facts.addresses {
        if !mapped.contains(&row.id) && row.text.parse::<Address>().is_ok() {
            fresh.entry(row.id.contact()).or_default().push(&row.id);
        }
    }
    gone.into_iter()
        .filter_map(
            |(contact, gone)| match (gone.as_slice(), fresh.get(contact).map(Vec::as_slice)) {
                ([mapping], Some([row])) => Some((*row, *mapping)),
                _ => None,
            },
        )
        .collect()
}

/// What happens to the rows that are ticked, and to those imported before that are not.
pub(super) fn plan(facts: &CompanyFacts, step: &CompanyStep, unmaps: bool) -> Vec<UserPlan> {
    let managed = match step {
        CompanyStep::Link(managed) | CompanyStep::Rename(managed) | CompanyStep::Unchanged(managed) => {
            Some(&managed.id)
        }
        CompanyStep::Create | CompanyStep::Skip(_) => None,
    };
    let links = Links::of(facts, !unmaps);
    let views = views(facts, managed, !unmaps);
    let chosen = |view: &AddressView<'_>| matches!(view.decision.target, Target::Existing(_));
    let chosen: HashSet<AddressId> = views
        .iter()
        .filter(|view| chosen(view))
        .map(|view| view.snapshot.id.clone())
        .collect();
    let mut plans: Vec<UserPlan> = views
        .into_iter()
        .filter(|view| view.selected || view.mapping.is_some())
        .map(|view| {
            let user_step = match step {
                CompanyStep::Skip(_) => UserStep::Skip(SkipReason::CompanyNotImported),
                _ if !view.selected => UserStep::Skip(SkipReason::Unticked),
                _ => user_step(&view, facts, &links),
            };
            let generation = user_generation(&view, facts);
            UserPlan {
                id: view.snapshot.id.clone(),
                name: view.snapshot.name.clone(),
                replaces: view
                    .mapping
                    .map(|mapping| mapping.id.clone())
                    .filter(|id| *id != view.snapshot.id),
                address: view.address,
                step: user_step,
                generation,
            }
        })
        .collect();
    one_row_each(&mut plans, &chosen);
    plans
}

/// Of several rows that lead to one user, it goes to the one it was chosen for, else to the first.
fn one_row_each(plans: &mut [UserPlan], chosen: &HashSet<AddressId>) {
    let mut rows: HashMap<UserId, AddressId> = HashMap::new();
    let mut order: Vec<usize> = (0..plans.len()).collect();
    order.sort_by_key(|index| !plans.get(*index).is_some_and(|plan| chosen.contains(&plan.id)));
    for index in order {
        let Some(plan) = plans.get_mut(index) else { continue };
        let (UserStep::Link(user) | UserStep::Unchanged(user) | UserStep::ChangeAddress { user, .. }) = &plan.step
        else {
            continue;
        };
        match rows.get(user) {
            Some(other) => plan.step = UserStep::Skip(SkipReason::UserAlreadyMapped(other.clone())),
            None => drop(rows.insert(user.clone(), plan.id.clone())),
        }
    }
}

/// A creation after an earlier user of the same row asks for another one.
fn user_generation(view: &AddressView<'_>, facts: &CompanyFacts) -> u32 {
    facts
        .mapped_addresses
        .iter()
        .find(|mapping| mapping.id == view.snapshot.id)
        .map_or(0, |mapping| mapping.generation + 1)
}

fn user_step(view: &AddressView<'_>, facts: &CompanyFacts, links: &Links<'_>) -> UserStep {
    let Some(address) = &view.address else {
        return UserStep::Skip(SkipReason::NoAddress);
    };
    if let Some(company) = &view.conflict {
        return UserStep::Skip(SkipReason::AddressConflict(company.clone()));
    }
    match &view.decision.target {
        Target::Existing(chosen) if view.mapping.is_none_or(|mapping| mapping.user != *chosen) => {
            match (
                facts.users.get(chosen),
                view.holder.as_ref().filter(|holder| *holder != chosen),
            ) {
                (None, _) => UserStep::Skip(SkipReason::UserNotFound),
                // The address cannot be brought along: another user has it.
                (Some(user), Some(_)) => UserStep::Skip(SkipReason::AddressConflict(user.company.clone())),
                (Some(user), None) => link(user, address, view, links),
            }
        }
        Target::Create => match &view.holder {
            // The old user stays, and keeps its address: a second user with it cannot be.
            Some(user) => UserStep::Skip(facts.users.get(user).map_or(SkipReason::UserNotFound, |user| {
                SkipReason::AddressConflict(user.company.clone())
            })),
            None => UserStep::Create,
        },
        Target::Automatic | Target::Existing(_) => automatic(view, address, facts, links),
    }
}

fn automatic(view: &AddressView<'_>, address: &Address, facts: &CompanyFacts, links: &Links<'_>) -> UserStep {
    let holder = view.holder.as_ref().and_then(|user| facts.users.get(user));
    match (view.mapping.and_then(|mapping| facts.users.get(&mapping.user)), holder) {
        (Some(mapped), Some(holder)) if mapped.id == holder.id => UserStep::Unchanged(mapped.id.clone()),
        (Some(_), Some(holder)) => UserStep::Skip(SkipReason::AddressConflict(holder.company.clone())),
        (Some(mapped), None) => change(mapped, address, view),
        (None, Some(holder)) => link(holder, address, view, links),
        (None, None) => UserStep::Create,
    }
}

/// Only an address that changed in the PSA is carried over; one changed in the directory was meant.
fn change(mapped: &User, address: &Address, view: &AddressView<'_>) -> UserStep {
    match view.mapping {
        Some(mapping) if mapping.address == *address => UserStep::Unchanged(mapped.id.clone()),
        _ => UserStep::ChangeAddress {
            user: mapped.id.clone(),
            from: mapped.address.clone(),
        },
    }
}

fn link(user: &User, address: &Address, view: &AddressView<'_>, links: &Links<'_>) -> UserStep {
    match links.by_user.get(&user.id) {
        Some(other) if other.id != view.snapshot.id && links.present.contains(&other.id) => {
            UserStep::Skip(SkipReason::UserAlreadyMapped(other.id.clone()))
        }
        _ if user.address == *address => UserStep::Link(user.id.clone()),
        // Mapping to an existing user with another address brings the address along (R29, R30).
        _ => UserStep::ChangeAddress {
            user: user.id.clone(),
            from: user.address.clone(),
        },
    }
}
