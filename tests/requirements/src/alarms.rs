//! What the alarms of the template would see of a sandbox.

use std::collections::BTreeMap;

use infra::alarms::{Watched, alarms};
use sandbox::Sandbox;

/// The alarms that see something, with how much. Those on queues, throttling and silence have nothing to see here.
pub fn seen(sandbox: &Sandbox) -> BTreeMap<String, f64> {
    let mut seen = BTreeMap::new();
    for alarm in alarms(&infra::template()) {
        if alarm.comparison == "GreaterThanOrEqualToThreshold" {
            let sum: f64 = alarm.watched.iter().map(|watched| value(sandbox, watched)).sum();
            if sum > 0.0 {
                seen.insert(alarm.id, sum);
            }
        }
    }
    // How long a worker took to begin is no fault, unless it is long.
    seen.remove("PickUpDelayAlarm");
    seen
}

fn value(sandbox: &Sandbox, watched: &Watched) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    match watched.namespace.as_str() {
        lambda::metrics::NAMESPACE => {
            let lines = sandbox.metrics();
            let own = lines.iter().filter(|line| line["FunctionName"] == watched.about);
            own.filter_map(|line| line[&watched.name].as_f64()).sum()
        }
        "AWS/Lambda" if watched.name == "Errors" => sandbox.errors(&watched.about) as f64,
        "AWS/States" if watched.name == "ExecutionsFailed" => sandbox.executions_failed() as f64,
        _ => 0.0,
    }
}
