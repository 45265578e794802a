//! `/console/imports/{x}/plan`: what would happen, before anything is written; and the confirmation.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use domain::directory::CreationAction;
use domain::language::Language;
use domain::plan::PlanBreakdown;
use serde_json::json;

use super::frame::{Frame, Step, api, path, query};
use super::pages::Pages;
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::caller::Caller;
use crate::charts::{Bar, Flow};
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Directory, LicenceNeed, Plan};
use crate::words::{self, Word};

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
    pages: Pages,
    flow: Flow,
    people: Vec<(Word, u64)>,
    bar_of_people: Bar,
    licences: Bar,
    action: String,
    /// The plan of which only the differences are listed, or nothing.
    since: String,
    language: Language,
    /// Whether this administrator may confirm, and the directory lets an import choose a creation action (R86).
    asks_creation: bool,
    /// The one that was chosen for the plan that has changed meanwhile. No link of the page carries it: it may have been changed since, and
    /// a mail cannot be taken back.
    creation: Option<CreationAction>,
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

    /// What the button begins: the companies, and the people with whom something happens.
    fn imports(&self) -> String {
        use domain::plan::Step::{ChangeAddress, CreateUser, LinkUser};
        let (company, companies) = (("company", "bedrijf"), ("companies", "bedrijven"));
        let companies = self.page.many(self.plan.summary.companies, &company, &companies);
        let steps = [CreateUser, LinkUser, ChangeAddress];
        let people: u64 = steps.iter().map(|step| self.count(step)).sum();
        if people == 0 {
            return companies;
        }
        let people = self.page.many(people, &("person", "persoon"), &("people", "personen"));
        format!("{companies} {} {people}", self.page.t("and", "en"))
    }

    /// How many licences are left afterwards, if there are enough.
    fn left(&self) -> Option<u64> {
        self.plan.licences.pool.available.checked_sub(self.plan.licences.needed)
    }

    fn with_action(&self, action: &str) -> String {
        let asked = query(&[("action", action), ("since", &self.since)]);
        format!("{}/plan?{asked}#each", self.path)
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

/// With more companies than this, the first answer of a plan takes so long that a page announces it (R93).
const MANY: u64 = 2_000;

#[derive(Template)]
#[template(path = "computing.html")]
struct Computing {
    page: Page,
    to: String,
}

/// Announces a plan that takes long: at the first look, and at the first after it has changed. The page leads on by itself, and browsers show
/// it until the plan has come.
fn announce(caller: &Caller, frame: &Frame, fields: &Fields) -> Result<Option<Response>, Refused> {
    if fields.0.iter().any(|(name, _)| name != "since" && name != "creation") {
        return Ok(None);
    }
    let total = frame.import.rows.as_ref().map_or(0, |rows| rows.present.total);
    if total <= MANY {
        return Ok(None);
    }
    let title = ("The plan is being made", "Het plan wordt gemaakt");
    let page = frame.page(caller, Step::Check, title, fields);
    let asked = query(&[
        ("since", fields.text("since")),
        ("creation", fields.text("creation")),
        ("announced", "yes"),
    ]);
    let to = format!("{}/plan?{asked}", path(&frame.import.id));
    show(&Computing { page, to }).map(Some)
}

async fn check(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    if let Some(page) = announce(&caller, &frame, &fields)? {
        return Ok(page);
    }
    let pairs = [
        ("action", fields.text("action")),
        ("after", fields.text("after")),
        ("since", fields.text("since")),
        ("limit", "50"),
    ];
    let plan = format!("{}/plan?{}", api(&import), query(&pairs));
    let (plan, directory) =
        futures::try_join!(caller.api.get::<Plan>(&plan), caller.api.get::<Directory>("/directory"))?;
    let people = people(&plan.breakdown);
    show(&PlanPage {
        page: frame.page(
            &caller,
            Step::Check,
            ("What will happen", "Wat er gaat gebeuren"),
            &fields,
        ),
        pages: Pages::new(
            &format!("{}/plan", path(&import)),
            &[("action", fields.text("action")), ("since", fields.text("since"))],
            &fields,
            plan.next.as_deref(),
        ),
        path: path(&import),
        flow: Flow::of(&plan.breakdown.companies),
        bar_of_people: bar(&people),
        people,
        licences: licences(&plan.licences),
        action: fields.text("action").to_owned(),
        since: fields.text("since").to_owned(),
        language: caller.visit.language,
        asks_creation: frame.decides && directory.is_lastpass() && creates_users(&plan),
        creation: creation(&fields),
        frame,
        plan,
    })
}

fn creates_users(plan: &Plan) -> bool {
    let create = words::step_code(&domain::plan::Step::CreateUser);
    plan.summary.by_step.get(&create).is_some_and(|users| *users > 0)
}

/// What happens to people, with how many that are.
fn people(breakdown: &PlanBreakdown) -> Vec<(Word, u64)> {
    let steps = words::STEPS.iter().map(|step| {
        let of_statuses = breakdown.people.values();
        let counts = of_statuses.filter_map(|steps| steps.get(step));
        (words::step(step), counts.sum())
    });
    steps.filter(|(_, count)| *count > 0).collect()
}

fn bar(people: &[(Word, u64)]) -> Bar {
    let parts: Vec<(&str, u64)> = people.iter().map(|((.., looks), count)| (*looks, *count)).collect();
    Bar::new(&parts)
}

/// The licences by what they are for: each part is a number of the text beside it. If too few are free, all of those are needed.
fn licences(need: &LicenceNeed) -> Bar {
    let pool = &need.pool;
    if pool.is_billed_by_use() {
        return Bar::new(&[("calm", pool.used), ("warn", pool.reserved), ("good", need.needed)]);
    }
    Bar::new(&[
        ("calm", pool.used),
        ("warn", pool.reserved),
        ("good", need.needed.min(pool.available)),
        ("empty", pool.available.saturating_sub(need.needed)),
    ])
}

/// The creation action that the address has.
fn creation(fields: &Fields) -> Option<CreationAction> {
    match fields.text("creation") {
        "invite" => Some(CreationAction::Invite),
        "stage" => Some(CreationAction::Stage),
        _ => None,
    }
}

async fn execute(caller: Caller, Path(import): Path<String>, Form(form): Form) -> Answer {
    let hash = form.text("hash").to_owned();
    let mut sent = json!({ "planHash": hash, "confirmMassChange": form.get("mass").is_some() });
    if let Some(creation) = form.get("creation") {
        sent["creation"] = json!(creation);
    }
    match caller
        .api
        .send(Method::POST, &format!("{}/execute", api(&import)), Some(&sent))
        .await
    {
        Ok(_) => Ok(redirect(&format!("{}/result", path(&import)))),
        // What differs since it was seen is shown, to be confirmed again with the same choice.
        Err(Refused::Problem(problem)) if problem.code == "plan_changed" => Ok(redirect(&format!(
            "{}/plan?{}",
            path(&import),
            query(&[("since", &hash), ("creation", form.text("creation"))])
        ))),
        Err(refused) => Err(refused),
    }
}
