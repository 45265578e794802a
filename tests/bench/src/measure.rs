//! The measurement: a sandbox with a large MSP in this process, the workers in processes of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::psa::PsaKind;
use jiff::Timestamp;
use requirements::psa;
use sandbox::api::Api;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use simkit::msp::Size;

use crate::failure::Failure;
use crate::stage::{Cost, Stage, name};
use crate::targets::{self, Measured};

/// The MSP whose integrations the sandbox has.
pub(crate) const MSP: &str = "noordzee";

/// The companies in which addresses change, and how many addresses that are: two in the first of them.
const CHANGED: (usize, usize) = (80, 100);

/// Companies of a page of LastPass.
const LASTPASS_PAGE: f64 = 500.0;

/// What is measured.
pub(crate) struct Measurement {
    pub size: Size,
    pub kinds: Vec<PsaKind>,
    pub run: Duration,
    pub answer_millis: u64,
    pub only_fetch: bool,
    /// Whether LastPass is the directory.
    pub lastpass: bool,
    /// Where the first imports are kept, so that they need not be repeated to measure the others.
    pub state: Option<PathBuf>,
}

/// Imports from one PSA, one after another.
struct Imports<'a> {
    sandbox: &'a Sandbox,
    kind: PsaKind,
    ana: Api,
    integration: String,
    run: Duration,
    measured: &'a mut Measured,
}

impl Measurement {
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        println!(
            "| PSA | import | stage | PSA requests | DynamoDB calls | write units | read units | peak MiB | CPU s | runs | requests to LastPass | seconds |"
        );
        println!("|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        let mut measured = Measured::new(self.size);
        for kind in &self.kinds {
            let state = self.state.as_ref().map(|folder| folder.join(name(*kind)));
            let sandbox = Sandbox::start(Options {
                size: Some(self.size),
                lastpass: self.lastpass,
                state: state.clone(),
                ..Options::default()
            })
            .await?;
            sandbox.pause(true).await;
            if self.answer_millis > 0 {
                let slow = json!({ "answer": { "delayMs": self.answer_millis } });
                sandbox.psas.get(*kind).faults().add(serde_json::from_value(slow)?);
            }
            let ana = sandbox.api("ana");
            let mut imports = Imports {
                sandbox: &sandbox,
                kind: *kind,
                integration: ana.integration(name(*kind)).await?,
                ana,
                run: self.run,
                measured: &mut measured,
            };
            if self.only_fetch {
                for round in ["first", "unchanged"] {
                    let import = imports.fetch(round, false).await?;
                    imports.cancel(&import).await?;
                }
            } else {
                imports.all(state.as_deref()).await?;
            }
            sandbox.stop().await;
        }
        measured.print(&self.kinds)
    }
}

impl Imports<'_> {
    async fn all(&mut self, state: Option<&Path>) -> Result<(), Failure> {
        let prepared = state.map(|folder| folder.join("first.json"));
        let known = prepared.as_ref().and_then(|file| fs::read(file).ok());
        let some: Vec<String> = match known {
            Some(known) => serde_json::from_slice(&known)?,
            None => self.first().await?,
        };
        if let Some(file) = prepared {
            fs::write(file, serde_json::to_vec(&some)?)?;
        }
        self.review_again().await?;
        self.read_everything().await?;
        // Two find that nothing is to be done; those after them need not find it again.
        for round in ["unattended", "unattended again"] {
            self.unattended(round, 0).await?;
        }
        let unchanged = self.unattended("unattended, as before", 0).await?;
        self.measured
            .add(targets::UNCHANGED_REQUESTS, self.kind, unchanged.requests.into());
        self.measured
            .add(targets::UNCHANGED_WRITES, self.kind, unchanged.write_units);
        self.measured
            .add(targets::UNCHANGED_READS, self.kind, unchanged.read_units);
        // Others than those of an earlier measurement.
        let now = Timestamp::now().as_second();
        for (number, row) in some.iter().enumerate() {
            psa::change_address(self.sandbox, self.kind, row, &format!("changed.{number}@{now}.example"));
        }
        let changed = self.unattended("100 changed", some.len()).await?;
        self.measured
            .add(targets::CHANGED_REQUESTS, self.kind, changed.requests.into());
        self.measured
            .add(targets::CHANGED_WRITES, self.kind, changed.write_units);
        Ok(())
    }

    /// Everybody who can be imported, of all companies; gives address rows of which the addresses may change.
    async fn first(&mut self) -> Result<Vec<String>, Failure> {
        let before = Cost::of(self.sandbox);
        let import = self.fetch("first", false).await?;
        let everything = json!({ "selected": true, "where": {} });
        let path = format!("/imports/{import}/companies/select");
        let cost = self.call("first", &import, "select all", &path, &everything).await?;
        self.measured
            .add(targets::SELECT_COMPANIES, self.kind, cost.write_units);
        let path = format!("/imports/{import}/addresses/select");
        let active = json!({ "selected": true, "where": { "active": true } });
        let cost = self.call("first", &import, "tick all", &path, &active).await?;
        self.measured.add(targets::SELECT_PEOPLE, self.kind, cost.write_units);
        self.tick("first", &import).await?;
        let some = self.some_of_many(&import).await?;
        let hash = self.plan("first", &import, targets::PLAN_EVERYBODY).await?;
        let result = self.execute("first", &import, &hash).await?;
        let created = |rows: &str| result[rows]["created"].as_f64().unwrap_or_default();
        let companies = created("companies");
        let rows = companies + created("users");
        let cost = Cost::of(self.sandbox).since(&before);
        if cost.to_lastpass > 0 {
            let walk = companies + companies / LASTPASS_PAGE;
            let requests = f64::from(cost.to_lastpass) / 2.0f64.mul_add(walk, rows);
            self.measured.add(targets::LASTPASS_REQUESTS, self.kind, requests);
        }
        self.measured
            .add(targets::CREATED_ROW, self.kind, cost.write_units / rows.max(1.0));
        eprintln!("{rows} rows were created for {} write units", cost.write_units);
        Ok(some)
    }

    /// What an administrator sees of it once more; nothing is executed.
    async fn review_again(&mut self) -> Result<(), Failure> {
        let import = self.fetch("unchanged", false).await?;
        let mapped = json!({ "selected": true, "where": { "status": "mapped" } });
        let path = format!("/imports/{import}/companies/select");
        self.call("unchanged", &import, "select mapped", &path, &mapped).await?;
        self.tick("unchanged", &import).await?;
        self.plan("unchanged", &import, targets::PLAN_UNCHANGED).await?;
        self.cancel(&import).await
    }

    /// The whole PSA once more, as every day; nothing is executed.
    async fn read_everything(&mut self) -> Result<(), Failure> {
        let before = Cost::of(self.sandbox);
        let import = self.fetch("unchanged, read in full", true).await?;
        let cost = Cost::of(self.sandbox).since(&before);
        self.measured.add(targets::FULL_WRITES, self.kind, cost.write_units);
        self.measured.add(targets::FULL_READS, self.kind, cost.read_units);
        self.cancel(&import).await
    }

    /// An import by itself; gives what it cost in all.
    async fn unattended(&mut self, round: &str, changed: usize) -> Result<Cost, Failure> {
        let before = Cost::of(self.sandbox);
        let control = Api::new(&self.sandbox.face.control, "");
        let token = format!("{round} {}", Timestamp::now());
        let trigger = json!({ "msp": MSP, "integration": self.integration, "token": token });
        let answer = control.post("/trigger", &trigger).await?;
        let import = answer["import"]
            .as_str()
            .ok_or_else(|| format!("it does not start: {answer}"))?;
        self.work(round, import, "fetch").await?;
        // One decides about the plan, the other applies it.
        for _ in 0..2 {
            self.work(round, import, "execute").await?;
        }
        let result = self.done(import).await?;
        let users = &result["users"];
        // Nobody has enrolled here, and LastPass does not change the address of an invited user (R84).
        let is_changed = if self.sandbox.lastpass.is_some() {
            "skipped"
        } else {
            "changedAddress"
        };
        if users[is_changed] != changed || users["created"] != 0 || users["failed"] != 0 {
            return Err(format!("{changed} addresses were to change: {users}").into());
        }
        Ok(Cost::of(self.sandbox).since(&before))
    }

    async fn fetch(&mut self, round: &str, full: bool) -> Result<String, Failure> {
        let path = format!("/integrations/{}/imports", self.integration);
        let started = self.ana.post(&path, &json!({ "full": full })).await?;
        let import = started["id"].as_str().ok_or("an import has an id")?.to_owned();
        self.work(round, &import, "fetch").await?;
        self.expect(&import, "review").await?;
        Ok(import)
    }

    async fn cancel(&self, import: &str) -> Result<(), Failure> {
        self.ana.delete(&format!("/imports/{import}")).await?;
        Ok(())
    }

    /// One person of the largest company is ticked.
    async fn tick(&mut self, round: &str, import: &str) -> Result<(), Failure> {
        let rows = self.ana.list(&format!("/imports/{import}/companies?tab=in")).await?;
        let rows = rows.iter().filter(|row| row["own"] == false && row["active"] == true);
        let largest = rows.max_by_key(|row| row["addresses"].as_u64());
        let largest = largest
            .and_then(|row| row["id"].as_str())
            .ok_or("there is no company")?;
        let of_company = format!("/imports/{import}/companies/{largest}/addresses");
        let page = self.ana.get(&format!("{of_company}?limit=1")).await?;
        let person = &page["items"][0];
        let path = format!("{of_company}/{}", person["id"].as_str().ok_or("it has no people")?);
        let tick = json!({ "version": person["version"], "selected": true });
        let stage = self.stage(round, import);
        let (answer, mut cost) = stage.count("one tick", self.ana.patch(&path, &tick)).await?;
        if self.sandbox.lastpass.is_some() {
            // The first one in a process reads who has which address in LastPass; the others need not, as long as nothing has changed.
            let tick = json!({ "version": answer["version"], "selected": true });
            cost = stage.count("another tick", self.ana.patch(&path, &tick)).await?.1;
        }
        self.measured.add(targets::TICK_READS, self.kind, cost.read_units);
        self.measured.add(targets::TICK_WRITES, self.kind, cost.write_units);
        Ok(())
    }

    /// Ticked people of companies that will be created, two of each of the first.
    async fn some_of_many(&self, import: &str) -> Result<Vec<String>, Failure> {
        let path = format!("/imports/{import}/companies?tab=in&status=unmapped&selected=true&limit=500");
        let rows = self.ana.get(&path).await?;
        let rows = rows["items"].as_array().into_iter().flatten();
        let mut some = Vec::new();
        for row in rows.filter(|row| row["addresses"].as_u64() > Some(5)).take(CHANGED.0) {
            let company = row["id"].as_str().unwrap_or_default();
            let path = format!("/imports/{import}/companies/{company}/addresses?status=unmapped&selected=true&limit=2");
            let people = self.ana.get(&path).await?;
            let many = if some.len() < 2 * (CHANGED.1 - CHANGED.0) { 2 } else { 1 };
            let people = people["items"].as_array().into_iter().flatten();
            some.extend(
                people
                    .filter_map(|person| person["id"].as_str())
                    .take(many)
                    .map(str::to_owned),
            );
        }
        if some.len() == CHANGED.1 {
            Ok(some)
        } else {
            Err(format!("only {} addresses can change", some.len()).into())
        }
    }

    /// The first answer of a plan, computed in a process of its own, and further pages of it; gives its hash.
    async fn plan(&mut self, round: &str, import: &str, target: targets::Target) -> Result<Value, Failure> {
        let told = self.work(round, import, "plan").await?;
        self.measured
            .add(target, self.kind, told["cpuSeconds"].as_f64().unwrap_or_default());
        let path = format!("/imports/{import}/plan");
        let first = self.ana.get(&path).await?;
        let mut after = first["next"].as_str().map(str::to_owned);
        for _ in 0..3 {
            let Some(behind) = after else { break };
            let (stage, page) = (self.stage(round, import), format!("{path}?after={behind}"));
            let (page, cost) = stage.count("a page of the plan", self.ana.get(&page)).await?;
            // Of LastPass the users of each company are an item of their own, which nobody reads for less than half a unit.
            if self.sandbox.lastpass.is_none() {
                self.measured.add(targets::PLAN_PAGE, self.kind, cost.read_units);
            }
            after = page["next"].as_str().map(str::to_owned);
        }
        Ok(first["hash"].clone())
    }

    async fn execute(&mut self, round: &str, import: &str, hash: &Value) -> Result<Value, Failure> {
        let confirmed = json!({ "planHash": hash, "confirmMassChange": true });
        self.ana.post(&format!("/imports/{import}/execute"), &confirmed).await?;
        self.work(round, import, "execute").await?;
        self.done(import).await
    }

    async fn done(&self, import: &str) -> Result<Value, Failure> {
        self.expect(import, "done").await?;
        Ok(self.ana.get(&format!("/imports/{import}/result")).await?)
    }

    async fn expect(&self, import: &str, state: &str) -> Result<(), Failure> {
        let now = self.ana.get(&format!("/imports/{import}")).await?;
        if now["state"] == state {
            Ok(())
        } else {
            Err(format!("the import is not in {state}: {now}").into())
        }
    }

    async fn work(&mut self, round: &str, import: &str, function: &str) -> Result<Value, Failure> {
        let told = self.stage(round, import).work(function).await?;
        let peak = told["peakKiB"].as_f64().unwrap_or_default() / 1024.0;
        self.measured.add(targets::MEMORY, self.kind, peak);
        Ok(told)
    }

    async fn call(&self, round: &str, import: &str, what: &str, path: &str, body: &Value) -> Result<Cost, Failure> {
        let (_, cost) = self.stage(round, import).count(what, self.ana.post(path, body)).await?;
        Ok(cost)
    }

    const fn stage<'s>(&'s self, round: &'s str, import: &'s str) -> Stage<'s> {
        Stage {
            sandbox: self.sandbox,
            kind: self.kind,
            round,
            import,
            run: self.run,
        }
    }
}
