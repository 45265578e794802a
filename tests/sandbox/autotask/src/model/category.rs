//! The entity `CompanyCategory`.

use super::{Cell, Field, Kind, Model, boolean, picklists::CATEGORY, text};

pub fn model() -> Model {
    Model {
        name: "CompanyCategory",
        plural: "CompanyCategories",
        fields: vec![
            Field::new("id", Kind::Long).required().read_only(),
            text("displayColorRGB", 7),
            boolean("isActive").required(),
            boolean("isApiOnly"),
            boolean("isGlobalDefault"),
            text("name", 30).required(),
            text("nickname", 3).required(),
        ],
        udfs: Vec::new(),
        can_create: true,
        can_delete: false,
        modified: None,
        created: &[],
    }
}

/// The categories of this tenant: id and the values in the model's order.
pub fn rows() -> Vec<(i64, Vec<Cell<'static>>)> {
    let row = |choice: &super::Choice| {
        let cells = vec![
            Cell::Int(choice.value),
            Cell::text("#1F77B4"),
            Cell::Bool(choice.active),
            Cell::Bool(choice.label == "API"),
            Cell::Bool(choice.value == 1),
            Cell::text(choice.label),
            Cell::text(&choice.label[..3]),
        ];
        (choice.value, cells)
    };
    CATEGORY.iter().map(row).collect()
}
