//! Whether both imports ended as they should.

mod in_lastpass;

use std::collections::BTreeSet;
use std::fmt;

use sandbox::Error;
use sandbox::api::Api;

use super::answers::{self, Action, Company, Counts, Plan, User};
use super::changes::Changed;
use super::import::Import;
use super::tables::words;

pub(super) use in_lastpass::of_lastpass;

/// One expectation and what came of it.
#[derive(Debug)]
pub(super) struct Check {
    what: &'static str,
    expected: String,
    found: String,
    holds: bool,
}

impl Check {
    fn equal(what: &'static str, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        let (expected, found) = (expected.to_string(), found.to_string());
        let holds = expected == found;
        Self {
            what,
            expected,
            found,
            holds,
        }
    }

    fn some(what: &'static str, found: u64) -> Self {
        Self {
            what,
            expected: "more than 0".to_owned(),
            found: found.to_string(),
            holds: found > 0,
        }
    }

    pub(super) const fn holds(&self) -> bool {
        self.holds
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.holds { '✓' } else { '✗' };
        let Self {
            what, expected, found, ..
        } = self;
        if expected == found {
            write!(f, "{sign} {what}: {expected}")
        } else {
            write!(f, "{sign} {what}: expected {expected}, found {found}")
        }
    }
}

/// What the directory holds of what the second import changed.
pub(super) struct Directory {
    /// The name of the renamed company's managed company.
    name: Option<String>,
    /// The address of the user whose contact has another one.
    address: Option<String>,
}

/// Asks for the managed company and the user that were there before the second import: by their ids.
pub(super) async fn look_up(ana: &Api, plan: &Plan, changed: &Changed) -> Result<Directory, Error> {
    let managed = |company: &Company| plan.company(&company.id)?.before.as_ref()?.id.clone();
    let companies: Vec<Company> = answers::list(ana, "/managed-companies").await?;
    let renamed = managed(&changed.renamed);
    let name = companies
        .into_iter()
        .find(|company| Some(&company.id) == renamed.as_ref());
    let mut address = None;
    if let (Some(company), Some(user)) = (managed(&changed.moved.company), user_before(plan)) {
        let users: Vec<User> = answers::list(ana, &format!("/managed-companies/{company}/users")).await?;
        address = users
            .into_iter()
            .find(|found| found.id == user)
            .map(|found| found.address);
    }
    Ok(Directory {
        name: name.map(|company| company.name),
        address,
    })
}

fn user_before(plan: &Plan) -> Option<String> {
    let mut changes = plan.rows().filter(|item| item.action == Action::ChangeAddress);
    changes.next()?.before.as_ref()?.user.clone()
}

/// All checks.
pub(super) fn of(first: &Import, second: &Import, changed: &Changed, directory: &Directory) -> Vec<Check> {
    let mut checks = of_first(first);
    checks.extend(of_second(second));
    checks.extend(of_both(first, second, changed));
    let found = |text: &Option<String>| text.clone().unwrap_or("nothing".to_owned());
    checks.extend([
        Check::equal(
            "name of the renamed company in the directory",
            &changed.new_name,
            found(&directory.name),
        ),
        Check::equal(
            "address of the same user in the directory",
            &changed.moved.to,
            found(&directory.address),
        ),
    ]);
    checks
}

fn of_first(first: &Import) -> Vec<Check> {
    let result = &first.result;
    vec![
        Check::some("first import, companies created", count(&result.companies, "created")),
        Check::some("first import, users created", count(&result.users, "created")),
        Check::equal("first import, rows failed", 0, failed(first)),
        Check::equal(
            "first import, outcomes for the rows of the plan",
            first.plan.rows().count(),
            outcomes(first),
        ),
        Check::equal(
            "first import, licences taken",
            count(&result.users, "created"),
            licences_taken(first),
        ),
        Check::equal("first import, rows of the tab not in", 0, first.not_in.len()),
    ]
}

fn of_second(second: &Import) -> Vec<Check> {
    let company = |outcome| count(&second.result.companies, outcome);
    let user = |outcome| count(&second.result.users, outcome);
    let both = |outcome| company(outcome) + user(outcome);
    let rows = second.plan.rows().count();
    // A renamed company, a changed address, a new user.
    let rest = rows.saturating_sub(3);
    vec![
        Check::equal("second import, companies created", 0, company("created")),
        Check::equal("second import, companies renamed", 1, company("updated")),
        Check::equal("second import, addresses changed", 1, user("changedAddress")),
        Check::equal("second import, users created", 1, user("created")),
        Check::equal("second import, rows linked", 0, both("linked")),
        Check::equal("second import, rows failed", 0, failed(second)),
        Check::equal(
            "second import, rows unchanged or skipped",
            rest,
            both("unchanged") + both("skipped"),
        ),
        Check::equal(
            "second import, outcomes for the rows of the plan",
            rows,
            outcomes(second),
        ),
        Check::equal("second import, licences taken", 1, licences_taken(second)),
    ]
}

fn of_both(first: &Import, second: &Import, changed: &Changed) -> Vec<Check> {
    let gone = [(&changed.deactivated, "inactive"), (&changed.merged, "merged_in_psa")];
    let imported = first.plan.rows().filter(|item| {
        matches!(item.action, Action::CreateCompany | Action::LinkCompany)
            && gone.iter().all(|(company, _)| company.id != item.company.id)
    });
    let imported: BTreeSet<&str> = imported.map(|item| item.company.id.as_str()).collect();
    let mapped = second.tab_in.iter().filter(|row| row.status == "mapped");
    let mapped: BTreeSet<&str> = mapped.map(|row| row.id.as_str()).collect();
    let absent = second.not_in.iter();
    let absent = absent.map(|row| (row.name.as_str(), row.reason.as_deref().unwrap_or("no reason")));
    let gone = gone.map(|(company, reason)| (company.name.as_str(), reason));
    vec![
        Check::equal(
            "companies of the first import found mapped, but for the two that are gone",
            imported.len(),
            imported.intersection(&mapped).count(),
        ),
        Check::equal(
            "companies found mapped that the first import did not import",
            0,
            mapped.difference(&imported).count(),
        ),
        Check::equal("second import, tab not in", reasons(gone), reasons(absent)),
        Check::equal(
            "managed companies after both imports",
            first.after.companies,
            second.after.companies,
        ),
    ]
}

fn reasons<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut rows: Vec<String> = rows
        .into_iter()
        .map(|(name, reason)| format!("{name} ({})", words(reason)))
        .collect();
    rows.sort();
    rows.join(", ")
}

fn count(counts: &Counts, outcome: &str) -> u64 {
    counts.get(outcome).copied().unwrap_or_default()
}

fn failed(import: &Import) -> u64 {
    count(&import.result.companies, "failed") + count(&import.result.users, "failed")
}

fn outcomes(import: &Import) -> u64 {
    import
        .result
        .companies
        .values()
        .chain(import.result.users.values())
        .sum()
}

fn licences_taken(import: &Import) -> u64 {
    import.after.licences_used.saturating_sub(import.before.licences_used)
}

#[cfg(test)]
mod tests;
