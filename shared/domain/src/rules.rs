//! Decisions on many rows at once (R69, R70): a rule is kept with the import, and no row is written. A decision on one row wins over the
//! rules before it; a rule that is taken back leaves what was decided before it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use crate::moment::Moment;

use crate::ids::{AddressId, PsaCompanyId};
use crate::name::NameKey;
use crate::problem::{Limited, MAX_NAMED_ROWS, MAX_RULES};
use crate::row::{AddressStatus, CompanyRow, ImportStatus, SnapshotAddress, Tab};

/// Which company rows a rule is about. What is not asked for is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CompanyFilter {
    /// Of one of these statuses; of any, if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<ImportStatus>,
    /// Whose name holds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Of this type of the PSA.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether the PSA counts them as active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// These and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<BTreeSet<PsaCompanyId>>,
}

/// Which address rows a rule is about. What is not asked for is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersonFilter {
    /// Of one of these statuses; of any, if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<AddressStatus>,
    /// Whose name or address holds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Whether the PSA counts them as active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// These and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<BTreeSet<AddressId>>,
    /// Of these companies.
    pub company: CompanyFilter,
}

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
    /// Whether the rows are selected, or their selection is taken back.
    pub selected: bool,
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
    pub fn add(&mut self, after: u32, selected: bool, scope: Scope) -> Result<&Rule, Limited> {
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
            selected,
            scope,
            taken_back: false,
        });
        self.rules.last().ok_or(Limited::Rules)
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

    /// How often these rules have changed the rows that `is_about` says, which never becomes less: a version that somebody has seen must
    /// not come back. A rule that is forgotten is taken for one about every row.
    fn changes(&self, is_about: impl Fn(&Rule) -> bool) -> u64 {
        let about = self.rules.iter().filter(|rule| is_about(rule));
        let changes = about.map(|rule| 1 + u64::from(rule.taken_back)).sum::<u64>();
        changes + 2 * u64::from(self.forgotten)
    }

    fn last_about(&self, is_about: impl Fn(&Rule) -> bool) -> Option<&Rule> {
        self.rules.iter().rev().find(|rule| !rule.taken_back && is_about(rule))
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

impl CompanyFilter {
    /// Whether a row is one of those asked for.
    pub fn accepts(&self, row: &CompanyRow) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && self.active.is_none_or(|active| active == row.active)
            && self
                .search
                .as_ref()
                .is_none_or(|search| NameKey::of(&row.name).holds(search))
            && self.kind.as_ref().is_none_or(|kind| row.is_of_type(kind))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&row.id))
    }
}

impl CompanyRow {
    /// Whether the PSA counts it among a type, however either is spelled.
    pub fn is_of_type(&self, kind: &str) -> bool {
        let kind = NameKey::of(kind);
        self.types.iter().any(|of| NameKey::of(of) == kind)
    }

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
                matches!(row.tab, Tab::In) && (!self.selected || row.is_selectable_by_rule()) && filter.accepts(row)
            }
            Scope::People(_) => false,
        }
    }

    /// Whether it decides on a company row, or on people of it, who are imported only if the company is selected. It selects none that is
    /// excluded (R96).
    pub fn matches_company(&self, row: &CompanyRow) -> bool {
        if self.selected && row.decision.excluded.is_some() {
            return false;
        }
        match &self.scope {
            Scope::Companies(_) => self.decides_on(row),
            Scope::People(filter) => matches!(row.tab, Tab::In) && row.decision.selected && filter.company.accepts(row),
        }
    }

    /// Whether it may decide on an address row of a company, whatever the status of that row.
    pub fn may_decide_on(&self, row: &CompanyRow, address: &SnapshotAddress) -> bool {
        let Scope::People(filter) = &self.scope else {
            return false;
        };
        // Nobody whom the PSA counts as inactive gets access unless they are asked for.
        let is_asked_for = match filter.active {
            Some(active) => active == address.active,
            None => address.active || !self.selected,
        };
        let holds =
            |search: &String| NameKey::of(&address.name).holds(search) || NameKey::of(&address.text).holds(search);
        is_asked_for
            && filter.company.accepts(row)
            && filter.ids.as_ref().is_none_or(|ids| ids.contains(&address.id))
            && filter.search.as_ref().is_none_or(holds)
    }

    /// Whether it decides on rows of some statuses only.
    const fn asks_for_status(&self) -> bool {
        match &self.scope {
            Scope::Companies(filter) => !filter.statuses.is_empty(),
            Scope::People(filter) => !filter.statuses.is_empty(),
        }
    }

    /// Whether it decides on an address row of this status.
    pub fn decides_on_address(&self, row: &CompanyRow, address: &SnapshotAddress, status: &AddressStatus) -> bool {
        let Scope::People(filter) = &self.scope else {
            return false;
        };
        (!self.selected || status.is_selectable_by_rule())
            && (filter.statuses.is_empty() || filter.statuses.contains(status))
            && self.may_decide_on(row, address)
    }
}

impl AddressStatus {
    /// What may be ticked: not what is no address, nor somebody else's (R32).
    pub const fn is_selectable(&self) -> bool {
        !matches!(self, Self::NoAddress | Self::AddressConflict)
    }

    /// What a rule may tick: somebody has to look at a possible successor (R57).
    pub const fn is_selectable_by_rule(&self) -> bool {
        self.is_selectable() && !matches!(self, Self::PossibleSuccessor)
    }
}

/// The rules of an import on companies, in the order of time, with the decision on one row among them.
pub fn company_selection(rules: &Rules, row: &CompanyRow, own: Option<(Moment, bool)>) -> Option<bool> {
    let last = rules.last_about(|rule| rule.decides_on(row));
    match (last, own) {
        (Some(rule), Some((at, selected))) if rule.number <= at.import => Some(selected),
        (Some(rule), _) => Some(rule.selected),
        (None, own) => own.map(|(_, selected)| selected),
    }
}

/// How often rules have changed what is decided on a company row.
pub fn company_changes(rules: &Rules, row: &CompanyRow) -> u64 {
    rules.changes(|rule| rule.decides_on(row))
}

/// The rules on the people of one company: those of the import, and its own.
#[derive(Debug, Clone, Default)]
pub struct PeopleRules {
    /// Those of the import.
    pub import: Rules,
    /// Those of the company.
    pub company: Rules,
}

impl PeopleRules {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.import.rules.is_empty() && self.company.rules.is_empty()
    }

    /// What the rules, and the decision on the row among them, say of an address row of this status.
    pub fn selection(
        &self,
        row: &CompanyRow,
        address: &SnapshotAddress,
        status: &AddressStatus,
        own: Option<(Moment, bool)>,
    ) -> Option<bool> {
        self.last(own, |rule| rule.decides_on_address(row, address, status))
    }

    /// What they say as long as the status is not known: a tick may still turn out to be none.
    pub fn may_tick(&self, row: &CompanyRow, address: &SnapshotAddress, own: Option<(Moment, bool)>) -> Option<bool> {
        // One that takes a tick back, and asks for a status, may turn out to leave it.
        let decides = |rule: &Rule| (rule.selected || !rule.asks_for_status()) && rule.may_decide_on(row, address);
        self.last(own, decides)
    }

    fn last(&self, own: Option<(Moment, bool)>, decides: impl Fn(&Rule) -> bool) -> Option<bool> {
        let import = self.import.last_about(&decides).map(|rule| {
            let at = Moment {
                import: rule.number,
                company: 0,
            };
            (at, rule.selected)
        });
        let company = self.company.last_about(&decides).map(|rule| {
            let at = Moment {
                import: rule.after,
                company: rule.number,
            };
            (at, rule.selected)
        });
        // Of two at the same moment the decision on the one row came later: it is compared last.
        let all = [import, company, own].into_iter().flatten();
        all.max_by_key(|(at, _)| *at).map(|(_, selected)| selected)
    }

    /// How often they have changed what is, or may be, decided on an address row: what its status is depends on the directory, and its
    /// version on decisions alone.
    pub fn changes(&self, row: &CompanyRow, address: &SnapshotAddress) -> u64 {
        let is_about = |rule: &Rule| rule.may_decide_on(row, address);
        self.import.changes(is_about) + self.company.changes(is_about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn r69_a_rule_that_names_rows_is_forgotten_only_for_want_of_room() {
        let mut rules = Rules::default();
        let first = rules.add(0, true, named(MAX_NAMED_ROWS)).unwrap().number;
        rules.take_back(first).unwrap();
        assert_eq!((rules.forgotten, rules.take_back(first)), (0, None));
        // Other rows have not changed.
        let is_about = |rule: &Rule| rule.scope.named_rows() == 0;
        assert_eq!(rules.changes(is_about), 0);
        rules.add(1, true, named(1)).unwrap();
        assert_eq!((rules.forgotten, rules.rules.len()), (1, 1));
    }
}
