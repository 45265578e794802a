//! `/imports/{x}/plan`: what is about to happen, before anything is written (R26)

use std::collections::BTreeSet;
use std::ops::Range;

use api::{
    AcceptLanguage, Api, Call, CallerWith, Json, Limit, PageQuery, Paged, Path, PeopleView, Routes, State,
    SuspiciousView, find_integration,
};
use domain::directory::Licences;
use domain::ids::{ImportId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::not_in::PeopleCounts;
use domain::plan::mass_change::MassChange;
use domain::plan::{PlanBreakdown, PlanChange, PlanSummary, Step};
use domain::problem::Code;
use domain::text::Text;
use lambda::Services;
use planning::{Difference, Page, Wanted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filter::Several;
use crate::least_time::LeastTime;
use crate::pages::Pages;
use crate::review;

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/plan", show, || {
        Call::new(
            "showPlan",
            "Shows what an import in review would do, before anything is written. After the confirmation, see its result",
        )
            .query::<Items>()
            .query::<PageQuery>()
            .answers::<PlanView>(200, example())
            .computes_plan()
            .refuses(&[Code::WrongState, Code::IntegrationNotFound, Code::SnapshotExpired])
    })
}

fn example() -> Value {
    let mut summary = PlanSummary::default();
    summary.add([Step::CreateCompany, Step::CreateUser]);
    json!({
        "hash": "5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786a1c0ffee5f0c1a9be2d34786",
        "summary": summary,
        "breakdown": {
            "companies": { "unmapped": { "createCompany": 1 } }, "people": { "unmapped": { "createUser": 1 } },
            "skippedCompanies": {}, "skippedPeople": {},
        },
        "licences": { "needed": 1, "mode": "pool", "total": 1000, "used": 274, "reserved": 0, "available": 726 },
        "leastTime": { "requests": 2, "seconds": 3 },
        "peopleNotIn": { "count": 0, "reasons": PeopleCounts::NONE },
        "items": example_items(),
        "next": null,
    })
}

/// The items of the example, as the plan of one company shows them.
pub fn example_of_items() -> Value {
    let mut summary = PlanSummary::default();
    summary.add([Step::CreateCompany, Step::CreateUser]);
    json!({ "selected": true, "licences": 1, "summary": summary, "items": example_items() })
}

fn example_items() -> Value {
    json!([
            {
                "action": "createCompany", "company": { "id": "251", "name": "Bakkerij Postma" }, "before": null,
                "after": { "name": "Bakkerij Postma" }, "reason": "not_mapped", "detail": "It was not imported before.",
            },
            {
                "action": "createUser", "company": { "id": "251", "name": "Bakkerij Postma" },
                "address": { "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma" },
                "before": null, "after": { "address": "sanne@postma.example", "name": "Sanne Postma" }, "reason": "ticked",
                "detail": "It is ticked, and nobody has this address yet.",
            },
    ])
}

/// What the import would do, with a page of its items.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Plan")]
struct PlanView {
    /// Says that much is absent, so the snapshot may be incomplete (R54). Absent if nothing is suspicious.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspicious: Option<SuspiciousView>,
    /// Identifies the plan. Send it as `planHash` to confirm, or as `since` to see later changes.
    hash: String,
    /// How the plan differs from the one in `since`. Present if the call has `since`.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<DifferenceView>,
    /// How many items the whole plan has for each action.
    summary: PlanSummary,
    /// How many items the whole plan has by status and action, and how many it skips for each reason.
    breakdown: PlanBreakdown,
    /// How many licences the plan needs and the MSP has.
    licences: LicenceNeed,
    /// The shortest time in which the directory can apply the plan. Absent if the directory sets no pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    least_time: Option<LeastTime>,
    /// Says that the plan must be confirmed as a mass change (R39). Absent if it need not.
    #[serde(skip_serializing_if = "Option::is_none")]
    mass_change: Option<MassChange>,
    /// How many people were imported before and are not in the snapshot, of selected and other companies. Their users stay as they are.
    people_not_in: Option<PeopleView>,
    /// The items of this page.
    items: Vec<Item>,
    /// The cursor of the next page: pass it as `after`. Null on the last page.
    next: Option<String>,
}

/// What happens to one row, with the reason as a sentence.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlanItem")]
pub struct Item {
    #[serde(flatten)]
    change: PlanChange,
    /// The reason as a sentence, in the language of the caller.
    detail: &'static str,
}

impl Item {
    /// A change with the text of its reason.
    pub fn of(change: PlanChange, language: Language) -> Self {
        let detail = change.detail(language);
        Self { change, detail }
    }
}

/// How many licences the plan needs, and the licences that the MSP has. In a pool `used + reserved + available = total` at all times.
#[derive(Serialize, JsonSchema)]
struct LicenceNeed {
    /// How many licences the plan needs: one for each new user.
    needed: u64,
    #[serde(flatten)]
    pool: Licences,
    /// What the administrator should know before confirming, in the language of the caller. Absent if there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
}

/// Which items of the plan to show.
#[derive(Debug, Deserialize, JsonSchema)]
struct Items {
    /// Only items with one of these actions, separated by commas.
    #[serde(default)]
    action: Several<Step>,
    /// Only items of the company with this id in the PSA.
    company: Option<PsaCompanyId>,
    /// The `hash` of a plan that an earlier call showed: only items of companies whose part of the plan has changed since.
    since: Option<Text<1, 64>>,
}

/// How the plan differs from an earlier one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlanDifference")]
struct DifferenceView {
    /// How many companies have a new or changed part of the plan.
    changed: usize,
    /// The ids of companies that the earlier plan had and this one does not.
    gone: BTreeSet<PsaCompanyId>,
}

impl From<Difference> for DifferenceView {
    fn from(difference: Difference) -> Self {
        Self {
            changed: difference.changed.len(),
            gone: difference.gone,
        }
    }
}

impl Items {
    /// The items that are asked for, and what differs if that is.
    async fn read(
        self,
        (services, import): (&Services, &Import),
        range: Range<usize>,
    ) -> Api<(Page, Option<DifferenceView>)> {
        let pages = Pages::open(services, import).await?;
        let difference = match self.since {
            Some(since) => Some(pages.since(&since).await?),
            None => None,
        };
        let one: BTreeSet<PsaCompanyId> = self.company.into_iter().collect();
        let wanted = Wanted {
            companies: match &difference {
                Some(difference) if one.is_empty() => Some(difference.changed.clone()),
                Some(difference) => Some(&difference.changed & &one),
                None => Some(one).filter(|one| !one.is_empty()),
            },
            actions: self.action.0,
            range,
        };
        let page = pages.page(&wanted).await?;
        Ok((page, difference.map(DifferenceView::from)))
    }
}

async fn show(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Items>>,
    AcceptLanguage(language): AcceptLanguage,
    Path(id): Path<ImportId>,
) -> Api<Json<PlanView>> {
    let import = review::with_plan(&services, &caller, &id).await?;
    let (from, Limit(limit)) = (query.page.offset()?, query.page.limit);
    let integration = find_integration(&services.tenant(&caller.msp), &import.integration).await?;
    let (page, difference) = query.filter.read((&services, &import), from..from + limit).await?;
    let directory = services.remembered_directory(&caller.msp).await?;
    Ok(Json(PlanView {
        suspicious: SuspiciousView::of(&import, language),
        people_not_in: PeopleView::of(&import),
        mass_change: page.totals.mass_change(integration.policy.mass_change),
        hash: page.totals.hash,
        difference,
        licences: LicenceNeed::of(page.totals.licences, directory.licences().await?, language),
        least_time: LeastTime::with(directory.as_ref(), &page.totals.summary, &services.lastpass_pace),
        summary: page.totals.summary,
        breakdown: page.totals.breakdown,
        next: page.has_more.then(|| (from + limit).to_string()),
        items: page.items.into_iter().map(|item| Item::of(item, language)).collect(),
    }))
}

impl LicenceNeed {
    fn of(needed: u64, pool: Licences, language: Language) -> Self {
        let warning = pool.mode.warning(needed, language);
        Self { needed, pool, warning }
    }
}
