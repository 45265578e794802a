//! What happens to a row: the one place of steps.
//!
//! A new kind of step is a variant here, with a line in the table and in each `match` of this file, and its outcome in [`super::outcome`].
//! [`super::planner`] plans the steps of companies, and [`super::users`] those of users. [`super::change`] says what there is before and
//! after the step of a user. `execute` applies steps, and the console has words for them. The action and the summary of a plan, the
//! outcome, its counts, the CSV, the metrics and the count of the mass-change guard derive from the step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::reason::{Reason, Skip, stored};
use super::side::PlanSide;
use crate::address::Address;
use crate::directory::ManagedCompany;
use crate::ids::{PsaCompanyId, UserId};

macro_rules! steps {
    ($($(#[$doc:meta])+ $step:ident $count:ident;)+) => {
        /// What the import does to a row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum Step {
            $($(#[$doc])+ $step,)+
        }

        /// How many items a plan has for each action.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct PlanSummary {
            /// How many companies the plan is about.
            companies: u64,
            $(
                /// How many items of the plan have this action.
                $count: u64,
            )+
        }

        impl PlanSummary {
            /// Counts the changes of one company.
            pub fn add(&mut self, steps: impl IntoIterator<Item = Step>) {
                self.companies += 1;
                for step in steps {
                    *match step {
                        $(Step::$step => &mut self.$count,)+
                    } += 1;
                }
            }

            /// How many items of this action there are.
            pub const fn count(&self, step: Step) -> u64 {
                match step {
                    $(Step::$step => self.$count,)+
                }
            }
        }
    };
}

steps! {
    /// The import creates a managed company.
    CreateCompany create_company;
    /// The import links the company to an existing managed company.
    LinkCompany link_company;
    /// The import gives the company the managed company of a company that the PSA no longer has.
    HandOverCompany hand_over_company;
    /// The import renames the managed company.
    UpdateCompany update_company;
    /// The import drops the mapping of the company; the managed company stays.
    UnmapCompany unmap_company;
    /// The import drops the mapping of the address; the user stays.
    UnmapUser unmap_user;
    /// The import creates a user.
    CreateUser create_user;
    /// The import links the address to an existing user.
    LinkUser link_user;
    /// The import gives the user another address.
    ChangeAddress change_address;
    /// Nothing differs, and the import changes nothing.
    Unchanged unchanged;
    /// The import skips the row; `reason` says why.
    Skip skip;
}

impl Step {
    /// How a row ends for which this was done; one that is skipped says why.
    pub const fn outcome(self, reason: Reason) -> Outcome {
        match self {
            Self::CreateCompany | Self::CreateUser => Outcome::Created,
            Self::LinkCompany | Self::HandOverCompany | Self::LinkUser => Outcome::Linked,
            Self::UpdateCompany => Outcome::Updated,
            Self::ChangeAddress => Outcome::ChangedAddress,
            // A mapping is dropped together with what its row is about, which is another step.
            Self::UnmapCompany | Self::UnmapUser | Self::Unchanged => Outcome::Unchanged,
            Self::Skip => Outcome::Skipped(reason.in_result()),
        }
    }
}

/// What happens to a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CompanyStep {
    /// A managed company is created.
    Create,
    /// It is linked to an existing one.
    Link(ManagedCompany),
    /// It gets the managed company of a PSA company that is gone (R58).
    HandOver {
        /// The managed company.
        managed: ManagedCompany,
        /// The PSA company that it was mapped to.
        from: PsaCompanyId,
    },
    /// It stays mapped and its managed company takes over the new name.
    Rename(ManagedCompany),
    /// It stays mapped, and its managed company keeps its name: the directory does not rename (R83).
    KeepName(ManagedCompany),
    /// It stays mapped and nothing differs.
    Unchanged(ManagedCompany),
    /// Nothing can be done before somebody decides.
    Skip(Skip),
}

impl CompanyStep {
    /// The managed company there is by then, unless it is yet to be created.
    pub const fn managed(&self) -> Option<&ManagedCompany> {
        match self {
            Self::Link(managed)
            | Self::HandOver { managed, .. }
            | Self::Rename(managed)
            | Self::KeepName(managed)
            | Self::Unchanged(managed) => Some(managed),
            Self::Create | Self::Skip(_) => None,
        }
    }

    /// What is done, and why, for a company of this name.
    pub(super) fn kind(&self, name: &str) -> (Step, Reason) {
        match self {
            Self::Create => (Step::CreateCompany, Reason::NotMapped),
            Self::Link(_) => (Step::LinkCompany, Reason::SameNameOrChosen),
            Self::HandOver { .. } => (Step::HandOverCompany, Reason::FormerCompanyGone),
            Self::Rename(managed) if managed.is_misspelled(name) => (Step::UpdateCompany, Reason::SpellingCorrected),
            Self::Rename(_) => (Step::UpdateCompany, Reason::RenamedInPsa),
            // Its users stay mapped, and of those who are to be created each row says it, too.
            Self::Unchanged(managed) if managed.suspended => (Step::Skip, Reason::CompanySuspended),
            Self::KeepName(_) => (Step::Skip, Reason::CannotRename),
            Self::Unchanged(_) => (Step::Unchanged, Reason::Mapped),
            Self::Skip(skip) => (Step::Skip, skip.reason),
        }
    }

    /// Whether nothing is done to the company, and its mapping stays.
    pub const fn is_passive(&self) -> bool {
        matches!(self, Self::Unchanged(_) | Self::KeepName(_))
    }

    /// What there was and what there will be, for a company of this name.
    pub(super) fn sides(&self, name: &str) -> (Option<PlanSide>, Option<PlanSide>) {
        let same = self.managed().map(PlanSide::company);
        match self {
            Self::Create => (None, Some(PlanSide::created(name))),
            Self::Link(_) | Self::HandOver { .. } => (None, same),
            Self::Rename(managed) => (same, Some(PlanSide::named(&managed.id, name))),
            Self::Unchanged(_) | Self::KeepName(_) => (same.clone(), same),
            Self::Skip(_) => (None, None),
        }
    }
}

/// What happens to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserStep {
    /// A user is created; takes a licence.
    Create,
    /// The address is linked to the user that has it.
    Link(UserId),
    /// The mapped user gets the new address (R30).
    ChangeAddress {
        /// The mapped user.
        user: UserId,
        /// Its address so far.
        from: Address,
        /// Why.
        #[serde(rename = "cause", with = "stored")]
        reason: Reason,
    },
    /// Nothing differs.
    Unchanged(UserId),
    /// Nothing is done.
    Skip(Skip),
}

impl UserStep {
    /// The user there is already, whom the row leads to.
    pub const fn user(&self) -> Option<&UserId> {
        match self {
            Self::Link(user) | Self::ChangeAddress { user, .. } | Self::Unchanged(user) => Some(user),
            Self::Create | Self::Skip(_) => None,
        }
    }

    /// Whether the row leads to another user than this one.
    pub(super) fn leads_elsewhere_than(&self, user: &UserId) -> bool {
        *self == Self::Create || self.user().is_some_and(|to| to != user)
    }

    /// What is done, and why.
    pub const fn kind(&self) -> (Step, Reason) {
        match self {
            Self::Create => (Step::CreateUser, Reason::Ticked),
            Self::Link(_) => (Step::LinkUser, Reason::SameAddressOrChosen),
            Self::ChangeAddress { reason, .. } => (Step::ChangeAddress, *reason),
            Self::Unchanged(_) => (Step::Unchanged, Reason::Mapped),
            Self::Skip(skip) => (Step::Skip, skip.reason),
        }
    }

    /// How a row ends for which this was done.
    pub const fn outcome(&self) -> Outcome {
        let (step, reason) = self.kind();
        step.outcome(reason)
    }
}
