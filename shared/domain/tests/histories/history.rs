//! Random histories: what people do in a PSA, and imports in between.

use fastrand::Rng;

/// One step. Contacts and companies are picked by number among those that there are.
#[derive(Debug, Clone)]
pub enum Step {
    Add {
        company: u8,
        name: u8,
        address: u8,
    },
    Rename {
        contact: u8,
        name: u8,
    },
    /// An address is edited where it stands.
    Change {
        contact: u8,
        slot: u8,
        address: u8,
    },
    /// An address goes and another comes, in a place of its own where the PSA has it so.
    Replace {
        contact: u8,
        slot: u8,
        address: u8,
    },
    AddAddress {
        contact: u8,
        address: u8,
    },
    Empty {
        contact: u8,
        slot: u8,
    },
    Swap {
        one: u8,
        other: u8,
    },
    /// Each contact of the company takes the first address of the next one, and the last one gets a new one.
    Chain {
        company: u8,
        address: u8,
    },
    /// One contact gets the address of another one as well.
    Share {
        one: u8,
        other: u8,
    },
    /// The record is given to somebody else.
    GiveAway {
        contact: u8,
        name: u8,
        address: u8,
    },
    Move {
        contact: u8,
        company: u8,
    },
    /// All contacts of a company move to another one, and the company is deleted.
    Merge {
        company: u8,
        into: u8,
    },
    Delete {
        contact: u8,
    },
    /// Deleted and entered again.
    Recreate {
        contact: u8,
    },
    Activate {
        contact: u8,
        active: bool,
    },
    Import(Import),
}

#[expect(clippy::struct_excessive_bools, reason = "each is drawn at random for itself")]
#[derive(Debug, Clone)]
pub struct Import {
    /// By policy; else by an administrator who ticks at random.
    pub unattended: bool,
    pub new_addresses: bool,
    /// Whether the filter leaves inactive contacts out.
    pub hides_inactive: bool,
    /// Whether the directory refuses some calls.
    pub refuses: bool,
    /// Decides what is ticked, refused, and in which order companies are applied.
    pub seed: u64,
}

impl Import {
    /// One that brings up to date what was imported before.
    pub const fn plain(seed: u64) -> Self {
        Self {
            unattended: true,
            new_addresses: false,
            hides_inactive: false,
            refuses: false,
            seed,
        }
    }
}

/// A history of at most so many steps; it begins with some contacts and a first import.
pub fn history(rng: &mut Rng, steps: usize) -> Vec<Step> {
    let mut history: Vec<Step> = (0..rng.usize(2..6)).map(|_| add(rng)).collect();
    history.push(Step::Import(Import {
        new_addresses: true,
        ..Import::plain(rng.u64(..))
    }));
    for _ in 0..rng.usize(1..=steps) {
        history.push(if rng.u8(..3) == 0 { import(rng) } else { edit(rng) });
    }
    history
}

fn add(rng: &mut Rng) -> Step {
    Step::Add {
        company: rng.u8(..),
        name: rng.u8(..),
        address: rng.u8(..),
    }
}

fn import(rng: &mut Rng) -> Step {
    Step::Import(Import {
        unattended: rng.bool(),
        new_addresses: rng.bool(),
        hides_inactive: rng.u8(..4) == 0,
        refuses: rng.u8(..6) == 0,
        seed: rng.u64(..),
    })
}

fn edit(rng: &mut Rng) -> Step {
    let (contact, other, company) = (rng.u8(..), rng.u8(..), rng.u8(..));
    let (slot, name, address) = (rng.u8(..), rng.u8(..), rng.u8(..));
    match rng.u8(..20) {
        0 | 1 => add(rng),
        2 => Step::Rename { contact, name },
        3..=6 => Step::Change { contact, slot, address },
        7 => Step::Replace { contact, slot, address },
        8 | 9 => Step::AddAddress { contact, address },
        10 => Step::Empty { contact, slot },
        11 => Step::Swap { one: contact, other },
        12 => Step::Chain { company, address },
        13 | 14 => Step::Share { one: contact, other },
        15 => Step::GiveAway { contact, name, address },
        16 => Step::Move { contact, company },
        17 if rng.bool() => Step::Merge { company, into: other },
        17 => Step::Delete { contact },
        18 => Step::Recreate { contact },
        _ => Step::Activate {
            contact,
            active: rng.bool(),
        },
    }
}
