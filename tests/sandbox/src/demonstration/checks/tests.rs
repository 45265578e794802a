use serde_json::{Value, json};

use super::*;
use crate::demonstration::changes::example;
use crate::demonstration::import::Holdings;
use crate::demonstration::timings::Timings;

pub(super) fn import(tabs: [Value; 2], items: &Value, result: [Value; 2], holdings: [(usize, u64); 2]) -> Import {
    let [tab_in, not_in] = tabs.map(|tab| answers::read(tab).unwrap());
    let [companies, users] = result;
    let plan = json!({ "hash": "h", "licences": { "mode": "pool", "needed": 0, "available": 9 }, "items": items });
    let result = json!({ "companies": companies, "users": users, "errors": [], "skipped": [] });
    let [before, after] = holdings.map(|(companies, licences_used)| Holdings {
        companies,
        licences_used,
    });
    Import {
        id: "x".to_owned(),
        tab_in,
        not_in,
        plan: answers::read(plan).unwrap(),
        result: answers::read(result).unwrap(),
        before,
        after,
        timings: Timings::default(),
    }
}

fn row(id: u8, status: &str, reason: Option<&str>) -> Value {
    json!({ "id": id.to_string(), "name": format!("Company {id}"), "status": status, "type": "", "psaStatus": "",
        "own": false, "reason": reason, "version": 1 })
}

pub(super) fn item(action: &str, company: u8, user: bool) -> Value {
    let address = user.then(|| json!({ "id": "51~512", "address": "jan@five.example", "contact": "Jan" }));
    json!({ "action": action, "company": { "id": company.to_string() }, "address": address, "reason": "" })
}

/// Companies 1, 2 and 3 with a user each; then 2 is inactive and 3 merged.
pub(super) fn first() -> Import {
    let rows = json!([
        row(1, "unmapped", None),
        row(2, "unmapped", None),
        row(3, "unmapped", None)
    ]);
    let items = [1, 2, 3].map(|id| [item("createCompany", id, false), item("createUser", id, true)]);
    let result = [json!({ "created": 3 }), json!({ "created": 3 })];
    import([rows, json!([])], &json!(items.concat()), result, [(0, 0), (3, 3)])
}

pub(super) fn second() -> Import {
    let gone = json!([
        row(2, "mapped", Some("inactive")),
        row(3, "mapped", Some("merged_in_psa"))
    ]);
    let items = [
        item("updateCompany", 1, false),
        item("changeAddress", 1, true),
        item("createUser", 1, true),
        item("unchanged", 1, true),
    ];
    let users = json!({ "created": 1, "changedAddress": 1, "unchanged": 1 });
    let tabs = [json!([row(1, "mapped", None)]), gone];
    import(tabs, &json!(items), [json!({ "updated": 1 }), users], [(3, 3), (3, 4)])
}

fn directory() -> Directory {
    Directory {
        name: Some(example().new_name),
        address: Some(example().moved.to),
    }
}

fn failing(first: &Import, second: &Import, directory: &Directory) -> Vec<String> {
    let checks = of(first, second, &example(), directory);
    checks
        .iter()
        .filter(|check| !check.holds())
        .map(Check::to_string)
        .collect()
}

#[test]
fn all_checks_hold_when_both_imports_ended_as_they_should() {
    assert_eq!(failing(&first(), &second(), &directory()), Vec::<String>::new());
}

#[test]
fn a_row_without_an_outcome_is_found() {
    let mut first = first();
    first.result.users.insert("created".to_owned(), 2);
    assert_eq!(
        failing(&first, &second(), &directory()),
        [
            "✗ first import, outcomes for the rows of the plan: expected 6, found 5",
            "✗ first import, licences taken: expected 2, found 3",
        ]
    );
}

#[test]
fn a_company_that_is_made_twice_is_found() {
    let mut second = second();
    second.result.companies.insert("created".to_owned(), 1);
    second.after.companies = 4;
    assert_eq!(
        failing(&first(), &second, &directory()),
        [
            "✗ second import, companies created: expected 0, found 1",
            "✗ second import, outcomes for the rows of the plan: expected 4, found 5",
            "✗ managed companies after both imports: expected 3, found 4",
        ]
    );
}

#[test]
fn a_wrong_reason_in_the_tab_not_in_is_found() {
    let mut second = second();
    second.not_in[1].reason = Some("deleted_in_psa".to_owned());
    assert_eq!(
        failing(&first(), &second, &directory()),
        [
            "✗ second import, tab not in: expected Company 2 (inactive), Company 3 (merged in PSA), \
          found Company 2 (inactive), Company 3 (deleted in PSA)"
        ]
    );
}

#[test]
fn a_mapped_company_that_is_found_unmapped_is_found() {
    let mut second = second();
    second.tab_in[0].status = "unmapped".to_owned();
    assert_eq!(failing(&first(), &second, &directory()).len(), 1);
}

#[test]
fn a_change_that_did_not_reach_the_directory_is_found() {
    let directory = Directory {
        name: Some("Company 1".to_owned()),
        address: None,
    };
    assert_eq!(
        failing(&first(), &second(), &directory),
        [
            "✗ name of the renamed company in the directory: expected Company 1 Groep, found Company 1",
            "✗ address of the same user in the directory: expected new.jan@five.example, found nothing",
        ]
    );
}
