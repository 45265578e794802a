//! One imaginary managed service provider, in words that belong to no PSA.
//!
//! Both simulators tell the same story from it: a European MSP with its client companies and their contacts. Every size
//! holds the same hand-written awkward cases (see [`cases`]) and is filled up with ordinary ones. The answer depends on the
//! size alone, so ids made from `number` stay the same from run to run.

pub mod cases;
mod fill;
mod model;
mod words;

#[cfg(test)]
mod tests;

pub use model::{Company, Contact, Kind, Size};

/// Everything the MSP keeps in its PSA.
#[derive(Clone, Debug)]
pub struct Msp {
    /// Ordered by number, without a gap.
    pub companies: Vec<Company>,
    /// Ordered by number, without a gap.
    pub contacts: Vec<Contact>,
}

/// The MSP of this size; the same one every time.
pub fn generate(size: Size) -> Msp {
    let mut companies = cases::companies();
    let countries = fill::companies(&mut companies, size.companies());
    let mut contacts = cases::contacts(&companies);
    fill::contacts(&mut contacts, &companies, &countries, size);
    Msp { companies, contacts }
}
