//! One import through the public API, shown as it goes on.

use domain::psa::PsaKind;
use sandbox::Error;
use sandbox::api::Api;
use serde_json::{Value, json};

use super::answers::{self, Company, CompanyRow, Outcome, Plan};
use super::progress::{self, Work};
use super::review::{self, Choice};
use super::say::say;
use super::timings::Timings;
use super::{filter, screens};

/// What an import showed and did.
pub(super) struct Import {
    pub id: String,
    pub tab_in: Vec<CompanyRow>,
    pub not_in: Vec<CompanyRow>,
    pub plan: Plan,
    pub result: Outcome,
    pub before: Holdings,
    pub after: Holdings,
    pub timings: Timings,
}

/// What the MSP has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holdings {
    pub companies: usize,
    pub licences_used: u64,
}

pub(super) async fn run(ana: &Api, kind: PsaKind, choice: &Choice<'_>) -> Result<Import, Error> {
    let mut timings = Timings::default();
    let before = Holdings::read(ana).await?;
    let id = timings.time("fetch", fetch(ana, kind)).await?;
    let (tab_in, not_in) = timings.time("review", review(ana, &id, choice)).await?;
    let plan = timings.time("plan", plan(ana, &id)).await?;
    say(format_args!(
        "\nPlan\n{}\n\nFor example\n{}\n",
        screens::plan(&plan),
        screens::samples(&plan.items)
    ));
    let result = timings.time("execute", execute(ana, &id, &plan)).await?;
    say(format_args!("\nResult\n{}", screens::counts(&result)));
    if let Some(passed) = screens::passed(&result) {
        say(format_args!("\n{passed}"));
    }
    let after = Holdings::read(ana).await?;
    Ok(Import {
        id,
        tab_in,
        not_in,
        plan,
        result,
        before,
        after,
        timings,
    })
}

/// Starts an import of the active companies, and waits for the snapshot.
async fn fetch(ana: &Api, kind: PsaKind) -> Result<String, Error> {
    let integration = ana.integration(name_of(kind)).await?;
    let attributes = filter::attributes(ana, &integration).await?;
    let filter = filter::active_companies(&attributes, kind)?;
    say(format_args!("Filter: {}", filter.text));
    let import = ana.start(&integration, &filter.value).await?;
    progress::watch(ana, &import, Work::Fetch).await?;
    Ok(import)
}

/// Shows the tabs, and decides.
async fn review(ana: &Api, import: &str, choice: &Choice<'_>) -> Result<(Vec<CompanyRow>, Vec<CompanyRow>), Error> {
    let tab_in: Vec<CompanyRow> = answers::list(ana, &format!("/imports/{import}/companies?tab=in")).await?;
    let not_in: Vec<CompanyRow> = answers::list(ana, &format!("/imports/{import}/companies?tab=not-in")).await?;
    say(format_args!("\nTab in: {}", screens::tab_in(&tab_in)));
    say(format_args!("\nTab not in: {}", screens::not_in(&not_in)));
    let decided = review::decide(ana, import, &tab_in, choice).await?;
    say(format_args!("\n{decided}"));
    Ok((tab_in, not_in))
}

/// The plan with all its items.
async fn plan(ana: &Api, import: &str) -> Result<Plan, Error> {
    let path = format!("/imports/{import}/plan");
    let mut plan = ana.get(&path).await?;
    plan["items"] = Value::Array(ana.list(&path).await?);
    answers::read(plan)
}

async fn execute(ana: &Api, import: &str, plan: &Plan) -> Result<Outcome, Error> {
    // The administrator has just read the plan.
    let confirmation = json!({ "planHash": plan.hash, "confirmMassChange": true });
    ana.post(&format!("/imports/{import}/execute"), &confirmation).await?;
    progress::watch(ana, import, Work::Execute(plan.companies())).await?;
    answers::read(ana.get(&format!("/imports/{import}/result")).await?)
}

/// A kind as the API calls it.
pub(super) const fn name_of(kind: PsaKind) -> &'static str {
    match kind {
        PsaKind::Connectwise => "connectwise",
        PsaKind::Autotask => "autotask",
    }
}

impl Holdings {
    async fn read(ana: &Api) -> Result<Self, Error> {
        let companies: Vec<Company> = answers::list(ana, "/managed-companies").await?;
        Ok(Self {
            companies: companies.len(),
            licences_used: ana.get("/licences").await?["used"].as_u64().unwrap_or_default(),
        })
    }
}
