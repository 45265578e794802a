//! From what is stored to a plan: gathers the facts of each company from the store and the directory and applies the rules
//! of `domain` to them. The same code shows the plan, checks its hash, and applies it.

mod context;
mod facts;
mod hand_over;
mod kept;
mod near;
mod one;
mod pages;
mod people;
mod plans;

pub use context::{Context, Planning, PlanningError};
pub use facts::Asked;
pub use hand_over::is_gone;
pub use kept::{Difference, KeptPlanReader, rests_on};
pub use pages::{Page, Wanted};
pub use plans::WholePlan;
