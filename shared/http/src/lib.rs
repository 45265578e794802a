//! The one HTTP client for REST services at addresses that people type: it decides where requests may go, how much of a reply is read,
//! and when a request is repeated.
//!
//! ```text
//! AddressRules + typed text ──> BaseUrl          only public hosts over https, or origins that the policy exempts
//! HttpClient + deadline ──> Session              one run: counts requests, shares one budget of retries
//! Session::call(Call) ──> Answer or Refusal      a refusal has one Classification, by the service's rules and then the common ones
//! ```
//!
//! It knows no service. What differs between services comes in as data: [`AddressRules`], [`Endpoint`]s, [`Rule`]s, and the name of the
//! header with a request's id. Nobody else may build a `reqwest` client; `clippy.toml` forbids it.

mod base_url;
mod cached_endpoint;
mod call;
mod classification;
mod client;
mod clock;
mod fault;
mod gate;
pub mod link;
mod network;
mod origin;
mod policy;
mod refusal;
mod reply;
mod resolver;
mod retry_after;
mod rules;
mod said;
mod session;
mod surrogates;

pub use base_url::{AddressRefused, AddressRules, BaseUrl, Hosts};
pub use cached_endpoint::CachedEndpoint;
pub use call::{Answer, Call, Endpoint, RetryScope};
pub use classification::{Classification, Deployment, FailureKind, RetryAdvice, Rule, When};
pub use client::{HttpClient, NoClient};
pub use fault::Fault;
pub use gate::Gate;
pub use origin::{NotAnOrigin, Origin};
pub use policy::HttpPolicy;
pub use refusal::Refusal;
// What a service's headers and methods are written with.
pub use reqwest::{Method, header};
pub use retry::RetryPolicy;
pub use rules::classify;
pub use said::Said;
pub use session::{Session, Stats};
