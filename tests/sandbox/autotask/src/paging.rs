//! Pages and the URLs that lead from one to the next.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

use crate::filter::Filter;
use crate::store::{Entity, Row};

/// The inside of `paging`, which is nobody's business but the server's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    pub page_size: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
    /// The verb of the first request, which every later one must use.
    pub verb: String,
}

impl Cursor {
    pub fn first(page_size: usize, include: Option<Vec<String>>, verb: &Method) -> Self {
        Cursor {
            page_size,
            after: None,
            before: None,
            include,
            verb: verb.to_string(),
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn at(&self, after: Option<i64>, before: Option<i64>) -> Self {
        Cursor {
            after,
            before,
            ..self.clone()
        }
    }
}

/// One page and the ways out of it.
pub struct Page<'a> {
    pub rows: Vec<(i64, &'a Row)>,
    pub next: Option<Cursor>,
    pub previous: Option<Cursor>,
}

impl<'a> Page<'a> {
    pub fn turn(entity: &'a Entity, filter: &'a Filter, cursor: &Cursor) -> Self {
        let found = filter.rows(entity, cursor.after, cursor.before);
        let backwards = cursor.before.is_some();
        // One row more than fits tells whether there is another page.
        let mut rows: Vec<_> = if backwards {
            found.rev().take(cursor.page_size + 1).collect()
        } else {
            found.take(cursor.page_size + 1).collect()
        };
        let more = rows.len() > cursor.page_size;
        rows.truncate(cursor.page_size);
        if backwards {
            rows.reverse();
        }
        let (has_previous, has_next) = if backwards {
            (more, true)
        } else {
            (cursor.after.is_some(), more)
        };
        let first = rows
            .first()
            .filter(|_| has_previous)
            .map(|(id, _)| cursor.at(None, Some(*id)));
        let last = rows
            .last()
            .filter(|_| has_next)
            .map(|(id, _)| cursor.at(Some(*id), None));
        Page {
            rows,
            next: last,
            previous: first,
        }
    }
}

/// The absolute URL of a page; a GET query carries its search along.
pub fn url(base: &str, cursor: &str, search: Option<&str>) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let search = search
        .map(|search| format!("&search={}", encoded(search)))
        .unwrap_or_default();
    format!("{base}?paging={}{search}", encoded(cursor))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;
    use simkit::msp::Size;

    use super::*;
    use crate::query::{Columns, Query, Record, Style};
    use crate::store::{EntityName, Store};
    use crate::switches::Switches;

    /// The quickest of ten, because other tests run at the same time.
    fn quickest(mut work: impl FnMut()) -> Duration {
        let times = (0..10).map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        });
        times.min().unwrap_or_default()
    }

    fn query(entity: &Entity, filter: &serde_json::Value) -> Query {
        Query::read(
            &entity.model,
            &json!({"filter": filter}).to_string(),
            &Switches::default(),
        )
        .unwrap()
    }

    #[test]
    fn a_full_page_of_100_000_contacts_is_found_and_written_in_less_than_100_milliseconds() {
        let store = Store::new(Size::Large);
        let entity = store.entity(EntityName::Contacts);
        let columns = Columns::all(&entity.model);
        for after in [0, 30_732_000, 30_781_000] {
            let filter =
                json!([{"op": "gt", "field": "id", "value": after}, {"op": "eq", "field": "isActive", "value": 1}]);
            let query = query(entity, &filter);
            let took = quickest(|| {
                let page = Page::turn(entity, &query.filter, &Cursor::first(500, None, &Method::POST));
                let record = |row| {
                    json_text(&Record {
                        entity,
                        row,
                        columns: &columns,
                        style: Style::default(),
                    })
                };
                assert_eq!(
                    page.rows
                        .iter()
                        .map(|(_, row)| record(row))
                        .filter(|text| text.len() > 500)
                        .count(),
                    500
                );
            });
            assert!(took < Duration::from_millis(100), "{took:?}");
        }
    }

    fn json_text(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn counting_by_id_alone_looks_at_no_record() {
        let store = Store::new(Size::Large);
        let entity = store.entity(EntityName::Contacts);
        let from_id = json!({"op": "gte", "field": "id", "value": 30_682_001});
        let active = json!({"op": "exist", "field": "isActive"});
        let (by_id, by_value) = (
            query(entity, &json!([from_id])),
            query(entity, &json!([from_id, active])),
        );
        let count = |query: &Query| quickest(|| assert_eq!(query.filter.count(entity), 100_000));
        assert!(count(&by_id) * 3 < count(&by_value));
    }
}
