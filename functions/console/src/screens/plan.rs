//! `/console/imports/{x}/plan`: what would happen, before anything is written; and the confirmation.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use domain::language::Language;
use serde_json::json;

use super::frame::{Frame, Step, api, path, query};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::caller::Caller;
use crate::charts::{Bar, Flow};
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Plan;
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/plan", get(check))
        .route("/console/imports/{x}/execute", post(execute))
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    page: Page,
    frame: Frame,
    path: String,
    plan: Plan,
    flow: Flow,
    licences: Bar,
    action: String,
    language: Language,
}

impl PlanPage {
    fn count(&self, step: &domain::plan::Step) -> u64 {
        self.plan
            .summary
            .by_step
            .get(&words::step_code(step))
            .copied()
            .unwrap_or_default()
    }

    fn changes(&self) -> u64 {
        use domain::plan::Step::{Skip, Unchanged};
        let all = words::STEPS.iter().filter(|step| !matches!(step, Skip | Unchanged));
        all.map(|step| self.count(step)).sum()
    }

    /// How many licences are left afterwards; `None` if there are too few.
    fn left(&self) -> Option<u64> {
        self.plan.licences.pool.available.checked_sub(self.plan.licences.needed)
    }

    fn is_pool(&self) -> bool {
        self.plan.licences.pool.mode == domain::directory::LicenceMode::Pool
    }

    fn with_action(&self, action: &str) -> String {
        format!("{}/plan?{}", self.path, query(&[("action", action)]))
    }

    fn next(&self) -> Option<String> {
        let next = self.plan.next.as_deref()?;
        Some(format!(
            "{}/plan?{}",
            self.path,
            query(&[("action", &self.action), ("after", next)])
        ))
    }

    /// Why rows are skipped, with what to do and how many.
    fn skipped(&self) -> Vec<(&'static str, &'static str, u64)> {
        let breakdown = &self.plan.breakdown;
        let all = breakdown.skipped_companies.iter().chain(&breakdown.skipped_people);
        all.map(|(reason, count)| {
            let (says, advice) = reason.text(None, self.language);
            (says, advice, *count)
        })
        .collect()
    }
}

async fn check(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let pairs = [
        ("action", fields.text("action")),
        ("after", fields.text("after")),
        ("since", fields.text("since")),
        ("limit", "50"),
    ];
    let plan = format!("{}/plan?{}", api(&import), query(&pairs));
    let (frame, plan) = futures::try_join!(Frame::read(&caller, &import), caller.api.get::<Plan>(&plan))?;
    show(&PlanPage {
        page: frame.page(
            &caller,
            Step::Check,
            ("What will happen", "Wat er gaat gebeuren"),
            &fields,
        ),
        path: path(&import),
        flow: Flow::of(&plan.breakdown.companies),
        licences: Bar::new(&[
            ("calm", plan.licences.pool.used + plan.licences.pool.reserved),
            ("good", plan.licences.needed.min(plan.licences.pool.available)),
            (
                "empty",
                plan.licences.pool.available.saturating_sub(plan.licences.needed),
            ),
        ]),
        action: fields.text("action").to_owned(),
        language: caller.visit.language,
        frame,
        plan,
    })
}

async fn execute(caller: Caller, Path(import): Path<String>, Form(form): Form) -> Answer {
    let hash = form.text("hash").to_owned();
    let sent = json!({ "planHash": hash, "confirmMassChange": form.get("mass").is_some() });
    match caller
        .api
        .send(Method::POST, &format!("{}/execute", api(&import)), Some(&sent))
        .await
    {
        Ok(_) => Ok(redirect(&format!("{}/result", path(&import)))),
        // What differs since it was seen is shown, to be confirmed again.
        Err(Refused::Problem(problem)) if problem.code == "plan_changed" => Ok(redirect(&format!(
            "{}/plan?{}",
            path(&import),
            query(&[("since", &hash)])
        ))),
        Err(refused) => Err(refused),
    }
}
