//! What the suite must know of a product.

use std::sync::Arc;

use domain::filter::Subject;
use psa::Vendor;
use serde_json::Value;
use simkit::Simulator;
use simkit::msp::{Company, Size};

/// A product with a simulator.
pub trait Product: Sync {
    /// Its descriptor.
    fn vendor(&self) -> &'static Vendor;

    /// A simulator that shows the MSP of this size.
    fn simulator(&self, size: Size) -> Arc<dyn Simulator>;

    /// The credentials that the simulator takes; `companyId` is one of them here.
    fn credentials(&self) -> Value;

    /// The fields of them that a request is refused without.
    fn secrets(&self) -> &'static [&'static str];

    /// Its id of a company.
    fn company_id(&self, number: u32) -> i64;

    /// Its id of a contact.
    fn contact_id(&self, number: u32) -> i64;

    /// Patterns for the paths of the lists of companies and of contacts.
    fn lists(&self) -> [&'static str; 2];

    /// Its attributes, and the label of value 1 of the first.
    fn attributes(&self) -> (&'static [(&'static str, Subject)], &'static str);

    /// A page of these rows, the last of its list.
    fn page(&self, rows: &[Value]) -> Value;

    /// A contact of company 2, as the product has it.
    fn new_contact(&self, id: i64) -> Value;

    /// How many requests find out where it is.
    fn discoveries(&self) -> u64 {
        1
    }

    /// Whether it still shows records that were deleted.
    fn keeps_deleted(&self) -> bool {
        false
    }

    /// Whether it has a company as active.
    fn is_active(&self, company: &Company) -> bool {
        company.active
    }

    /// The most characters of a company's name.
    fn longest_name(&self) -> usize {
        usize::MAX
    }

    /// How many requests read 600 companies back by id.
    fn batches_of_600(&self) -> usize {
        3
    }

    /// How many pages 600 contacts fill.
    fn pages_of_600(&self) -> usize {
        2
    }

    /// The switches that make contacts fill several pages, unless they do.
    fn small_pages(&self) -> Option<Value> {
        None
    }
}
