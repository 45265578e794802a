//! What the alarms of the template look at.

use serde_json::Value;

use crate::{refers_to, resources};

/// A metric that an alarm looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The logical id of what it is about.
    pub about: String,
}

/// An alarm: it is raised by the sum of its metrics.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// Its logical id.
    pub id: String,
    /// What it looks at.
    pub watched: Vec<Watched>,
    /// How it compares the sum.
    pub comparison: String,
    /// With what.
    pub threshold: f64,
    /// What it makes of no data.
    pub missing: String,
}

/// Every alarm of the template.
pub fn alarms(template: &Value) -> Vec<Alarm> {
    let all = resources(template, "AWS::CloudWatch::Alarm").into_iter();
    let read = |(id, alarm): (&str, &serde_json::Map<String, Value>)| {
        let alarm = &alarm["Properties"];
        let watched = match alarm["Metrics"].as_array() {
            Some(metrics) => metrics[1..]
                .iter()
                .map(|metric| watched(&metric["MetricStat"]["Metric"]))
                .collect(),
            None => vec![watched(alarm)],
        };
        let text = |name: &str| alarm[name].as_str().unwrap_or_default().to_owned();
        Alarm {
            id: id.to_owned(),
            watched,
            comparison: text("ComparisonOperator"),
            threshold: alarm["Threshold"].as_f64().expect("a threshold is a number"),
            missing: text("TreatMissingData"),
        }
    };
    all.map(read).collect()
}

fn watched(metric: &Value) -> Watched {
    let text = |name: &str| metric[name].as_str().unwrap_or_default().to_owned();
    Watched {
        namespace: text("Namespace"),
        name: text("MetricName"),
        about: refers_to(&metric["Dimensions"][0]["Value"]).to_owned(),
    }
}
