//! What the tenant holds. Generated records are computed when they are looked at; only changes take memory.

mod change;
mod changes;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use simkit::msp::{self, Msp, Size};

use crate::model::{Cell, Model, category, company, contact};

pub use change::{Change, Stamps};
pub use changes::Changes;
pub use rows::{Row, Rows};

use rows::Changed;

/// The entities with rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntityName {
    /// `Companies`
    Companies,
    /// `Contacts`
    Contacts,
    /// `CompanyCategories`
    CompanyCategories,
}

/// The rows of one entity, ordered by id.
pub struct Entity {
    pub model: Model,
    pub rows: Rows,
    msp: Arc<Msp>,
}

impl Entity {
    fn generated(model: Model, msp: &Arc<Msp>, ids: impl Iterator<Item = i64>) -> Self {
        let seeded = |(index, id)| {
            (
                id,
                Row {
                    seed: Some(index),
                    changed: None,
                },
            )
        };
        Entity {
            model,
            rows: Rows::ordered(ids.enumerate().map(seeded).collect()),
            msp: Arc::clone(msp),
        }
    }

    fn written(model: Model, msp: &Arc<Msp>, rows: Vec<(i64, Vec<Cell<'static>>)>) -> Self {
        let row = |cells: Vec<Cell<'static>>| Row {
            seed: None,
            changed: Some(Box::new(Changed {
                cells: cells.into_iter().enumerate().collect(),
                udfs: BTreeMap::new(),
            })),
        };
        Entity {
            model,
            rows: Rows::ordered(rows.into_iter().map(|(id, cells)| (id, row(cells))).collect()),
            msp: Arc::clone(msp),
        }
    }

    /// The value of the field with this index.
    pub fn cell<'a>(&'a self, row: &'a Row, field: usize) -> Cell<'a> {
        if let Some(cell) = row.changed.as_ref().and_then(|changed| changed.cells.get(&field)) {
            return cell.borrowed();
        }
        let field = &self.model.fields[field];
        row.seed
            .map_or_else(|| field.default.borrowed(), |index| (field.generated)(&self.msp, index))
    }

    /// The value of the user-defined field with this index.
    pub fn udf(&self, row: &Row, udf: usize) -> Option<String> {
        if let Some(value) = row.changed.as_ref().and_then(|changed| changed.udfs.get(&udf)) {
            return value.clone();
        }
        row.seed
            .and_then(|index| (self.model.udfs[udf].generated)(&self.msp, index))
    }

    fn change(&mut self, change: &Change) {
        let changed = self.rows.get_or_add(change.id).changed.get_or_insert_default();
        changed.cells.extend(change.cells.clone());
        changed.udfs.extend(change.udfs.clone());
    }
}

/// Everything the tenant holds.
pub struct Store {
    companies: Entity,
    contacts: Entity,
    categories: Entity,
}

impl Store {
    pub fn new(size: Size) -> Self {
        let msp = Arc::new(msp::generate(size));
        Store {
            companies: Entity::generated(
                company::model(),
                &msp,
                msp.companies.iter().map(|c| company::id(c.number)),
            ),
            contacts: Entity::generated(
                contact::model(),
                &msp,
                msp.contacts.iter().map(|c| contact::id(c.number)),
            ),
            categories: Entity::written(category::model(), &msp, category::rows()),
        }
    }

    pub fn entity(&self, name: EntityName) -> &Entity {
        match name {
            EntityName::Companies => &self.companies,
            EntityName::Contacts => &self.contacts,
            EntityName::CompanyCategories => &self.categories,
        }
    }

    /// Carries out what [`Changes::read`] has found to be in order.
    pub fn apply(&mut self, changes: &Changes) {
        for (entity, changed, deleted) in [
            (&mut self.companies, &changes.companies, &changes.delete.companies),
            (&mut self.contacts, &changes.contacts, &changes.delete.contacts),
        ] {
            for change in changed {
                entity.change(change);
            }
            for id in deleted {
                entity.rows.remove(*id);
            }
        }
    }
}
