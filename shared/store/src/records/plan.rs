//! Plans, as the journal holds them and as their digests are made of them.

use std::borrow::Cow;

use domain::address::{Address, AddressKey, NoAddress};
use domain::directory::ManagedCompany;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::plan::{CompanyPlan, CompanyStep, Mapped, UserPlan, UserStep};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::remembered::RememberedRecord;

/// The number of the form of plans. Digests are made of the form, so a change of what is serialised of a `PlanRecord` gets the next
/// number: then an import that was confirmed by another version, and is executing during a deployment, is distinguished from one
/// whose facts have changed. Its companies that are not begun end as `plan_changed` all the same, since nobody can tell whether
/// they are planned as they were; the log says why.
pub const PLAN_SCHEMA: u32 = 2;

/// See [`CompanyPlan`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanRecord<'a> {
    company: Cow<'a, PsaCompanyId>,
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identifier: Option<Cow<'a, str>>,
    step: Cow<'a, CompanyStep>,
    unmap: Option<Cow<'a, ManagedCompany>>,
    generation: u32,
    #[serde(rename = "refreshes", default)]
    rewrite_mapping: bool,
    users: UserPlansRecord<'a>,
    #[serde(rename = "gone")]
    orphaned: Cow<'a, [(AddressId, Vec<AddressKey>)]>,
}

/// The users of a plan. They are written one by one: the records of a large company take as much memory as its plan.
enum UserPlansRecord<'a> {
    /// About to be written.
    Of(&'a [UserPlan]),
    Read(Vec<UserPlan>),
}

impl Serialize for UserPlansRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let users = match self {
            Self::Of(users) => users,
            Self::Read(users) => users.as_slice(),
        };
        serializer.collect_seq(users.iter().map(UserPlanRecord::from))
    }
}

impl<'de> Deserialize<'de> for UserPlansRecord<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let records = Vec::<UserPlanRecord>::deserialize(deserializer)?;
        Ok(Self::Read(records.into_iter().map(UserPlan::from).collect()))
    }
}

/// See [`UserPlan`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserPlanRecord<'a> {
    id: Cow<'a, AddressId>,
    name: Cow<'a, str>,
    address: Option<Cow<'a, Address>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_address: Option<Cow<'a, NoAddress>>,
    step: Cow<'a, UserStep>,
    #[serde(default)]
    mapped: Option<MappedRecord<'a>>,
    #[serde(rename = "beside", default)]
    other_addresses: Cow<'a, [AddressKey]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    displaces: Option<Cow<'a, UserId>>,
    #[serde(default)]
    remembers: RememberedRecord<'a>,
    #[serde(rename = "refreshes", default)]
    rewrite_mapping: bool,
}

/// See [`Mapped`].
#[derive(Serialize, Deserialize)]
struct MappedRecord<'a> {
    #[serde(rename = "i")]
    id: Cow<'a, AddressId>,
    #[serde(rename = "u")]
    user: Cow<'a, UserId>,
    #[serde(rename = "a")]
    address: Cow<'a, Address>,
    #[serde(flatten)]
    remembers: RememberedRecord<'a>,
}

/// Writes a plan that is part of another record.
pub(crate) fn serialize<S: Serializer>(plan: &CompanyPlan, serializer: S) -> Result<S::Ok, S::Error> {
    PlanRecord::from(plan).serialize(serializer)
}

/// Reads a plan that is part of another record.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CompanyPlan, D::Error> {
    Ok(PlanRecord::deserialize(deserializer)?.into())
}

impl<'a> From<&'a CompanyPlan> for PlanRecord<'a> {
    fn from(plan: &'a CompanyPlan) -> Self {
        Self {
            company: Cow::Borrowed(&plan.company),
            name: Cow::Borrowed(&plan.name),
            identifier: plan.identifier.as_deref().map(Cow::Borrowed),
            step: Cow::Borrowed(&plan.step),
            unmap: plan.unmap.as_ref().map(Cow::Borrowed),
            generation: plan.generation,
            rewrite_mapping: plan.rewrite_mapping,
            users: UserPlansRecord::Of(&plan.users),
            orphaned: Cow::Borrowed(&plan.orphaned),
        }
    }
}

impl From<PlanRecord<'_>> for CompanyPlan {
    fn from(record: PlanRecord<'_>) -> Self {
        Self {
            company: record.company.into_owned(),
            name: record.name.into_owned(),
            identifier: record.identifier.map(Cow::into_owned),
            step: record.step.into_owned(),
            unmap: record.unmap.map(Cow::into_owned),
            generation: record.generation,
            rewrite_mapping: record.rewrite_mapping,
            users: match record.users {
                UserPlansRecord::Of(users) => users.to_vec(),
                UserPlansRecord::Read(users) => users,
            },
            orphaned: record.orphaned.into_owned(),
            dropped: Vec::new(),
            status: None,
        }
    }
}

impl<'a> From<&'a UserPlan> for UserPlanRecord<'a> {
    fn from(plan: &'a UserPlan) -> Self {
        Self {
            id: Cow::Borrowed(&plan.id),
            name: Cow::Borrowed(&plan.name),
            address: plan.address.as_ref().map(Cow::Borrowed),
            no_address: plan.no_address.as_ref().map(Cow::Borrowed),
            step: Cow::Borrowed(&plan.step),
            mapped: plan.mapped.as_ref().map(MappedRecord::from),
            other_addresses: Cow::Borrowed(&plan.other_addresses),
            displaces: plan.displaces.as_ref().map(Cow::Borrowed),
            remembers: RememberedRecord::from(&plan.remembered),
            rewrite_mapping: plan.rewrite_mapping,
        }
    }
}

impl From<UserPlanRecord<'_>> for UserPlan {
    fn from(record: UserPlanRecord<'_>) -> Self {
        Self {
            id: record.id.into_owned(),
            name: record.name.into_owned(),
            address: record.address.map(Cow::into_owned),
            no_address: record.no_address.map(Cow::into_owned),
            step: record.step.into_owned(),
            mapped: record.mapped.map(Mapped::from),
            other_addresses: record.other_addresses.into_owned(),
            displaces: record.displaces.map(Cow::into_owned),
            remembered: record.remembers.into(),
            rewrite_mapping: record.rewrite_mapping,
            status: None,
        }
    }
}

impl<'a> From<&'a Mapped> for MappedRecord<'a> {
    fn from(mapped: &'a Mapped) -> Self {
        Self {
            id: Cow::Borrowed(&mapped.id),
            user: Cow::Borrowed(&mapped.user),
            address: Cow::Borrowed(&mapped.address),
            remembers: RememberedRecord::from(&mapped.remembered),
        }
    }
}

impl From<MappedRecord<'_>> for Mapped {
    fn from(record: MappedRecord<'_>) -> Self {
        Self {
            id: record.id.into_owned(),
            user: record.user.into_owned(),
            address: record.address.into_owned(),
            remembered: record.remembers.into(),
        }
    }
}
