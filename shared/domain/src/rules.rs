//! Decisions on many rows at once (R69, R70): a rule is kept with the import, and no row is written. A decision on one row wins over the
//! rules before it; a rule that is taken back leaves what was decided before it.

mod decision;
mod filter;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::moment::Moment;
pub use decision::{RuleDecision, RuleTarget};
pub use filter::{CompanyFilter, PersonFilter, Sought};

use crate::ids::ManagedCompanyId;
use crate::problem::{Limited, MAX_NAMED_ROWS, MAX_RULES};
use crate::row::{AddressStatus, CompanyRow, ImportStatus, SnapshotAddress, Tab, Target};

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// Company rows.
    Companies(CompanyFilter),
    /// Address rows.
    People(PersonFilter),
}

/// A decision on many rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its number within its list, in the order of time, from 1.
    pub number: u32,
    /// The last rule of the import when it was made; of a rule of the import, the one before it.
    pub after: u32,
    /// What is decided on the rows.
    pub decision: RuleDecision,
    /// Which rows.
    pub scope: Scope,
    /// It counts no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_back: bool,
}

/// Rules in the order in which they were made: those of an import, or those of one of its companies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    /// The number of the last rule that was made.
    pub last: u32,
    /// How many rules were forgotten after they had been taken back.
    pub forgotten: u32,
    /// The rules.
    pub rules: Vec<Rule>,
}

impl Rules {
    /// Adds a rule, unless there would be more of what is answered than there may be.
    pub fn add(&mut self, after: u32, decision: impl Into<RuleDecision>, scope: Scope) -> Result<&Rule, Limited> {
        if self.rules.iter().filter(|rule| !rule.taken_back).count() >= MAX_RULES {
            return Err(Limited::Rules);
        }
        let named = scope.named_rows();
        let counting = self.rules.iter().filter(|rule| !rule.taken_back);
        if named + counting.map(|rule| rule.scope.named_rows()).sum::<usize>() > MAX_NAMED_ROWS {
            return Err(Limited::NamedRows);
        }
        self.make_room(named);
        self.last += 1;
        self.rules.push(Rule {
            number: self.last,
            after,
            decision: decision.into(),
            scope,
            taken_back: false,
        });
        self.rules.last().ok_or(Limited::Rules)
    }

    /// The first of the rules that a call with this decision and these scopes would repeat. `None` unless they are exactly the last rules,
    /// and none of them was taken back.
    pub fn repeated(&self, decision: &RuleDecision, scopes: &[Scope]) -> Option<&Rule> {
        let last = self.rules.get(self.rules.len().checked_sub(scopes.len())?..)?;
        let is_same =
            |(rule, scope): (&Rule, &Scope)| !rule.taken_back && rule.decision == *decision && rule.scope == *scope;
        let is_last = last.last().is_some_and(|rule| rule.number == self.last);
        last.first().filter(|_| is_last && last.iter().zip(scopes).all(is_same))
    }

    /// Forgets rules that were taken back, the oldest first, until there is room for one more that names so many rows.
    fn make_room(&mut self, named: usize) {
        let is_too_much = |rules: &[Rule]| {
            let there: usize = rules.iter().map(|rule| rule.scope.named_rows()).sum();
            rules.len() >= 2 * MAX_RULES || there + named > MAX_NAMED_ROWS
        };
        while is_too_much(&self.rules)
            && let Some(oldest) = self.rules.iter().position(|rule| rule.taken_back)
        {
            self.rules.remove(oldest);
            self.forgotten += 1;
        }
    }

    /// Takes a rule back; `None` if there is none of that number, or it has been taken back.
    pub fn take_back(&mut self, number: u32) -> Option<Rule> {
        let mut rules = self.rules.iter_mut();
        let rule = rules.find(|rule| rule.number == number && !rule.taken_back)?;
        rule.taken_back = true;
        Some(rule.clone())
    }

    /// How often rules have changed a row, where `about` are the rules that concern it. This is a part of the row's version. It must never
    /// become less, or a version that somebody has seen would come back. So each forgotten rule counts for every row.
    fn changes<'a>(&self, about: impl Iterator<Item = &'a Rule>) -> u64 {
        let changes = about.map(|rule| 1 + u64::from(rule.taken_back)).sum::<u64>();
        changes + 2 * u64::from(self.forgotten)
    }
}

impl Scope {
    /// How many rows it names by their ids.
    fn named_rows(&self) -> usize {
        let companies = |filter: &CompanyFilter| filter.ids.as_ref().map_or(0, BTreeSet::len);
        match self {
            Self::Companies(filter) => companies(filter),
            Self::People(filter) => filter.ids.as_ref().map_or(0, BTreeSet::len) + companies(&filter.company),
        }
    }
}

impl CompanyRow {
    /// What a rule may select (R69). Somebody has to look at all others.
    const fn is_selectable_by_rule(&self) -> bool {
        let is_clear = matches!(
            self.status,
            ImportStatus::Mapped | ImportStatus::Unmapped | ImportStatus::UnmappedPossibleDuplicate
        );
        is_clear && self.active && !self.own
    }
}

impl Rule {
    /// Whether it decides on a company row.
    pub fn decides_on(&self, row: &CompanyRow) -> bool {
        match &self.scope {
            Scope::Companies(filter) => {
                matches!(row.tab, Tab::In)
                    && (!self.decision.selects() || row.is_selectable_by_rule())
                    && !self.decision.leaves_out(row)
                    && filter.accepts(row)
            }
            Scope::People(_) => false,
        }
    }

    /// Whether it decides on a company row, or on people of it, who are imported only if the company is selected. It selects none that is
    /// excluded (R96).
    pub fn matches_company(&self, row: &CompanyRow) -> bool {
        if self.decision.selects() && row.decision.excluded.is_some() {
            return false;
        }
        match &self.scope {
            Scope::Companies(_) => self.decides_on(row),
            Scope::People(filter) => matches!(row.tab, Tab::In) && row.decision.selected && filter.company.accepts(row),
        }
    }

    /// Whether it may decide on people of a company.
    fn is_about_people_of(&self, row: &CompanyRow) -> bool {
        matches!(&self.scope, Scope::People(filter) if filter.company.accepts(row))
    }

    /// Whether it may decide on an address row of a company that it is about, whatever the status of that row.
    fn may_decide_on(&self, address: &SnapshotAddress) -> bool {
        // Nobody whom the PSA counts as inactive gets access by a rule (R69).
        matches!(&self.scope, Scope::People(filter) if (address.active || !self.decision.selects()) && filter.may_accept(address))
    }

    /// Whether it decides on rows of some statuses only.
    const fn asks_for_status(&self) -> bool {
        match &self.scope {
            Scope::Companies(filter) => !filter.statuses.is_empty(),
            Scope::People(filter) => !filter.statuses.is_empty(),
        }
    }

    /// Whether it decides on an address row of a company.
    pub fn decides_on_address(&self, row: &CompanyRow, address: &SnapshotAddress, status: &AddressStatus) -> bool {
        self.is_about_people_of(row) && self.decides_on_person(address, status)
    }

    /// Whether it decides on an address row of a company that it is about.
    fn decides_on_person(&self, address: &SnapshotAddress, status: &AddressStatus) -> bool {
        let Scope::People(filter) = &self.scope else {
            return false;
        };
        (!self.decision.selects() || status.is_selectable_by_rule())
            && (filter.statuses.is_empty() || filter.statuses.contains(status))
            && self.may_decide_on(address)
    }
}

impl AddressStatus {
    /// What may be ticked: not what is no address, nor somebody else's (R32).
    pub const fn is_selectable(&self) -> bool {
        !matches!(self, Self::NoAddress | Self::AddressConflict)
    }

    /// What a rule may tick: somebody has to look at a possible successor (R57), and at whose user is gone (R85).
    pub const fn is_selectable_by_rule(&self) -> bool {
        self.is_selectable() && !matches!(self, Self::PossibleSuccessor | Self::Dangling)
    }
}

/// What the rules of an import say of a company row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyRuling {
    /// Whether it is selected; `None` if nobody has decided that.
    pub selected: Option<bool>,
    /// What it becomes; `None` if nobody has decided that.
    pub target: Option<Target<ManagedCompanyId>>,
    /// How often rules have changed what is decided on it, which never becomes less.
    pub changes: u64,
}

/// What was decided on one company row by itself, each with its moment.
#[derive(Debug, Clone, Default)]
pub struct SingleDecision {
    /// Whether it is selected.
    pub selected: Option<(Moment, bool)>,
    /// What it becomes.
    pub target: Option<(Moment, Target<ManagedCompanyId>)>,
}

/// What the rules of an import say of a company row, with the decision on that row among them.
pub fn company_ruling(rules: &Rules, row: &CompanyRow, own: SingleDecision) -> CompanyRuling {
    let about: Vec<&Rule> = rules.rules.iter().filter(|rule| rule.decides_on(row)).collect();
    let counting = about.iter().rev().filter(|rule| !rule.taken_back);
    let selected = counting
        .clone()
        .next()
        .map(|rule| (rule.number, rule.decision.selected()));
    let targets = counting.filter_map(|rule| Some((rule.number, rule.decision.target(row)?)));
    CompanyRuling {
        selected: later(selected, own.selected.map(|(at, selected)| (at, Some(selected)))).flatten(),
        target: later(targets.into_iter().next(), own.target),
        changes: rules.changes(about.into_iter()),
    }
}

/// Of what a rule says and what was decided on the row itself: what came later. Of two at the same moment the latter did.
fn later<T>(rule: Option<(u32, T)>, own: Option<(Moment, T)>) -> Option<T> {
    match (rule, own) {
        (Some((number, says)), Some((at, _))) if number > at.import => Some(says),
        (Some((_, says)), None) => Some(says),
        (_, own) => own.map(|(_, decided)| decided),
    }
}

/// The rules on the people of one company: those of the import, and its own. Which of them are about the company is found once for all its
/// people.
#[derive(Debug, Clone, Default)]
pub struct PeopleRules {
    import: RulesAbout,
    company: RulesAbout,
}

/// Those rules of a list that are about a company.
#[derive(Debug, Clone, Default)]
struct RulesAbout {
    rules: Arc<Rules>,
    places: Vec<usize>,
}

impl RulesAbout {
    fn of(row: &CompanyRow, rules: &Arc<Rules>) -> Self {
        let all = rules.rules.iter().enumerate();
        let about = all.filter(|(_, rule)| rule.is_about_people_of(row));
        Self {
            places: about.map(|(place, _)| place).collect(),
            rules: Arc::clone(rules),
        }
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &Rule> {
        self.places.iter().filter_map(|place| self.rules.rules.get(*place))
    }

    fn last(&self, decides: impl Fn(&Rule) -> bool) -> Option<&Rule> {
        self.iter().rev().find(|rule| !rule.taken_back && decides(rule))
    }

    fn changes(&self, decides: impl Fn(&Rule) -> bool) -> u64 {
        self.rules.changes(self.iter().filter(|rule| decides(rule)))
    }
}

impl PeopleRules {
    /// Those of the lists that are about the people of a company.
    pub fn of(row: &CompanyRow, import: &Arc<Rules>, company: &Arc<Rules>) -> Self {
        Self {
            import: RulesAbout::of(row, import),
            company: RulesAbout::of(row, company),
        }
    }

    /// What the rules, and the decision on the row among them, say of an address row of this status.
    pub fn selection(
        &self,
        address: &SnapshotAddress,
        status: &AddressStatus,
        own: Option<(Moment, bool)>,
    ) -> Option<bool> {
        self.last(own, |rule| rule.decides_on_person(address, status))
    }

    /// What they say as long as the status is not known: a tick may still turn out to be none.
    pub fn may_tick(&self, address: &SnapshotAddress, own: Option<(Moment, bool)>) -> Option<bool> {
        // One that takes a tick back, and asks for a status, may turn out to leave it.
        let decides = |rule: &Rule| (rule.decision.selects() || !rule.asks_for_status()) && rule.may_decide_on(address);
        self.last(own, decides)
    }

    fn last(&self, own: Option<(Moment, bool)>, decides: impl Fn(&Rule) -> bool) -> Option<bool> {
        let import = self.import.last(&decides).map(|rule| {
            let at = Moment {
                import: rule.number,
                company: 0,
            };
            (at, rule.decision.selects())
        });
        let company = self.company.last(&decides).map(|rule| {
            let at = Moment {
                import: rule.after,
                company: rule.number,
            };
            (at, rule.decision.selects())
        });
        // Of two at the same moment the decision on the one row came later: it is compared last.
        let all = [import, company, own].into_iter().flatten();
        all.max_by_key(|(at, _)| *at).map(|(_, selected)| selected)
    }

    /// How often they have changed what is, or may be, decided on an address row: what its status is depends on the directory, and its
    /// version on decisions alone.
    pub fn changes(&self, address: &SnapshotAddress) -> u64 {
        let is_about = |rule: &Rule| rule.may_decide_on(address);
        self.import.changes(is_about) + self.company.changes(is_about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PsaCompanyId;

    fn named(rows: usize) -> Scope {
        Scope::Companies(CompanyFilter {
            ids: Some((0..rows).map(|row| PsaCompanyId::new(row.to_string())).collect()),
            ..CompanyFilter::default()
        })
    }

    #[test]
    fn r75_which_limit_was_reached_is_said() {
        let mut rules = Rules::default();
        rules.add(0, true, named(MAX_NAMED_ROWS)).unwrap();
        assert_eq!(rules.add(1, true, named(1)), Err(Limited::NamedRows));
        for _ in 1..MAX_RULES {
            rules.add(1, true, named(0)).unwrap();
        }
        assert_eq!(rules.add(1, true, named(0)), Err(Limited::Rules));
    }

    #[test]
    fn r69_only_the_last_rules_are_repeated_and_none_that_was_taken_back() {
        let (mut rules, select) = (Rules::default(), RuleDecision::from(true));
        assert_eq!(rules.repeated(&select, &[named(1)]), None);
        for rows in [1, 2] {
            rules.add(rules.last, true, named(rows)).unwrap();
        }
        let number = |rules: &Rules, scopes: &[Scope]| rules.repeated(&select, scopes).map(|rule| rule.number);
        assert_eq!(number(&rules, &[named(2)]), Some(2));
        assert_eq!(number(&rules, &[named(1), named(2)]), Some(1));
        assert_eq!(number(&rules, &[named(1)]), None);
        assert_eq!(rules.repeated(&false.into(), &[named(2)]), None);
        rules.take_back(2).unwrap();
        assert_eq!(number(&rules, &[named(2)]), None);
    }

    #[test]
    fn r69_a_rule_that_names_rows_is_forgotten_only_for_want_of_room() {
        let mut rules = Rules::default();
        let first = rules.add(0, true, named(MAX_NAMED_ROWS)).unwrap().number;
        rules.take_back(first).unwrap();
        assert_eq!((rules.forgotten, rules.take_back(first)), (0, None));
        // Other rows have not changed.
        let others = rules.rules.iter().filter(|rule| rule.scope.named_rows() == 0);
        assert_eq!(rules.changes(others), 0);
        rules.add(1, true, named(1)).unwrap();
        assert_eq!((rules.forgotten, rules.rules.len()), (1, 1));
    }
}
