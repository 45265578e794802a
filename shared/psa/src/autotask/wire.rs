//! Replies of Autotask, as far as they are asked for, and what must hold of each field.
//!
//! A field is *required* if a reply without it is refused, and *optional* if absent, null and present are all right: every scalar can
//! be null, and an empty text is as good as null. A value of another type than the vendor's description gives is refused, and so is a
//! null where a list has its elements; only the description of fields, of which few are used, is read more leniently. Unknown
//! fields are ignored, whatever they hold.

mod company;
mod contact;
mod fields;
mod page;
mod tenant;

pub(super) use company::Company;
pub(super) use contact::Contact;
pub(super) use fields::{Category, Field, Fields};
pub(super) use page::{Count, Identified, Rows};
pub(super) use tenant::{ThresholdInformation, ZoneInformation};
