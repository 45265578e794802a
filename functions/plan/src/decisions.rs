//! Decisions of an administrator on the rows of an import in review (R24–R32, R69, R70).

pub mod addresses;
pub mod companies;
pub mod rules;
