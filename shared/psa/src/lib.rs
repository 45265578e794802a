//! Reading a PSA: the port [`Psa`] and the clients behind it.
//!
//! A PSA is a [`Vendor`] and a folder. The descriptor says what differs between products before anything is asked: id and name,
//! credentials, addresses, and how to connect. The folder has the product's wire format, its rules for refusals and its filter.
//! Everything else is shared: the HTTP client (`shared/http`), the [walk by id](walk) with its proof of completeness, and
//! [reading back by id](look_up). [`Connector`] opens a [`Target`] with [`Credentials`].

mod autotask;
mod client;
mod connector;
mod connectwise;
mod credentials;
pub mod failure;
mod few;
mod flag;
mod halving;
mod hidden;
pub mod look_up;
mod port;
pub mod pushed_down;
mod selection;
mod text;
mod vendor;
mod vendors;
pub mod walk;

pub use client::{Client, Product};
pub use connector::{Connector, NoTarget, Target};
pub use credentials::{Credentials, MissingCredential, SubmittedCredentials};
pub use hidden::{Evidence, HiddenRows, Seen};
pub use http_client::{HttpPolicy, NoClient, NotAnOrigin, Origin, RetryPolicy, Stats};
pub use port::{Pages, Psa};
pub use selection::Selection;
pub use vendor::{Access, FingerprintSource, LoginCompany, Vendor, secret_headers};
pub use vendors::vendor;
