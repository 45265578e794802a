//! What the end of the stack leaves is what the handbook names, and nothing else that costs (R52).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use infra::{refers_to, resources, template};
use serde_json::{Map, Value, json};

/// What stays, by a word of its line in the handbook.
const STAYS: [&str; 6] = [
    "the records table",
    "one secret for each integration",
    "secrets of removed integrations",
    "a backup of the imports table",
    "metrics",
    "the bucket of `sam deploy`",
];

/// Resources that hold data, and are deleted or not as they say.
const KEEPERS: [&str; 3] = ["AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SQS::Queue"];

/// Lines of the table in the handbook.
fn lines() -> Vec<String> {
    let page = include_str!("../../../infra/README.md");
    let table = page.split("What `sam delete` leaves").nth(1).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(str::to_owned)
        .collect()
}

/// The resources that a deletion of the stack leaves, and those that an update leaves which replaces them.
fn retained<'a>(template: &'a Value, policy: &str) -> BTreeSet<&'a str> {
    let all = template["Resources"].as_object().unwrap().iter();
    let kept = all.filter(|(_, resource)| resource.get(policy).is_some_and(|policy| policy != "Delete"));
    kept.map(|(id, _)| id.as_str()).collect()
}

fn functions(template: &Value) -> Vec<(&str, &Map<String, Value>)> {
    resources(template, "AWS::Serverless::Function")
}

#[test]
fn r52_the_handbook_has_a_line_for_everything_that_stays() {
    let lines = lines();
    assert_eq!(lines.len(), STAYS.len(), "{lines:?}");
    for (line, what) in lines.iter().zip(STAYS) {
        assert!(line.starts_with(&format!("| {what}")), "{what}: {line}");
    }
}

#[test]
fn r52_of_the_stack_only_the_records_table_stays() {
    let template = template();
    for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
        assert_eq!(
            retained(&template, policy),
            BTreeSet::from(["RecordsTable"]),
            "{policy}"
        );
        for (id, resource) in KEEPERS.iter().flat_map(|kind| resources(&template, kind)) {
            assert!(resource.contains_key(policy), "{id} leaves its {policy} to a default");
        }
    }
    // Its protection would make the deletion fail, and the handbook takes it off.
    let records = &template["Resources"]["RecordsTable"]["Properties"];
    assert_eq!(records["DeletionProtectionEnabled"], true);
    assert!(lines()[0].contains("--no-deletion-protection-enabled"));
}

/// DynamoDB makes one of a table that is deleted while it can be restored to a point in time.
#[test]
fn r52_a_backup_stays_of_each_table_that_goes_and_can_be_restored() {
    let template = template();
    let tables = resources(&template, "AWS::DynamoDB::Table");
    let goes = tables.iter().filter(|(_, table)| table["DeletionPolicy"] == "Delete");
    let backed_up: Vec<&str> = goes
        .filter(|(_, table)| {
            table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true
        })
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(backed_up, ["ImportsTable"]);
}

/// A function without a log group of the stack makes one by itself, which nobody deletes; so does a state machine that logs.
#[test]
fn r52_all_logs_go_with_the_stack() {
    let template = template();
    let groups: BTreeSet<&str> = resources(&template, "AWS::Logs::LogGroup")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    for (id, function) in functions(&template) {
        let group = refers_to(&function["Properties"]["LoggingConfig"]["LogGroup"]);
        assert!(groups.contains(group), "{id}");
    }
    for (id, machine) in resources(&template, "AWS::Serverless::StateMachine") {
        assert!(machine["Properties"].get("Logging").is_none(), "{id}");
    }
}

/// Secrets of integrations are made at run time, under a prefix by which they are found. The key of the console's cookies goes with the
/// stack.
#[test]
fn r52_secrets_are_found_by_the_prefix_of_the_stack() {
    let template = template();
    let secrets = resources(&template, "AWS::SecretsManager::Secret");
    let ids: Vec<&str> = secrets.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, ["ConsoleSecret"]);
    assert_eq!(secrets[0].1["DeletionPolicy"], "Delete");
    assert_eq!(
        template["Globals"]["Function"]["Environment"]["Variables"]["SECRET_PREFIX"],
        json!({ "Ref": "SecretPrefix" })
    );
    let output = &template["Outputs"]["SecretPrefix"]["Value"];
    assert_eq!(
        *output,
        json!({ "Ref": "SecretPrefix" }),
        "who deletes the stack has to know it"
    );
    let line = &lines()[1];
    assert!(line.contains("list-secrets --filters Key=name,Values=PREFIX"), "{line}");
    assert!(line.contains("delete-secret"), "{line}");
}

/// A bus that has rules which are not the stack's cannot be deleted, and neither can the stack.
#[test]
fn r52_the_handbook_says_what_has_to_go_before_the_stack() {
    let template = template();
    assert_eq!(resources(&template, "AWS::Events::EventBus").len(), 1);
    let page = include_str!("../../../infra/README.md");
    let deploying = page.split("## Operations").next().unwrap();
    assert!(
        deploying.contains("rules of yours on the bus *ImportEvents*") && deploying.contains("aws events delete-rule")
    );
}
