//! Undo of one decision: the page after it carries the former decision, and a form that sends it.

use serde_json::{Value, json};

use super::frame::query;
use crate::fields::Fields;
use crate::views::Target;

/// A row as it was before a decision.
pub(super) struct Undo {
    pub target: String,
    pub selected: bool,
}

impl Undo {
    /// Read from the query of the page after a decision; `None` on any other page, and once the row has another version: then somebody has
    /// decided since, which an undo would undo, too.
    pub fn of(fields: &Fields, version: u64) -> Option<Self> {
        let is_latest = fields.text("at") == version.to_string();
        Some(Self {
            target: fields.get("was").filter(|_| is_latest)?.to_owned(),
            selected: fields.get("wasSelected") == Some("true"),
        })
    }
}

/// The name of a target in forms.
pub(super) fn code(target: &Target) -> &str {
    match target {
        Target::Automatic {} => "automatic",
        Target::Create {} => "create",
        Target::Existing(id) => id,
    }
}

/// The decision that a form sends. Without a target the row keeps the one that it has.
pub(super) fn decision(form: &Fields) -> Value {
    let version: u64 = form.text("version").parse().unwrap_or_default();
    let mut decision = json!({ "version": version, "selected": form.get("selected") != Some("false") });
    if let Some(target) = form.get("target") {
        decision["target"] = match target {
            "automatic" => json!({ "automatic": {} }),
            "create" => json!({ "create": {} }),
            existing => json!({ "existing": existing }),
        };
    }
    decision
}

/// The query of the page after a decision, which made the row what `row` says. After an undo it offers no further undo.
pub(super) fn query_after(form: &Fields, row: &Value) -> String {
    query(&[
        ("saved", "row"),
        ("was", form.text("was")),
        ("wasSelected", form.text("wasSelected")),
        ("at", &row["version"].to_string()),
        ("back", form.text("back")),
    ])
}
