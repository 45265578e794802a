//! One import through the public API.

use std::time::{Duration, Instant};

use domain::psa::PsaKind;
use indicatif::{ProgressBar, ProgressStyle};
use sandbox::Error;
use sandbox::api::Api;
use serde_json::{Value, json};

use super::{PATIENCE, tables, text};

/// Whose addresses are ticked besides those imported before.
pub(super) enum Tick {
    /// Everybody's.
    Everybody,
    /// Only this address of this company.
    Only(String, String),
}

/// What an import showed and did.
pub(super) struct Imported {
    pub tab_in: Vec<Value>,
    pub not_in: Vec<Value>,
    pub managed: usize,
    pub used: u64,
    plan: Value,
    result: Value,
    fetched: Duration,
    executed: Duration,
}

pub(super) async fn run(ana: &Api, kind: PsaKind, tick: Tick) -> Result<Imported, Error> {
    let name = if kind == PsaKind::Connectwise {
        "connectwise"
    } else {
        "autotask"
    };
    let integration = ana.integration(name).await?;
    let filter = active_companies(ana, &integration, kind).await?;
    let began = Instant::now();
    let import = ana.start(&integration, &filter).await?;
    watch(ana, &import, "fetching", "review").await?;
    let fetched = began.elapsed();
    let tab_in = ana.list(&format!("/imports/{import}/companies?tab=in")).await?;
    let not_in = ana.list(&format!("/imports/{import}/companies?tab=not-in")).await?;
    match tick {
        Tick::Everybody => choose_everybody(ana, &import, &tab_in).await?,
        Tick::Only(company, address) => choose_mapped(ana, &import, &company, &address).await?,
    }
    let plan = ana.get(&format!("/imports/{import}/plan?limit=500")).await?;
    let began = Instant::now();
    ana.post(
        &format!("/imports/{import}/execute"),
        &json!({ "planHash": plan["hash"] }),
    )
    .await?;
    watch(ana, &import, "executing", "done").await?;
    let executed = began.elapsed();
    let result = ana.get(&format!("/imports/{import}/result")).await?;
    let managed = ana.list("/managed-companies").await?.len();
    let used = ana.get("/licences").await?["used"].as_u64().unwrap_or_default();
    Ok(Imported {
        tab_in,
        not_in,
        managed,
        used,
        plan,
        result,
        fetched,
        executed,
    })
}

/// The filter for active companies, with the values that this PSA has.
async fn active_companies(ana: &Api, integration: &str, kind: PsaKind) -> Result<Value, Error> {
    let (attribute, label) = match kind {
        PsaKind::Connectwise => ("companyStatus", "Active"),
        PsaKind::Autotask => ("companyActive", "true"),
    };
    let attributes = ana.list(&format!("/integrations/{integration}/attributes")).await?;
    let attribute = attributes.iter().find(|found| found["id"] == attribute);
    let values = attribute
        .and_then(|attribute| attribute["values"].as_array())
        .cloned()
        .unwrap_or_default();
    let value = values
        .iter()
        .find(|value| value["label"] == label || value["id"] == label);
    match (attribute, value) {
        (Some(attribute), Some(value)) => Ok(json!({ text(&attribute["id"]): [value["id"]] })),
        _ => Err(Error::Unexpected(format!("the PSA has no value {label} to filter by"))),
    }
}

/// Shows progress until the import has left a state, and expects it to be in the next.
async fn watch(ana: &Api, import: &str, state: &str, next: &str) -> Result<(), Error> {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.set_message(state.to_owned());
    let seen = |now: &Value| {
        let progress = &now["progress"];
        let number = |name: &str| progress[name].as_u64().unwrap_or_default();
        if state == "fetching" {
            bar.set_length(number("total"));
            bar.set_position(number("companies") + number("contacts"));
        } else {
            bar.set_length(number("companies"));
            bar.set_position(number("executed"));
        }
    };
    let ended = ana.wait(import, state, PATIENCE, seen).await?;
    bar.finish_and_clear();
    if ended["state"] == next {
        return Ok(());
    }
    Err(Error::Unexpected(format!(
        "the import is {}: {}",
        ended["state"], ended["error"]["detail"]
    )))
}

/// Selects every company with all its people, and decides the first ambiguous one.
async fn choose_everybody(ana: &Api, import: &str, rows: &[Value]) -> Result<(), Error> {
    ana.post(
        &format!("/imports/{import}/companies/select"),
        &json!({ "selected": true, "where": {} }),
    )
    .await?;
    for row in rows.iter().filter(|row| row["own"] == false) {
        let path = format!("/imports/{import}/companies/{}/addresses/select", text(&row["id"]));
        ana.post(&path, &json!({ "selected": true, "where": {} })).await?;
    }
    if let Some(row) = rows.iter().find(|row| row["status"] == "ambiguous") {
        let path = format!("/imports/{import}/companies/{}", text(&row["id"]));
        ana.patch(&path, &json!({ "version": 2, "target": { "create": {} } }))
            .await?;
    }
    Ok(())
}

/// Selects what was imported before, and ticks one address more.
async fn choose_mapped(ana: &Api, import: &str, company: &str, address: &str) -> Result<(), Error> {
    let mapped = json!({ "selected": true, "where": { "status": "mapped" } });
    ana.post(&format!("/imports/{import}/companies/select"), &mapped)
        .await?;
    let path = format!("/imports/{import}/companies/{company}/addresses");
    let rows = ana.list(&path).await?;
    let row = rows.iter().find(|row| row["address"] == address);
    let row = row.ok_or_else(|| Error::Unexpected("the added contact is not offered".to_owned()))?;
    ana.patch(
        &format!("{path}/{}", text(&row["id"])),
        &json!({ "version": row["version"], "selected": true }),
    )
    .await?;
    Ok(())
}

impl Imported {
    pub(super) fn count(&self, what: &str, outcome: &str) -> u64 {
        self.result[what][outcome].as_u64().unwrap_or_default()
    }

    pub(super) fn failed(&self) -> u64 {
        self.count("companies", "failed") + self.count("users", "failed")
    }

    /// Whether the outcomes are as many as the rows of the plan.
    pub(super) fn adds_up(&self) -> bool {
        let sum = |what: &str| {
            let counts = self.result[what].as_object();
            counts.map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum::<u64>())
        };
        let actions = self.plan["summary"].as_object();
        let planned = actions.map_or(0, |actions| {
            let counted = actions
                .iter()
                .filter(|(action, _)| !matches!(action.as_str(), "companies" | "unmapCompany"));
            counted.filter_map(|(_, count)| count.as_u64()).sum::<u64>()
        });
        sum("companies") + sum("users") == planned
    }

    pub(super) fn show(&self) {
        println!(
            "\nTab in: {} companies, read in {:.1} s",
            self.tab_in.len(),
            self.fetched.as_secs_f64()
        );
        tables::companies(&self.tab_in);
        if self.not_in.is_empty() {
            println!("\nTab not in: none");
        } else {
            println!("\nTab not in: {} companies", self.not_in.len());
            tables::absent(&self.not_in);
        }
        println!("\nPlan");
        tables::plan(&self.plan);
        println!("\nResult, carried out in {:.1} s", self.executed.as_secs_f64());
        tables::result(&self.result);
    }
}
