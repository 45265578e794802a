//! Alarms: what they watch is written, what they say can be followed, and they end by themselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use infra::alarms::{Alarm, alarms};
use infra::{fields, refers_to, resources, template};
use serde_json::Value;

/// The sections of the handbook under "Alarms", with their texts.
fn handbook() -> Vec<(String, String)> {
    let page = include_str!("../../../infra/README.md");
    let alarms = page.split("\n## Alarms\n").nth(1).unwrap();
    let alarms = alarms.split("\n## ").next().unwrap();
    let sections = alarms.split("\n### ").skip(1);
    let section = |section: &str| {
        let (title, text) = section.split_once('\n').unwrap();
        (title.to_owned(), text.trim().to_owned())
    };
    sections.map(section).collect()
}

#[test]
fn r66_every_alarm_says_what_to_do_and_leads_to_its_section_of_the_handbook() {
    let (template, handbook) = (template(), handbook());
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    assert_eq!(alarms.len(), handbook.len(), "a section without an alarm");
    for (id, alarm) in alarms {
        let text = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
        let (says, leads) = text.rsplit_once(' ').unwrap();
        assert_eq!(leads, format!("infra/README.md#{}", id.to_lowercase()));
        // What is the matter, and what to do.
        assert!(says.split(". ").count() >= 2 && says.ends_with('.'), "{id}: {says}");
        let section = handbook.iter().find(|(title, _)| title == id);
        let (_, section) = section.unwrap_or_else(|| panic!("the handbook has no {id}"));
        assert!(section.len() > 100, "{id}: {section}");
    }
}

/// A sum of metrics has a value only where each of them has one, and DynamoDB's alarms never end without: see the template.
#[test]
fn r66_a_sum_of_metrics_counts_what_is_silent_as_nothing() {
    let template = template();
    let mut sums = 0;
    for (id, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let Some(metrics) = alarm["Properties"]["Metrics"].as_array() else {
            assert_ne!(alarm["Properties"]["Namespace"], "AWS/DynamoDB", "{id} would never end");
            continue;
        };
        let ids: Vec<&str> = metrics[1..]
            .iter()
            .map(|metric| metric["Id"].as_str().unwrap())
            .collect();
        let sum: Vec<String> = ids.iter().map(|id| format!("FILL({id}, 0)")).collect();
        assert_eq!(metrics[0]["Expression"], sum.join(" + "), "{id}");
        assert!(ids.len() <= 10, "{id}: an alarm takes ten metrics");
        sums += 1;
    }
    assert!(sums > 4);
}

#[test]
fn r66_only_the_silence_of_the_sweeper_is_a_fault() {
    for Alarm { id, missing, .. } in alarms(&template()) {
        let expected = if id == "SweeperSilentAlarm" {
            "breaching"
        } else {
            "notBreaching"
        };
        assert_eq!(missing, expected, "{id}");
    }
}

#[test]
fn r66_both_tables_and_every_index_are_watched_for_throttling() {
    let template = template();
    let alarm = &template["Resources"]["TablesThrottledAlarm"]["Properties"]["Metrics"];
    let watched: Vec<String> = fields(alarm, "Metric").into_iter().map(Value::to_string).collect();
    let is_watched = |metric: &str, table: &str, index: Option<&str>| {
        watched.iter().any(|text| {
            text.contains(metric)
                && text.contains(&format!("\"{table}\""))
                && index.map_or(!text.contains("GlobalSecondaryIndexName"), |index| {
                    text.contains(&format!("\"{index}\""))
                })
        })
    };
    for (id, table) in resources(&template, "AWS::DynamoDB::Table") {
        let indexes = table["Properties"]["GlobalSecondaryIndexes"].as_array();
        let indexes = indexes.into_iter().flatten().map(|index| index["IndexName"].as_str());
        for index in [None].into_iter().chain(indexes) {
            for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] {
                assert!(is_watched(metric, id, index), "{metric} of {id} {index:?}");
            }
        }
    }
}

/// A sweep that fails is followed by the next one; among triggers it would have to be told apart from what must be sent again.
#[test]
fn r66_the_sweeper_leaves_nothing_among_the_triggers() {
    let template = template();
    let sweeper = &template["Resources"]["Sweeper"]["Properties"]["Target"];
    assert_eq!(refers_to(&sweeper["Arn"]), "SweepAlias");
    assert_eq!(sweeper.get("DeadLetterConfig"), None);
    let name = &template["Resources"]["SweepAlias"]["Properties"]["Name"];
    let retries = &template["Resources"]["SweepRetries"]["Properties"];
    assert_eq!((&retries["Qualifier"], retries.get("DestinationConfig")), (name, None));
}

/// Alarms and dashboard look at what the functions write, by the names they write it under.
#[test]
fn r66_every_metric_of_ours_that_is_watched_is_written() {
    let template = template();
    let mut watched: Vec<&str> = Vec::new();
    for (_, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        let metrics = fields(&alarm["Metrics"], "Metric");
        for metric in metrics.into_iter().chain([alarm]) {
            if metric["Namespace"] == lambda::metrics::NAMESPACE {
                watched.push(metric["MetricName"].as_str().unwrap());
            }
        }
    }
    let board = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
        .as_str()
        .unwrap();
    let board: Value = serde_json::from_str(board).unwrap();
    for metrics in fields(&board, "metrics") {
        for metric in metrics.as_array().unwrap() {
            if metric[0] == lambda::metrics::NAMESPACE {
                watched.push(metric[1].as_str().unwrap());
            }
        }
    }
    let written: Vec<&str> = lambda::metrics::ALL.iter().map(|metric| metric.name()).collect();
    for metric in &written {
        assert!(watched.contains(metric), "nobody looks at {metric}");
    }
    for metric in watched {
        assert!(written.contains(&metric), "nobody writes {metric}");
    }
}
