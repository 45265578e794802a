//! What has to come of an import, and of each of its rows, under every value of the switches.

use serde_json::Value;

use crate::import::{COMPANIES, Values};

/// How an import has to end as a whole under these values, if it does.
pub fn expected_end(values: &Values) -> Option<&'static str> {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    if is("keyStates", "revoked") {
        return Some("directory_unauthorized");
    }
    let is_forbidden =
        is("keyStates", "notEnrolled") || is("keyStates", "noMspRight") || is("managedUserRoutes", "noList");
    is_forbidden.then_some("directory_forbidden")
}

/// The words with which a row may end under these values in the first import.
pub fn expected(values: &Values, row: &str) -> Vec<&'static str> {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    let is_unanswered = is("rateLimit", "unavailable");
    let one_of_companies = COMPANIES.iter().any(|(name, _)| *name == row);
    if one_of_companies {
        let word = expected_company(values, row);
        let mut words = vec![word];
        // A refusal that may have been applied is never sent again by itself.
        if is_unanswered {
            words.push("outcome_unknown");
        }
        // The answer has no poll address, and the creation takes longer than the search for it.
        let is_lost = is("lostReply", "companies") || is("lostReply", "all");
        if is_lost && is("companyCreateDelay", "fifteenMinutes") && word == "created" {
            words.push("outcome_unknown");
        }
        return words;
    }
    if row == "address" || row == "staged" {
        let word = match values.get("patchFields").and_then(Value::as_str) {
            Some("ignored") => "waits for the user",
            _ if row == "staged" && is("stagedAddressChange", "atOnce") => "changed",
            Some("atOnce") if row == "address" => "changed",
            Some("pending") if row == "address" => "waits for the user",
            _ => "not possible",
        };
        // Somebody who may have been asked is not asked again.
        return if is_unanswered {
            vec![word, "waits for the user"]
        } else {
            vec![word]
        };
    }
    let is_there = ["uit", "jan"].contains(&row);
    let is_new = ["n1", "n2"].contains(&row);
    vec![if is_there {
        "created"
    } else if is("managedUserRoutes", "noCreate")
        || (row == "plus" && is("addressValidation", "noPlus"))
        || (row == "unicode" && is("addressValidation", "noUnicode"))
        || (is_new && is("licenseLimitEnforced", "badRequest"))
    {
        "refused"
    } else if is_new && is("licenseLimitEnforced", "conflict") {
        // With a limit of 0, which may as well be none: nobody can tell it from an address that somebody has.
        "taken elsewhere"
    } else if row == "stil" && !is("suspendedCompanyWrites", "allowed") {
        // Without the status of the company nobody can tell it from an address that somebody has.
        if is("companyItemFields", "idAndName") || is("companyItemFields", "nulls") {
            "taken elsewhere"
        } else {
            "refused"
        }
    } else if row == "dochter" && is("listScopeWithoutParent", "children") {
        // Of a company that is not listed nobody knows the users.
        match values.get("userExistsOtherCompany").and_then(Value::as_str) {
            Some("pending") => "created",
            Some("badRequest" | "forbidden") => "refused",
            _ => "taken elsewhere",
        }
    } else if ["elders", "dochter"].contains(&row) && !is("userExistsOtherCompany", "pending") {
        "taken"
    } else if row == "prive" && is("userHasPrivateAccount", "conflict") {
        "taken elsewhere"
    } else {
        "created"
    }]
}

fn expected_company(values: &Values, row: &str) -> &'static str {
    let is = |name: &str, value: &str| values.get(name).is_some_and(|found| found == value);
    let is_namesake = row == "naamgenoot";
    if is_namesake && (is("companyNameUnique", "badRequest") || is("companyNameUnique", "conflict")) {
        return "refused";
    }
    if is("companyCreateDelay", "never") {
        return "outcome_unknown";
    }
    let fails = is("pollFailure", "failed")
        || is("licenseLimitEnforced", "poolFailsInPoll")
        || is_namesake && is("companyNameUnique", "failsInPoll");
    let is_told = !is("pollFailure", "serverError")
        && !is("lostReply", "companies")
        && !is("lostReply", "all")
        && !["otherHost", "missing", "emptyBody"]
            .iter()
            .any(|form| is("pollUrlForm", form))
        && !["goneOnceDone", "unknownJson"]
            .iter()
            .any(|shape| is("pollShape", shape));
    match (fails, is_told) {
        (false, _) => "created",
        (true, true) => "refused",
        (true, false) => "outcome_unknown",
    }
}
