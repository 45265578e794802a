//! From facts and decisions to a plan. Pure: the same facts always make the same plan.

use super::links::Links;
use super::{CompanyPlan, CompanyStep, Reason, Skip, addresses, hand_over, price, users};
use crate::directory::ManagedCompany;
use crate::facts::{CompanyFacts, ManagedCompanies};
use crate::ids::ManagedCompanyId;
use crate::mapping::CompanyMapping;
use crate::row::{ImportStatus, Target};

pub use super::addresses::AddressView;

/// The managed company that the company's users are, or would be, in; `None` when it is yet to be created or undecided.
pub fn managed_company(facts: &CompanyFacts, companies: &ManagedCompanies) -> Option<ManagedCompanyId> {
    let (step, _) = company_step(facts, companies);
    step.managed().map(|managed| managed.id.clone())
}

/// The address rows of a company, as they stand with the decision made on it.
pub fn address_rows<'a>(facts: &'a CompanyFacts, companies: &ManagedCompanies) -> Vec<AddressView<'a>> {
    let (step, unmaps) = company_step(facts, companies);
    let managed = step.managed().map(|managed| &managed.id);
    let links = Links::of(facts, keeps_mappings(&step, unmaps));
    addresses::views(facts, managed, &links)
}

/// What this import would do to one selected company.
pub fn plan_company(facts: &CompanyFacts, companies: &ManagedCompanies) -> CompanyPlan {
    let (step, unmaps) = company_step(facts, companies);
    let unmap = facts.mapping.as_ref().filter(|_| unmaps);
    // A name that is not carried over is one that the PSA has yet to carry over: the mapping keeps the one of before.
    let keeps_name = matches!(step, CompanyStep::KeepName(_));
    let (mut users, orphaned) = users::plan(facts, &step, !keeps_mappings(&step, unmaps));
    if let Some(former) = unmap {
        price::add_conflicts(&mut users, facts, &step, &former.managed);
    }
    let dropped = price::dropped(facts, &step, unmaps, &users);
    CompanyPlan {
        company: facts.row.id.clone(),
        name: facts.row.name.clone(),
        identifier: facts.row.identifier.clone(),
        step,
        unmap: unmap.and_then(|mapping| companies.get(&mapping.managed)),
        generation: facts
            .mapping
            .as_ref()
            .map_or(facts.generation, |mapping| mapping.generation + u32::from(unmaps)),
        // With an old name in the mapping, a later change by hand in the directory would look like a change in the PSA that was not carried
        // over yet. The name and the identifier also serve to recognise the tenant (R51).
        rewrite_mapping: facts.mapping.as_ref().is_some_and(|mapping| {
            let has_other_name = mapping.name != facts.row.name && !keeps_name;
            has_other_name || mapping.identifier != facts.row.identifier
        }),
        users,
        orphaned,
        dropped,
        status: Some(facts.row.status),
    }
}

/// Whether the address mappings among the facts stay: those of a hand-over are the ones that follow, whatever the company had before.
const fn keeps_mappings(step: &CompanyStep, unmaps: bool) -> bool {
    !unmaps || matches!(step, CompanyStep::HandOver { .. })
}

/// The managed company that the company was mapped to before, as its decision stands: its users stayed, or will.
pub fn former_company<'a>(facts: &'a CompanyFacts, companies: &ManagedCompanies) -> Option<&'a ManagedCompanyId> {
    let (_, unmaps) = company_step(facts, companies);
    let mapping = facts.mapping.as_ref()?;
    if unmaps {
        Some(&mapping.managed)
    } else {
        mapping.former.as_ref()
    }
}

/// The company's step, and whether it drops the mapping there is.
fn company_step(facts: &CompanyFacts, companies: &ManagedCompanies) -> (CompanyStep, bool) {
    let mapping = facts.mapping.as_ref();
    match &facts.row.decision.target {
        Target::Create => (CompanyStep::Create, mapping.is_some()),
        Target::Existing(chosen) => match companies.get(chosen) {
            _ if mapping.is_some_and(|mapping| mapping.managed == *chosen) => (as_mapped(facts, companies), false),
            None => (CompanyStep::Skip(Reason::ManagedCompanyNotFound.into()), false),
            Some(managed) => match companies.mapped_to(chosen) {
                Some(other) if *other != facts.row.id => match hand_over::chosen(facts, chosen) {
                    Some(_) => {
                        let from = other.clone();
                        (CompanyStep::HandOver { managed, from }, mapping.is_some())
                    }
                    None => (CompanyStep::Skip(Skip::because_of(Reason::AlreadyMapped, other)), false),
                },
                _ => (CompanyStep::Link(managed), mapping.is_some()),
            },
        },
        Target::Automatic => (as_mapped(facts, companies), false),
    }
}

/// Only a name that changed in the PSA is carried over; one changed in the directory was meant.
fn is_renamed(facts: &CompanyFacts, mapping: &CompanyMapping, managed: &ManagedCompany) -> bool {
    let name = &facts.row.name;
    mapping.name != *name && managed.name != *name && (facts.capabilities.rename || !managed.is_misspelled(name))
}

fn as_mapped(facts: &CompanyFacts, companies: &ManagedCompanies) -> CompanyStep {
    let (status, mut candidates) = companies.status(&facts.row.name, facts.row.namesake_in_psa, facts.mapping.as_ref());
    match (status, facts.mapping.as_ref()) {
        (ImportStatus::Mapped, Some(mapping)) => match companies.get(&mapping.managed) {
            Some(managed) => match (is_renamed(facts, mapping, &managed), facts.capabilities.rename) {
                (_, true) if managed.is_misspelled(&facts.row.name) => CompanyStep::Rename(managed),
                (true, true) => CompanyStep::Rename(managed),
                (true, false) => CompanyStep::KeepName(managed),
                (false, _) => CompanyStep::Unchanged(managed),
            },
            None => CompanyStep::Skip(Reason::Dangling.into()),
        },
        (ImportStatus::Unmapped, _) => CompanyStep::Create,
        (ImportStatus::UnmappedPossibleDuplicate, _) => candidates
            .pop()
            .map_or(CompanyStep::Skip(Reason::Ambiguous.into()), CompanyStep::Link),
        (ImportStatus::Ambiguous, _) => CompanyStep::Skip(Reason::Ambiguous.into()),
        (ImportStatus::Dangling | ImportStatus::Mapped, _) => CompanyStep::Skip(Reason::Dangling.into()),
    }
}
