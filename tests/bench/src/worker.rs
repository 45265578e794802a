//! One worker in a process of its own.

use std::fs;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client as DynamoDbClient;
use aws_sdk_secretsmanager::Client as SecretsClient;
use local_aws::sdk;
use psa::HttpPolicy;
use runtime::config::Config;
use runtime::{Function, Services};
use serde_json::{Value, json};

use crate::measure::{Failure, MSP};

/// As long as the template lets a worker run.
const RUN: Duration = Duration::from_mins(5);

pub(crate) async fn work(function: &str, face: &str, import: &str) -> Result<(), Failure> {
    let face: Value = serde_json::from_str(face)?;
    let services = services(&face)?;
    let function: Function = match function {
        "fetch" => fetch::function(services),
        _ => execute::function(services),
    };
    let mut runs = 0;
    loop {
        runs += 1;
        let answer = function
            .handle(json!({ "msp": MSP, "import": import }), Instant::now() + RUN)
            .await?;
        match answer["outcome"].as_str() {
            Some("again") => {}
            Some("done") => break,
            _ => return Err(format!("the worker answered {answer}").into()),
        }
    }
    println!("{}", json!({ "runs": runs, "peakKiB": peak()? }));
    Ok(())
}

fn services(face: &Value) -> Result<Services, Failure> {
    let url = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let origins = [url(&face["connectwise"]["url"]), url(&face["autotask"]["url"])];
    let config = Config {
        records_table: "RecordsTable".to_owned(),
        imports_table: "ImportsTable".to_owned(),
        secret_prefix: "psa-import/".to_owned(),
        psa: HttpPolicy {
            allowed_origins: origins.iter().filter_map(|origin| origin.parse().ok()).collect(),
            ..HttpPolicy::default()
        },
    };
    let dynamodb = DynamoDbClient::new(&sdk::config(&url(&face["dynamodb"])));
    let secrets = SecretsClient::new(&sdk::config(&url(&face["secrets"])));
    Ok(Services::new(&config, dynamodb, secrets)?)
}

/// The most memory this process ever had, in KiB.
fn peak() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("VmHWM is not known here")?;
    Ok(number.parse()?)
}
