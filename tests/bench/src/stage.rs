//! One line of the table: what a worker or a call took.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use local_aws::Template;
use sandbox::{Error, Sandbox};
use serde_json::Value;
use tokio::process::Command;

use crate::failure::Failure;

/// The longest that one worker may take here.
const PATIENCE: Duration = Duration::from_hours(2);

/// What the database and the PSAs have been asked so far, or between two moments.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    calls: u64,
    pub requests: u32,
    pub to_lastpass: u32,
    pub write_units: f64,
    pub read_units: f64,
}

impl Cost {
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let spent = sandbox.spent();
        let many = |requests: usize| u32::try_from(requests).unwrap_or(u32::MAX);
        let requests = |kind| many(sandbox.psas.get(kind).requests().items().len());
        Self {
            calls: spent.operations.values().sum(),
            requests: requests(PsaKind::Connectwise) + requests(PsaKind::Autotask),
            to_lastpass: match sandbox.lastpass {
                Some(_) => many(requirements::lastpass::requests(sandbox)),
                None => 0,
            },
            write_units: spent.write_units,
            read_units: spent.read_units,
        }
    }

    pub(crate) fn since(self, before: &Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            requests: self.requests - before.requests,
            to_lastpass: self.to_lastpass - before.to_lastpass,
            write_units: self.write_units - before.write_units,
            read_units: self.read_units - before.read_units,
        }
    }
}

/// A part of an import.
pub(crate) struct Stage<'a> {
    pub sandbox: &'a Sandbox,
    pub kind: PsaKind,
    pub round: &'a str,
    pub import: &'a str,
    pub run: Duration,
}

impl Stage<'_> {
    /// Runs a worker to its end and prints what it took; gives what the worker told.
    pub(crate) async fn work(&self, function: &str) -> Result<Value, Failure> {
        let (before, began) = (Cost::of(self.sandbox), Instant::now());
        let told = self.worker(function).await?;
        let process = format!(
            "{:.1} | {:.1} | {}",
            told["peakKiB"].as_f64().unwrap_or_default() / 1024.0,
            told["cpuSeconds"].as_f64().unwrap_or_default(),
            told["runs"],
        );
        self.print(function, &Cost::of(self.sandbox).since(&before), &process, began);
        Ok(told)
    }

    /// Runs a worker to its end, in a process of its own; gives what the worker told.
    pub(crate) async fn worker(&self, function: &str) -> Result<Value, Failure> {
        let face = serde_json::to_string(&self.sandbox.face)?;
        let mut worker = Command::new(std::env::current_exe()?);
        let worker = worker
            .envs(allocator()?)
            .args(["worker", function, &face, self.import, &self.run.as_secs().to_string()])
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, worker.spawn()?.wait_with_output()).await??;
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout)?)
        } else {
            Err(format!("the {function} worker failed").into())
        }
    }

    /// Makes a call of the API, which this process answers; gives its answer and what it cost.
    pub(crate) async fn count(
        &self,
        what: &str,
        call: impl Future<Output = Result<Value, Error>>,
    ) -> Result<(Value, Cost), Failure> {
        let (before, began) = (Cost::of(self.sandbox), Instant::now());
        let answer = call.await?;
        let cost = Cost::of(self.sandbox).since(&before);
        self.print(what, &cost, "– | – | –", began);
        Ok((answer, cost))
    }

    fn print(&self, what: &str, cost: &Cost, process: &str, began: Instant) {
        println!(
            "| {} | {} | {what} | {} | {} | {:.0} | {:.0} | {process} | {} | {:.0} |",
            name(self.kind),
            self.round,
            cost.requests,
            cost.calls,
            cost.write_units,
            cost.read_units,
            cost.to_lastpass,
            began.elapsed().as_secs_f64(),
        );
    }
}

/// What the template tells the functions' allocator.
fn allocator() -> Result<BTreeMap<String, String>, Failure> {
    let mut environment = Template::load()?.environment("FetchFunction");
    environment.retain(|name, _| name.starts_with("MALLOC_"));
    Ok(environment)
}

pub(crate) const fn name(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "connectwise",
        PsaKind::Autotask => "autotask",
    }
}
