//! `/imports/{x}/companies/{p}/addresses`: who gets access (R28–R33)

use std::collections::{BTreeMap, HashSet};

use api::{Api, Body, Call, Caller, CallerWith, Json, List, PageQuery, Paged, Path, Routes, State};
use domain::address::NoAddress;
use domain::directory::UserState;
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, ImportId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::import::Import;
use domain::name::Searched;
use domain::object;
use domain::plan::planner::{self, AddressView};
use domain::problem::{Code, Problem, ResourceKind};
use domain::row::AddressStatus;
use domain::rules::{CompanyFilter, PersonFilter};
use domain::text::Term;
use jiff::Timestamp;
use lambda::Services;
use planning::{Asked, Context};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::decision::{self, Decision, RuleAnswer};
use super::exclusions::ExcludedView;
use super::filter::{self, Several};
use super::target::TargetView;
use crate::{decisions, review};

pub fn routes<R: Routes>(to: R) -> R {
    to.get("/imports/{x}/companies/{p}/addresses", list, || {
        Call::new(
            "listAddresses",
            "Lists the addresses of a company, with what is decided on them",
        )
        .query::<Browse>()
        .query::<PageQuery>()
        .answers::<Addresses>(200, json!({ "items": [example()], "next": null, "counts": counts() }))
        .refuses(&[Code::WrongState, Code::SnapshotExpired])
    })
    .post("/imports/{x}/companies/{p}/addresses/select", select, || {
        Call::new(
            "selectAddresses",
            "Ticks many addresses of a company, or takes ticks back, by a rule",
        )
        .body::<Select>(json!({ "selected": true, "where": { "active": true } }))
        .answers::<RuleAnswer>(200, json!({ "matched": 12, "selected": true, "rule": "251~1" }))
        .refuses(&decision::REFUSED)
        .refuses(&[Code::LimitExceeded])
    })
    .patch("/imports/{x}/companies/{p}/addresses/{a}", decide, || {
        Call::new("decideAddress", "Decides on one address")
            .body::<Decision<UserId>>(json!({ "version": 0, "selected": true }))
            .answers::<AddressRow>(200, example())
            .refuses(&decision::REFUSED)
            .refuses(&[Code::DecisionConflict, Code::NotSelectable])
    })
}

fn counts() -> Value {
    json!({ "total": 12, "selected": 11, "excluded": 0, "byStatus": { "unmapped": 11, "no_address": 1 } })
}

fn example() -> Value {
    json!({
        "id": "1204~7781", "address": "sanne@postma.example", "contact": "Sanne Postma", "active": true,
        "status": "unmapped", "selected": true, "target": { "automatic": {} }, "version": 1,
    })
}

/// An address of a company, with its status and the decision on it. Contacts with the same address share one row.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AddressRow {
    /// The id of the row within its company.
    id: AddressId,
    /// The email address, or the text that the PSA has in its place (see `noAddress`).
    address: String,
    /// The contact's name in the PSA.
    contact: String,
    /// Whether the PSA counts the contact as active.
    active: bool,
    /// What the import knows of the address.
    status: AddressStatus,
    /// The text in place of an address, and why it is not one. Absent if there is an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_address: Option<NoAddress>,
    /// Whether the row is ticked: the person gets or keeps access if the company is selected.
    selected: bool,
    /// The user that the address is mapped to, or else could be linked to. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserView>,
    /// Who excluded the contact, when and why: no decision selects it. Absent if it is not excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<ExcludedView>,
    /// What the row becomes if it is selected.
    target: TargetView<UserId>,
    /// Whom the address belonged to when the row was last imported. Only with the status `possible_successor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Before>,
    /// When the company was last imported. Absent if the address is not mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_imported: Option<Timestamp>,
    /// The managed company whose user has the address: for a mapped row, a user other than its own. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<Conflict>,
    /// Grows with every decision on the row. Send it with the next one.
    version: u64,
}

/// A user, as the directory had it when it was last read.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AddressUser")]
struct UserView {
    /// The user's id in the directory.
    id: UserId,
    /// How far the user has come.
    state: UserState,
    /// The user's address. Absent if it is the address of the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// The new address that the directory asked the user to agree to. Absent if it did not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_for: Option<String>,
}

impl UserView {
    fn of(view: &AddressView<'_>) -> Option<Self> {
        let user = view.user?;
        let asked_for = view.mapping.and_then(|mapping| mapping.remembered.asked_for.as_ref());
        let is_other = Some(user.address.key()) != view.snapshot.key();
        Some(Self {
            id: user.id.clone(),
            state: user.state,
            address: is_other.then(|| user.address.original().to_owned()),
            asked_for: asked_for.map(|address| address.original().to_owned()),
        })
    }
}

/// The contact and the address that a row was last imported with.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AddressBefore")]
struct Before {
    /// The contact's name then.
    contact: String,
    /// The email address then.
    address: String,
}

/// The managed company whose user already has the address.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Conflict {
    /// The id of the managed company in the directory.
    managed_company: ManagedCompanyId,
    /// The name of the managed company. Absent if the directory does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether the company was mapped to this managed company before, and its users stayed there.
    former: bool,
}

impl AddressRow {
    fn of(
        view: &AddressView<'_>,
        context: &Context,
        last_imported: Option<Timestamp>,
        former: Option<&ManagedCompanyId>,
    ) -> Self {
        Self {
            id: view.snapshot.id.clone(),
            address: view.snapshot.text().to_owned(),
            no_address: view.no_address(),
            contact: view.snapshot.name.clone(),
            active: view.snapshot.active,
            status: view.status.clone(),
            selected: view.selected,
            user: UserView::of(view),
            excluded: view.decision.excluded.clone().map(ExcludedView::from),
            target: view.decision.target.clone().into(),
            before: view.before.clone().map(|(contact, address)| Before {
                contact,
                address: address.original().to_owned(),
            }),
            last_imported: last_imported.filter(|_| view.mapping.is_some()),
            conflict: view.held_by().map(|company| Conflict {
                name: context.companies.get(company).map(|company| company.name),
                former: former == Some(company),
                managed_company: company.clone(),
            }),
            version: view.version,
        }
    }
}

/// The addresses of a company as they are shown.
fn rows(context: &Context, facts: &CompanyFacts) -> Vec<AddressRow> {
    let views = planner::address_rows(facts, &context.companies);
    let former = planner::former_company(facts, &context.companies);
    let rows = views
        .iter()
        .map(|view| AddressRow::of(view, context, facts.row.last_imported, former));
    rows.collect()
}

#[derive(Deserialize, JsonSchema)]
struct Browse {
    /// Only rows with one of these statuses, separated by commas.
    #[serde(default)]
    status: Several<AddressStatus>,
    /// Only rows whose name or address contains this text, in any case and with or without accents.
    search: Option<Term>,
    /// `true`: only contacts that the PSA counts as active. `false`: only the others.
    active: Option<bool>,
    /// `true`: only rows that are selected. `false`: only the others.
    selected: Option<bool>,
    /// `true`: only contacts that are excluded. `false`: only the others.
    excluded: Option<bool>,
    /// Whether to add `counts`. This, `status` and `selected` are slower: they ask the directory who has each address.
    #[serde(default)]
    counts: bool,
}

impl Browse {
    /// Whether it takes the status of every row, for which it must be known who has its address.
    const fn asks_for_holders(&self) -> bool {
        self.counts || self.selected.is_some() || !self.status.0.is_empty()
    }

    fn accepts(&self, row: &AddressRow, search: Option<&Searched>) -> bool {
        (self.status.0.is_empty() || self.status.0.contains(&row.status))
            && self.active.is_none_or(|active| active == row.active)
            && self.selected.is_none_or(|selected| selected == row.selected)
            && self.excluded.is_none_or(|excluded| excluded == row.excluded.is_some())
            && search.is_none_or(|search| search.is_in(&row.contact) || search.is_in(&row.address))
    }
}

/// A page of the address rows of a company.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AddressRows")]
struct Addresses {
    #[serde(flatten)]
    page: List<AddressRow>,
    /// How many rows the company has of each kind. Present if the call asks for `counts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<RowCounts>,
}

/// How many address rows the company has, whatever rows the call asks for.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AddressRowCounts")]
struct RowCounts {
    /// All rows.
    total: u64,
    /// The rows that are selected.
    selected: u64,
    /// The rows of contacts that are excluded.
    excluded: u64,
    /// The number of rows for each status; a status without rows is absent.
    by_status: BTreeMap<AddressStatus, u64>,
}

impl RowCounts {
    fn of(rows: &[AddressRow]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.total += 1;
            counts.selected += u64::from(row.selected);
            counts.excluded += u64::from(row.excluded.is_some());
            *counts.by_status.entry(row.status.clone()).or_default() += 1;
        }
        counts
    }
}

async fn list(
    State(services): State<Services>,
    CallerWith { caller, query }: CallerWith<Paged<Browse>>,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
) -> Api<Json<Addresses>> {
    let import = review::with_rows(&services, &caller, &id).await?;
    let rows = if query.filter.asks_for_holders() {
        all(&services, &import, &company, &query).await
    } else {
        shown(&services, &import, &company, &query).await
    };
    rows.map(Json)
}

/// The page, with the counts, of rows whose holders are all asked for.
async fn all(services: &Services, import: &Import, company: &PsaCompanyId, query: &Paged<Browse>) -> Api<Addresses> {
    let (context, facts) = review::facts(services, import, company, Asked::All).await?;
    let rows = rows(&context, &facts);
    Ok(Addresses {
        counts: query.filter.counts.then(|| RowCounts::of(&rows)),
        page: page(rows, query),
    })
}

/// The page. Which rows there are does not depend on who holds their addresses: only those of the page are asked for.
async fn shown(services: &Services, import: &Import, company: &PsaCompanyId, query: &Paged<Browse>) -> Api<Addresses> {
    let nobody = HashSet::new();
    let (mut context, mut facts) = review::facts(services, import, company, Asked::Of(&nobody)).await?;
    let shown = page(rows(&context, &facts), query).items.into_iter();
    let shown: HashSet<AddressId> = shown.map(|row| row.id).collect();
    review::add_holders(&mut context, &mut facts, &shown).await?;
    Ok(Addresses {
        page: page(rows(&context, &facts), query),
        counts: None,
    })
}

fn page(rows: Vec<AddressRow>, query: &Paged<Browse>) -> List<AddressRow> {
    let search = query.filter.search.as_ref().map(|search| Searched::of(search));
    let accepted = rows
        .into_iter()
        .filter(|row| query.filter.accepts(row, search.as_ref()));
    List::page(accepted, &query.page, |row| row.id.as_str().to_owned())
}

async fn decide(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company, address)): Path<(ImportId, PsaCompanyId, AddressId)>,
    Body(decision): Body<Decision<UserId>>,
) -> Api<Json<AddressRow>> {
    decision.check()?;
    let import = review::in_review(&services, &caller, &id).await?;
    let (context, facts) = decisions::addresses::decide(&services, &import, &company, &address, &decision).await?;
    let row = rows(&context, &facts).into_iter().find(|row| row.id == address);
    Ok(Json(
        row.ok_or_else(|| Problem::not_found(ResourceKind::AddressOfCompany))?,
    ))
}

/// Which address rows of the company. All conditions must hold; without any, all rows.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "WhereAddresses")]
struct Where {
    /// Rows with one of these statuses: one value, or a list.
    status: Several<AddressStatus>,
    /// Rows whose name or address contains this text, in any case and with or without accents.
    search: Option<Term>,
    /// Rows that the PSA counts as active, or only others. A rule ticks no inactive contact: `false` works only with `"selected": false`.
    active: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SelectAddresses")]
struct Select {
    /// Whether the rows are ticked, or their ticks taken back.
    selected: bool,
    /// Which rows; without it, all of the company.
    #[serde(rename = "where", default, deserialize_with = "object::only")]
    filter: Where,
}

impl From<Where> for PersonFilter {
    fn from(asked: Where) -> Self {
        Self {
            statuses: asked.status.0,
            search: asked.search.map(filter::sought),
            active: asked.active,
            ids: None,
            company: CompanyFilter::default(),
        }
    }
}

async fn select(
    State(services): State<Services>,
    caller: Caller,
    Path((id, company)): Path<(ImportId, PsaCompanyId)>,
    Body(select): Body<Select>,
) -> Api<Json<RuleAnswer>> {
    let Select { selected, filter } = select;
    let import = review::in_review(&services, &caller, &id).await?;
    filter::check_active(selected, filter.active)?;
    let rule = decisions::addresses::add_rule(&services, &import, &company, selected, filter.into());
    let selected = Box::pin(rule).await?;
    Ok(Json(selected))
}
