//! Decisions on the addresses of one company (R27–R32).

use std::collections::HashSet;

use api::{Api, ApiError};
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::import::Import;
use domain::plan::planner::{self, AddressView};
use domain::problem::{Mistake, Problem, ResourceKind};
use domain::row::{AddressDecision, AddressStatus, Target};
use lambda::Services;
use store::retry::Attempts;
use store::rows::Decided;

use crate::api::decision::Decision;
use crate::review;

/// Decides on one address.
pub async fn decide(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    address: &AddressId,
    decision: &Decision<UserId>,
) -> Api<()> {
    let mut attempts = Attempts::at("decision on an address");
    loop {
        let (planning, facts) = review::facts(services, import.clone(), company).await?;
        let rows = planner::address_rows(&facts, &planning.companies);
        let view = rows.iter().find(|view| view.snapshot.id == *address);
        let view = view.ok_or_else(|| Problem::not_found(ResourceKind::AddressOfCompany))?;
        check(decision, view, &facts)?;
        let decide = |row: &AddressId, now: AddressDecision| {
            if row != address {
                Change::None
            } else if now.version != decision.version {
                Change::Conflict
            } else {
                Change::To(AddressDecision {
                    selected: decision.selected.or(now.selected),
                    target: decision.target.clone().unwrap_or(now.target),
                    ..now
                })
            }
        };
        if write(services, import, company, decide).await? {
            return Ok(());
        }
        attempts.again().await?;
    }
}

/// Refuses what cannot be decided on the row as it is now.
fn check(decision: &Decision<UserId>, view: &AddressView<'_>, facts: &CompanyFacts) -> Result<(), ApiError> {
    let version = view.decision.version;
    if version != decision.version {
        return Err(Problem::DecisionConflict { version }.into());
    }
    if let Some(Target::Existing(user)) = &decision.target
        && !facts.users.contains_key(user)
    {
        return Err(Problem::invalid("/target/existing", Mistake::NoUser).into());
    }
    if decision.selected == Some(true) && !is_selectable(view) {
        let status = serde_json::to_value(&view.status).ok();
        let status = status.and_then(|status| status.as_str().map(str::to_owned));
        let status = status.unwrap_or_default();
        return Err(Problem::NotSelectable { status }.into());
    }
    Ok(())
}

/// What many rows at once may be ticked by: somebody has to look at a possible successor (R57).
const fn is_selectable_in_bulk(view: &AddressView<'_>) -> bool {
    is_selectable(view) && !matches!(view.status, AddressStatus::PossibleSuccessor)
}

/// What is no address, or somebody else's, cannot be ticked until that is resolved (R32).
const fn is_selectable(view: &AddressView<'_>) -> bool {
    !matches!(view.status, AddressStatus::NoAddress | AddressStatus::AddressConflict)
}

/// Ticks the addresses that match, or takes the ticks back, and counts them.
pub async fn select(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    selected: bool,
    accepts: impl Fn(&AddressView<'_>) -> bool,
) -> Api<usize> {
    let (planning, facts) = review::facts(services, import.clone(), company).await?;
    let rows = planner::address_rows(&facts, &planning.companies);
    let matching = rows
        .iter()
        .filter(|view| (!selected || is_selectable_in_bulk(view)) && accepts(view));
    let matching: HashSet<AddressId> = matching.map(|view| view.snapshot.id.clone()).collect();
    let selected = Some(selected);
    // Whatever was decided meanwhile, the tick goes on top of it, and changes nothing else of it.
    let tick = |row: &AddressId, now: AddressDecision| {
        if matching.contains(row) {
            Change::To(AddressDecision { selected, ..now })
        } else {
            Change::None
        }
    };
    let mut attempts = Attempts::at("decision on addresses");
    while !write(services, import, company, tick).await? {
        attempts.again().await?;
    }
    Ok(matching.len())
}

/// How the decision on a row changes.
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
                Change::To(decided) => {
                    let decided = AddressDecision { version, ..decided };
                    chunk.decisions.insert(row.id.clone(), decided);
                }
                Change::Conflict => return Ok(false),
            }
        }
        if chunk.decisions == before {
            continue;
        }
        let now = services.clock.now();
        match tenant.decide_addresses(import, company, &chunk, &before, now).await? {
            Decided::Recorded => {}
            Decided::Conflict => return Ok(false),
            Decided::NotInReview => return Err(review::not_in_review(services, import).await),
        }
    }
    Ok(true)
}
