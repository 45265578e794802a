//! What the roles allow is what the functions do, neither more nor less.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::{env, fs};

use local_aws::Template;

/// A function, an action, a resource and a kind of key, as the sandbox writes them down.
type Grant = (String, String, String, String);

/// What Lambda does with the role, and no code of ours.
fn is_lambdas_own(action: &str) -> bool {
    action.starts_with("logs:") || action == "sqs:SendMessage"
}

fn allowed() -> BTreeSet<Grant> {
    let template = Template::load().unwrap();
    let mut allowed = BTreeSet::new();
    for function in template.functions() {
        for permission in template.permissions(function) {
            let no_key = ["-".to_owned()];
            let keys = if permission.leading_keys.is_empty() {
                &no_key[..]
            } else {
                &permission.leading_keys
            };
            for action in permission.actions.iter().filter(|action| !is_lambdas_own(action)) {
                for resource in &permission.resources {
                    for key in keys {
                        allowed.insert((function.to_owned(), action.clone(), resource.clone(), key.clone()));
                    }
                }
            }
        }
    }
    allowed
}

fn recorded() -> BTreeSet<Grant> {
    let file = env::var("RECORDED_CALLS").expect("RECORDED_CALLS names the file of the recorded calls");
    let calls = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let grant = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Some((words.next()?, words.next()?, words.next()?, words.next()?))
    };
    calls.lines().filter_map(grant).collect()
}

fn shown(grants: &BTreeSet<Grant>, others: &BTreeSet<Grant>) -> Vec<String> {
    let found = grants.difference(others);
    found
        .map(|(function, action, resource, key)| format!("{function} {action} {resource} {key}"))
        .collect()
}

/// The sandbox refuses what is not allowed, so that nothing is missing; IAM's `*` also stands for `#`, and so a call may have been let
/// through by a wider key than its own.
#[test]
#[ignore = "needs the calls of all tests, recorded with RECORDED_CALLS"]
fn roles_allow_what_functions_do_and_nothing_else() {
    let (allowed, recorded) = (allowed(), recorded());
    let (missing, excess) = (shown(&recorded, &allowed), shown(&allowed, &recorded));
    assert!(
        missing.is_empty() && excess.is_empty(),
        "missing: {missing:#?}\nexcess: {excess:#?}"
    );
    println!("{} grants, each of them used; missing 0, excess 0", allowed.len());
}
