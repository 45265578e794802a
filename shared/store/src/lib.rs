//! What is kept in DynamoDB and Secrets Manager.
//!
//! Every call but the sweeper's goes through a [`Tenant`], so none can be made without saying whose data it is about; every key is built in
//! `keys` and begins with the tenant, so an id of another MSP finds nothing.

mod absent;
pub mod absentees;
mod address_leaves;
mod address_mappings;
mod answers;
pub mod audit;
mod audit_items;
pub mod checkpoint;
mod choice;
pub mod chosen_directory;
pub mod dates;
pub mod decided;
pub mod dropping;
mod error;
pub mod expiry;
pub mod fenced;
pub mod forgetting;
mod hand_over;
pub mod imports;
mod inflate;
pub mod integrations;
pub mod journal;
pub mod kept;
mod keys;
mod known_people;
pub mod lease;
pub mod lock;
pub mod loose_secrets;
mod many;
pub mod mappings;
mod names;
pub mod nothing_to_do;
mod occasions;
pub mod packed;
pub mod people;
mod published;
pub mod rate;
mod records;
pub mod removal;
pub mod retry;
pub mod rows;
pub mod schedules;
mod schema;
pub mod secrets;
mod single;
mod size;
pub mod snapshot;
pub mod standing;
pub mod sweep;
pub mod table;
pub mod tx;
pub mod waited;

pub use error::StoreError;
pub use keys::Key;
pub use schema::Kind;
pub use single::PutOutcome;
pub use table::{Consistency, Item, Readable, Store, Table, Tenant};
