//! What is different where the directory is LastPass: it renames no company, and asks people before their address changes.

use super::super::changes::Changed;
use super::super::import::Import;
use super::super::lastpass::Seen;
use super::{Check, count, of_both, outcomes};

/// The calls that make something.
const CREATE_COMPANY: &str = "POST /v1/managed-companies";
const CREATE_USER: &str = "POST /v1/managed-companies/{child-company-id}/users";

/// Why LastPass may refuse a row: it takes no address whose part before the @ is not ASCII.
const REFUSED: &str = "directory_refused";

/// All checks of imports into LastPass.
pub(in super::super) fn of_lastpass(first: &Import, second: &Import, changed: &Changed, seen: &Seen) -> Vec<Check> {
    let mut checks = of_first(first, seen);
    checks.extend(of_second(second, changed));
    checks.extend(of_both(first, second, changed));
    checks.extend(of_calls(first, second, seen));
    checks
}

fn of_first(first: &Import, seen: &Seen) -> Vec<Check> {
    let (companies, users) = (&first.result.companies, &first.result.users);
    vec![
        Check::some("first import, companies created", count(companies, "created")),
        Check::some("first import, users created", count(users, "created")),
        Check::equal("first import, companies failed", 0, count(companies, "failed")),
        Check::equal(
            "first import, users failed but for addresses that LastPass refuses",
            0,
            first.result.errors.iter().filter(|row| row.code != REFUSED).count(),
        ),
        Check::equal(
            "first import, outcomes for the rows of the plan",
            first.plan.rows().count(),
            outcomes(first),
        ),
        Check::equal(
            "invitations mailed, where users are staged",
            0,
            mails(seen, "invitation"),
        ),
    ]
}

fn of_second(second: &Import, changed: &Changed) -> Vec<Check> {
    let (companies, users) = (&second.result.companies, &second.result.users);
    let told = |code: &str| {
        let rows = second.result.skipped.iter().filter(|row| row.code == code);
        rows.map(|row| row.company.name.clone())
            .collect::<Vec<String>>()
            .join(", ")
    };
    vec![
        Check::equal("second import, companies created", 0, count(companies, "created")),
        Check::equal("second import, users created", 1, count(users, "created")),
        Check::equal(
            "second import, rows failed",
            0,
            count(companies, "failed") + count(users, "failed"),
        ),
        Check::equal(
            "renamed in the PSA, to be renamed in LastPass",
            &changed.new_name,
            told("cannot_rename"),
        ),
        Check::equal(
            "address changed in the PSA, the user is asked first",
            &changed.moved.company.name,
            told("waits_for_user"),
        ),
        Check::equal(
            "second import, outcomes for the rows of the plan",
            second.plan.rows().count(),
            outcomes(second),
        ),
    ]
}

fn of_calls(first: &Import, second: &Import, seen: &Seen) -> Vec<Check> {
    let calls = |call: &str| seen.calls.get(call).copied().unwrap_or_default();
    let created = |import: &Import| count(&import.result.users, "created");
    let refused = first.result.errors.iter().filter(|row| row.code == REFUSED).count() as u64;
    vec![
        Check::equal(
            "LastPass was asked for each company once",
            count(&first.result.companies, "created"),
            calls(CREATE_COMPANY),
        ),
        Check::equal(
            "LastPass was asked for each user once",
            created(first) + created(second) + refused,
            calls(CREATE_USER),
        ),
        Check::equal("mails that ask for another address", 1, mails(seen, "addressChange")),
        Check::equal(
            "companies or users detached, suspended or deleted",
            0,
            seen.forbidden.len(),
        ),
    ]
}

fn mails(seen: &Seen, kind: &str) -> usize {
    seen.mails.iter().filter(|mail| mail.kind == kind).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::answers;
    use super::super::super::changes::example;
    use super::super::tests::{first, import, item, second};
    use super::*;

    /// As `second`, where nobody is renamed and nobody's address has changed yet.
    fn second_into_lastpass() -> Import {
        let items = ["skip", "changeAddress", "createUser", "unchanged"];
        let items = items.map(|action| item(action, 1, action != "skip"));
        let users = json!({ "created": 1, "skipped": 1, "unchanged": 1 });
        let plain = second();
        let mut second = import(
            [json!([]), json!([])],
            &json!(items),
            [json!({ "skipped": 1 }), users],
            [(3, 3), (3, 3)],
        );
        (second.tab_in, second.not_in) = (plain.tab_in, plain.not_in);
        let told = |code: &str, company: &str| json!({ "code": code, "company": { "id": "1", "name": company }, "detail": "", "action": "" });
        let told = json!([
            told("cannot_rename", "Company 1 Groep"),
            told("waits_for_user", "Company 5")
        ]);
        second.result.skipped = answers::read(told).unwrap();
        second
    }

    fn seen(companies: u64) -> Seen {
        let calls = json!({ (CREATE_COMPANY): companies, (CREATE_USER): 4 });
        let mut seen: Seen = answers::read(json!({ "calls": calls, "forbidden": [] })).unwrap();
        seen.mails = answers::read(json!([{ "kind": "addressChange" }])).unwrap();
        seen
    }

    fn failing(companies: u64) -> Vec<String> {
        let checks = of_lastpass(&first(), &second_into_lastpass(), &example(), &seen(companies));
        let failing = checks.iter().filter(|check| !check.holds());
        failing.map(Check::to_string).collect()
    }

    #[test]
    fn all_checks_hold_when_lastpass_was_asked_for_everything_once() {
        assert_eq!(failing(3), Vec::<String>::new());
    }

    #[test]
    fn a_company_that_was_asked_for_twice_is_found() {
        assert_eq!(
            failing(4),
            ["✗ LastPass was asked for each company once: expected 3, found 4"]
        );
    }
}
