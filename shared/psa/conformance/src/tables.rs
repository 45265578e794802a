//! A simulator of tables of rows by id, for a product whose API is simple. The product says how it answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use simkit::faults::Faults;
use simkit::requests::RequestLog;
use simkit::{Simulator, instrument};

/// The rows of a table, by id.
pub type Rows = BTreeMap<i64, Value>;

/// From a request and the rows of the table that it names, in the first segment of its path, to status and body.
pub type Answer = fn(&Asked<'_>, &Rows) -> (u16, Value);

/// A request.
pub struct Asked<'a> {
    /// Its path.
    pub path: &'a str,
    query: &'a HashMap<String, String>,
    request: &'a Request,
}

impl Asked<'_> {
    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}

/// The simulator. A row that it cannot show has a field `poisoned`.
pub struct TableServer {
    tables: Arc<Tables>,
    faults: Faults,
    requests: RequestLog,
}

struct Tables {
    rows: Mutex<BTreeMap<&'static str, Rows>>,
    answer: Answer,
}

impl TableServer {
    /// A simulator of these rows, each with a number `id`.
    pub fn new(companies: &[Value], contacts: &[Value], answer: Answer) -> Self {
        let server = Self {
            tables: Arc::new(Tables {
                rows: Mutex::default(),
                answer,
            }),
            faults: Faults::new(),
            requests: RequestLog::new(),
        };
        let all = json!({ "companies": companies, "contacts": contacts });
        server.change_records(all).unwrap();
        server
    }
}

impl Simulator for TableServer {
    fn router(&self) -> Router {
        let router = Router::new().fallback(serve).with_state(Arc::clone(&self.tables));
        instrument(router, &self.faults, &self.requests)
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn requests(&self) -> &RequestLog {
        &self.requests
    }

    fn change_records(&self, changes: Value) -> Result<Value, String> {
        let mut tables = self.tables.rows.lock().unwrap();
        for list in ["companies", "contacts"] {
            let table = tables.entry(list).or_default();
            let rows = changes[list].as_array().into_iter().flatten();
            table.extend(rows.map(|row| (row["id"].as_i64().unwrap(), row.clone())));
            let gone = changes["delete"][list].as_array();
            table.retain(|id, _| !gone.is_some_and(|gone| gone.contains(&json!(id))));
        }
        Ok(Value::Null)
    }

    fn switches(&self) -> Value {
        json!({})
    }

    fn set_switches(&self, changes: Value) -> Result<Value, String> {
        let mut tables = self.tables.rows.lock().unwrap();
        let companies = tables.entry("companies").or_default();
        for id in changes["poisonedCompanies"].as_array().into_iter().flatten() {
            let company = id.as_i64().and_then(|id| companies.get_mut(&id));
            company.ok_or("there is no such company")?["poisoned"] = json!(true);
        }
        Ok(self.switches())
    }
}

async fn serve(
    State(tables): State<Arc<Tables>>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    let asked = Asked {
        path: request.uri().path(),
        query: &query,
        request: &request,
    };
    let rows = tables.rows.lock().unwrap();
    let table = asked.path.split('/').nth(1).and_then(|list| rows.get(list));
    let (status, body) = (tables.answer)(&asked, table.unwrap_or(&Rows::new()));
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}
