//! The result of an import (R40).

use axum::Json;
use axum::extract::State;
use domain::ids::{ImportId, PsaCompanyId};
use domain::import::ImportState;
use domain::outcome::{CompanyCounts, Counts, Outcome, RowCode, RowOutcome, UserCounts};
use domain::plan::CompanyPlan;
use domain::problem::{Language, Problem, row_text};
use domain::row::AddressId;
use runtime::{Accepted, Api, Caller, PathIds, Services};
use schemars::JsonSchema;
use serde::Serialize;

/// Rows that are listed one by one; the counts are always complete.
const MOST_LISTED: usize = 1_000;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Result")]
pub(crate) struct ResultView {
    state: ImportState,
    companies: CompanyCounts,
    users: UserCounts,
    /// Rows that failed.
    errors: Vec<Row>,
    /// Rows that were passed over and that somebody can do something about.
    skipped: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResultRow")]
struct Row {
    company: CompanyName,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AddressId>,
    code: RowCode,
    detail: &'static str,
    action: &'static str,
}

#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "ResultCompany")]
struct CompanyName {
    id: PsaCompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

pub(crate) async fn show(
    State(services): State<Services>,
    caller: Caller,
    Accepted(language): Accepted,
    PathIds(id): PathIds<ImportId>,
) -> Api<Json<ResultView>> {
    let tenant = services.tenant(&caller.msp);
    let import = tenant.import(&id).await?.ok_or_else(|| Problem::not_found("import"))?;
    if !import.state.is_final() {
        return Err(Problem::WrongState { state: import.state }.into());
    }
    let Counts { companies, users } = import.counts.unwrap_or_default();
    let mut view = ResultView {
        state: import.state,
        companies,
        users,
        errors: Vec::new(),
        skipped: Vec::new(),
    };
    let mut after = None;
    loop {
        let (steps, next) = tenant.steps_page(&import, after.as_ref()).await?;
        for step in steps {
            let name = |plan: &CompanyPlan| CompanyName {
                id: plan.company.clone(),
                name: Some(plan.name.clone()),
            };
            view.add(&name(&step.plan), &step.outcomes.unwrap_or_default(), language);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    loop {
        let (passed, next) = tenant.passed_page(&import, after.as_ref()).await?;
        for company in passed {
            if !company.rest.is_empty() {
                let name = tenant.row(&import, &company.company).await?.map(|row| row.name);
                view.add(
                    &CompanyName {
                        id: company.company,
                        name,
                    },
                    &company.rest,
                    language,
                );
            }
        }
        after = next;
        if after.is_none() {
            return Ok(Json(view));
        }
    }
}

impl ResultView {
    fn add(&mut self, company: &CompanyName, outcomes: &[RowOutcome], language: Language) {
        for row in outcomes {
            let (list, code) = match &row.outcome {
                Outcome::Failed(code) => (&mut self.errors, *code),
                // What an administrator decided is no news to them.
                Outcome::Skipped(RowCode::Unticked | RowCode::Cancelled | RowCode::CompanyNotImported) => continue,
                Outcome::Skipped(code) => (&mut self.skipped, *code),
                _ => continue,
            };
            if list.len() < MOST_LISTED {
                let (detail, action) = row_text(code, language);
                list.push(Row {
                    company: company.clone(),
                    address: row.address.clone(),
                    code,
                    detail,
                    action,
                });
            }
        }
    }
}
