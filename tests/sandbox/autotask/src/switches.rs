//! What public sources leave open or disagree on, as switches. The defaults are what most evidence speaks for.

use serde::{Deserialize, Serialize};

use crate::store::EntityName;

/// All switches, by the names the sandbox's control uses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is one open question of its own")]
pub struct Switches {
    /// The status for a wrong integration code with the right user: 401 without a body or 500 with a text.
    pub bad_integration_code_status: u16,
    /// Entities whose rows the API user may not read.
    pub denied: Vec<EntityName>,
    /// The status of that refusal: Autotask is known to send 500, its Swagger promises 403.
    pub denied_status: u16,
    /// Entities whose rows a restricted security level hides: they look empty.
    pub restricted: Vec<EntityName>,
    /// Companies that a line of business hides. Their contacts are shown, and still name them.
    pub hidden_companies: Vec<i64>,
    /// Companies whose presence on a page makes it a 500.
    pub poisoned_companies: Vec<i64>,
    /// Contacts whose presence on a page makes it a 500.
    pub poisoned_contacts: Vec<i64>,
    /// Whether this is the wrong zone for the tenant: every call with credentials is a 401.
    pub wrong_zone: bool,
    /// The zone's address that zoneInformation answers, instead of this server's own.
    pub zone_url: Option<String>,
    /// The name of the zone.
    pub zone_name: String,
    /// The API user is locked after so many failed logins in a row.
    pub lock_after: Option<u32>,
    /// Requests allowed in 60 minutes.
    pub external_request_threshold: u32,
    /// The body of the 429 beyond that threshold.
    pub overrun_body: String,
    /// `Retry-After` of that 429, in seconds.
    pub overrun_retry_after: Option<u64>,
    /// What the added latency of 0.5 and 1 second is multiplied with.
    pub latency_scale: f64,
    /// How long each call takes besides.
    pub service_millis: u64,
    /// Calls at the same time allowed for one integration code and endpoint.
    pub threads: usize,
    /// The status beyond that.
    pub thread_limit_status: u16,
    /// The body of that answer, if not the text that was seen.
    pub thread_limit_body: Option<String>,
    /// `Retry-After` of that answer, in seconds.
    pub thread_limit_retry_after: Option<u64>,
    /// Whether an empty filter is refused instead of matching everything.
    pub empty_filter_fails: bool,
    /// Whether rows without a value match `noteq` and `notIn`.
    pub negation_keeps_null: bool,
    /// Whether texts are compared by upper and lower case.
    pub case_sensitive: bool,
    /// Whether records carry `id` though `IncludeFields` does not name it.
    pub always_id: bool,
    /// Whether the next page of a GET query is at `/query` instead of `/query/next`.
    pub get_next_at_query: bool,
    /// How many pages the server remembers.
    pub kept_pages: Option<usize>,
    /// Whether a POST without `Content-Type: application/json` is a 415.
    pub content_type_required: bool,
    /// Whether an unknown path is answered in HTML.
    pub html_not_found: bool,
    /// The status for a missing id: 200 with a null item, or 404.
    pub missing_item_status: u16,
    /// Whether a contact that is got by its company and id comes in `items`, as a list does.
    pub child_in_items: bool,
    /// Whether `fields` reports `companyCategoryID` as a reference.
    pub category_is_reference: bool,
    /// Whether `fields` reports `companyCategoryID` as a picklist.
    pub category_is_picklist: bool,
    /// Whether `userAccessFor…` are words instead of numbers.
    pub access_as_text: bool,
    /// Whether `entityInformation` names the entity in the plural.
    pub plural_entity_name: bool,
    /// Whether company types have German labels, as in a German zone.
    pub german_labels: bool,
    /// Whether records have one property more than is documented.
    pub extra_field: bool,
    /// Whether query answers leave out fields that are null.
    pub sparse_queries: bool,
    /// Whether dates lack their `Z`.
    pub dates_without_zone: bool,
    /// Fields whose changes alone leave the time of the last change as it is.
    pub unstamped_fields: Vec<String>,
    /// How many seconds the clock that stamps records is ahead.
    pub clock_skew_seconds: i64,
    /// How many seconds the clock behind the `Date` of replies is ahead.
    pub date_skew_seconds: i64,
    /// Changes within so many seconds get the same time; 0 or 1 for none.
    pub equal_stamp_seconds: i64,
    /// Whether a count is what it was when the same was last asked.
    pub counts_lag: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            bad_integration_code_status: 401,
            denied: Vec::new(),
            denied_status: 500,
            restricted: Vec::new(),
            hidden_companies: Vec::new(),
            poisoned_companies: Vec::new(),
            poisoned_contacts: Vec::new(),
            wrong_zone: false,
            zone_url: None,
            zone_name: "EU1".to_owned(),
            lock_after: None,
            external_request_threshold: 10_000,
            overrun_body: r#"{"errors":["The request threshold for this database has been exceeded."]}"#.to_owned(),
            overrun_retry_after: None,
            latency_scale: 0.0,
            service_millis: 0,
            threads: 3,
            thread_limit_status: 429,
            thread_limit_body: None,
            thread_limit_retry_after: None,
            empty_filter_fails: false,
            negation_keeps_null: false,
            case_sensitive: false,
            always_id: false,
            get_next_at_query: false,
            kept_pages: None,
            content_type_required: false,
            html_not_found: false,
            missing_item_status: 200,
            child_in_items: false,
            category_is_reference: true,
            category_is_picklist: false,
            access_as_text: false,
            plural_entity_name: false,
            german_labels: false,
            extra_field: false,
            sparse_queries: false,
            dates_without_zone: false,
            unstamped_fields: Vec::new(),
            clock_skew_seconds: 0,
            date_skew_seconds: 0,
            equal_stamp_seconds: 0,
            counts_lag: false,
        }
    }
}
