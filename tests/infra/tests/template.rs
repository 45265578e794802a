//! Policy rules: what every table, queue, role, log and delivery has to have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;

use infra::{definition, fields, refers_to, resources, template};
use serde_json::{Value, json};

#[test]
fn tables_are_paid_by_use_encrypted_and_can_be_recovered() {
    let template = template();
    for (id, table) in resources(&template, "AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], true, "{id}");
        let recovery = &properties["PointInTimeRecoverySpecification"];
        assert_eq!(recovery["PointInTimeRecoveryEnabled"], true, "{id}");
        // What lasts outlives the stack; only some kinds of its items expire.
        let lasting = id == "RecordsTable";
        assert_eq!(
            properties.get("DeletionProtectionEnabled"),
            lasting.then_some(&json!(true)),
            "{id}"
        );
        let kept = if lasting { "Retain" } else { "Delete" };
        assert_eq!(
            (&table["DeletionPolicy"], &table["UpdateReplacePolicy"]),
            (&json!(kept), &json!(kept))
        );
    }
}

#[test]
fn queues_are_encrypted_keep_for_two_weeks_and_wake_somebody() {
    let template = template();
    let alarms: Vec<Value> = resources(&template, "AWS::CloudWatch::Alarm")
        .into_iter()
        .filter(|(_, alarm)| alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .map(|(_, alarm)| alarm["Properties"]["Dimensions"][0]["Value"].clone())
        .collect();
    for (id, queue) in resources(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{id}");
        assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 14 * 24 * 3600, "{id}");
        assert!(
            alarms.iter().any(|queue| refers_to(queue) == id),
            "nobody hears of {id}"
        );
    }
}

#[test]
fn whatever_is_delivered_asynchronously_has_a_dead_letter_queue() {
    let template = template();
    let queues: Vec<&str> = resources(&template, "AWS::SQS::Queue")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let mut deliveries = Vec::new();
    for (id, pipe) in resources(&template, "AWS::Pipes::Pipe") {
        deliveries.push((id, &pipe["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]));
    }
    for (id, schedule) in resources(&template, "AWS::Scheduler::Schedule") {
        deliveries.push((id, &schedule["Properties"]["Target"]));
    }
    for (id, rule) in resources(&template, "AWS::Events::Rule") {
        let targets = rule["Properties"]["Targets"].as_array().unwrap();
        deliveries.extend(targets.iter().map(|target| (id, target)));
    }
    assert_eq!(deliveries.len(), 5);
    // The next sweep does the work of one that was not delivered, and an alarm tells of none.
    deliveries.retain(|(id, _)| *id != "Sweeper");
    for (id, delivery) in deliveries {
        let queue = refers_to(&delivery["DeadLetterConfig"]["Arn"]);
        assert!(queues.contains(&queue), "{id}: {queue}");
    }
    // What calls asynchronously goes on to the function's own failures.
    let failed =
        &template["Resources"]["FetchFunction"]["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"];
    assert!(queues.contains(&refers_to(&failed["Destination"])));
}

/// Wildcards stand only behind a prefix that belongs to the stack: names of secrets and of log streams are not known before.
#[test]
fn no_policy_allows_more_than_named_things() {
    let template = template();
    let statements = fields(&template, "Statement");
    assert!(statements.len() >= 8);
    for statement in statements.iter().flat_map(|statements| statements.as_array().unwrap()) {
        let one_or_many = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for action in one_or_many(&statement["Action"]) {
            assert!(!action.as_str().unwrap().contains('*'), "{statement}");
        }
        if statement["Action"] == "sts:AssumeRole" {
            continue;
        }
        for resource in one_or_many(&statement["Resource"]) {
            let text = resource["Fn::Sub"].as_str().unwrap_or_default();
            let known = [":secret:${SecretPrefix}*", "}:log-stream:*"];
            let wild =
                resource.as_str().is_some() || text.contains('*') && !known.iter().any(|end| text.ends_with(end));
            assert!(!wild, "{statement}");
        }
    }
    // A managed policy or one of SAM's templates would bring its own.
    assert!(fields(&template, "ManagedPolicyArns").is_empty());
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        assert_eq!(
            refers_to(&function["Properties"]["Role"]),
            id.replace("Function", "Role")
        );
        assert_eq!(function["Properties"].get("Policies"), None);
    }
}

#[test]
fn every_log_is_forgotten_some_day_and_every_function_has_one() {
    let template = template();
    let logs: Vec<&str> = resources(&template, "AWS::Logs::LogGroup")
        .into_iter()
        .map(|(id, log)| {
            assert_eq!(refers_to(&log["Properties"]["RetentionInDays"]), "LogRetentionDays");
            id
        })
        .collect();
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        let logging = &function["Properties"]["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON");
        assert_eq!(refers_to(&logging["LogGroup"]), id.replace("Function", "Log"));
        assert!(logs.contains(&refers_to(&logging["LogGroup"])));
    }
}

#[test]
fn the_questions_of_the_operations_page_are_saved_and_no_others() {
    let operations = include_str!("../../../infra/README.md");
    let template = template();
    let logs: BTreeSet<&str> = resources(&template, "AWS::Serverless::Function")
        .into_iter()
        .map(|(_, function)| refers_to(&function["Properties"]["LoggingConfig"]["LogGroup"]))
        .collect();
    let mut rows = 0;
    for (id, query) in resources(&template, "AWS::Logs::QueryDefinition") {
        let properties = &query["Properties"];
        let asks = properties["LogGroupNames"].as_array().unwrap().iter();
        assert_eq!(asks.map(refers_to).collect::<BTreeSet<_>>(), logs, "{id}");
        let name = properties["Name"]["Fn::Sub"].as_str().unwrap();
        let question = name.strip_prefix("${AWS::StackName}/").unwrap();
        let asked = properties["QueryString"].as_str().unwrap();
        let row = operations
            .lines()
            .find(|line| line.starts_with(&format!("| {question} | `")));
        let query = row.unwrap_or_else(|| panic!("the operations page does not know {question}"));
        let query = query.split('`').nth(1).unwrap().replace("\\|", "|");
        assert!(asked.ends_with(&query), "{question}: {asked} is not {query}");
        rows += 1;
    }
    let page = operations.split("| question | query |").nth(1).unwrap();
    assert_eq!(
        page.lines().skip(2).take_while(|line| line.starts_with('|')).count(),
        rows
    );
}

/// A message that is worded anew is found by no query any more.
#[test]
fn the_log_has_every_message_that_a_saved_query_searches_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut code = String::new();
    let mut folders = vec![root.join("functions"), root.join("shared")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                code += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut searched = 0;
    for (id, query) in resources(&template(), "AWS::Logs::QueryDefinition") {
        let query = query["Properties"]["QueryString"].as_str().unwrap();
        for (before, end) in [("message = \"", '"'), ("message like /", '/')] {
            for rest in query.split(before).skip(1) {
                let message = rest.split(end).next().unwrap();
                let in_code = if end == '"' {
                    format!("\"{message}\"")
                } else {
                    message.to_owned()
                };
                assert!(code.contains(&in_code), "{id}: no log line says {message:?}");
                searched += 1;
            }
        }
    }
    assert!(searched > 4);
}

#[test]
fn every_parameter_says_what_it_is_for() {
    let template = template();
    for (name, parameter) in template["Parameters"].as_object().unwrap() {
        assert!(
            parameter["Description"].as_str().is_some_and(|text| text.len() > 10),
            "{name}"
        );
    }
}

#[test]
fn the_state_machine_retries_catches_and_gives_up() {
    let definition = definition();
    let states = definition["States"].as_object().unwrap();
    let tasks: Vec<_> = states.iter().filter(|(_, state)| state["Type"] == "Task").collect();
    assert_eq!(tasks.len(), 4);
    for (name, task) in tasks {
        // Work is repeated before it is given up. Giving up is not: what fails to be given up may succeed by now.
        let gives_up = name.strip_prefix("GiveUp");
        assert_eq!(task["Retry"].is_array(), gives_up.is_none(), "{name}");
        let next = gives_up.map_or_else(|| format!("GiveUp{name}"), |work| format!("{work}Anew"));
        assert_eq!(task["Catch"][0]["Next"], next, "{name}");
        if let Some(work) = gives_up {
            assert_eq!(states[&next]["Next"], work);
        }
    }
    assert!(definition["TimeoutSeconds"].as_u64().unwrap() >= 3600);
}
