//! The small values of the domain, through its public API.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod counts;
mod directory;
mod exclusion;
mod facts;
mod filter;
mod ids;
mod language;
mod mapping;
mod mass_change;
mod plan;
mod row;
mod shown;
