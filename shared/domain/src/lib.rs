//! The rules of an import: what a row is, what a plan contains, what may be linked to what.
//!
//! Nothing here performs I/O, knows the time by itself, or names an AWS type. Words are those of the requirements.

pub mod address;
pub mod audit;
pub mod directory;
pub mod exclusion;
pub mod facts;
pub mod filter;
pub mod ids;
pub mod import;
pub mod integration;
pub mod language;
pub mod mapping;
mod messages;
mod moment;
pub mod name;
pub mod not_in;
pub mod object;
pub mod plan;
pub mod policy;
pub mod problem;
pub mod psa;
pub mod published;
pub mod quick;
pub mod quotation;
pub mod reading;
pub mod remembered;
pub mod row;
pub mod row_counts;
pub mod rules;
pub mod schedule;
mod status;
pub mod suggestion;
pub mod tenant;
pub mod text;
mod visible;
