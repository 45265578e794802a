//! What a list call asks for.

use axum::http::HeaderMap;

use super::error::ApiError;
use crate::data::resource::Resource;
use crate::query::evaluate::Evaluator;
use crate::query::grammar::{Dialect, parse};
use crate::query::order::Order;
use crate::query::parameters::Parameters;
use crate::query::projection::Projection;
use crate::query::typed::{Checker, Filter, Reach};
use crate::switches::{DefaultOrder, Switches};

const DEFAULT_PAGE: usize = 25;

/// A list call, understood.
#[derive(Debug)]
pub struct Query {
    /// Which records.
    pub filter: Filter,
    /// How the filter is evaluated.
    pub evaluator: Evaluator,
    /// In which order; none is by id.
    pub order: Option<Order>,
    /// Which fields; none is all.
    pub projection: Option<Projection>,
    /// How many rows make a page.
    pub page_size: usize,
    /// Which page.
    pub paging: Paging,
}

/// The two ways of paging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// The page with this number, from 1.
    Number(usize),
    /// What follows this id.
    After(i64),
}

impl Query {
    /// Understands a call, or says what is wrong with it.
    pub fn read(
        parameters: &Parameters,
        headers: &HeaderMap,
        resource: Resource,
        switches: &Switches,
    ) -> Result<Self, ApiError> {
        let paging = paging(parameters, headers, resource, switches)?;
        Ok(Self {
            filter: filter(parameters, resource, switches)?,
            evaluator: Evaluator {
                lists: switches.child_conditions,
                case_sensitive: switches.case_sensitive,
            },
            order: order(parameters, resource, switches, paging)?,
            projection: projection(parameters, resource, switches)?,
            page_size: page_size(parameters, switches)?,
            paging,
        })
    }
}

/// The fields asked for; none is all.
pub fn projection(
    parameters: &Parameters,
    resource: Resource,
    switches: &Switches,
) -> Result<Option<Projection>, ApiError> {
    let fields = parameters.get("fields");
    fields
        .map(|fields| Projection::parse(fields, resource.fields(), switches.unknown_fields))
        .transpose()
}

fn filter(parameters: &Parameters, resource: Resource, switches: &Switches) -> Result<Filter, ApiError> {
    let dialect = Dialect {
        quotes: switches.quote_escape,
        offsets: switches.datetime_offsets,
    };
    let all = [
        ("conditions", Reach::Fields),
        ("childConditions", Reach::Lists),
        ("customFieldConditions", Reach::CustomFields),
    ];
    let given = all
        .into_iter()
        .filter_map(|(name, reach)| Some((parameters.get(name)?, reach)));
    let filters = given.map(|(text, reach)| {
        let condition = parse(text, dialect).map_err(ApiError::find_condition)?;
        Checker {
            fields: resource.fields(),
            reach,
            case_sensitive: switches.case_sensitive,
        }
        .check(condition)
    });
    filters.collect::<Result<_, _>>().map(Filter::And)
}

fn order(
    parameters: &Parameters,
    resource: Resource,
    switches: &Switches,
    paging: Paging,
) -> Result<Option<Order>, ApiError> {
    let forward_only = matches!(paging, Paging::After(_));
    let written = match (parameters.get("orderBy"), switches.default_order) {
        (Some(_), _) if forward_only && !switches.forward_only_ignores_order => {
            return Err(ApiError::find_condition(
                "orderBy is not allowed with forward-only pagination.",
            ));
        }
        _ if forward_only => None,
        (Some(written), _) => Some(written),
        (None, DefaultOrder::LastUpdated) => Some("lastUpdated"),
        (None, DefaultOrder::IdDescending) => Some("id desc"),
        (None, DefaultOrder::Id) => None,
    };
    let order = written
        .map(|written| Order::parse(written, resource.fields()))
        .transpose()?;
    Ok(order.filter(|order| !order.is_by_id()))
}

fn paging(
    parameters: &Parameters,
    headers: &HeaderMap,
    resource: Resource,
    switches: &Switches,
) -> Result<Paging, ApiError> {
    let ignored = if resource.is_setup() {
        switches.setup_ignores_forward_only
    } else {
        switches.records_ignore_forward_only
    };
    let mode = headers
        .get("pagination-type")
        .and_then(|mode| mode.to_str().ok())
        .unwrap_or_default();
    if mode.trim().eq_ignore_ascii_case("forward-only") && !ignored {
        let after = number::<i64>(parameters, "pageId")?.unwrap_or(i64::MIN);
        return Ok(Paging::After(after));
    }
    let page = number::<usize>(parameters, "page")?.unwrap_or(1);
    Ok(Paging::Number(page.max(1)))
}

fn page_size(parameters: &Parameters, switches: &Switches) -> Result<usize, ApiError> {
    match number::<usize>(parameters, "pageSize")? {
        None | Some(0) => Ok(DEFAULT_PAGE),
        Some(size) if size > switches.page_cap && switches.refuse_large_pages => Err(ApiError::find_condition(
            format!("pageSize must not exceed {}.", switches.page_cap),
        )),
        Some(size) => Ok(size.min(switches.page_cap)),
    }
}

fn number<T: std::str::FromStr>(parameters: &Parameters, name: &str) -> Result<Option<T>, ApiError> {
    let written = parameters.get(name);
    let number = written.map(|written| {
        written
            .parse()
            .map_err(|_| ApiError::find_condition(format!("{name} must be a number, not '{written}'.")))
    });
    number.transpose()
}
