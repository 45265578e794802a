//! `/imports/{x}/rules` and `POST /imports/{x}/addresses/select`: decisions on many rows at once (R69, R70)

use api::{Api, Body, Call, Caller, CallerWith, Json, List, PageQuery, Path, Routes, State};
use domain::ids::{ImportId, PsaCompanyId};
use domain::object;
use domain::problem::{Code, Problem, ResourceKind};
use domain::rules::{CompanyFilter, PersonFilter, Rule, RuleDecision, Scope};
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::company_selection::RuleTargetView;
use super::decision::{self, RuleAnswer};
use super::filter::{self, WherePeople};
use crate::decisions::rules::{self, RuleId};
use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/rules", list, || {
        Call::new("listRules", "Decisions on many rows at once, the latest first")
            .query::<PageQuery>()
            .answers::<List<RuleView>>(200, json!({ "items": [example()], "next": null }))
            .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
    .delete("/imports/{x}/rules/{r}", take_back, || {
        Call::new(
            "takeBackRule",
            "Takes a decision on many rows back; what was decided before it counts again",
        )
        .answers::<RuleView>(200, example())
        .refuses(&decision::REFUSED)
    })
    .post("/imports/{x}/addresses/select", select, || {
        Call::new("selectPeople", "Ticks people of all companies")
            .body::<Select>(json!({ "selected": true, "where": { "active": true, "company": { "status": "mapped" } } }))
            .answers::<RuleAnswer>(200, json!({ "companies": 4711, "selected": true, "rule": "3" }))
            .refuses(&decision::REFUSED)
            .refuses(&[Code::LimitExceeded])
    })
}

fn example() -> Value {
    json!({ "id": "3", "selected": true, "about": "companies", "where": { "statuses": ["mapped"] } })
}

/// A decision on many rows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
struct RuleView {
    id: RuleId,
    /// Whether the rows are selected; not there if they are reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    selected: Option<bool>,
    /// What companies become.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<RuleTargetView>,
    /// Whether the rows are as if nobody had decided on them before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
    about: About,
    /// The company whose people it is about, if it is about one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<PsaCompanyId>,
    /// Which rows.
    #[serde(rename = "where")]
    #[schemars(with = "serde_json::Map<String, Value>")]
    filter: RuleFilter,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RuleAbout")]
enum About {
    Companies,
    People,
}

#[derive(Serialize)]
#[serde(untagged)]
enum RuleFilter {
    Companies(CompanyFilter),
    People(PersonFilter),
}

impl RuleView {
    fn of(company: Option<&PsaCompanyId>, rule: Rule) -> Self {
        let id = RuleId::of(company, rule.number);
        let (about, filter) = match rule.scope {
            Scope::Companies(filter) => (About::Companies, RuleFilter::Companies(filter)),
            Scope::People(filter) => (About::People, RuleFilter::People(filter)),
        };
        Self {
            id,
            selected: rule.decision.selected(),
            reset: rule.decision == RuleDecision::Reset,
            target: match rule.decision {
                RuleDecision::SelectAs(target) => Some(target.into()),
                _ => None,
            },
            about,
            company: company.cloned(),
            filter,
        }
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    Path(id): Path<ImportId>,
) -> Api<Json<List<RuleView>>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let decided = services.tenant(&caller.msp).decided(&import).await?;
    let rules = decided.all_rules().into_iter();
    let views = rules.map(|(company, rule)| RuleView::of(company.as_ref(), rule));
    Ok(Json(List::counted(views.collect(), &page)?))
}

async fn take_back(
    State(services): State<Services>,
    caller: Caller,
    Path((id, rule)): Path<(ImportId, RuleId)>,
) -> Api<Json<RuleView>> {
    let import = review::in_review(&services, &caller, &id).await?;
    let (company, number) = rule.parts().ok_or_else(|| Problem::not_found(ResourceKind::Rule))?;
    let taken_back = rules::take_back(&services, &import, company.as_ref(), number).await?;
    Ok(Json(RuleView::of(company.as_ref(), taken_back)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SelectPeople")]
struct Select {
    selected: bool,
    #[serde(rename = "where", default, deserialize_with = "object::only")]
    filter: WherePeople,
}

async fn select(
    State(services): State<Services>,
    caller: Caller,
    Path(id): Path<ImportId>,
    Body(Select { selected, filter }): Body<Select>,
) -> Api<Json<RuleAnswer>> {
    let import = review::in_review(&services, &caller, &id).await?;
    filter::check_active(selected, filter.active)?;
    let filter = filter.try_into()?;
    Ok(Json(rules::select_people(&services, &import, selected, filter).await?))
}
