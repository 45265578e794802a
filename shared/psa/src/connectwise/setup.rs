//! The setup tables, and the attributes that companies and contacts can be filtered by (R6): each has the rows of a table as values.

use std::collections::BTreeMap;

use domain::filter::{Attribute, AttributeValue, Subject};
use domain::ids::{AttributeId, ValueId};
use domain::psa::PsaFailure;
use http_client::Endpoint;

use super::api::Api;
use super::paging::{BEFORE_ALL, PAGE_SIZE, page};
use super::pushed_down::PushedDownFilter;
use super::resources::{SEE_COMPANIES, SEE_CONTACTS};
use super::wire::SetupRow;
use crate::flag::Flag;
use crate::walk::{PageError, Step, Walk, check_ends, page_error};

pub(super) static COMPANY_TYPES: Endpoint = Endpoint::get("/company/companies/types", SEE_COMPANIES);
pub(super) static COMPANY_STATUSES: Endpoint = Endpoint::get("/company/companies/statuses", SEE_COMPANIES);
pub(super) static CONTACT_TYPES: Endpoint = Endpoint::get("/company/contacts/types", SEE_CONTACTS);

/// Reads a whole setup table, by id and without repetitions. It has a few rows, no count, and changes rarely: a short page ends
/// it unless another is announced. Its order matters only when a second page has to go on where the first one ended.
pub(super) async fn table(api: &Api, endpoint: &'static Endpoint) -> Result<Vec<SetupRow>, PsaFailure> {
    let mut walk = Walk::before(BEFORE_ALL + 1);
    let mut table = BTreeMap::new();
    loop {
        let page = page::<SetupRow>(api, endpoint, None, &PushedDownFilter::default(), &walk).await?;
        let first = walk.delivered == 0;
        let last = page.rows.is_empty() || (page.rows.len() < PAGE_SIZE && !page.announced);
        let ids: Vec<i64> = page.rows.iter().filter_map(|row| row.id).collect();
        let step = Step {
            ids: &ids,
            asked: PAGE_SIZE,
            announced: page.announced,
        };
        let taken = walk.take(&step);
        let follows = match taken.and_then(|_| check_ends(walk.delivered, 0)) {
            Ok(()) => !ids.is_empty() && (walk.by_condition || !page.out_of_mode),
            Err(PageError::Order) => false,
            Err(error) => return Err(page_error(endpoint, error)),
        };
        let whole = last && (first || ids.is_empty());
        if !follows && !whole {
            if walk.by_condition {
                return Err(page_error(endpoint, PageError::Order));
            }
            table.clear();
            walk = Walk::before(BEFORE_ALL + 1);
            walk.by_condition = true;
            continue;
        }
        table.extend(page.rows.into_iter().filter_map(|row| Some((row.id?, row))));
        if last {
            return Ok(table.into_values().collect());
        }
    }
}

/// An attribute with the rows of its setup table as values.
pub(super) fn attribute(id: &str, subject: Subject, label: &str, rows: Vec<SetupRow>) -> Attribute {
    let value = |row: SetupRow| {
        let id = row.id?;
        Some(AttributeValue {
            id: ValueId::new(id.to_string()),
            active: !Flag::is_set(row.inactive_flag),
            label: row.label(id),
        })
    };
    Attribute {
        id: AttributeId::new(id),
        subject,
        label: label.to_owned(),
        values: rows.into_iter().filter_map(value).collect(),
    }
}
