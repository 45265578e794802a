//! What ConnectWise's documentation leaves open, and what differs between tenants: all of it can be switched.

use serde::{Deserialize, Serialize};

use crate::credentials::{COMPANY_ID, OTHER_COMPANY_ID};
use crate::data::setup::label;
use crate::query::evaluate::ListTests;
use crate::query::projection::{Shape, UnknownFields};
use crate::query::syntax::QuoteEscape;

/// The switches, under their JSON names in camel case. The defaults are the likeliest or the strictest answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Switches {
    /// The codebase that `companyinfo` tells; any other than this and `v4_6_release/` is 404.
    pub codebase: String,
    /// Whether `v4_6_release/` leads to the current codebase.
    pub routes_v4_6_release: bool,
    /// Whether `companyinfo` has `IsCloud` as a boolean instead of the text "True".
    pub is_cloud_boolean: bool,
    /// The login company of the tenant.
    pub company_id: String,
    /// Whether upper and lower case make no difference in a login company.
    pub company_id_ignores_case: bool,
    /// Whether this is the server of another tenant, with the same login company and the same ids.
    pub other_tenant: bool,
    /// `SiteUrl` in `companyinfo`; null tells the host that was asked.
    pub site_url: Option<String>,
    /// The answer to wrong credentials.
    pub bad_credentials: BadCredentials,
    /// The status for a missing or unknown clientId; null accepts any.
    pub client_id_rejection: Option<Rejection>,
    /// The status of "SSL is required." to every call; null serves plain HTTP.
    pub ssl_required: Option<Rejection>,
    /// Whether `/system/info` wants credentials.
    pub system_info_needs_auth: bool,
    /// Whether the role may not read companies.
    pub companies_forbidden: bool,
    /// Whether the role may not read contacts.
    pub contacts_forbidden: bool,
    /// Whether the role hides the company and the site of every contact.
    pub contacts_lose_company: bool,
    /// Companies that the role hides: no list, count or look-up has them. Their contacts are shown, and still name them.
    pub hidden_companies: Vec<i64>,
    /// Whether the role hides every contact.
    pub contacts_hidden: bool,
    /// Whether the slimmer `/info` lists are open to a role without the right to the full ones.
    pub info_lists_open: bool,
    /// Companies whose presence on a page makes it a 500.
    pub poisoned_companies: Vec<i64>,
    /// Contacts whose presence on a page makes it a 500.
    pub poisoned_contacts: Vec<i64>,
    /// The media type of answers.
    pub content_type: ContentType,
    /// Whether missing values are answered as explicit nulls.
    pub explicit_nulls: bool,
    /// The most rows on a page.
    pub page_cap: usize,
    /// Whether a larger `pageSize` is a 400 instead of being capped.
    pub refuse_large_pages: bool,
    /// Whether a list that fits on one page has a `Link` header.
    pub link_on_single_page: bool,
    /// Whether the last of several pages has a `Link` header.
    pub link_on_last_page: bool,
    /// Whether page 1 links to the first page.
    pub first_link_on_first_page: bool,
    /// Where the links of a forward-only walk end.
    pub forward_only_end: ForwardOnlyEnd,
    /// Whether `orderBy` is ignored in a forward-only walk instead of being a 400.
    pub forward_only_ignores_order: bool,
    /// Whether setup tables (types and statuses) do not know forward-only walks and answer with their first numbered page.
    pub setup_ignores_forward_only: bool,
    /// The same of all other lists.
    pub records_ignore_forward_only: bool,
    /// The order of pages when none was asked for.
    pub default_order: DefaultOrder,
    /// How a quote is written within quotes.
    pub quote_escape: QuoteEscape,
    /// Whether conditions tell upper from lower case.
    pub case_sensitive: bool,
    /// Whether a datetime in a condition may have an offset such as `+02:00`.
    pub datetime_offsets: bool,
    /// What AND-ed child conditions speak about.
    pub child_conditions: ListTests,
    /// The shape of `fields=status/id`.
    pub sub_fields: Shape,
    /// What becomes of unknown names in `fields`; in `conditions` they are always a 400.
    pub unknown_fields: UnknownFields,
    /// Model versions that every endpoint refuses, such as `2019.5`.
    pub refused_versions: Vec<String>,
    /// Whether the portal accounts of a contact are one object instead of a list.
    pub portal_security_is_object: bool,
    /// Whether company names must be unique when records are changed.
    pub unique_names: bool,
    /// Fields whose changes alone leave the time of the last change as it is: `communicationItems` for an edited address, `deletedFlag`
    /// for the source of a merge.
    pub unstamped_fields: Vec<String>,
    /// How many seconds the clock that stamps records is ahead.
    pub clock_skew_seconds: i64,
    /// How many seconds the clock behind the `Date` of replies is ahead.
    pub date_skew_seconds: i64,
    /// Changes within so many seconds get the same time; 0 or 1 for none.
    pub equal_stamp_seconds: i64,
    /// Whether a count is what it was when the same was last asked.
    pub counts_lag: bool,
    /// Company statuses that are inactive. No company is stamped when a status changes.
    pub inactive_statuses: Vec<i64>,
    /// The longest path and query.
    pub longest_url: usize,
}

impl Switches {
    /// Whether a text is the login company.
    pub fn is_company(&self, text: &str) -> bool {
        if self.company_id_ignores_case {
            text.eq_ignore_ascii_case(&self.company_id)
        } else {
            text == self.company_id
        }
    }

    /// Whether a text is a login company that there is.
    pub fn knows_company(&self, text: &str) -> bool {
        self.is_company(text) || text == OTHER_COMPANY_ID
    }
}

/// The answer to wrong credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BadCredentials {
    /// 401 with code `Unauthorized`.
    Unauthorized,
    /// 401 with code `ConnectWiseApi`, as seen on premises.
    NotAuthenticated,
    /// 404, as seen in the cloud.
    NotFound,
}

/// A status by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(into = "u16", try_from = "u16")]
pub enum Rejection {
    /// 400
    BadRequest,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
}

impl From<Rejection> for u16 {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::BadRequest => 400,
            Rejection::Unauthorized => 401,
            Rejection::Forbidden => 403,
        }
    }
}

impl TryFrom<u16> for Rejection {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        match status {
            400 => Ok(Self::BadRequest),
            401 => Ok(Self::Unauthorized),
            403 => Ok(Self::Forbidden),
            _ => Err(format!("{status} is not one of 400, 401, 403")),
        }
    }
}

/// The media type of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentType {
    /// `application/json; charset=utf-8`
    Plain,
    /// `application/vnd.connectwise.com+json; version=…`
    Vendor,
}

/// Where the links of a forward-only walk end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ForwardOnlyEnd {
    /// The page after which nothing follows has an empty header.
    LastPage,
    /// The first page without rows has it.
    EmptyPage,
    /// Nowhere: a page without rows links to itself.
    Never,
}

/// The order of pages when none was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DefaultOrder {
    /// By id.
    Id,
    /// By id, the last first.
    IdDescending,
    /// By the time of the last change: a row that changes meanwhile moves to another page.
    LastUpdated,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            codebase: "v2025_1/".to_owned(),
            routes_v4_6_release: true,
            is_cloud_boolean: false,
            company_id: COMPANY_ID.to_owned(),
            company_id_ignores_case: false,
            other_tenant: false,
            site_url: None,
            bad_credentials: BadCredentials::Unauthorized,
            client_id_rejection: Some(Rejection::Forbidden),
            ssl_required: None,
            system_info_needs_auth: true,
            companies_forbidden: false,
            contacts_forbidden: false,
            contacts_lose_company: false,
            hidden_companies: Vec::new(),
            contacts_hidden: false,
            info_lists_open: false,
            poisoned_companies: Vec::new(),
            poisoned_contacts: Vec::new(),
            content_type: ContentType::Plain,
            explicit_nulls: false,
            page_cap: 1_000,
            refuse_large_pages: false,
            link_on_single_page: false,
            link_on_last_page: true,
            first_link_on_first_page: false,
            forward_only_end: ForwardOnlyEnd::LastPage,
            forward_only_ignores_order: false,
            setup_ignores_forward_only: false,
            records_ignore_forward_only: false,
            default_order: DefaultOrder::Id,
            quote_escape: QuoteEscape::Backslash,
            case_sensitive: false,
            datetime_offsets: false,
            child_conditions: ListTests::SameElement,
            sub_fields: Shape::Nested,
            unknown_fields: UnknownFields::default(),
            refused_versions: Vec::new(),
            portal_security_is_object: false,
            unique_names: false,
            unstamped_fields: Vec::new(),
            clock_skew_seconds: 0,
            date_skew_seconds: 0,
            equal_stamp_seconds: 0,
            counts_lag: false,
            inactive_statuses: vec![label::INACTIVE.id, label::FORMER.id],
            longest_url: 2_000,
        }
    }
}
