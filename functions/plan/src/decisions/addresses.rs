//! Decisions on the addresses of one company (R27–R32).

use std::collections::HashSet;
use std::sync::Arc;

use api::{Api, ApiError};
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, PsaCompanyId, UserId};
use domain::import::Import;
use domain::plan::planner::{self, AddressView};
use domain::problem::{Mistake, Problem, ResourceKind};
use domain::row::{AddressDecision, Target};
use domain::rules::{PersonFilter, RuleDecision, Rules, Scope};
use lambda::Services;
use planning::{Asked, Context};
use store::decided::{Decided, StoredRules};
use store::retry::Attempts;

use super::rules::RuleId;
use crate::api::decision::{Decision, RuleAnswer};
use crate::review;

/// Decides on one address. Returns the facts on which its row depends after the decision; they do not suffice to show other rows.
pub async fn decide(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    address: &AddressId,
    decision: &Decision<UserId>,
) -> Api<(Context, CompanyFacts)> {
    let tenant = services.tenant(&import.msp);
    let asked = HashSet::from([address.clone()]);
    let mut attempts = Attempts::at("decision on an address");
    loop {
        let (context, mut facts) = match &decision.target {
            // Any user of the company may be chosen.
            Some(Target::Existing(_)) => review::facts(services, import, company, Asked::Of(&asked)).await?,
            _ => review::facts_near(services, import, (company, address)).await?,
        };
        let rows = planner::address_rows(&facts, &context.companies);
        let view = rows.iter().find(|view| view.snapshot.id == *address);
        let view = view.ok_or_else(|| Problem::not_found(ResourceKind::AddressOfCompany))?;
        check(decision, view, &facts)?;
        let (before, seen) = (view.decision.clone(), view.decision.version);
        let after = AddressDecision {
            selected: decision.selected.or(before.selected),
            at: decision
                .selected
                .map_or(before.at, |_| context.decisions.moment(company)),
            target: decision.target.clone().unwrap_or(before.target),
            version: seen + 1,
            excluded: None,
        };
        let now = services.clock.now();
        let row = (company, address);
        match tenant.decide_address(import, row, &after, seen, now).await? {
            Decided::Recorded => {
                let mut of_address = facts.addresses.iter_mut().filter(|(row, _)| row.id == *address);
                if let Some((_, decision)) = of_address.next() {
                    *decision = after;
                }
                return Ok((context, facts));
            }
            Decided::NotInReview => return Err(review::not_in_review(services, import).await),
            Decided::Conflict => attempts.again().await?,
        }
    }
}

/// Refuses what cannot be decided on the row as it is now.
fn check(decision: &Decision<UserId>, view: &AddressView<'_>, facts: &CompanyFacts) -> Result<(), ApiError> {
    let version = view.version;
    if version != decision.version {
        return Err(Problem::DecisionConflict { version }.into());
    }
    if let Some(Target::Existing(user)) = &decision.target
        && !facts.users.contains_key(user)
    {
        return Err(Problem::invalid("/target/existing", Mistake::NoUser).into());
    }
    if decision.selected == Some(true) && view.decision.excluded.is_some() {
        let status = "excluded".to_owned();
        return Err(Problem::NotSelectable { status }.into());
    }
    if decision.selected == Some(true) && !view.status.is_selectable() {
        let status = serde_json::to_value(&view.status).ok();
        let status = status.and_then(|status| status.as_str().map(str::to_owned));
        let status = status.unwrap_or_default();
        return Err(Problem::NotSelectable { status }.into());
    }
    Ok(())
}

/// Keeps a rule on the addresses of one company, unless it is the last one already, and counts those that it decides on.
pub async fn add_rule(
    services: &Services,
    import: &Import,
    company: &PsaCompanyId,
    selected: bool,
    filter: PersonFilter,
) -> Api<RuleAnswer> {
    let tenant = services.tenant(&import.msp);
    let mut attempts = Attempts::at("rule on addresses");
    loop {
        let (context, facts) = review::facts(services, import, company, Asked::All).await?;
        let decisions = &context.decisions;
        let (decision, scope) = (RuleDecision::from(selected), Scope::People(filter.clone()));
        let repeated = decisions.repeated_on(company, &decision, &scope).cloned();
        let is_repeated = repeated.is_some();
        let StoredRules { rules, version } = decisions.of_people(company).rules;
        let mut rules = Rules::clone(&rules);
        let rule = if let Some(rule) = repeated {
            rule
        } else {
            let rule = rules.add(decisions.rules.rules.last, decision, scope);
            rule.map_err(|of| Problem::LimitExceeded { of })?.clone()
        };
        let rows = planner::address_rows(&facts, &context.companies);
        let matching = rows.iter().filter(|view| {
            let is_excluded = selected && view.decision.excluded.is_some();
            !is_excluded && rule.decides_on_address(&facts.row, view.snapshot, &view.status)
        });
        let answer = RuleAnswer {
            matched: Some(matching.count()),
            companies: None,
            left_out: None,
            selected: Some(selected),
            rule: Some(RuleId::of(Some(company), rule.number)),
        };
        if is_repeated {
            return Ok(answer);
        }
        let rules = Arc::new(rules);
        let after = StoredRules { rules, version };
        match tenant
            .keep_rules(import, Some(company), &after, services.clock.now())
            .await?
        {
            Decided::Recorded => return Ok(answer),
            Decided::NotInReview => return Err(review::not_in_review(services, import).await),
            Decided::Conflict => attempts.again().await?,
        }
    }
}
