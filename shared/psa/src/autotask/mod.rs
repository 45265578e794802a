//! Datto Autotask PSA, REST API 1.0.

mod address;
mod api;
mod attributes;
mod client;
mod entities;
mod names;
mod query;
mod rules;
mod vendor;
mod wire;
mod zone;

pub(crate) use self::vendor::VENDOR;
