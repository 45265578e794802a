//! What dropping a company's mapping costs (R59): the address mappings that go with it, and the addresses that the old users keep.

use super::addresses::{self, AddressView};
use super::links::Links;
use super::{CompanyStep, DroppedMapping, Mapped, Reason, Skip, UserPlan, UserStep};
use crate::facts::CompanyFacts;
use crate::ids::{AddressId, ManagedCompanyId, UserId};
use crate::mapping::AddressMapping;
use crate::quick::{HashMap, HashSet};
use crate::remembered::Remembered;

/// The address mappings that a plan with these users drops.
pub(super) fn dropped<'a>(
    facts: &'a CompanyFacts,
    step: &CompanyStep,
    unmaps: bool,
    users: &[UserPlan],
) -> Vec<DroppedMapping> {
    let going = |mappings: &'a [AddressMapping], reason| mappings.iter().map(move |mapping| (mapping, reason));
    let (handed_over, own) = match (step, &facts.hand_over) {
        (CompanyStep::Skip(_), _) => return Vec::new(),
        (CompanyStep::HandOver { .. }, Some(hand_over)) => (&hand_over.addresses[..], &hand_over.own),
        _ => (&[][..], &facts.mapped_addresses),
    };
    let own = if unmaps { &own[..] } else { &[] };
    let before = going(handed_over, Reason::NotInNewCompany).chain(going(own, Reason::AskedFor));
    let kept: HashSet<&UserId> = users
        .iter()
        .filter_map(|user| user.mapped.as_ref())
        .map(|mapped| &mapped.user)
        .collect();
    let names: HashMap<&AddressId, &str> = facts
        .addresses
        .iter()
        .map(|(row, _)| (&row.id, row.name.as_str()))
        .collect();
    let dropped = before.filter(|(mapping, _)| !kept.contains(&mapping.user));
    let dropped = dropped.map(|(mapping, reason)| {
        let contact = names.get(&mapping.id).copied().unwrap_or_default().to_owned();
        DroppedMapping::of(mapping, contact, reason)
    });
    dropped.collect()
}

impl DroppedMapping {
    /// The mapping of a contact of this name.
    pub fn of(mapping: &AddressMapping, contact: String, reason: Reason) -> Self {
        Self {
            mapped: Mapped {
                id: mapping.id.clone(),
                user: mapping.user.clone(),
                address: mapping.address.clone(),
                remembered: mapping.remembered.clone(),
            },
            contact,
            reason,
        }
    }
}

/// Adds the rows whose address a user of the `former` managed company has, and says of those that are there who it is.
pub(super) fn add_conflicts(
    users: &mut Vec<UserPlan>,
    facts: &CompanyFacts,
    step: &CompanyStep,
    former: &ManagedCompanyId,
) {
    if matches!(step, CompanyStep::Skip(_)) {
        return;
    }
    let managed = step.managed().map(|managed| &managed.id);
    let links = Links::of(facts, matches!(step, CompanyStep::HandOver { .. }));
    let views = addresses::views(facts, managed, &links);
    let held = views
        .into_iter()
        .filter(|view| view.mapping.is_none() && view.conflict.as_ref() == Some(former));
    for view in held {
        let step = UserStep::Skip(Skip::because_of(Reason::HeldByFormerCompany, former));
        match users.iter_mut().find(|user| user.id == view.snapshot.id) {
            Some(user) => user.step = step,
            None => users.push(row(view, step)),
        }
    }
    users.sort_by(|one, other| one.id.cmp(&other.id));
}

fn row(view: AddressView<'_>, step: UserStep) -> UserPlan {
    UserPlan {
        id: view.snapshot.id.clone(),
        name: view.snapshot.name.clone(),
        no_address: None,
        address: view.address().cloned(),
        status: Some(view.status),
        step,
        mapped: None,
        other_addresses: Vec::new(),
        remembered: Remembered::default(),
        displaces: None,
        rewrite_mapping: false,
    }
}
