//! The suite for the products that ship, and what only one of them does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod autotask_only;
mod budget;
mod changes;
mod connectwise_only;
mod numbered_pages;
mod products;

mod connectwise {
    psa_conformance::suite!(crate::products::CONNECTWISE);
}

mod autotask {
    psa_conformance::suite!(crate::products::AUTOTASK);
}
