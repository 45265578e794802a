//! A simulated ConnectWise PSA: a tenant full of companies and contacts behind the REST API's list calls, with its query
//! language, its paging, its faults, and a switch for every point that ConnectWise's documentation leaves open.
//!
//! Captures of live tenants settle some points: a deleted company keeps its status, *Active* included (2022); a contact without
//! communication has no key `communicationItems` (2024); `fields` drops names that the resource does not have, and `id` comes in
//! every row whatever it says (2018, 2026).

#![allow(clippy::doc_markdown, reason = "ConnectWise is a name, not code")]

mod credentials;
mod data;
mod http;
mod query;
mod simulator;
mod switches;
mod tenant;

pub use credentials::{CLIENT_ID, COMPANY_ID, Credentials, OTHER_COMPANY_ID, PRIVATE_KEY, PUBLIC_KEY};
pub use data::ids::{OWN_COMPANY, company as company_id, contact as contact_id};
pub use simulator::ConnectWise;
pub use switches::{BadCredentials, ContentType, DefaultOrder, ForwardOnlyEnd, Rejection, Switches};
