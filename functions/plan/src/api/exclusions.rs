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
            "Lists the companies and people that no import selects",
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
                "Excludes a company from all imports, or replaces the reason; refused while an import executes",
            )
            .body::<Why>(json!({ "why": "A vendor of ours, not a client.", "name": "Bakkerij Postma" }))
            .answers::<ExclusionView>(200, example())
            .refuses(&REFUSED)
            .refuses(&[Code::LimitExceeded])
        })
        .delete("/integrations/{i}/exclusions/companies/{p}", bring_company_back, || {
            Call::new(
                "bringCompanyBack",
                "Ends the exclusion of a company, and returns the exclusion",
            )
            .answers::<ExclusionView>(200, example())
            .refuses(&REFUSED)
        });
    to.put("/integrations/{i}/exclusions/people/{n}", exclude_person, || {
        Call::new(
            "excludePerson",
            "Excludes a contact and all its addresses from all imports, or replaces the reason; refused while an import executes",
        )
        .body::<Why>(json!({ "why": "A scanner's mailbox.", "name": "Scanner Postma" }))
        .answers::<ExclusionView>(200, person())
        .refuses(&REFUSED)
        .refuses(&[Code::LimitExceeded])
    })
    .delete("/integrations/{i}/exclusions/people/{n}", bring_person_back, || {
        Call::new(
            "bringPersonBack",
            "Ends the exclusion of a contact, and returns the exclusion",
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

/// Who excluded a company or a contact, when and why.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Excluded")]
pub struct ExcludedView {
    /// The reason, as the administrator wrote it.
    why: String,
    /// The email address of the administrator who excluded it.
    by: String,
    /// When it was excluded.
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

/// A company or a contact that no import selects.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exclusion")]
struct ExclusionView {
    #[serde(flatten)]
    what: Excludable,
    /// The name that was given with the exclusion. Absent if none was.
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
    /// Only companies, or only people. Absent: both.
    kind: Option<Kind>,
}

/// Why the company or contact is excluded.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Why {
    /// The reason, for other administrators to read.
    why: Text<1, 500>,
    /// A name to show in lists, such as the name of the row. Absent: lists have only the id.
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
