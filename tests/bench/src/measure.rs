//! The measurement: a sandbox with a large MSP in this process, the workers in processes of their own.

use std::cmp::Reverse;
use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use futures::{StreamExt, TryStreamExt};
use local_aws::Spent;
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
const PATIENCE: Duration = Duration::from_hours(2);

/// What is measured.
pub(crate) struct Measurement {
    pub size: Size,
    pub kinds: Vec<PsaKind>,
    pub companies: usize,
    pub people_of: usize,
    pub run_seconds: u64,
    pub answer_millis: u64,
    pub only_fetch: bool,
}

/// One line of the table.
struct Stage<'a> {
    sandbox: &'a Sandbox,
    kind: PsaKind,
    round: &'a str,
    import: &'a str,
    run_seconds: u64,
}

impl Measurement {
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        println!(
            "| PSA | import | stage | PSA requests | DynamoDB calls | write units | read units | peak MiB | CPU s | runs | seconds |"
        );
        println!("|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        for kind in &self.kinds {
            let sandbox = Sandbox::start(Options {
                size: Some(self.size),
                ..Options::default()
            })
            .await?;
            sandbox.pause(true).await;
            if self.answer_millis > 0 {
                let slow = json!({ "answer": { "delayMs": self.answer_millis } });
                sandbox.psas.get(*kind).faults().add(serde_json::from_value(slow)?);
            }
            for round in ["first", "unchanged"] {
                self.import(&sandbox, *kind, round).await?;
            }
            sandbox.stop().await;
        }
        Ok(())
    }

    async fn import(&self, sandbox: &Sandbox, kind: PsaKind, round: &str) -> Result<(), Failure> {
        let ana = sandbox.api("ana");
        let integration = ana.integration(name(kind)).await?;
        let import = ana.start(&integration, &json!({})).await?;
        let stage = Stage {
            sandbox,
            kind,
            round,
            import: &import,
            run_seconds: self.run_seconds,
        };
        stage.measure("fetch").await?;
        expect(&ana, &import, "review").await?;
        if self.only_fetch {
            ana.delete(&format!("/imports/{import}")).await?;
            return Ok(());
        }
        if round == "first" {
            self.tick(&ana, &import).await?;
        } else {
            // Addresses imported before are ticked.
            let mapped = json!({ "selected": true, "where": { "status": "mapped" } });
            ana.post(&format!("/imports/{import}/companies/select"), &mapped)
                .await?;
        }
        let plan = stage.measure("plan").await?;
        ana.post(
            &format!("/imports/{import}/execute"),
            &json!({ "planHash": plan["hash"], "confirmMassChange": true }),
        )
        .await?;
        stage.measure("execute").await?;
        expect(&ana, &import, "done").await?;
        let result = ana.get(&format!("/imports/{import}/result")).await?;
        eprintln!(
            "{} {round}: companies {} users {}",
            name(kind),
            result["companies"],
            result["users"]
        );
        Ok(())
    }

    /// Selects companies and ticks their people, the largest companies first.
    async fn tick(&self, api: &Api, import: &str) -> Result<(), Failure> {
        let mut rows = api.list(&format!("/imports/{import}/companies?tab=in")).await?;
        rows.retain(|row| row["own"] == false);
        rows.sort_by_key(|row| Reverse(row["addresses"].as_u64()));
        let rows = rows.iter().take(self.companies).enumerate();
        let ids: Vec<(usize, &str)> = rows
            .filter_map(|(place, row)| Some((place, row["id"].as_str()?)))
            .collect();
        futures::stream::iter(ids)
            .map(|(place, id)| async move {
                let company = format!("/imports/{import}/companies/{id}");
                let selected = api.patch(&company, &json!({ "version": 1, "selected": true })).await?;
                if place >= self.people_of {
                    return Ok(selected);
                }
                let all = json!({ "selected": true, "where": {} });
                api.post(&format!("{company}/addresses/select"), &all).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<Value>>()
            .await?;
        Ok(())
    }
}

const fn name(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "connectwise",
        PsaKind::Autotask => "autotask",
    }
}

async fn expect(api: &Api, import: &str, state: &str) -> Result<(), Failure> {
    let now = api.get(&format!("/imports/{import}")).await?;
    if now["state"] == state {
        Ok(())
    } else {
        Err(format!("the import is not in {state}: {now}").into())
    }
}

impl Stage<'_> {
    /// Runs a worker to its end and prints a line of the table; gives what the worker told.
    async fn measure(&self, function: &str) -> Result<Value, Failure> {
        let requests = || self.sandbox.psas.get(self.kind).requests().items().len();
        let (before, asked, began) = (self.sandbox.spent(), requests(), Instant::now());
        let face = serde_json::to_string(&self.sandbox.face)?;
        let mut worker = Command::new(std::env::current_exe()?);
        let worker = worker
            .args(["worker", function, &face, self.import, &self.run_seconds.to_string()])
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, worker.spawn()?.wait_with_output()).await??;
        if !output.status.success() {
            return Err(format!("the {function} worker failed").into());
        }
        let told: Value = serde_json::from_slice(&output.stdout)?;
        let spent = self.sandbox.spent();
        let calls = |spent: &Spent| spent.operations.values().sum::<u64>();
        println!(
            "| {} | {} | {function} | {} | {} | {:.0} | {:.0} | {:.1} | {:.1} | {} | {:.0} |",
            name(self.kind),
            self.round,
            requests() - asked,
            calls(&spent) - calls(&before),
            spent.write_units - before.write_units,
            spent.read_units - before.read_units,
            told["peakKiB"].as_f64().unwrap_or_default() / 1024.0,
            told["cpuSeconds"].as_f64().unwrap_or_default(),
            told["runs"],
            began.elapsed().as_secs_f64(),
        );
        Ok(told)
    }
}
