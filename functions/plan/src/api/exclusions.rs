//! `/integrations/{i}/exclusions`: companies and people that are excluded for good (R96)

use api::{Api, Body, Call, Caller, CallerWith, Json, List, PageQuery, Paged, Path, Routes, State, find_integration};
use domain::exclusion::{Excludable, Exclusion, Exclusions};
use domain::ids::{IntegrationId, PsaCompanyId, PsaContactId};
use domain::name::Name;
use domain::problem::Code;
use domain::text::Text;
use jiff::Timestamp;
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::exclusions;

pub fn routes<R: Routes>(to: R) -> R {
    const REFUSED: [Code; 2] = [Code::IntegrationNotFound, Code::IntegrationLocked];
    let to = to.get("/integrations/{i}/exclusions", list, || {
        Call::new(
            "listExclusions",
            "Companies and people that no import selects, whatever is decided",
        )
        .query::<Browse>()
        .query::<PageQuery>()
        .answers::<List<ExclusionView>>(200, json!({ "items": [example()], "next": null }))
        .refuses(&[Code::IntegrationNotFound])
    });
    let to = to
        .put("/integrations/{i}/exclusions/companies/{p}", exclude_company, || {
            Call::new(
                "excludeCompany",
                "Excludes a company for good, or replaces the reason; not while an import executes",
            )
            .body::<Why>(json!({ "why": "A vendor of ours, not a client.", "name": "Bakkerij Postma" }))
            .answers::<ExclusionView>(200, example())
            .refuses(&REFUSED)
            .refuses(&[Code::LimitExceeded])
        })
        .delete("/integrations/{i}/exclusions/companies/{p}", bring_company_back, || {
            Call::new(
                "bringCompanyBack",
                "Ends the exclusion of a company, and returns what it was",
            )
            .answers::<ExclusionView>(200, example())
            .refuses(&REFUSED)
        });
    to.put("/integrations/{i}/exclusions/people/{n}", exclude_person, || {
        Call::new(
            "excludePerson",
            "Excludes a contact with all its addresses for good, or replaces the reason; not while an import executes",
        )
        .body::<Why>(json!({ "why": "A scanner's mailbox.", "name": "Scanner Postma" }))
        .answers::<ExclusionView>(200, person())
        .refuses(&REFUSED)
        .refuses(&[Code::LimitExceeded])
    })
    .delete("/integrations/{i}/exclusions/people/{n}", bring_person_back, || {
        Call::new(
            "bringPersonBack",
            "Ends the exclusion of a contact, and returns what it was",
        )
        .answers::<ExclusionView>(200, person())
        .refuses(&REFUSED)
    })
}

fn example() -> Value {
    json!({
        "kind": "company", "id": "251", "name": "Bakkerij Postma", "why": "A vendor of ours, not a client.",
        "by": "ana@noordzee.example", "at": "2026-03-02T08:00:00Z",
    })
}

fn person() -> Value {
    json!({
        "kind": "person", "id": "1204", "name": "Scanner Postma", "why": "A scanner's mailbox.",
        "by": "ana@noordzee.example", "at": "2026-03-02T08:00:00Z",
    })
}

/// Who excluded a row for good, when and why.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Excluded")]
pub struct ExcludedView {
    why: String,
    by: String,
    at: Timestamp,
}

impl From<Exclusion> for ExcludedView {
    fn from(exclusion: Exclusion) -> Self {
        Self {
            why: exclusion.why,
            by: exclusion.by.name,
            at: exclusion.at,
        }
    }
}

/// What is excluded for good.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exclusion")]
struct ExclusionView {
    #[serde(flatten)]
    what: Excludable,
    /// What it was called when it was excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    excluded: ExcludedView,
}

impl ExclusionView {
    fn of(what: Excludable, exclusion: Exclusion) -> Self {
        Self {
            what,
            name: exclusion.name.clone(),
            excluded: exclusion.into(),
        }
    }

    /// Companies come before people.
    fn place(&self) -> String {
        match &self.what {
            Excludable::Company(company) => format!("company#{company}"),
            Excludable::Person(contact) => format!("person#{contact}"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
enum Kind {
    Company,
    Person,
}

#[derive(Deserialize, JsonSchema)]
struct Browse {
    /// Only companies, or only people.
    kind: Option<Kind>,
}

/// Why something is excluded.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Why {
    why: Text<1, 500>,
    /// What the list calls it, such as the name that its row shows.
    name: Option<Name<255>>,
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Browse>>,
    Path(id): Path<IntegrationId>,
) -> Api<Json<List<ExclusionView>>> {
    let tenant = services.tenant(&caller.msp);
    find_integration(&tenant, &id).await?;
    let Exclusions { companies, people } = tenant.standing(&id).await?.exclusions;
    let companies = companies.into_iter();
    let companies = companies.map(|(id, of)| ExclusionView::of(Excludable::Company(id), of));
    let people = people.into_iter();
    let people = people.map(|(id, of)| ExclusionView::of(Excludable::Person(id), of));
    let kind = query.filter.kind;
    let companies = companies.filter(|_| kind != Some(Kind::Person));
    let all = companies.chain(people.filter(|_| kind != Some(Kind::Company)));
    Ok(Json(List::page(all, &query.page, ExclusionView::place)))
}

async fn exclude(
    services: &Services,
    caller: &Caller,
    id: &IntegrationId,
    (what, Why { why, name }): (Excludable, Why),
) -> Api<Json<ExclusionView>> {
    let reason = (why.into(), name.map(String::from));
    let exclusion = exclusions::exclude(services, caller, id, (&what, reason)).await?;
    Ok(Json(ExclusionView::of(what, exclusion)))
}

async fn exclude_company(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(IntegrationId, PsaCompanyId)>,
    Body(why): Body<Why>,
) -> Api<Json<ExclusionView>> {
    exclude(&services, &caller, &id, (Excludable::Company(company), why)).await
}

async fn exclude_person(
    State(services): State<Services>,
    caller: Caller,
    Path((id, contact)): Path<(IntegrationId, PsaContactId)>,
    Body(why): Body<Why>,
) -> Api<Json<ExclusionView>> {
    exclude(&services, &caller, &id, (Excludable::Person(contact), why)).await
}

async fn bring_company_back(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(IntegrationId, PsaCompanyId)>,
) -> Api<Json<ExclusionView>> {
    let what = Excludable::Company(company);
    let exclusion = exclusions::bring_back(&services, &caller, &id, &what).await?;
    Ok(Json(ExclusionView::of(what, exclusion)))
}

async fn bring_person_back(
    State(services): State<Services>,
    caller: Caller,
    Path((id, contact)): Path<(IntegrationId, PsaContactId)>,
) -> Api<Json<ExclusionView>> {
    let what = Excludable::Person(contact);
    let exclusion = exclusions::bring_back(&services, &caller, &id, &what).await?;
    Ok(Json(ExclusionView::of(what, exclusion)))
}
