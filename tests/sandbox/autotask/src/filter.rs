//! Autotask's query language: which rows a filter matches.

mod compile;
mod condition;
mod operand;
#[cfg(test)]
mod oracle;
mod walk;

use crate::store::{Entity, Row};
use condition::Node;
use walk::Walk;

pub use compile::unknown_field;
pub use condition::Rules;

/// A filter made ready for one entity.
#[derive(Debug)]
pub struct Filter {
    /// What the conditions on `id` leave to look at.
    walk: Walk,
    /// Every other condition; all must hold.
    rest: Vec<Node>,
    rules: Rules,
    /// Rows that the API user does not see.
    hidden: Vec<i64>,
}

impl Filter {
    /// The same filter for an API user who does not see these rows.
    pub fn hiding(mut self, hidden: &[i64]) -> Self {
        self.hidden = hidden.to_vec();
        self
    }

    /// How many rows match.
    pub fn count(&self, entity: &Entity) -> usize {
        if self.rest.is_empty() && self.hidden.is_empty() {
            self.walk.count(entity)
        } else {
            self.rows(entity, None, None).count()
        }
    }

    /// The matching rows in the order of their ids, after and before the given ones.
    pub fn rows<'a>(
        &'a self,
        entity: &'a Entity,
        after: Option<i64>,
        before: Option<i64>,
    ) -> impl DoubleEndedIterator<Item = (i64, &'a Row)> {
        self.walk
            .rows(entity, after, before)
            .filter(|(id, row)| !self.hidden.contains(id) && self.matches(entity, row))
    }

    fn matches(&self, entity: &Entity, row: &Row) -> bool {
        self.rest.iter().all(|node| node.matches(entity, row, self.rules))
    }
}
