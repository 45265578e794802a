//! Schedules and events: no linter reads their expressions, and none knows what the function understands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use infra::{resources, template};
use lambda::Event;
use serde_json::Value;

/// `rate(15 minutes)`, `cron(0 3 * * ? *)` or `at(2026-11-24T03:00:00)`, as far as the form goes.
fn is_expression(text: &str) -> bool {
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inside("rate") {
        let (number, unit) = rate.split_once(' ').unwrap_or_default();
        let one = number == "1";
        let units = if one {
            ["minute", "hour", "day"]
        } else {
            ["minutes", "hours", "days"]
        };
        return number.parse::<u32>().is_ok_and(|number| number > 0) && units.contains(&unit);
    }
    if let Some(cron) = inside("cron") {
        let fields: Vec<&str> = cron.split(' ').collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else {
            return false;
        };
        // One of the days must be open, and only these may be.
        let open = usize::from(*days == "?") + usize::from(*weekdays == "?");
        return open == 1
            && within(minutes, 0, 59)
            && within(hours, 0, 23)
            && within(days, 1, 31)
            && within(months, 1, 12)
            && within(weekdays, 1, 7)
            && within(years, 1970, 2199);
    }
    false
}

fn within(field: &str, least: u32, most: u32) -> bool {
    field == "*" || field == "?" || field.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
}

#[test]
fn expressions_are_told_apart() {
    for good in [
        "rate(15 minutes)",
        "rate(1 day)",
        "cron(0 3 * * ? *)",
        "cron(30 22 ? * 2 *)",
    ] {
        assert!(is_expression(good), "{good}");
    }
    for bad in [
        "rate(1 days)",
        "rate(0 minutes)",
        "rate(15 min)",
        "cron(0 3 * * * *)",
        "cron(0 25 * * ? *)",
        "cron(0 3 * * ?)",
        "0 3 * * ?",
    ] {
        assert!(!is_expression(bad), "{bad}");
    }
}

#[test]
fn every_schedule_has_an_expression_and_a_window() {
    let template = template();
    let schedules = resources(&template, "AWS::Scheduler::Schedule");
    assert_eq!(schedules.len(), 2);
    for (id, schedule) in schedules {
        let expression = &schedule["Properties"]["ScheduleExpression"];
        let parameter = expression["Ref"]
            .as_str()
            .map(|name| &template["Parameters"][name]["Default"]);
        let expression = parameter.unwrap_or(expression).as_str().unwrap();
        assert!(is_expression(expression), "{id}: {expression}");
        let window = &schedule["Properties"]["FlexibleTimeWindow"];
        assert_eq!(window["Mode"], "FLEXIBLE", "{id}");
        assert!(
            window["MaximumWindowInMinutes"]
                .as_u64()
                .is_some_and(|minutes| (1..=1440).contains(&minutes)),
            "{id}"
        );
    }
}

fn read(message: &str) -> Event {
    Event::read(serde_json::from_str(message).unwrap()).unwrap()
}

#[test]
fn what_schedules_and_events_send_is_understood() {
    let template = template();
    let input = |id: &str| template["Resources"][id]["Properties"]["Target"]["Input"].clone();
    assert!(matches!(read(input("Sweeper").as_str().unwrap()), Event::Sweep));
    let first = input("FirstSchedule")["Fn::Sub"].as_str().unwrap().to_owned();
    let first = first
        .replace("${ScheduledMsp}", "m")
        .replace("${ScheduledIntegration}", "i");
    // Scheduler fills in the time; two deliveries of it are one occasion.
    let Event::Trigger(trigger) = read(&first.replace("<aws.scheduler.scheduled-time>", "2026-11-24T03:00:00Z")) else {
        panic!("{first}");
    };
    assert_eq!(
        (trigger.msp.as_str(), trigger.token.as_str()),
        ("m", "2026-11-24T03:00:00Z")
    );

    let target = &template["Resources"]["ImportWanted"]["Properties"]["Targets"][0]["InputTransformer"];
    let event: Value = serde_json::json!({ "id": "e", "detail": { "msp": "m", "integration": "i" } });
    let mut message = target["InputTemplate"].as_str().unwrap().to_owned();
    for (name, path) in target["InputPathsMap"].as_object().unwrap() {
        let pointer = path.as_str().unwrap().trim_start_matches('$').replace('.', "/");
        // A text is put in with its quotes.
        message = message.replace(&format!("<{name}>"), &event.pointer(&pointer).unwrap().to_string());
    }
    let Event::Trigger(trigger) = read(&message) else {
        panic!("{message}");
    };
    assert_eq!((trigger.integration.as_str(), trigger.token.as_str()), ("i", "e"));
}
