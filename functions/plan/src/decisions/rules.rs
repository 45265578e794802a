//! Decisions on many rows at once (R69, R70, R75).

use std::collections::BTreeSet;
use std::sync::Arc;

use api::Api;
use domain::ids::{AddressId, ImportId, PsaCompanyId};
use domain::import::Import;
use domain::plan::{Outcome, RowOutcome};
use domain::problem::{Problem, ResourceKind};
use domain::rules::{CompanyFilter, PersonFilter, Rule, RuleDecision, Rules, Scope};
use lambda::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::decided::{Decided, StoredRules};
use store::journal::{CHUNKS_AT_ONCE, JournalEntry, JournalPosition};
use store::retry::Attempts;

use crate::api::decision::RuleAnswer;
use crate::review;

/// The id of a rule within an import: its number, after the id of its company and `~` if it is about people of one company.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("maxLength" = 220))]
pub struct RuleId(String);

impl RuleId {
    /// The id of a rule.
    pub fn of(company: Option<&PsaCompanyId>, number: u32) -> Self {
        Self(match company {
            Some(company) => format!("{company}~{number}"),
            None => number.to_string(),
        })
    }

    /// Company and number.
    pub fn parts(&self) -> Option<(Option<PsaCompanyId>, u32)> {
        match self.0.rsplit_once('~') {
            Some((company, number)) => Some((Some(PsaCompanyId::new(company)), number.parse().ok()?)),
            None => Some((None, self.0.parse().ok()?)),
        }
    }
}

/// Keeps a rule on companies, and counts those that it decides on.
pub async fn select_companies(
    services: &Services,
    import: &Import,
    decision: RuleDecision,
    filter: CompanyFilter,
) -> Api<RuleAnswer> {
    let selected = decision.selected();
    let (matched, rule) = add(services, import, &decision, &[Scope::Companies(filter)]).await?;
    Ok(RuleAnswer {
        matched: Some(matched),
        companies: None,
        left_out: None,
        selected,
        rule,
    })
}

/// Keeps a rule on people of all companies, and counts the selected companies in which it looks for them. Of people only what is planned is
/// counted, in the plan.
pub async fn select_people(
    services: &Services,
    import: &Import,
    selected: bool,
    filter: PersonFilter,
) -> Api<RuleAnswer> {
    let (companies, rule) = add(services, import, &selected.into(), &[Scope::People(filter)]).await?;
    Ok(RuleAnswer {
        matched: None,
        companies: Some(companies),
        left_out: None,
        selected: Some(selected),
        rule,
    })
}

/// Keeps rules on what failed in another import, and counts the companies that they decide on, and those that they leave out.
pub async fn select_failed(services: &Services, import: &Import, selected: bool, failed: &ImportId) -> Api<RuleAnswer> {
    let Failed { companies, people } = failed_in(services, import, failed).await?;
    let all = companies.len();
    let scopes = [
        Scope::Companies(CompanyFilter {
            ids: Some(companies),
            ..CompanyFilter::default()
        }),
        Scope::People(PersonFilter {
            ids: Some(people),
            ..PersonFilter::default()
        }),
    ];
    let (matched, rule) = add(services, import, &selected.into(), &scopes).await?;
    Ok(RuleAnswer {
        matched: Some(matched),
        companies: None,
        left_out: Some(all.saturating_sub(matched)),
        selected: Some(selected),
        rule,
    })
}

/// Keeps rules on the rows of an import, unless they are its last ones already, and counts the companies that the first of them is about.
async fn add(
    services: &Services,
    import: &Import,
    decision: &RuleDecision,
    scopes: &[Scope],
) -> Api<(usize, Option<RuleId>)> {
    let tenant = services.tenant(&import.msp);
    let mut attempts = Attempts::at("rule");
    loop {
        let decided = tenant.decided(import).await?;
        let repeated = decided.repeated(decision, scopes).cloned();
        let is_repeated = repeated.is_some();
        let StoredRules { rules, version } = decided.rules.clone();
        let (mut rules, mut first) = (Rules::clone(&rules), repeated);
        for scope in scopes.iter().filter(|_| !is_repeated) {
            let last = rules.last;
            let rule = rules.add(last, decision.clone(), scope.clone());
            let rule = rule.map_err(|of| Problem::LimitExceeded { of })?;
            first = first.or_else(|| Some(rule.clone()));
        }
        let companies = match &first {
            Some(rule) => {
                let rows = tenant.rows(import, &decided).await?;
                rows.iter().filter(|row| rule.matches_company(row)).count()
            }
            None => 0,
        };
        let answer = (companies, first.map(|rule| RuleId::of(None, rule.number)));
        if is_repeated {
            return Ok(answer);
        }
        let rules = Arc::new(rules);
        let after = StoredRules { rules, version };
        match tenant.keep_rules(import, None, &after, services.clock.now()).await? {
            Decided::Recorded => return Ok(answer),
            Decided::NotInReview => return Err(review::not_in_review(services, import).await),
            Decided::Conflict => attempts.again().await?,
        }
    }
}

/// Takes a rule back, and returns it.
pub async fn take_back(services: &Services, import: &Import, company: Option<&PsaCompanyId>, number: u32) -> Api<Rule> {
    let tenant = services.tenant(&import.msp);
    let mut attempts = Attempts::at("rule");
    loop {
        let decided = tenant.decided(import).await?;
        let StoredRules { rules, version } = match company {
            Some(company) => decided.of_people(company).rules,
            None => decided.rules.clone(),
        };
        let mut rules = Rules::clone(&rules);
        let rule = rules.take_back(number);
        let rule = rule.ok_or_else(|| Problem::not_found(ResourceKind::Rule))?;
        let rules = Arc::new(rules);
        let after = StoredRules { rules, version };
        match tenant.keep_rules(import, company, &after, services.clock.now()).await? {
            Decided::Recorded => return Ok(rule),
            Decided::NotInReview => return Err(review::not_in_review(services, import).await),
            Decided::Conflict => attempts.again().await?,
        }
    }
}

/// What failed in an import.
#[derive(Default)]
struct Failed {
    /// Companies of which something failed.
    companies: BTreeSet<PsaCompanyId>,
    people: BTreeSet<AddressId>,
}

impl Failed {
    fn add(&mut self, company: PsaCompanyId, rows: impl IntoIterator<Item = RowOutcome>) {
        let mut failed = rows.into_iter().filter(|row| row.outcome.is_failure()).peekable();
        if failed.peek().is_some() {
            self.companies.insert(company);
            self.people.extend(failed.filter_map(|row| row.address));
        }
    }
}

/// What failed in an import of the same integration (R75).
async fn failed_in(services: &Services, import: &Import, failed: &ImportId) -> Api<Failed> {
    let tenant = services.tenant(&import.msp);
    let earlier = tenant.import(failed).await?;
    let earlier = earlier.filter(|earlier| earlier.integration == import.integration);
    let earlier = earlier.ok_or_else(|| Problem::not_found(ResourceKind::Import))?;
    let journal = tenant.journal_of(&earlier);
    let mut found = Failed::default();
    // Few chunks of a large import have a failure, and only those are read.
    let chunks = journal.outcomes().await?.chunks();
    let failed = chunks.filter_map(|(name, mut outcomes)| outcomes.any(Outcome::is_failure).then_some(name));
    for names in failed.collect::<Vec<_>>().chunks(CHUNKS_AT_ONCE) {
        for chunk in journal.chunks(names).await? {
            found.add(chunk.plan.company, chunk.outcomes);
        }
    }
    let mut after = Some(JournalPosition::of_skipped());
    while let Some(from) = after {
        let (entries, next) = journal.page(Some(&from), None).await?;
        for entry in entries {
            if let JournalEntry::Skipped(skipped) = entry {
                found.add(skipped.company, skipped.rest.into_iter().map(|rest| rest.row));
            }
        }
        after = next;
    }
    Ok(found)
}
