//! Reading records and what they are made of.

use axum::http::Method;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use super::call::Call;
use super::route::Route;
use crate::auth::is_of_other_tenant;
use crate::filter::Filter;
use crate::paging::{self, Cursor, Page};
use crate::query::{Columns, Query, Record, Style};
use crate::store::{Entity, EntityName, Row};
use crate::switches::Switches;
use crate::tenant::Tenant;
use crate::{answers, metadata};

/// What a query answers.
#[derive(Serialize)]
struct Envelope<'a> {
    items: Vec<Record<'a>>,
    #[serde(rename = "pageDetails")]
    page_details: PageDetails,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageDetails {
    count: usize,
    /// The size asked for, not the total.
    request_count: usize,
    prev_page_url: Option<String>,
    next_page_url: Option<String>,
}

/// What a get by id answers.
#[derive(Serialize)]
struct Item<'a> {
    item: Option<Record<'a>>,
}

pub(super) fn serve(tenant: &Tenant, route: Route, call: &Call, switches: &Switches) -> Response {
    let store = tenant.store();
    let reader = |name: EntityName| Reader {
        tenant,
        call,
        switches,
        entity: store.entity(name),
        name,
    };
    let answer = match route {
        Route::Query(name) if call.method == Method::GET && call.parameter("paging").is_some() => reader(name).next(),
        Route::Query(name) => reader(name).query(),
        Route::Next(name) => reader(name).next(),
        Route::Count(name) => reader(name).count(),
        Route::Item(name, id) => Ok(reader(name).item(id, |_| true)),
        Route::Contacts(company) => reader(EntityName::Contacts).contacts(company),
        Route::Contact(company, id) => {
            let contacts = reader(EntityName::Contacts);
            if switches.child_in_items {
                contacts.contact_in_items(company, id)
            } else {
                Ok(contacts.item(id, |row| contacts.is_of(row, company)))
            }
        }
        Route::Info(name) => Ok(answers::ok(&metadata::info(&store.entity(name).model, switches))),
        Route::Fields(name) => Ok(answers::ok(&metadata::fields(&store.entity(name).model, switches))),
        Route::UserDefinedFields(name) => Ok(answers::ok(&metadata::user_defined_fields(&store.entity(name).model))),
        Route::ZoneInformation
        | Route::VersionInformation
        | Route::Version
        | Route::ThresholdInformation
        | Route::Collection => Err(answers::UNEXPECTED.to_owned()),
    };
    answer.unwrap_or_else(|text| answers::errors(500, &text))
}

struct Reader<'a> {
    tenant: &'a Tenant,
    call: &'a Call,
    switches: &'a Switches,
    entity: &'a Entity,
    name: EntityName,
}

impl Reader<'_> {
    /// The query's text: the body of a POST, the `search` of a GET.
    fn text(&self) -> String {
        if self.call.method == Method::POST {
            String::from_utf8_lossy(&self.call.body).into_owned()
        } else {
            self.call.parameter("search").unwrap_or_default().to_owned()
        }
    }

    fn read(&self) -> Result<Query, String> {
        let query = Query::read(&self.entity.model, &self.text(), self.switches)?;
        Ok(Query {
            filter: query.filter.hiding(self.hidden_rows()),
            ..query
        })
    }

    fn query(&self) -> Result<Response, String> {
        let query = self.read()?;
        let cursor = Cursor::first(query.page_size, query.include, &self.call.method);
        self.page(&query.filter, &cursor, &self.query_base())
    }

    /// A later page: the verb of the first request and its filter again. Size and projection are the cursor's.
    fn next(&self) -> Result<Response, String> {
        let paging = self.call.parameter("paging").unwrap_or_default();
        let cursor = Cursor::read(paging).ok_or(answers::UNEXPECTED)?;
        if cursor.verb != self.call.method.as_str() {
            return Ok(answers::method_not_allowed(self.call.method.as_str()));
        }
        if !self.tenant.remembers(paging, self.switches.kept_pages) {
            return Err(answers::UNEXPECTED.to_owned());
        }
        let query = self.read()?;
        self.page(&query.filter, &cursor, &self.query_base())
    }

    fn query_base(&self) -> String {
        let at_query = self.switches.get_next_at_query && self.call.method == Method::GET;
        let end = if at_query { "query" } else { "query/next" };
        format!(
            "{}/ATServicesRest/V1.0/{}/{end}",
            self.call.origin, self.entity.model.plural
        )
    }

    fn count(&self) -> Result<Response, String> {
        let query = self.read()?;
        let count = if self.hidden() {
            0
        } else {
            query.filter.count(self.entity)
        };
        let question = format!("{} {}", self.entity.model.plural, self.text());
        let count = self.tenant.counts.answer(question, count, self.switches.counts_lag);
        Ok(answers::ok(&json!({"queryCount": count})))
    }

    /// The contacts of one company; paged like a GET query, with the company in the path instead of a search.
    fn contacts(&self, company: i64) -> Result<Response, String> {
        let filter = json!({"filter": [{"op": "eq", "field": "companyID", "value": company}]}).to_string();
        let query = Query::read(&self.entity.model, &filter, self.switches)?;
        let cursor = match self.call.parameter("paging") {
            Some(paging) => Cursor::read(paging).ok_or(answers::UNEXPECTED)?,
            None => Cursor::first(query.page_size, None, &Method::GET),
        };
        let base = format!("{}/ATServicesRest/V1.0/Companies/{company}/Contacts", self.call.origin);
        self.page(&query.filter, &cursor, &base)
    }

    fn contact_in_items(&self, company: i64, id: i64) -> Result<Response, String> {
        let filter = json!({"filter": [
            {"op": "eq", "field": "companyID", "value": company},
            {"op": "eq", "field": "id", "value": id},
        ]});
        let query = Query::read(&self.entity.model, &filter.to_string(), self.switches)?;
        let cursor = Cursor::first(query.page_size, None, &Method::GET);
        self.page(&query.filter, &cursor, &self.call.origin)
    }

    fn is_of(&self, row: &Row, company: i64) -> bool {
        let field = self.entity.model.field("companyID");
        field.is_some_and(|field| self.entity.cell(row, field) == crate::model::Cell::Int(company))
    }

    fn item(&self, id: i64, wanted: impl Fn(&Row) -> bool) -> Response {
        let columns = Columns::all(&self.entity.model);
        let row = self
            .entity
            .rows
            .get(id)
            .filter(|row| !self.hidden() && !self.hidden_rows().contains(&id) && wanted(row));
        if row.is_none() && self.switches.missing_item_status != 200 {
            let body = json!({"item": null}).to_string();
            return answers::raw(answers::code(self.switches.missing_item_status), body);
        }
        let item = row.map(|row| {
            self.record(
                row,
                &columns,
                Style {
                    without_nulls: false,
                    ..self.style()
                },
            )
        });
        answers::ok(&Item { item })
    }

    fn page(&self, filter: &Filter, cursor: &Cursor, base: &str) -> Result<Response, String> {
        let columns = match &cursor.include {
            Some(names) => Columns::named(&self.entity.model, names, self.switches.always_id)?,
            None => Columns::all(&self.entity.model),
        };
        let page = if self.hidden() {
            Page {
                rows: Vec::new(),
                next: None,
                previous: None,
            }
        } else {
            Page::turn(self.entity, filter, cursor)
        };
        if page.rows.iter().any(|(id, _)| self.poisoned().contains(id)) {
            return Err(answers::UNEXPECTED.to_owned());
        }
        let url = |cursor: Cursor| {
            let paging = cursor.write();
            self.tenant.remember(&paging);
            paging::url(base, &paging, self.call.parameter("search"))
        };
        Ok(answers::ok(&Envelope {
            items: page
                .rows
                .iter()
                .map(|(_, row)| self.record(row, &columns, self.style()))
                .collect(),
            page_details: PageDetails {
                count: page.rows.len(),
                request_count: cursor.page_size,
                prev_page_url: page.previous.map(url),
                next_page_url: page.next.map(url),
            },
        }))
    }

    fn record<'a>(&'a self, row: &'a Row, columns: &'a Columns, style: Style) -> Record<'a> {
        Record {
            entity: self.entity,
            row,
            columns,
            style,
        }
    }

    fn style(&self) -> Style {
        Style {
            without_nulls: self.switches.sparse_queries,
            without_zone: self.switches.dates_without_zone,
            extra_field: self.switches.extra_field,
            other_tenant: is_of_other_tenant(&self.call.headers),
        }
    }

    /// Rows that the server cannot show.
    fn poisoned(&self) -> &[i64] {
        match self.name {
            EntityName::Companies => &self.switches.poisoned_companies,
            EntityName::Contacts => &self.switches.poisoned_contacts,
            EntityName::CompanyCategories => &[],
        }
    }

    /// Rows that a line of business hides.
    fn hidden_rows(&self) -> &[i64] {
        match self.name {
            EntityName::Companies => &self.switches.hidden_companies,
            EntityName::Contacts | EntityName::CompanyCategories => &[],
        }
    }

    /// Whether a restricted security level hides all rows.
    fn hidden(&self) -> bool {
        self.switches.restricted.contains(&self.name)
    }
}
