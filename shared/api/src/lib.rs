//! What an HTTP call needs: who calls, input, pages, problem answers, the import or integration that a call is about.

mod access;
mod answer;
mod caller;
mod costly;
mod import;
mod input;
mod lock;
mod page;
mod people;
mod problem;
mod routes;
mod unreadable;

pub use axum::Json;
pub use axum::extract::State;
pub use openapi::{Call, Part};

pub use access::{authorize, find_import, find_integration};
pub use answer::answer;
pub use caller::{Caller, CallerWith, SignIn};
pub use costly::{admit_plan_call, admit_psa_call, read_attributes};
pub use import::ImportView;
pub use input::{Body, NoParameters, Path, Query};
pub use lock::IntegrationLock;
pub use page::{Cursor, Limit, List, PageQuery, Paged};
pub use people::{PeopleView, PersonOfCompany, PersonView, SuspiciousView};
pub use problem::{AcceptLanguage, Api, ApiError, Description, described};
pub use routes::Routes;
