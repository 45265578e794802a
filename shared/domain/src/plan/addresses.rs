//! The address rows of one company, as an administrator reviews them.

use super::links::Links;
use super::successor;
use crate::address::{Address, AddressKey, NoAddress};
use crate::directory::User;
use crate::facts::CompanyFacts;
use crate::ids::{ManagedCompanyId, UserId};
use crate::mapping::AddressMapping;
use crate::quick::{HashMap, HashSet};
use crate::row::{AddressDecision, AddressStatus, SnapshotAddress, Target};

/// One address row as an administrator sees it.
pub struct AddressView<'a> {
    /// What the snapshot holds.
    pub snapshot: &'a SnapshotAddress,
    /// What the import knows of it.
    pub status: AddressStatus,
    /// The mapping it has, or takes over from an address that the PSA replaced.
    pub mapping: Option<&'a AddressMapping>,
    /// The user that it is mapped to, or else the one of the managed company that has the address.
    pub user: Option<&'a User>,
    /// The decision on it.
    pub decision: &'a AddressDecision,
    /// What that decision or a rule says of its selection, whichever is later; of an excluded contact that it is not selected.
    pub decided: Option<bool>,
    /// Grows with every change of what is, or may be, decided on it.
    pub version: u64,
    /// Whether it is ticked: as decided, else if imported before (R28) or new where the policy says so (R48).
    pub selected: bool,
    /// The name and the address that were imported before, where somebody has to look whether it is the same person (R57).
    pub before: Option<(String, Address)>,
    /// The managed company that holds the address, when it is another one.
    pub conflict: Option<ManagedCompanyId>,
    /// The managed company, where another one of its users has the address than the one that the row is mapped to (R56).
    occupied: Option<ManagedCompanyId>,
    /// The user that has the address.
    pub(super) holder: Option<UserId>,
    /// Whether a rule would tick it if nobody else had the address.
    is_wanted_if_free: bool,
}

/// The address rows of a company whose users are in `managed`; the same address twice is one row (R32).
pub(super) fn views<'a>(
    facts: &'a CompanyFacts,
    managed: Option<&ManagedCompanyId>,
    links: &Links<'a>,
) -> Vec<AddressView<'a>> {
    let users_by_address: HashMap<&AddressKey, &User> =
        facts.users.values().map(|user| (user.address.key(), user)).collect();
    let mut seen = HashSet::default();
    let mut views = Vec::with_capacity(facts.addresses.len());
    for (snapshot, decision) in by_precedence(facts, links) {
        if let Some(key) = snapshot.key()
            && !seen.insert(key)
        {
            continue;
        }
        let mapping = links.mapping(&snapshot.id);
        let holder = snapshot
            .key()
            .and_then(|key| holder(key, managed, &users_by_address, facts));
        let elsewhere = holder.as_ref().filter(|(_, company)| Some(company) != managed);
        let conflict = elsewhere.map(|(_, company)| company.clone());
        let before = successor_of(facts, mapping, snapshot);
        let status = match (&snapshot.address, mapping, &holder) {
            (Err(_), ..) => AddressStatus::NoAddress,
            _ if before.is_some() => AddressStatus::PossibleSuccessor,
            (_, Some(_), _) => AddressStatus::Mapped,
            _ if conflict.is_some() => AddressStatus::AddressConflict,
            (_, None, Some(_)) => AddressStatus::UnmappedPossibleDuplicate,
            (_, None, None) if managed.is_some() && links.is_user_gone(&snapshot.id) => AddressStatus::Dangling,
            (_, None, None) => AddressStatus::Unmapped,
        };
        let is_new = matches!(
            status,
            AddressStatus::Unmapped | AddressStatus::UnmappedPossibleDuplicate
        );
        let is_known = mapping.is_some() && status != AddressStatus::PossibleSuccessor;
        let by_default = is_known || (is_new && snapshot.active && facts.row.decision.ticks_new);
        let (rules, own) = (&facts.rules, decision.selection());
        let is_excluded = decision.excluded.is_some();
        let decided = if is_excluded {
            Some(false)
        } else {
            rules.selection(snapshot, &status, own)
        };
        views.push(AddressView {
            user: mapping
                .map(|mapping| &mapping.user)
                .or_else(|| holder.as_ref().map(|(user, _)| user))
                .and_then(|user| facts.users.get(user)),
            version: decision.version + rules.changes(snapshot),
            is_wanted_if_free: !is_excluded
                && conflict.is_some()
                && rules.selection(snapshot, &AddressStatus::Unmapped, own) == Some(true),
            snapshot,
            status,
            mapping,
            decision,
            decided,
            selected: decided.unwrap_or(by_default),
            before,
            conflict,
            occupied: holder.as_ref().and_then(|holder| occupied(holder, mapping, decision)),
            holder: holder.map(|(user, _)| user),
        });
    }
    views.sort_by(|one, other| one.snapshot.id.cmp(&other.snapshot.id));
    views
}

/// Whom the contact of a row may be the successor of: the name and the address that were imported.
fn successor_of(
    facts: &CompanyFacts,
    mapping: Option<&AddressMapping>,
    row: &SnapshotAddress,
) -> Option<(String, Address)> {
    let (mapping, address) = (mapping?, row.address.as_ref().ok()?);
    // The user was asked already: somebody has looked.
    if mapping.remembered.asked_for.as_ref() == Some(address) {
        return None;
    }
    let user = facts.users.get(&mapping.user)?;
    let name = successor::remembered_name(mapping, user);
    let is_possible = successor::is_possible(mapping, user, &row.name, address);
    is_possible.then(|| (name.to_owned(), mapping.address.clone()))
}

/// The rows, those first that are shown when others have the same address: the one that was imported with it, then one imported
/// before, then that of an active contact. One that is excluded gives way to the others, unless the user is mapped to it.
fn by_precedence<'a>(facts: &'a CompanyFacts, links: &Links<'_>) -> Vec<&'a (SnapshotAddress, AddressDecision)> {
    let mut rows: Vec<_> = facts.addresses.iter().collect();
    rows.sort_by_cached_key(|(row, decision)| {
        let mapping = links.mapping(&row.id);
        let is_same = mapping.is_some_and(|mapping| row.key() == Some(mapping.address.key()));
        let gives_way = decision.excluded.is_some() && mapping.is_none();
        (gives_way, !is_same, mapping.is_none(), !row.active)
    });
    rows
}

impl<'a> AddressView<'a> {
    /// The address, unless there is none.
    pub const fn address(&self) -> Option<&'a Address> {
        match &self.snapshot.address {
            Ok(address) => Some(address),
            Err(_) => None,
        }
    }

    /// The text that is no address, and why.
    pub fn no_address(&self) -> Option<NoAddress> {
        self.snapshot.address.as_ref().err().cloned()
    }

    /// The managed company whose user keeps the row's own from the address: another managed company, or its own where two have swapped
    /// their addresses, or each has the next one's (R56).
    pub fn held_by(&self) -> Option<&ManagedCompanyId> {
        self.conflict.as_ref().or(self.occupied.as_ref())
    }

    /// Selected, or would be if the address were free. Keeping such rows as conflicts makes the plan (and its hash) the same before
    /// and after another company of this import takes the address.
    pub(super) fn is_wanted(&self, facts: &CompanyFacts) -> bool {
        let is_taken = self.status == AddressStatus::AddressConflict;
        let ticked_unasked = self.decided.is_none() && self.snapshot.active && facts.row.decision.ticks_new;
        self.selected || self.is_wanted_if_free || (is_taken && ticked_unasked)
    }
}

/// The managed company of the user who has the address of a mapped row, if that is another user than the row is to have.
fn occupied(
    (user, company): &(UserId, ManagedCompanyId),
    mapping: Option<&AddressMapping>,
    decision: &AddressDecision,
) -> Option<ManagedCompanyId> {
    let is_other = mapping.is_some_and(|mapping| mapping.user != *user);
    let is_chosen = matches!(&decision.target, Target::Existing(chosen) if chosen == user);
    (is_other && !is_chosen).then(|| company.clone())
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
