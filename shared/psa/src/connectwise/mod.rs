//! `ConnectWise` PSA (Manage), REST API 3.0.

mod address;
mod api;
mod batches;
mod client;
mod condition;
mod discovery;
mod names;
mod paging;
mod pushed_down;
mod resources;
mod rules;
mod setup;
mod vendor;
mod wire;

pub(crate) use self::vendor::VENDOR;
