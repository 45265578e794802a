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
        Call::new(
            "listRules",
            "Lists the rules, which are decisions on many rows at once; the latest first",
        )
        .query::<PageQuery>()
        .answers::<List<RuleView>>(200, json!({ "items": [example()], "next": null }))
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
    .delete("/imports/{x}/rules/{r}", take_back, || {
        Call::new("takeBackRule", "Takes a rule back; the decisions before it count again")
            .answers::<RuleView>(200, example())
            .refuses(&decision::REFUSED)
    })
    .post("/imports/{x}/addresses/select", select, || {
        Call::new(
            "selectPeople",
            "Ticks people of many companies, or takes ticks back, by a rule",
        )
        .body::<Select>(json!({ "selected": true, "where": { "active": true, "company": { "status": "mapped" } } }))
        .answers::<RuleAnswer>(200, json!({ "companies": 4711, "selected": true, "rule": "3" }))
        .refuses(&decision::REFUSED)
        .refuses(&[Code::LimitExceeded])
    })
}

fn example() -> Value {
    json!({ "id": "3", "selected": true, "about": "companies", "where": { "statuses": ["mapped"] } })
}

/// A rule: a decision on all rows that meet its conditions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
struct RuleView {
    /// The id of the rule within its import.
    id: RuleId,
    /// Whether the rule selects the rows. Absent if it resets them.
    #[serde(skip_serializing_if = "Option::is_none")]
    selected: Option<bool>,
    /// What the companies become. Absent if the rule leaves that open, or is about people.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<RuleTargetView>,
    /// Whether the rule undoes earlier decisions on the rows. Absent means `false`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
    /// Whether the rule decides on companies or on people.
    about: About,
    /// The id of the PSA company whose people the rule is about. Absent if it is about companies, or about people of many companies.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<PsaCompanyId>,
    /// The conditions that the rows meet: `statuses`, `search`, `type`, `active` and `ids`; for people, `company` has those of their company.
    /// An absent condition is left open.
    #[serde(rename = "where")]
    #[schemars(with = "serde_json::Map<String, Value>")]
    filter: RuleFilter,
}

/// What the rows of a rule are.
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
    /// Whether the people are ticked, or their ticks taken back.
    selected: bool,
    /// Which people; without it, all of the selected companies.
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
