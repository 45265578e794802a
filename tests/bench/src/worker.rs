//! One worker in a process of its own.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client as DynamoDbClient;
use aws_sdk_secretsmanager::Client as SecretsClient;
use domain::ids::{ImportId, MspId};
use lambda::config::{CallRates, Config, LastPassConfig};
use lambda::{Function, Services};
use local_aws::sdk;
use planning::Planning;
use psa::HttpPolicy;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::measure::MSP;
use crate::process::{cpu, peak};

pub(crate) async fn work(function: &str, face: &str, import: &str, run: Duration) -> Result<(), Failure> {
    let face: Value = serde_json::from_str(face)?;
    let services = services(&face)?;
    let function: Function = match function {
        "plan" => return plan(&services, import).await,
        "fetch" => fetch::function(services),
        _ => execute::function(services),
    };
    let mut runs = 0;
    loop {
        runs += 1;
        let answer = function
            .handle(json!({ "msp": MSP, "import": import }), Instant::now() + run)
            .await?;
        match answer["outcome"].as_str() {
            // A PSA that was not asked to the end waits for nothing.
            Some("again" | "wait") => {}
            Some("done") => break,
            _ => return Err(format!("the worker answered {answer}").into()),
        }
    }
    println!("{}", json!({ "runs": runs, "peakKiB": peak()?, "cpuSeconds": cpu()? }));
    Ok(())
}

/// Computes the whole plan, as showing it does and confirming it.
async fn plan(services: &Services, import: &str) -> Result<(), Failure> {
    let msp = MspId::new(MSP);
    let tenant = services.tenant(&msp);
    let import = tenant
        .import(&ImportId::new(import))
        .await?
        .ok_or("there is no such import")?;
    let planning = Planning::open(tenant, services.remembered_directory(&msp).await?, import).await?;
    let whole = planning.whole().await?;
    println!(
        "{}",
        json!({ "runs": 1, "peakKiB": peak()?, "cpuSeconds": cpu()?, "hash": whole.totals.hash })
    );
    Ok(())
}

fn services(face: &Value) -> Result<Services, Failure> {
    let url = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lastpass = face["lastpass"]["url"].as_str();
    let origins = [
        url(&face["connectwise"]["url"]),
        url(&face["autotask"]["url"]),
        lastpass.unwrap_or_default().to_owned(),
    ];
    let config = Config {
        records_table: "RecordsTable".to_owned(),
        imports_table: "ImportsTable".to_owned(),
        secret_prefix: "psa-import/".to_owned(),
        roles_claim: "roles".to_owned(),
        call_rates: CallRates::per_minute(0, 0),
        psa: HttpPolicy {
            allowed_origins: origins.iter().filter_map(|origin| origin.parse().ok()).collect(),
            ..HttpPolicy::default()
        },
        lastpass: LastPassConfig {
            origin: lastpass.map(str::to_owned),
            per_second: 0,
        },
    };
    let dynamodb = DynamoDbClient::new(&sdk::config(&url(&face["dynamodb"])));
    let secrets = SecretsClient::new(&sdk::config(&url(&face["secrets"])));
    Ok(Services::new(&config, dynamodb, secrets)?)
}
