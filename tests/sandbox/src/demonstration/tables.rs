//! What a technician reads.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::text;

/// Rows that are shown of a long list.
const SHOWN: usize = 12;

/// Columns that a terminal is expected to have.
const WIDTH: u16 = 110;

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header(header);
    table
}

/// A cell: names may hold characters that would break the line.
fn cell(value: &Value) -> String {
    let shown = if value.is_null() { "–".to_owned() } else { text(value) };
    shown
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(60)
        .collect()
}

fn print(mut table: Table, rows: impl ExactSizeIterator<Item = Vec<String>>) {
    let more = rows.len().saturating_sub(SHOWN);
    table.add_rows(rows.take(SHOWN));
    println!("{table}");
    if more > 0 {
        println!("  … and {more} more");
    }
}

pub(super) fn companies(rows: &[Value]) {
    let columns = ["name", "status", "type", "psaStatus", "lastImported"];
    let table = table(&["name", "import status", "type", "PSA status", "last import"]);
    print(
        table,
        rows.iter().map(|row| columns.map(|column| cell(&row[column])).to_vec()),
    );
}

pub(super) fn absent(rows: &[Value]) {
    let table = table(&["name", "why it is missing", "last import"]);
    print(
        table,
        rows.iter().map(|row| {
            ["name", "reason", "lastImported"]
                .map(|column| cell(&row[column]))
                .to_vec()
        }),
    );
}

pub(super) fn plan(plan: &Value) {
    let names = [
        ("createCompany", "companies to create"),
        ("linkCompany", "companies to link to existing ones"),
        ("updateCompany", "companies to rename"),
        ("createUser", "users to create"),
        ("linkUser", "users to link to existing ones"),
        ("changeAddress", "addresses to change"),
        ("unchanged", "unchanged"),
        ("skip", "passed over"),
    ];
    let counted = names.iter().filter(|(action, _)| plan["summary"][action] != 0);
    let mut rows: Vec<Vec<String>> = counted
        .map(|(action, name)| vec![(*name).to_owned(), cell(&plan["summary"][action])])
        .collect();
    let licences = &plan["licences"];
    rows.push(vec![
        "licences".to_owned(),
        format!("{} needed, {} available", licences["needed"], licences["available"]),
    ]);
    print(table(&["what would happen", "how many"]), rows.into_iter());
}

pub(super) fn result(result: &Value) {
    let outcomes = [
        "created",
        "linked",
        "updated",
        "changedAddress",
        "unchanged",
        "skipped",
        "failed",
    ];
    let names = [
        "",
        "created",
        "linked",
        "renamed",
        "new address",
        "unchanged",
        "skipped",
        "failed",
    ];
    let rows = ["companies", "users"].map(|what| {
        let counts = outcomes.iter().map(|outcome| cell(&result[what][outcome]));
        std::iter::once(what.to_owned()).chain(counts).collect::<Vec<String>>()
    });
    print(table(&names), rows.into_iter());
    for (list, title) in [("errors", "Failed"), ("skipped", "To be decided or mended")] {
        let rows = result[list].as_array().cloned().unwrap_or_default();
        if !rows.is_empty() {
            println!("\n{title}");
            let rows = rows.iter().map(|row| {
                vec![
                    cell(&row["company"]["name"]),
                    cell(&row["detail"]),
                    cell(&row["action"]),
                ]
            });
            print(table(&["company", "what", "what to do"]), rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_the_table() {
        assert_eq!(
            cell(&Value::from("Drukkerij\u{0}Smets\n")),
            "Drukkerij\u{fffd}Smets\u{fffd}"
        );
    }

    #[test]
    fn what_is_absent_is_a_dash() {
        assert_eq!(cell(&Value::Null), "–");
    }
}
