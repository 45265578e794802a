//! This product next to clients that others wrote: each reads all companies and contacts of the same simulated PSA, one after
//! another, first and again when nothing has changed.

mod clients;
mod install;
mod table;
mod watch;

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use jiff::Timestamp;
use sandbox::api::Api;
use sandbox::{Options, Sandbox};
use serde_json::json;
use simkit::msp::Size;

use crate::failure::Failure;
use crate::stage::{Cost, Stage, name};
use clients::{CLIENTS, Client, Round, Settings};
use install::Packages;
use table::{Measured, Row, Table};

pub(crate) use watch::watch;

/// How long a run of this product's worker may take: what the template gives it.
const RUN: Duration = Duration::from_mins(5);

/// What is compared.
pub(crate) struct Comparison {
    pub size: Size,
    pub kinds: Vec<PsaKind>,
    pub answer_millis: u64,
}

/// Those who read from one PSA.
struct Readers<'a> {
    sandbox: &'a Sandbox,
    kind: PsaKind,
    ana: Api,
    integration: String,
}

impl Comparison {
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        install::look_for_programs().await?;
        let mut table = Table::begin();
        for kind in &self.kinds {
            let packages = Packages::install(*kind).await;
            let sandbox = Sandbox::start(Options {
                size: Some(self.size),
                ..Options::default()
            })
            .await?;
            sandbox.pause(true).await;
            let slow = json!({ "answer": { "delayMs": self.answer_millis } });
            sandbox.psas.get(*kind).faults().add(serde_json::from_value(slow)?);
            let ana = sandbox.api("ana");
            let readers = Readers {
                sandbox: &sandbox,
                kind: *kind,
                integration: ana.integration(name(*kind)).await?,
                ana,
            };
            readers.read(packages, &mut table).await?;
            sandbox.stop().await;
        }
        table.end();
        Ok(())
    }
}

impl Readers<'_> {
    async fn read(&self, packages: Result<Packages, Failure>, table: &mut Table) -> Result<(), Failure> {
        for round in Round::BOTH {
            let measured = self.ours(round).await?;
            table.ours(self.kind, round, measured);
        }
        for client in CLIENTS.iter().filter(|client| client.kind == self.kind) {
            for settings in Settings::BOTH {
                let began = Timestamp::now();
                for round in Round::BOTH {
                    let measured = match &packages {
                        Ok(packages) => self.theirs(packages, client, settings, round, began).await,
                        Err(failure) => Err(failure.to_string().into()),
                    };
                    table.theirs(&Row {
                        client,
                        settings,
                        round,
                        measured: measured.map_err(|failure| failure.to_string()),
                    });
                }
            }
        }
        Ok(())
    }

    /// An import, from its start until it can be reviewed: every row is in the database then.
    async fn ours(&self, round: Round) -> Result<Measured, Failure> {
        let (before, began) = (Cost::of(self.sandbox), Instant::now());
        let import = self.ana.start(&self.integration, &json!({})).await?;
        let stage = Stage {
            sandbox: self.sandbox,
            kind: self.kind,
            round: round.name(),
            import: &import,
            run: RUN,
        };
        let told = stage.worker("fetch").await?;
        let seconds = began.elapsed().as_secs_f64();
        let requests = Cost::of(self.sandbox).since(&before).requests;
        let path = format!("/imports/{import}");
        let now = self.ana.get(&path).await?;
        if now["state"] != "review" {
            return Err(format!("the import cannot be reviewed: {now}").into());
        }
        self.ana.delete(&path).await?;
        let progress = |rows: &str| now["progress"][rows].as_u64().unwrap_or_default();
        Ok(Measured {
            rows: progress("companies") + progress("contacts"),
            requests,
            seconds,
            cpu_seconds: told["cpuSeconds"].as_f64().unwrap_or_default(),
            peak_mib: told["peakKiB"].as_f64().unwrap_or_default() / 1024.0,
        })
    }

    async fn theirs(
        &self,
        packages: &Packages,
        client: &Client,
        settings: Settings,
        round: Round,
        began: Timestamp,
    ) -> Result<Measured, Failure> {
        let mut command = packages.command(client)?;
        command.push(settings.name().to_owned());
        if client.incremental && round == Round::Unchanged {
            // As its synchronizers write it.
            command.push(began.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string());
        }
        let before = Cost::of(self.sandbox);
        let told = watch::start(&command, &serde_json::to_string(&self.sandbox.face)?).await?;
        Ok(Measured {
            rows: told["printed"].as_str().unwrap_or_default().parse()?,
            requests: Cost::of(self.sandbox).since(&before).requests,
            seconds: told["seconds"].as_f64().unwrap_or_default(),
            cpu_seconds: told["cpuSeconds"].as_f64().unwrap_or_default(),
            peak_mib: told["peakKiB"].as_f64().unwrap_or_default() / 1024.0,
        })
    }
}
