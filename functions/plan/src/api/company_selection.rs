//! `POST /imports/{x}/companies/select`: decisions on many companies at once (R69, R75)

use api::{Api, Body, Call, Caller, Json, Path, Routes, State};
use domain::ids::ImportId;
use domain::object;
use domain::problem::{Code, Mistake, Problem, ValueKind};
use domain::rules::{RuleDecision, RuleTarget};
use domain::suggestion::Score;
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use super::decision::{self, RuleAnswer};
use super::filter::{self, WhereCompanies};
use super::target::empty_object;
use crate::{decisions, review};

pub fn routes<R: Routes>(to: R) -> R {
    to.post("/imports/{x}/companies/select", select, || {
        Call::new(
            "selectCompanies",
            "Selects, deselects or resets many companies of the tab *in* by a rule",
        )
        .body::<Select>(json!({
            "selected": true, "target": { "suggested": { "least": 90 } }, "where": { "status": "unmapped" },
        }))
        .answers::<RuleAnswer>(200, json!({ "matched": 23, "selected": true, "rule": "1" }))
        .refuses(&decision::REFUSED)
        .refuses(&[Code::LimitExceeded])
    })
}

/// A rule for many companies. It has either `selected` or `reset`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SelectCompanies", extend("anyOf" = [{ "required": ["selected"] }, { "required": ["reset"] }]))]
struct Select {
    /// Whether the companies are selected. Required unless `reset` is `true`.
    selected: Option<bool>,
    /// What the selected companies become; the rule leaves out those that cannot become it. Only with `"selected": true`.
    #[serde(default, deserialize_with = "read_target")]
    #[schemars(with = "Option<RuleTargetView>")]
    target: Option<RuleTarget>,
    /// Whether the rule undoes earlier decisions on the companies.
    #[serde(default)]
    reset: bool,
    /// Which companies; without it, all of the tab.
    #[serde(rename = "where", default, deserialize_with = "object::only")]
    filter: WhereCompanies,
}

/// What the companies of a rule become.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "TargetOfCompanies")]
pub enum RuleTargetView {
    /// The status of each company decides.
    #[serde(with = "empty_object")]
    #[schemars(with = "empty_object::Empty")]
    Automatic,
    /// Each becomes a new managed company, even if one of the same name exists. The rule leaves out mapped companies.
    #[serde(with = "empty_object")]
    #[schemars(with = "empty_object::Empty")]
    Create,
    /// Each is linked to the managed company with the best suggestion. The rule leaves out companies with none, or with several equal ones.
    #[serde(deserialize_with = "object::only")]
    Suggested(Suggested),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Suggested {
    /// The lowest score that counts, from 0 to 99.
    least: Score,
}

impl From<RuleTarget> for RuleTargetView {
    fn from(target: RuleTarget) -> Self {
        match target {
            RuleTarget::Automatic => Self::Automatic,
            RuleTarget::Create => Self::Create,
            RuleTarget::Suggested { least } => Self::Suggested(Suggested { least }),
        }
    }
}

fn read_target<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RuleTarget>, D::Error> {
    let target = Option::<RuleTargetView>::deserialize(deserializer)?;
    Ok(target.map(|target| match target {
        RuleTargetView::Automatic => RuleTarget::Automatic,
        RuleTargetView::Create => RuleTarget::Create,
        RuleTargetView::Suggested(Suggested { least }) => RuleTarget::Suggested { least },
    }))
}

impl Select {
    /// What is decided, unless the fields contradict each other.
    fn decision(&self) -> Result<RuleDecision, Problem> {
        let is_by_failure = self.filter.failed_in.is_some();
        match (self.selected, &self.target, self.reset) {
            (None, _, false) => Err(Problem::invalid("/selected", Mistake::Missing)),
            (Some(_), _, true) => Err(Problem::invalid("/reset", Mistake::NotWith("selected"))),
            (None, Some(_), true) => Err(Problem::invalid("/reset", Mistake::NotWith("target"))),
            (Some(false), Some(_), false) => Err(Problem::invalid("/target", Mistake::NotWith("\"selected\": false"))),
            (_, Some(_), _) if is_by_failure => Err(Problem::invalid("/target", Mistake::NotWith("failedIn"))),
            (None, None, true) if is_by_failure => Err(Problem::invalid("/reset", Mistake::NotWith("failedIn"))),
            (_, Some(RuleTarget::Suggested { least }), _) if *least != Score::new((*least).into()) => {
                let score = ValueKind::Whole { least: 0, most: 99 };
                Err(Problem::invalid("/target/suggested/least", Mistake::Not(score)))
            }
            (None, None, true) => Ok(RuleDecision::Reset),
            (Some(_), Some(target), false) => Ok(RuleDecision::SelectAs(target.clone())),
            (Some(selected), None, false) => Ok(selected.into()),
        }
    }
}

async fn select(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
    Body(select): Body<Select>,
) -> Api<Json<RuleAnswer>> {
    let import = review::in_review(&services, &caller, &id).await?;
    let decision = select.decision()?;
    filter::check_active(decision.selects(), select.filter.active)?;
    let answer = match select.filter.failed_in_alone()? {
        Some(failed) => decisions::rules::select_failed(&services, &import, decision.selects(), failed).await?,
        None => decisions::rules::select_companies(&services, &import, decision, select.filter.into()).await?,
    };
    Ok(Json(answer))
}
