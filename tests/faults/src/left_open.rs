//! What nobody can know of LastPass after a disturbance, and so is left open: whether it has made a company, and whether it has asked
//! somebody for another address. Neither is asked for again by itself, since then it might be there twice (R82, R86).

use crate::script::Script;
use crate::state::{Difference, State};
use crate::world::World;

/// The mail that asks somebody for another address.
const ASKING: &str = "LastPass mail \"addressChange\"";

/// What was left open.
#[derive(Debug, Default, Clone, Copy)]
pub struct LeftOpen {
    /// Companies that may have been made. Rows say `outcome_unknown`, and the administrator had them sent again.
    pub companies: usize,
    /// Mails that may have been sent, and were not. Rows say `waits_for_user`.
    pub mails: usize,
}

impl LeftOpen {
    /// Adds what another run has left open.
    pub const fn add(&mut self, other: Self) {
        self.companies += other.companies;
        self.mails += other.mails;
    }
}

/// How the end of an import into LastPass differs from what is right, once the administrator has done what the rows say.
pub async fn settled(world: &World, cycle: usize, right: &State) -> (Difference, LeftOpen) {
    let mut left_open = LeftOpen::default();
    let mut difference = world.state().await.difference(right);
    if difference.is_none() {
        return (difference, left_open);
    }
    let script = Script::new(world);
    left_open.companies = script.unknown(cycle).await;
    if left_open.companies > 0 {
        if let Err(stuck) = script.send_again(cycle + 1).await {
            return (Difference::stuck(stuck), left_open);
        }
        // What was not imported the first time was imported since.
        let right = right.clone().without_counts();
        difference = world.state().await.without_counts().difference(&right);
    }
    let lost = difference.lost.len();
    difference.lost.retain(|what| !what.starts_with(ASKING));
    left_open.mails = lost - difference.lost.len();
    (difference, left_open)
}
