//! Undo of one decision: the page after it carries the former decision, and a form that sends it.

use serde_json::{Value, json};

use super::frame::query;
use crate::fields::Fields;
use crate::refused::Refused;
use crate::views::Target;

/// A row as it was before a decision.
pub(super) struct Undo {
    pub target: String,
    pub selected: bool,
}

impl Undo {
    /// Read from the query of the page after a decision; `None` on any other page.
    pub fn of(fields: &Fields) -> Option<Self> {
        Some(Self {
            target: fields.get("was")?.to_owned(),
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

/// The decision that a form sends.
pub(super) fn decision(form: &Fields) -> Result<Value, Refused> {
    let target = match form.get("target").ok_or(Refused::NotFound)? {
        "automatic" => json!({ "automatic": {} }),
        "create" => json!({ "create": {} }),
        existing => json!({ "existing": existing }),
    };
    let version: u64 = form.text("version").parse().unwrap_or_default();
    Ok(json!({ "version": version, "selected": form.get("selected") != Some("false"), "target": target }))
}

/// The query of the page after a decision. After an undo it offers no further undo.
pub(super) fn query_after(form: &Fields) -> String {
    query(&[
        ("saved", "row"),
        ("was", form.text("was")),
        ("wasSelected", form.text("wasSelected")),
    ])
}
