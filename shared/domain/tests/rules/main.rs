//! Rules on many rows, decisions on single ones, and what is taken back, compared with a list of them in the order of time (R69, R70).

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ids::{ManagedCompanyId, PsaCompanyId};
use domain::problem::{Limited, MAX_NAMED_ROWS};
use domain::row::{AddressStatus, Target};
use domain::rules::{
    CompanyFilter, CompanyRuling, Moment, PeopleRules, RuleDecision, Rules, Scope, SingleDecision, company_ruling,
};
use proptest::prelude::*;

use world::{COMPANIES, Decision, PEOPLE, Wanted, company, decisions, person};

/// What a decision was about, and whether it still counts.
struct Entry {
    decision: Decision,
    counts: bool,
}

/// A list of everything that was decided, in the order of time.
#[derive(Default)]
struct List(Vec<Entry>);

impl List {
    /// The last entry that decides whether a company is selected, or nothing.
    fn company(&self, row: usize) -> Option<bool> {
        let selected = self.last(|decision| match decision {
            Decision::Companies(rule, wanted) => wanted.is_company(row, rule).then(|| rule.selected()),
            Decision::Company(of, selected) => (*of == row).then_some(Some(*selected)),
            _ => None,
        });
        selected.flatten()
    }

    /// The last entry that decides what a company becomes, or nothing.
    fn target(&self, row: usize) -> Option<Target<ManagedCompanyId>> {
        self.last(|decision| match decision {
            Decision::Companies(rule, wanted) if wanted.is_company(row, rule) => world::target(rule, row),
            Decision::Target(of, target) => (*of == row).then(|| target.clone()),
            _ => None,
        })
    }

    /// The last entry that decides on a person of a company, or nothing.
    fn person(&self, row: (usize, usize)) -> Option<bool> {
        self.last(|decision| match decision {
            Decision::People(selected, wanted) => wanted.is_person(row, *selected).then_some(*selected),
            Decision::PeopleOf(of, selected, wanted) => {
                (*of == row.0 && wanted.is_person(row, *selected)).then_some(*selected)
            }
            Decision::Person(of, selected) => (*of == row).then_some(*selected),
            _ => None,
        })
    }

    fn last<T>(&self, decides: impl Fn(&Decision) -> Option<T>) -> Option<T> {
        let counting = self.0.iter().rev().filter(|entry| entry.counts);
        counting.map(|entry| decides(&entry.decision)).find(Option::is_some)?
    }
}

/// The same as it is stored.
#[derive(Default)]
struct Stored {
    import: Rules,
    of_companies: BTreeMap<usize, Rules>,
    companies: BTreeMap<usize, SingleDecision>,
    people: BTreeMap<(usize, usize), (Moment, bool)>,
    /// The place in the list of each rule, by its company and number.
    places: BTreeMap<(Option<usize>, u32), usize>,
}

impl Stored {
    fn moment(&self, company: usize) -> Moment {
        Moment {
            import: self.import.last,
            company: self.of_companies.get(&company).map_or(0, |rules| rules.last),
        }
    }

    /// Adds a decision, if there is room for it.
    fn add(&mut self, list: &mut List, decision: &Decision) -> Result<(), Limited> {
        let place = list.0.len();
        match decision {
            Decision::Companies(decision, wanted) => {
                self.rule(None, decision.clone(), Scope::Companies(wanted.of_companies()), place)?;
            }
            Decision::People(selected, wanted) => {
                self.rule(None, *selected, Scope::People(wanted.of_people()), place)?;
            }
            Decision::PeopleOf(company, selected, wanted) => {
                self.rule(Some(*company), *selected, Scope::People(wanted.of_people()), place)?;
            }
            Decision::Company(company, selected) => {
                let at = self.moment(*company);
                self.companies.entry(*company).or_default().selected = Some((at, *selected));
            }
            Decision::Target(company, target) => {
                let at = self.moment(*company);
                self.companies.entry(*company).or_default().target = Some((at, target.clone()));
            }
            Decision::Person(row, selected) => {
                self.people.insert(*row, (self.moment(row.0), *selected));
            }
            Decision::TakeBack(number) => {
                let Some((rule, place)) = self.places.iter().nth(*number).map(|(rule, place)| (*rule, *place)) else {
                    return Ok(());
                };
                self.places.remove(&rule);
                let taken_back = self.list(rule.0).take_back(rule.1);
                assert_eq!(taken_back.map(|rule| rule.number), Some(rule.1));
                assert!(self.list(rule.0).take_back(rule.1).is_none(), "twice");
                list.0[place].counts = false;
                return Ok(());
            }
        }
        list.0.push(Entry {
            decision: decision.clone(),
            counts: true,
        });
        Ok(())
    }

    fn list(&mut self, company: Option<usize>) -> &mut Rules {
        match company {
            Some(company) => self.of_companies.entry(company).or_default(),
            None => &mut self.import,
        }
    }

    fn rule(
        &mut self,
        company: Option<usize>,
        decision: impl Into<RuleDecision>,
        scope: Scope,
        place: usize,
    ) -> Result<(), Limited> {
        let after = self.import.last;
        let number = self.list(company).add(after, decision, scope)?.number;
        self.places.insert((company, number), place);
        Ok(())
    }

    /// What is decided on a company.
    fn company(&self, number: usize) -> CompanyRuling {
        let own = self.companies.get(&number).cloned().unwrap_or_default();
        company_ruling(&self.import, &company(number), own)
    }

    /// Whether each row is selected, and its version.
    fn rows(&self) -> BTreeMap<(usize, Option<usize>), (Option<bool>, u64)> {
        let mut rows = BTreeMap::new();
        let import = Arc::new(self.import.clone());
        for number in 0..COMPANIES {
            let row = company(number);
            let ruling = self.company(number);
            rows.insert((number, None), (ruling.selected, ruling.changes));
            let of_company = Arc::new(self.of_companies.get(&number).cloned().unwrap_or_default());
            let rules = PeopleRules::of(&row, &import, &of_company);
            for of in 0..PEOPLE {
                let (address, status) = person(number, of);
                let own = self.people.get(&(number, of)).copied();
                let selected = rules.selection(&address, &status, own);
                if selected == Some(true) {
                    assert_eq!(rules.may_tick(&address, own), Some(true), "{number} {of}");
                }
                rows.insert((number, Some(of)), (selected, rules.changes(&address)));
            }
        }
        rows
    }
}

proptest! {
    #[test]
    fn r69_rules_decide_as_a_list_of_them_in_the_order_of_time(decisions in decisions()) {
        let (mut list, mut stored) = (List::default(), Stored::default());
        let mut before = stored.rows();
        for decision in &decisions {
            let is_refused = stored.add(&mut list, decision).is_err();
            let rows = stored.rows();
            for ((number, of), (selected, version)) in &rows {
                let expected = match of {
                    Some(of) => list.person((*number, *of)),
                    None => list.company(*number),
                };
                prop_assert_eq!(*selected, expected, "company {}, person {:?} after {:?}", number, of, decision);
                let (was, seen) = before[&(*number, *of)];
                let is_single = matches!(decision, Decision::Company(..) | Decision::Person(..) | Decision::Target(..));
                // A single decision has a version of its own.
                let grows = *version > seen || (*version == seen && (was == *selected || is_single));
                prop_assert!(grows, "version {} of {:?} after {}", version, (number, of), seen);
            }
            for number in 0..COMPANIES {
                prop_assert_eq!(stored.company(number).target, list.target(number), "target of {} after {:?}", number, decision);
            }
            prop_assert!(!is_refused || rows == before, "a refused rule changes nothing");
            before = rows;
        }
    }
}

#[test]
fn r69_fifty_rules_count_and_those_taken_back_are_forgotten_in_time() {
    let mut rules = Rules::default();
    let row = company(0);
    let (mut numbers, mut version) = (BTreeSet::new(), 0);
    for _ in 0..300 {
        let number = rules
            .add(0, true, Scope::Companies(CompanyFilter::default()))
            .unwrap()
            .number;
        assert!(numbers.insert(number), "{number} twice");
        assert!(company_ruling(&rules, &row, SingleDecision::default()).changes > version);
        rules.take_back(number).unwrap();
        version = company_ruling(&rules, &row, SingleDecision::default()).changes;
        assert!(rules.rules.len() <= 100, "{}", rules.rules.len());
    }
    for _ in 0..50 {
        rules.add(0, true, Scope::Companies(CompanyFilter::default())).unwrap();
    }
    let refused = rules.add(0, true, Scope::Companies(CompanyFilter::default()));
    assert_eq!(refused.unwrap_err(), Limited::Rules);
}

#[test]
fn r69_rules_name_so_many_rows_at_most_until_one_is_taken_back() {
    let named = |count: usize| {
        let ids = (0..count).map(|number| PsaCompanyId::new(number.to_string()));
        Scope::Companies(CompanyFilter {
            ids: Some(ids.collect()),
            ..CompanyFilter::default()
        })
    };
    let mut rules = Rules::default();
    let number = rules.add(0, true, named(MAX_NAMED_ROWS)).unwrap().number;
    assert!(rules.add(0, true, named(1)).is_err());
    rules.add(0, true, named(0)).unwrap();
    rules.take_back(number).unwrap();
    rules.add(0, true, named(MAX_NAMED_ROWS)).unwrap();
}

#[test]
fn r69_no_rule_selects_what_somebody_has_to_look_at() {
    for number in 0..COMPANIES {
        let wanted = Wanted::default();
        let mut rules = Rules::default();
        rules.add(0, true, Scope::Companies(wanted.of_companies())).unwrap();
        rules.add(0, true, Scope::People(wanted.of_people())).unwrap();
        let row = company(number);
        let is_selected = company_ruling(&rules, &row, SingleDecision::default())
            .selected
            .is_some();
        assert_eq!(is_selected, number < world::CLEAR_COMPANIES, "{row:?}");
        let people = PeopleRules::of(&row, &Arc::new(rules), &Arc::default());
        for of in 0..PEOPLE {
            let (address, status) = person(number, of);
            let is_clear = address.active
                && !matches!(
                    status,
                    AddressStatus::PossibleSuccessor | AddressStatus::AddressConflict | AddressStatus::NoAddress
                );
            let selected = people.selection(&address, &status, None);
            assert_eq!(selected, is_clear.then_some(true), "{address:?} {status:?}");
        }
    }
}
