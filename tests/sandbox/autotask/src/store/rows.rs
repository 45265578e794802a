//! The rows of one entity by id.

use std::collections::BTreeMap;

use crate::model::Cell;

/// One record: where it came from and what was changed since.
pub struct Row {
    /// The index among the MSP's companies or contacts; none for records added later.
    pub(super) seed: Option<usize>,
    pub(super) changed: Option<Box<Changed>>,
}

/// Values that are not the generated ones, by index of the field.
#[derive(Clone, Default)]
pub(super) struct Changed {
    pub cells: BTreeMap<usize, Cell<'static>>,
    pub udfs: BTreeMap<usize, Option<String>>,
}

/// Rows ordered by id. A vector and not a tree, because counting the rows of a range is then two binary searches.
pub struct Rows(Vec<(i64, Row)>);

impl Rows {
    /// Rows that are already in the order of their ids.
    pub(super) fn ordered(rows: Vec<(i64, Row)>) -> Self {
        Rows(rows)
    }

    /// The rows with these ids and all between them.
    pub fn between(&self, from: i64, to: i64) -> &[(i64, Row)] {
        let start = self.0.partition_point(|(id, _)| *id < from);
        let end = self.0.partition_point(|(id, _)| *id <= to);
        self.0.get(start..end).unwrap_or_default()
    }

    pub fn get(&self, id: i64) -> Option<&Row> {
        self.between(id, id).first().map(|(_, row)| row)
    }

    /// The id a new row gets.
    pub(super) fn free_id(&self) -> i64 {
        self.0.last().map_or(1, |(id, _)| id + 1)
    }

    /// The row of this id, which is a new one if there was none.
    pub(super) fn get_or_add(&mut self, id: i64) -> &mut Row {
        let at = match self.0.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(
                    at,
                    (
                        id,
                        Row {
                            seed: None,
                            changed: None,
                        },
                    ),
                );
                at
            }
        };
        &mut self.0[at].1
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Ok(at) = self.0.binary_search_by_key(&id, |(id, _)| *id) {
            self.0.remove(at);
        }
    }
}
