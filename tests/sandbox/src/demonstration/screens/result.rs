//! A result as the administrator reads it.

use super::super::answers::{Counts, Outcome, Passed};
use super::super::tables::{first_rows, name, table};

/// Rows that are shown of what was passed over.
const PASSED: usize = 8;

/// Outcomes of companies and users.
pub(in super::super) fn counts(result: &Outcome) -> String {
    let outcomes = [
        ("created", "created"),
        ("linked", "linked"),
        ("updated", "renamed"),
        ("changedAddress", "new address"),
        ("unchanged", "unchanged"),
        ("skipped", "skipped"),
        ("failed", "failed"),
    ];
    let row = |what: &str, counts: &Counts| {
        let count = |(outcome, _): &(&str, _)| counts.get(*outcome).map_or("–".to_owned(), u64::to_string);
        std::iter::once(what.to_owned())
            .chain(outcomes.iter().map(count))
            .collect::<Vec<String>>()
    };
    let header = std::iter::once("").chain(outcomes.iter().map(|(_, name)| *name));
    table(
        header,
        [row("companies", &result.companies), row("users", &result.users)],
    )
}

/// What failed and what was passed over, with what to do; nothing if there is none.
pub(in super::super) fn passed(result: &Outcome) -> Option<String> {
    let lists = [("Failed", &result.errors), ("Skipped", &result.skipped)];
    let lists = lists.into_iter().filter(|(_, rows)| !rows.is_empty());
    let mut said: Vec<String> = lists.map(|(title, rows)| format!("{title}\n{}", to_do(rows))).collect();
    let skipped = |counts: &Counts| counts.get("skipped").copied().unwrap_or_default();
    let rest = (skipped(&result.companies) + skipped(&result.users)).saturating_sub(result.skipped.len() as u64);
    if rest > 0 {
        said.push(format!(
            "{rest} more rows were skipped because their company was, or because they are not ticked."
        ));
    }
    (!said.is_empty()).then(|| said.join("\n\n"))
}

fn to_do(rows: &[Passed]) -> String {
    let cells = rows.iter().map(|row| {
        let address = row.address.as_ref().and_then(|address| address.address.as_deref());
        let company = name(&row.company.name);
        let whose = address.map_or_else(|| company.clone(), |address| format!("{company}: {}", name(address)));
        vec![whose, row.company.id.clone(), row.detail.clone(), row.action.clone()]
    });
    first_rows(["company", "PSA id", "reason", "what to do"], cells, PASSED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::answers::read;
    use super::*;

    fn result(skipped: u64) -> Outcome {
        let conflict = json!({ "code": "address_conflict", "company": { "id": "7", "name": "Bakkerij" }, "address": { "id": "51~e", "address": "jan@b.example", "contact": "Jan" }, "detail": "Taken.", "action": "Remove it." });
        read(json!({
            "companies": { "created": 1, "skipped": 0 }, "users": { "created": 2, "skipped": skipped }, "errors": [], "skipped": [conflict],
        }))
        .unwrap()
    }

    #[test]
    fn what_was_skipped_names_the_address_and_what_to_do() {
        let expected = "\
Skipped
┌─────────────────────────┬────────┬────────┬────────────┐
│ company                 ┆ PSA id ┆ reason ┆ what to do │
╞═════════════════════════╪════════╪════════╪════════════╡
│ Bakkerij: jan@b.example ┆ 7      ┆ Taken. ┆ Remove it. │
└─────────────────────────┴────────┴────────┴────────────┘";
        assert_eq!(passed(&result(1)).unwrap(), expected);
    }

    #[test]
    fn rows_skipped_without_a_line_of_their_own_are_counted() {
        let text = passed(&result(4)).unwrap();
        assert!(
            text.ends_with("\n\n3 more rows were skipped because their company was, or because they are not ticked.")
        );
    }

    #[test]
    fn nothing_is_said_when_nothing_was_passed_over() {
        let mut result = result(0);
        result.skipped.clear();
        assert_eq!(passed(&result), None);
    }

    #[test]
    fn an_outcome_that_does_not_exist_for_a_row_is_a_dash() {
        let row = counts(&result(1)).lines().nth(3).unwrap().to_owned();
        let cells: Vec<&str> = row.split(['│', '┆']).map(str::trim).collect();
        assert_eq!(cells[1..8], ["companies", "1", "–", "–", "–", "–", "0"]);
    }
}
