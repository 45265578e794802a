//! Decisions on one row that a page offers to send: the former one, to undo the last, and one for which somebody else was quicker.

use serde_json::{Value, json};

use super::frame::query;
use crate::answer_page::redirect;
use crate::fields::Fields;
use crate::refused::{Answer, Refused};
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

/// A decision that was refused, because the row was changed after its page was shown.
pub(super) struct Mine {
    pub target: Target,
    pub selected: bool,
}

impl Mine {
    /// Read from the query of the page after the refusal; `None` on any other page, and once the row has another version than that of the
    /// refusal: then neither decision is news.
    pub fn of(fields: &Fields, version: u64) -> Option<Self> {
        let is_latest = fields.text("at") == version.to_string();
        Some(Self {
            target: target(fields.get("mine").filter(|_| is_latest)?),
            selected: fields.get("mineSelected") == Some("true"),
        })
    }

    pub fn code(&self) -> &str {
        code(&self.target)
    }
}

/// The answer to a decision that was refused: if the row was changed meanwhile, its page with both decisions. `page` has the page for the
/// rest of a query.
pub(super) fn refused(refused: Refused, form: &Fields, page: impl Fn(&str) -> String) -> Answer {
    match refused {
        Refused::Problem(problem) if problem.code == "decision_conflict" => Ok(redirect(&page(&query(&[
            ("mine", form.text("target")),
            ("at", &problem.fact("version").unwrap_or_default()),
            ("mineSelected", if selects(form) { "true" } else { "false" }),
            ("back", form.text("back")),
        ])))),
        other => Err(other),
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

/// The target of this name.
fn target(code: &str) -> Target {
    match code {
        "automatic" => Target::Automatic {},
        "create" => Target::Create {},
        id => Target::Existing(id.to_owned()),
    }
}

fn selects(form: &Fields) -> bool {
    form.get("selected") != Some("false")
}

/// The decision that a form sends. Without a target the row keeps the one that it has.
pub(super) fn decision(form: &Fields) -> Value {
    let version: u64 = form.text("version").parse().unwrap_or_default();
    let mut decision = json!({ "version": version, "selected": selects(form) });
    if let Some(code) = form.get("target") {
        decision["target"] = match target(code) {
            Target::Automatic {} => json!({ "automatic": {} }),
            Target::Create {} => json!({ "create": {} }),
            Target::Existing(id) => json!({ "existing": id }),
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
