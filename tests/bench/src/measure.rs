//! The measurement: a sandbox with a large MSP in this process, the workers in processes of their own.

use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use futures::{StreamExt, TryStreamExt};
use sandbox::api::Api;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use simkit::msp::Size;
use tokio::process::Command;

/// The MSP whose integrations the sandbox has.
pub(crate) const MSP: &str = "noordzee";

/// What went wrong, in words.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Calls to the API at once.
const AT_ONCE: usize = 8;

/// The longest that one worker may take here.
const PATIENCE: Duration = Duration::from_hours(1);

pub(crate) async fn measure(companies: usize) -> Result<(), Failure> {
    println!("| PSA | import | stage | PSA requests | write units | read units | peak MiB | runs | seconds |");
    println!("|---|---|---|---:|---:|---:|---:|---:|---:|");
    for kind in ["connectwise", "autotask"] {
        let sandbox = Sandbox::start(Options {
            size: Size::Large,
            ..Options::default()
        })
        .await?;
        sandbox.pause(true).await;
        for round in ["first", "unchanged"] {
            import(&sandbox, kind, round, companies).await?;
        }
        sandbox.stop().await;
    }
    Ok(())
}

async fn import(sandbox: &Sandbox, kind: &str, round: &str, companies: usize) -> Result<(), Failure> {
    let ana = sandbox.api("ana");
    let integration = ana.integration(kind).await?;
    let import = ana.start(&integration, &json!({})).await?;
    stage(sandbox, kind, round, "fetch", &import).await?;
    expect(&ana, &import, "review").await?;
    if round == "first" {
        tick(&ana, &import, companies).await?;
    } else {
        // Addresses imported before are ticked.
        let mapped = json!({ "selected": true, "where": { "status": "mapped" } });
        ana.post(&format!("/imports/{import}/companies/select"), &mapped)
            .await?;
    }
    let plan = plan(sandbox, kind, round, &import).await?;
    ana.post(
        &format!("/imports/{import}/execute"),
        &json!({ "planHash": plan["hash"], "confirmMassChange": true }),
    )
    .await?;
    stage(sandbox, kind, round, "execute", &import).await?;
    expect(&ana, &import, "done").await?;
    let result = ana.get(&format!("/imports/{import}/result")).await?;
    eprintln!(
        "{kind} {round}: companies {} users {}",
        result["companies"], result["users"]
    );
    Ok(())
}

/// Shows the plan, which reads everything it rests on, and prints a line of the table.
async fn plan(sandbox: &Sandbox, kind: &str, round: &str, import: &str) -> Result<Value, Failure> {
    let (before, began) = (sandbox.spent(), Instant::now());
    let path = format!("/imports/{import}/plan?limit=1");
    let plan = sandbox.api("ana").get(&path).await?;
    let spent = sandbox.spent();
    println!(
        "| {kind} | {round} | plan | 0 | {:.0} | {:.0} | – | 1 | {:.0} |",
        spent.write_units - before.write_units,
        spent.read_units - before.read_units,
        began.elapsed().as_secs_f64(),
    );
    Ok(plan)
}

async fn expect(api: &Api, import: &str, state: &str) -> Result<(), Failure> {
    let now = api.get(&format!("/imports/{import}")).await?;
    if now["state"] == state {
        Ok(())
    } else {
        Err(format!("the import is not in {state}: {now}").into())
    }
}

/// Selects so many companies with all their addresses.
async fn tick(api: &Api, import: &str, companies: usize) -> Result<(), Failure> {
    let rows = api.list(&format!("/imports/{import}/companies?tab=in")).await?;
    let rows = rows.iter().filter(|row| row["own"] == false).take(companies);
    let ids: Vec<&str> = rows.filter_map(|row| row["id"].as_str()).collect();
    futures::stream::iter(ids)
        .map(|id| async move {
            let company = format!("/imports/{import}/companies/{id}");
            api.patch(&company, &json!({ "version": 1, "selected": true })).await?;
            let all = json!({ "selected": true, "where": {} });
            api.post(&format!("{company}/addresses/select"), &all).await
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<Value>>()
        .await?;
    Ok(())
}

/// Runs a worker to its end and prints a line of the table.
async fn stage(sandbox: &Sandbox, kind: &str, round: &str, function: &str, import: &str) -> Result<(), Failure> {
    let psa = if kind == "connectwise" {
        PsaKind::Connectwise
    } else {
        PsaKind::Autotask
    };
    let requests = |sandbox: &Sandbox| sandbox.psas.get(psa).requests().items().len();
    let (before, asked, began) = (sandbox.spent(), requests(sandbox), Instant::now());
    let face = serde_json::to_string(&sandbox.face)?;
    let mut worker = Command::new(std::env::current_exe()?);
    let worker = worker
        .args(["worker", function, &face, import])
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, worker.spawn()?.wait_with_output()).await??;
    if !output.status.success() {
        return Err(format!("the {function} worker failed").into());
    }
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let spent = sandbox.spent();
    println!(
        "| {kind} | {round} | {function} | {} | {:.0} | {:.0} | {:.1} | {} | {:.0} |",
        requests(sandbox) - asked,
        spent.write_units - before.write_units,
        spent.read_units - before.read_units,
        told["peakKiB"].as_f64().unwrap_or_default() / 1024.0,
        told["runs"],
        began.elapsed().as_secs_f64(),
    );
    Ok(())
}
