//! How each planned row ended (R36, R40): the one table of outcomes and of what counts them.

use std::ops::AddAssign;

use crate::ids::AddressId;
use crate::quotation::Quotation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reason::Reason;

/// How a row ended. Every planned row ends in exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Created.
    Created,
    /// Linked to an existing one.
    Linked,
    /// A managed company took over a new name.
    Updated,
    /// A user got a new address.
    ChangedAddress,
    /// Nothing differed.
    Unchanged,
    /// Skipped, for a reason an administrator can do something about.
    Skipped(Reason),
    /// Tried and failed.
    Failed(Reason),
}

/// What an outcome comes to: what metrics count, and the mass-change guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// There is something new.
    Created,
    /// Something that existed is linked.
    Linked,
    /// Something that existed is different.
    Changed,
    /// All is as it was.
    Unchanged,
    /// The row was skipped.
    Skipped,
    /// The row failed.
    Failed,
}

impl Outcome {
    /// Its name in a CSV, and what it comes to.
    const fn kind(&self) -> (&'static str, Effect) {
        match self {
            Self::Created => ("created", Effect::Created),
            Self::Linked => ("linked", Effect::Linked),
            Self::Updated => ("updated", Effect::Changed),
            Self::ChangedAddress => ("changedAddress", Effect::Changed),
            Self::Unchanged => ("unchanged", Effect::Unchanged),
            Self::Skipped(_) => ("skipped", Effect::Skipped),
            Self::Failed(_) => ("failed", Effect::Failed),
        }
    }

    /// Its name in a CSV.
    pub const fn name(&self) -> &'static str {
        self.kind().0
    }

    /// What it comes to.
    pub const fn effect(&self) -> Effect {
        self.kind().1
    }

    /// Whether something was done.
    pub const fn is_change(&self) -> bool {
        matches!(self.effect(), Effect::Created | Effect::Linked | Effect::Changed)
    }

    /// Whether it failed.
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// Whether the row is as the plan wants it.
    pub const fn is_success(&self) -> bool {
        self.is_change() || matches!(self, Self::Unchanged)
    }

    /// Why it was skipped or failed.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Skipped(reason) | Self::Failed(reason) => Some(*reason),
            _ => None,
        }
    }
}

/// The outcome of one row: of the company itself when there is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOutcome {
    /// The address row.
    pub address: Option<AddressId>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the directory said, if it refused the row in words of its own.
    pub said: Option<Quotation>,
}

impl From<Outcome> for RowOutcome {
    /// Of the company itself.
    fn from(outcome: Outcome) -> Self {
        Self {
            address: None,
            outcome,
            said: None,
        }
    }
}

/// `field: effect = outcomes`: which outcomes a field counts, and what they come to.
macro_rules! counts {
    ($(#[$doc:meta])+ $name:ident { $($(#[$field_doc:meta])+ $field:ident: $effect:ident = $($outcome:ident)|+,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $($(#[$field_doc])+ pub $field: u64,)+
        }

        impl $name {
            const fn add(&mut self, outcome: &Outcome) {
                *match outcome {
                    $($(Outcome::$outcome { .. })|+ => &mut self.$field,)+
                } += 1;
            }

            const fn of(&self, effect: Effect) -> u64 {
                0 $(+ if matches!(effect, Effect::$effect) { self.$field } else { 0 })+
            }

            const fn rows(&self) -> u64 {
                0 $(+ self.$field)+
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                $(self.$field += other.$field;)+
            }
        }
    };
}

counts! {
    /// How many companies ended in each way.
    CompanyCounts {
        /// The import created a managed company.
        created: Created = Created,
        /// The import linked the company to an existing managed company.
        linked: Linked = Linked,
        /// The import renamed the managed company.
        updated: Changed = Updated | ChangedAddress,
        /// Nothing differed, and the import changed nothing.
        unchanged: Unchanged = Unchanged,
        /// The import skipped the row.
        skipped: Skipped = Skipped,
        /// The row failed.
        failed: Failed = Failed,
    }
}

counts! {
    /// How many users ended in each way.
    UserCounts {
        /// The import created a user.
        created: Created = Created,
        /// The import linked the address to an existing user.
        linked: Linked = Linked,
        /// The import gave the user a new address.
        changed_address: Changed = ChangedAddress | Updated,
        /// Nothing differed, and the import changed nothing.
        unchanged: Unchanged = Unchanged,
        /// The import skipped the row.
        skipped: Skipped = Skipped,
        /// The row failed.
        failed: Failed = Failed,
    }
}

/// How many rows ended in each way; together they are all planned rows (R40).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// The rows of companies.
    pub companies: CompanyCounts,
    /// The rows of users.
    pub users: UserCounts,
}

impl Counts {
    /// Counts the outcome of one row.
    pub const fn add(&mut self, row: &RowOutcome) {
        match row.address {
            None => self.companies.add(&row.outcome),
            Some(_) => self.users.add(&row.outcome),
        }
    }

    /// Companies and users whose outcome comes to this.
    pub const fn of(&self, effect: Effect) -> u64 {
        self.companies.of(effect) + self.users.of(effect)
    }

    /// All rows counted.
    pub const fn rows(&self) -> u64 {
        self.companies.rows() + self.users.rows()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.companies += other.companies;
        self.users += other.users;
    }
}
