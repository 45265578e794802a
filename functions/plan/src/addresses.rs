//! The addresses of one company: who gets access (R28–R33).

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use domain::address::NoAddress;
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, ImportId, ManagedCompanyId, PsaCompanyId, UserId};
use domain::import::Import;
use domain::object;
use domain::planner::{self, AddressView};
use domain::problem::{Problem, ResourceKind};
use domain::row::{AddressDecision, AddressStatus, Target};
use domain::text::Term;
use jiff::Timestamp;
use planning::{Planning, PlanningError};
use runtime::{Api, ApiError, Body, Caller, CallerWith, List, PageQuery, PathIds, Services};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::retry::Attempts;
use store::rows::Decided;

use crate::companies::{Selected, contains};
use crate::scope;
use crate::target::TargetView;

/// An address row as it is shown.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddressRow {
    id: AddressId,
    address: String,
    contact: String,
    active: bool,
    status: AddressStatus,
    /// The text that is no address, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_address: Option<NoAddress>,
    selected: bool,
    target: TargetView<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_imported: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<Conflict>,
    version: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Conflict {
    managed_company: ManagedCompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl AddressRow {
    fn of(view: &AddressView<'_>, planning: &Planning, last_imported: Option<Timestamp>) -> Self {
        Self {
            id: view.snapshot.id.clone(),
            address: match &view.address {
                Ok(address) => address.original().to_owned(),
                Err(_) => view.snapshot.text.clone(),
            },
            no_address: view.no_address(),
            contact: view.snapshot.name.clone(),
            active: view.snapshot.active,
            status: view.status.clone(),
            selected: view.selected,
            target: view.decision.target.clone().into(),
            last_imported: last_imported.filter(|_| view.mapping.is_some()),
            conflict: view.conflict.clone().map(|company| Conflict {
                name: planning.companies.get(&company).map(|company| company.name),
                managed_company: company,
            }),
            version: view.decision.version,
        }
    }
}

pub(crate) async fn list(
    State(services): State<Services>,
    CallerWith { caller, query: page }: CallerWith<PageQuery>,
    PathIds((id, company)): PathIds<(ImportId, PsaCompanyId)>,
) -> Api<Json<List<AddressRow>>> {
    let import = scope::with_rows(&services, &caller, &id).await?;
    let (planning, facts) = facts(&services, import, &company).await?;
    let rows = planner::address_rows(&facts, &planning.companies);
    let rows = rows
        .iter()
        .map(|view| AddressRow::of(view, &planning, facts.row.last_imported));
    Ok(Json(List::page(rows, &page, |row| row.id.as_str().to_owned())))
}

async fn facts(services: &Services, import: Import, company: &PsaCompanyId) -> Api<(Planning, CompanyFacts)> {
    let row = services
        .tenant(&import.msp)
        .row(&import, company)
        .await?
        .ok_or_else(|| Problem::not_found(ResourceKind::CompanyOfImport))?;
    let planning = scope::planning(services, import).await?;
    let facts = planning.facts(row).await.map_err(PlanningError::cause::<ApiError>)?;
    Ok((planning, facts))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AddressDecision", extend("minProperties" = 2))]
pub(crate) struct Decision {
    version: u64,
    selected: Option<bool>,
    target: Option<TargetView<UserId>>,
}

pub(crate) async fn decide(
    State(services): State<Services>,
    caller: Caller,
    PathIds((id, company, address)): PathIds<(ImportId, PsaCompanyId, AddressId)>,
    Body(decision): Body<Decision>,
) -> Api<Json<AddressRow>> {
    if decision.selected.is_none() && decision.target.is_none() {
        return Err(Problem::nothing_to_change(&["selected", "target"]).into());
    }
    let target = decision.target.map(Target::from);
    let import = scope::in_review(&services, &caller, &id).await?;
    let mut attempts = Attempts::at("decision on an address");
    loop {
        let (planning, facts) = facts(&services, import.clone(), &company).await?;
        let rows = planner::address_rows(&facts, &planning.companies);
        let view = rows.iter().find(|view| view.snapshot.id == address);
        let view = view.ok_or_else(|| Problem::not_found(ResourceKind::AddressOfCompany))?;
        if view.decision.version != decision.version {
            return Err(Problem::DecisionConflict {
                version: view.decision.version,
            }
            .into());
        }
        if let Some(Target::Existing(user)) = &target
            && !facts.users.contains_key(user)
        {
            let wording = (
                "there is no such user in the managed company",
                "het beheerde bedrijf heeft deze gebruiker niet",
            );
            return Err(Problem::invalid("/target/existing", wording).into());
        }
        if decision.selected == Some(true) && !selectable(view) {
            let status = serde_json::to_value(&view.status)
                .ok()
                .and_then(|status| status.as_str().map(str::to_owned));
            return Err(Problem::NotSelectable {
                status: status.unwrap_or_default(),
            }
            .into());
        }
        let decide = |row: &AddressId, now: AddressDecision| match () {
            () if *row != address => Change::None,
            () if now.version != decision.version => Change::Conflict,
            () => Change::To(AddressDecision {
                selected: decision.selected.or(now.selected),
                target: target.clone().unwrap_or(now.target),
                ..now
            }),
        };
        if write(&services, &import, &company, decide).await? {
            break;
        }
        attempts.again().await?;
    }
    let (planning, facts) = self::facts(&services, import, &company).await?;
    let rows = planner::address_rows(&facts, &planning.companies);
    let row = rows
        .iter()
        .find(|view| view.snapshot.id == address)
        .map(|view| AddressRow::of(view, &planning, facts.row.last_imported));
    Ok(Json(
        row.ok_or_else(|| Problem::not_found(ResourceKind::AddressOfCompany))?,
    ))
}

/// What is no address, or somebody else's, cannot be ticked until that is resolved (R32).
const fn selectable(view: &AddressView<'_>) -> bool {
    !matches!(view.status, AddressStatus::NoAddress | AddressStatus::AddressConflict)
}

/// Which rows.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "WhereAddresses")]
struct Where {
    status: Option<AddressStatus>,
    search: Option<Term>,
    active: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "SelectAddresses")]
pub(crate) struct Select {
    selected: bool,
    #[serde(rename = "where", default, deserialize_with = "object::only")]
    filter: Where,
}

/// Ticks many rows. People whom the PSA counts as inactive get access only when asked for by `active: false`.
pub(crate) async fn select(
    State(services): State<Services>,
    caller: Caller,
    PathIds((id, company)): PathIds<(ImportId, PsaCompanyId)>,
    Body(select): Body<Select>,
) -> Api<Json<Selected>> {
    let import = scope::in_review(&services, &caller, &id).await?;
    let (planning, facts) = facts(&services, import.clone(), &company).await?;
    let rows = planner::address_rows(&facts, &planning.companies);
    let matching = rows.iter().filter(|view| {
        (!select.selected || selectable(view))
            && select
                .filter
                .status
                .as_ref()
                .is_none_or(|status| *status == view.status)
            && (view.snapshot.active == select.filter.active.unwrap_or(true)
                || (!select.selected && select.filter.active.is_none()))
            && select
                .filter
                .search
                .as_ref()
                .is_none_or(|search| contains(&view.snapshot.name, search) || contains(&view.snapshot.text, search))
    });
    let ticked: HashSet<AddressId> = matching.map(|view| view.snapshot.id.clone()).collect();
    let matched = ticked.len();
    // Whatever was decided meanwhile, the tick goes on top of it, and changes nothing else of it.
    let tick = |row: &AddressId, now: AddressDecision| {
        if ticked.contains(row) {
            Change::To(AddressDecision {
                selected: Some(select.selected),
                ..now
            })
        } else {
            Change::None
        }
    };
    let mut attempts = Attempts::at("decision on addresses");
    while !write(&services, &import, &company, tick).await? {
        attempts.again().await?;
    }
    Ok(Json(Selected {
        matched,
        selected: select.selected,
    }))
}

/// What becomes of the decision on a row.
enum Change {
    None,
    To(AddressDecision),
    /// It was made on another version than this one.
    Conflict,
}

/// Changes decisions in the chunks they are kept in; `false` if another decision came in between.
async fn write(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    change: impl Fn(&AddressId, AddressDecision) -> Change,
) -> Api<bool> {
    let tenant = services.tenant(&import.msp);
    for mut chunk in tenant.addresses(import, company).await? {
        let before = chunk.decisions.clone();
        for row in &chunk.addresses {
            let now = before.get(&row.id).cloned().unwrap_or_default();
            let version = now.version + 1;
            match change(&row.id, now) {
                Change::None => {}
                Change::To(decided) => drop(
                    chunk
                        .decisions
                        .insert(row.id.clone(), AddressDecision { version, ..decided }),
                ),
                Change::Conflict => return Ok(false),
            }
        }
        if chunk.decisions == before {
            continue;
        }
        match tenant
            .decide_addresses(import, company, &chunk, &before, services.clock.now())
            .await?
        {
            Decided::Recorded => {}
            Decided::Conflict => return Ok(false),
            Decided::NotInReview => return Err(scope::not_in_review(services, import).await),
        }
    }
    Ok(true)
}
