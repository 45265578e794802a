//! The query language of list calls: `conditions` and its relatives, `orderBy` and `fields`.

pub mod evaluate;
pub mod grammar;
pub mod order;
pub mod parameters;
pub mod pattern;
pub mod projection;
pub mod schema;
pub mod syntax;
pub mod typed;

#[cfg(test)]
mod tests;
