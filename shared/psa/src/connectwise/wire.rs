//! Replies of `ConnectWise`, as far as they are asked for, and what must hold of each field.
//!
//! A field is *required* if a reply without it is refused, and *optional* if absent, null and present are all right: newer servers
//! leave null fields out, older ones send nulls. A value of another type than the vendor's description gives is refused, and so is
//! a null where a list has its elements. Unknown fields are ignored, whatever they hold.

mod company;
mod contact;
mod reference;
mod system;

pub(super) use company::{Company, refresh};
pub(super) use contact::Contact;
pub(super) use reference::{Count, Identified, SetupRow};
pub(super) use system::CompanyInfo;
