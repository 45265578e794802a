//! The address rows of one company: what they are, and what happens to those that are ticked.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::address::{Address, AddressKey, NoAddress, NoAddressReason};
use crate::directory::User;
use crate::facts::CompanyFacts;
use crate::ids::{AddressId, ManagedCompanyId, UserId};
use crate::mapping::AddressMapping;
use crate::plan::{AddressCause, CompanyStep, Mapped, SkipReason, UserPlan, UserStep};
use crate::row::{AddressDecision, AddressStatus, SnapshotAddress, Target};

/// One address row as an administrator sees it.
pub struct AddressView<'a> {
    /// What the snapshot holds.
    pub snapshot: &'a SnapshotAddress,
    /// The address, or why there is none.
    pub address: Result<Address, NoAddressReason>,
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
    // Of several rows with one address the one that was imported with it is the row, else one imported before, else that of an
    // active contact.
    let mut rows: Vec<_> = facts.addresses.iter().collect();
    rows.sort_by_cached_key(|(row, _)| {
        let mapping = links.mapping(&row.id);
        let is_same = mapping.is_some_and(|mapping| {
            row.text
                .parse()
                .is_ok_and(|address: Address| address == mapping.address)
        });
        (!is_same, mapping.is_none(), !row.active)
    });
    for (snapshot, decision) in rows {
        let address: Result<Address, NoAddressReason> = snapshot.text.parse();
        if let Ok(address) = &address
            && !seen.insert(address.key().clone())
        {
            continue;
        }
        let mapping = links.mapping(&snapshot.id);
        let holder = address
            .as_ref()
            .ok()
            .and_then(|address| holder(address.key(), managed, &users_by_address, facts));
        let conflict = holder
            .as_ref()
            .filter(|(_, company)| Some(company) != managed)
            .map(|(_, company)| company.clone());
        let status = match (&address, &mapping, &holder) {
            (Err(_), ..) => AddressStatus::NoAddress,
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

impl AddressView<'_> {
    /// The text that is no address, and why.
    pub fn no_address(&self) -> Option<NoAddress> {
        let reason = *self.address.as_ref().err()?;
        Some(NoAddress {
            reason,
            text: self.snapshot.text.clone(),
        })
    }

    /// Whether it is ticked, or would be if nobody else had the address: the plan says so rather than leave it out, and is the same
    /// when it is somebody of this very import who has got it meanwhile.
    fn is_wanted(&self, facts: &CompanyFacts) -> bool {
        let is_taken = self.status == AddressStatus::AddressConflict;
        let ticked_unasked = self.decision.selected.is_none() && self.snapshot.active && facts.row.decision.ticks_new;
        self.selected || (is_taken && ticked_unasked)
    }
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

/// Which mapping each row has, counting those that moved from one address of a contact to another (R30).
struct Links<'a> {
    by_row: HashMap<&'a AddressId, &'a AddressMapping>,
    row_of: HashMap<&'a UserId, &'a AddressId>,
    /// Those that no row has.
    gone: Vec<&'a AddressMapping>,
}

/// What stands in the PSA for one contact, and which of it was imported.
#[derive(Default)]
struct Contact<'a> {
    rows: Vec<(&'a AddressId, Option<Address>)>,
    mappings: Vec<&'a AddressMapping>,
}

impl<'a> Links<'a> {
    fn of(facts: &'a CompanyFacts, keeps_mappings: bool) -> Self {
        let mut contacts: HashMap<&str, Contact<'a>> = HashMap::new();
        // A mapping to a user that is gone is no mapping: the address is offered anew.
        let is_live = |mapping: &&AddressMapping| keeps_mappings && facts.users.contains_key(&mapping.user);
        for mapping in facts.mapped_addresses.iter().filter(is_live) {
            contacts.entry(mapping.id.contact()).or_default().mappings.push(mapping);
        }
        for (row, _) in &facts.addresses {
            if let Some(contact) = contacts.get_mut(row.id.contact()) {
                contact.rows.push((&row.id, row.text.parse().ok()));
            }
        }
        let by_row: HashMap<_, _> = contacts.into_values().flat_map(Contact::pairs).collect();
        let row_of: HashMap<_, _> = by_row.iter().map(|(row, mapping)| (&mapping.user, *row)).collect();
        let is_gone = |mapping: &&AddressMapping| is_live(mapping) && !row_of.contains_key(&mapping.user);
        let gone = facts.mapped_addresses.iter().filter(is_gone).collect();
        Self { by_row, row_of, gone }
    }

    fn mapping(&self, row: &AddressId) -> Option<&'a AddressMapping> {
        self.by_row.get(row).copied()
    }
}

impl<'a> Contact<'a> {
    /// Who keeps the address keeps the user, wherever it stands by now; else who keeps the place; and if then exactly one imported
    /// address is gone and exactly one row is left, that one replaces it. An address that was there before is no other one's
    /// successor.
    fn pairs(mut self) -> Vec<(&'a AddressId, &'a AddressMapping)> {
        let is_same = |address: Option<&Address>, mapping: &AddressMapping| address == Some(&mapping.address);
        let is_new = |address: Option<&Address>, mapping: &AddressMapping| {
            address.is_none_or(|address| !mapping.beside.contains(address.key()))
        };
        let mut pairs = self.pair(|row, address, mapping| row == &mapping.id && is_same(address, mapping));
        pairs.extend(self.pair(|_, address, mapping| is_same(address, mapping)));
        pairs.extend(self.pair(|row, address, mapping| row == &mapping.id && is_new(address, mapping)));
        if let [mapping] = self.mappings.as_slice() {
            let mut new = self
                .rows
                .iter()
                .filter(|(_, address)| address.is_some() && is_new(address.as_ref(), mapping));
            if let (Some((row, _)), None) = (new.next(), new.next()) {
                pairs.push((row, mapping));
            }
        }
        pairs
    }

    /// Takes out, in their order, rows and mappings that fit each other.
    fn pair(
        &mut self,
        fit: impl Fn(&AddressId, Option<&Address>, &AddressMapping) -> bool,
    ) -> Vec<(&'a AddressId, &'a AddressMapping)> {
        let mut pairs = Vec::new();
        self.mappings.retain(|mapping| {
            let mut rows = self.rows.iter();
            let found = rows.position(|(row, address)| fit(row, address.as_ref(), mapping));
            if let Some(found) = found {
                pairs.push((self.rows.remove(found).0, *mapping));
            }
            found.is_none()
        });
        pairs
    }
}

/// What happens to the rows that are ticked, and to those imported before that are not.
pub(super) fn plan(
    facts: &CompanyFacts,
    step: &CompanyStep,
    unmaps: bool,
) -> (Vec<UserPlan>, Vec<(AddressId, Vec<AddressKey>)>) {
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
        .filter(|view| view.is_wanted(facts) || view.mapping.is_some())
        .map(|view| {
            let user_step = match step {
                CompanyStep::Skip(_) => UserStep::Skip(SkipReason::CompanyNotImported),
                _ if !view.is_wanted(facts) => UserStep::Skip(SkipReason::Unticked),
                _ => user_step(&view, facts, &links),
            };
            UserPlan {
                id: view.snapshot.id.clone(),
                name: view.snapshot.name.clone(),
                mapped: view.mapping.map(|mapping| Mapped {
                    id: mapping.id.clone(),
                    user: mapping.user.clone(),
                    address: mapping.address.clone(),
                }),
                no_address: view.no_address(),
                address: view.address.ok(),
                step: user_step,
                beside: Vec::new(),
                refreshes: false,
            }
        })
        .collect();
    one_row_each(&mut plans, &chosen);
    let gone = remember(&mut plans, facts, &links);
    (plans, gone)
}

/// Notes what the mappings are to remember of the PSA and do not yet; gives those that no row has. None of it depends on what is
/// ticked, or an import would write it again and again.
fn remember(plans: &mut [UserPlan], facts: &CompanyFacts, links: &Links<'_>) -> Vec<(AddressId, Vec<AddressKey>)> {
    let mut rows: HashMap<&str, Vec<(&AddressId, AddressKey)>> = HashMap::new();
    for (row, _) in &facts.addresses {
        if let Ok(address) = row.text.parse::<Address>() {
            rows.entry(row.id.contact())
                .or_default()
                .push((&row.id, address.key().clone()));
        }
    }
    // The address of a row is no other one of its contact, even if it stands there twice.
    let beside = |one: &AddressId| -> BTreeSet<AddressKey> {
        let rows = rows.get(one.contact()).map_or(&[][..], Vec::as_slice);
        let own = rows.iter().find(|(row, _)| *row == one).map(|(_, address)| address);
        let others = rows.iter().map(|(_, address)| address);
        others.filter(|address| Some(*address) != own).cloned().collect()
    };
    for plan in plans {
        plan.beside = beside(&plan.id).into_iter().collect();
        plan.refreshes = links.mapping(&plan.id).is_some_and(|mapping| {
            // Else an address changed by hand later on would be taken for one that the PSA has yet to carry over.
            let is_carried = matches!(plan.step, UserStep::Unchanged(_));
            mapping.beside != plan.beside || is_carried && Some(&mapping.address) != plan.address.as_ref()
        });
    }
    let gone = links.gone.iter().filter_map(|mapping| {
        // Whatever was there once is not new when it is there again; the row in its own place counts as well.
        let mut all = beside(&mapping.id);
        let own = rows.get(mapping.id.contact()).into_iter().flatten();
        all.extend(
            own.filter(|(row, _)| **row == mapping.id)
                .map(|(_, address)| address.clone()),
        );
        all.extend(mapping.beside.iter().cloned());
        let all: Vec<AddressKey> = all.into_iter().collect();
        (all != mapping.beside).then(|| (mapping.id.clone(), all))
    });
    gone.collect()
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

fn user_step(view: &AddressView<'_>, facts: &CompanyFacts, links: &Links<'_>) -> UserStep {
    let Ok(address) = &view.address else {
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
        (Some(mapped), Some(holder)) if mapped.id == holder.id => unchanged(mapped),
        (Some(_), Some(holder)) => UserStep::Skip(SkipReason::AddressConflict(holder.company.clone())),
        (Some(mapped), None) => change(mapped, address, view),
        (None, Some(holder)) => link(holder, address, view, links),
        (None, None) => UserStep::Create,
    }
}

/// The user has the address; only its spelling may be one of an earlier version.
fn unchanged(user: &User) -> UserStep {
    if user.address.is_clean() {
        return UserStep::Unchanged(user.id.clone());
    }
    UserStep::ChangeAddress {
        user: user.id.clone(),
        from: user.address.clone(),
        cause: AddressCause::Corrected,
    }
}

/// Only an address that changed in the PSA is carried over; one changed in the directory was meant.
fn change(mapped: &User, address: &Address, view: &AddressView<'_>) -> UserStep {
    match view.mapping {
        Some(mapping) if mapping.address == *address => UserStep::Unchanged(mapped.id.clone()),
        mapping => UserStep::ChangeAddress {
            user: mapped.id.clone(),
            from: mapped.address.clone(),
            cause: match mapping {
                Some(mapping) if mapping.id == view.snapshot.id => AddressCause::ChangedInPsa,
                _ => AddressCause::ReplacedInPsa,
            },
        },
    }
}

fn link(user: &User, address: &Address, view: &AddressView<'_>, links: &Links<'_>) -> UserStep {
    match links.row_of.get(&user.id) {
        Some(other) if **other != view.snapshot.id => UserStep::Skip(SkipReason::UserAlreadyMapped((*other).clone())),
        _ if user.address == *address => UserStep::Link(user.id.clone()),
        // Mapping to an existing user with another address brings the address along (R29, R30).
        _ => UserStep::ChangeAddress {
            user: user.id.clone(),
            from: user.address.clone(),
            cause: AddressCause::Chosen,
        },
    }
}
