//! What the simulated tenant holds.

pub mod change;
pub mod company;
pub mod contact;
pub mod draft;
pub mod entry;
pub mod extras;
pub mod free_ids;
pub mod ids;
pub mod links;
pub mod resource;
pub mod row;
pub mod schemas;
pub mod setup;
pub mod stamp;
pub mod store;
