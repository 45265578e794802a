//! The part of the rows that conditions on `id` leave, found without looking at the others.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::model::Cell;
use crate::store::{Entity, Row};

use super::condition::{Check, Column, Node};

#[derive(Debug)]
pub struct Walk {
    from: i64,
    to: i64,
    only: Option<BTreeSet<i64>>,
}

impl Walk {
    /// Takes the conditions on `id` out of those that must all hold.
    pub fn take(nodes: Vec<Node>) -> (Self, Vec<Node>) {
        let mut walk = Walk {
            from: i64::MIN,
            to: i64::MAX,
            only: None,
        };
        let rest = nodes.into_iter().filter(|node| !walk.absorbs(node)).collect();
        (walk, rest)
    }

    fn absorbs(&mut self, node: &Node) -> bool {
        // `id` is every model's first field.
        let Node::Test(Column::Field(0), check) = node else {
            return false;
        };
        match check {
            Check::Exist => {}
            Check::Equal(Cell::Int(id)) => self.narrow(*id, *id),
            Check::Ordered(Cell::Int(id), [Ordering::Greater, Ordering::Greater]) => {
                self.narrow(id.saturating_add(1), i64::MAX);
            }
            Check::Ordered(Cell::Int(id), [Ordering::Greater, _]) => self.narrow(*id, i64::MAX),
            Check::Ordered(Cell::Int(id), [Ordering::Less, Ordering::Less]) => {
                self.narrow(i64::MIN, id.saturating_sub(1));
            }
            Check::Ordered(Cell::Int(id), [Ordering::Less, _]) => self.narrow(i64::MIN, *id),
            Check::In(set) => {
                let ids = set.ints.iter().copied();
                self.only = Some(match self.only.take() {
                    Some(only) => ids.filter(|id| only.contains(id)).collect(),
                    None => ids.collect(),
                });
            }
            _ => return false,
        }
        true
    }

    fn narrow(&mut self, from: i64, to: i64) {
        self.from = self.from.max(from);
        self.to = self.to.min(to);
    }

    /// How many rows there are; without a list of ids no row is looked at.
    pub fn count(&self, entity: &Entity) -> usize {
        match &self.only {
            Some(_) => self.rows(entity, None, None).count(),
            None => entity.rows.between(self.from, self.to).len(),
        }
    }

    pub fn rows<'a>(
        &'a self,
        entity: &'a Entity,
        after: Option<i64>,
        before: Option<i64>,
    ) -> Box<dyn DoubleEndedIterator<Item = (i64, &'a Row)> + 'a> {
        let from = after.map_or(self.from, |id| self.from.max(id.saturating_add(1)));
        let to = before.map_or(self.to, |id| self.to.min(id.saturating_sub(1)));
        match &self.only {
            Some(ids) => {
                let there = move |id: &&i64| (from..=to).contains(*id);
                let row = |id: &i64| entity.rows.get(*id).map(|row| (*id, row));
                Box::new(ids.iter().filter(there).filter_map(row))
            }
            None => Box::new(entity.rows.between(from, to).iter().map(|(id, row)| (*id, row))),
        }
    }
}
