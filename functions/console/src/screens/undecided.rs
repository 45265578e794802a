//! `/console/imports/{x}/undecided`: leads to the next company that needs a decision.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;

use super::frame::{api, path, query};
use crate::Console;
use crate::answer_page::redirect;
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::Fields;
use crate::refused::Answer;
use crate::views::Companies;

/// As many as one call of the API lists. Behind them the first one is next again.
const MOST: &str = "500";

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/undecided", get(lead))
}

/// Leads to the company behind the one that is shown, or to the first. If none needs a decision, leads to the list, which says so.
async fn lead(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let asked = query(&[("undecided", "true"), ("limit", MOST)]);
    let rows: Companies = caller.api.get(&format!("{}/companies?{asked}", api(&import))).await?;
    let ids: Vec<&str> = rows.items.iter().map(|row| row.id.as_str()).collect();
    let companies = format!("{}/companies", path(&import));
    // The list without filters is where a company leads back to anyway.
    let back = fields.get("back").filter(|back| *back != companies);
    Ok(redirect(&match (next(&ids, fields.text("behind")), back) {
        (Some(id), Some(back)) => format!("{companies}/{}?{}", escaped(id), query(&[("back", back)])),
        (Some(id), None) => format!("{companies}/{}", escaped(id)),
        (None, _) => format!("{companies}?undecided=true"),
    }))
}

fn next<'a>(ids: &[&'a str], behind: &str) -> Option<&'a str> {
    let at = ids.iter().position(|id| *id == behind);
    let following = at.and_then(|at| ids.get(at + 1));
    following.or_else(|| ids.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r90_behind_the_last_company_that_needs_a_decision_comes_the_first() {
        let all = ["1", "2", "3"];
        for (behind, expected) in [("", "1"), ("1", "2"), ("3", "1"), ("decided", "1")] {
            assert_eq!(next(&all, behind), Some(expected), "{behind}");
        }
        assert_eq!(next(&[], "1"), None);
    }
}
