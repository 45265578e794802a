//! What is decided in a review: each decision on one row is an item of its own, and so are the rules (R69).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::ids::{AddressId, ManagedCompanyId, PsaCompanyId, PsaContactId, UserId};
use domain::import::Import;
use domain::row::{AddressDecision, CompanyDecision, CompanyRow};
use domain::rules::{Moment, PeopleRules, Rule, RuleDecision, Rules, Scope, SingleDecision, company_ruling};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::choice::CompanyChoice;

use crate::StoreError;
use crate::expiry::expire;
use crate::fenced::FencedOutcome;
use crate::keys::{self, Key};
use crate::records::{DECISION, DecisionRecord};
use crate::schema::Kind;
use crate::standing::Standing;
use crate::table::{Consistency, Item, Table, Tenant, body, item, number, packed_body, packed_item};
use crate::tx::ActionId;

/// Rules of an import, or of one of its companies.
pub(crate) const RULES: Kind = Kind::first("rules").kept(domain::import::retention::ROWS_DAYS);

/// Companies whose decisions are read at once.
const READ_CONCURRENCY: usize = 8;

/// How storing a decision ended.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Decided {
    /// It is stored.
    Recorded,
    /// Nothing is stored: the row, or the list of rules, has been changed since the version that the caller has read.
    Conflict,
    /// Nothing is stored: the import is not in review, or does not hold the integration any more.
    NotInReview,
}

/// The rules of an import or a company as they are stored, with the number of changes.
#[derive(Debug, Clone, Default)]
pub struct StoredRules {
    /// The rules. Everything that is planned with them shares them: they may name many rows.
    pub rules: Arc<Rules>,
    /// How often they were changed.
    pub version: u64,
}

/// What is decided on the people of one company.
#[derive(Debug, Clone, Default)]
pub struct PeopleDecisions {
    /// The rules on all of them.
    pub rules: StoredRules,
    /// The decisions on single rows.
    pub single: BTreeMap<AddressId, AddressDecision>,
}

/// Everything that is decided in a review.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// The rules of the import.
    pub rules: StoredRules,
    /// What was decided outside of the review, for good.
    pub standing: Standing,
    companies: HashMap<PsaCompanyId, CompanyChoice>,
    people: HashMap<PsaCompanyId, PeopleDecisions>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RulesRecord<R> {
    version: u64,
    #[serde(flatten)]
    rules: R,
}

impl Decisions {
    /// Puts what is decided on a row, of which the default is `row.decision`, into it.
    pub fn apply(&self, row: &mut CompanyRow) {
        let choice = self.companies.get(&row.id);
        let own = SingleDecision {
            selected: choice.and_then(|choice| Some((choice.at, choice.selected?))),
            target: choice.and_then(|choice| choice.target.clone()),
        };
        let ruling = company_ruling(&self.rules.rules, row, own);
        let default = row.decision.clone();
        let excluded = self.standing.exclusions.companies.get(&row.id).cloned();
        row.decision = CompanyDecision {
            selected: excluded.is_none() && ruling.selected.unwrap_or(default.selected),
            ticks_new: default.ticks_new,
            target: ruling.target.unwrap_or(default.target),
            version: default.version + choice.map_or(0, |choice| choice.version) + ruling.changes,
            excluded,
        };
    }

    /// What is decided on one company and its people alone.
    #[must_use]
    pub fn only_on(&self, company: &PsaCompanyId) -> Self {
        let choice = self.companies.get(company).cloned();
        let people = self.people.get(company).cloned();
        Self {
            rules: self.rules.clone(),
            standing: self.standing.clone(),
            companies: choice.map(|choice| (company.clone(), choice)).into_iter().collect(),
            people: people.map(|people| (company.clone(), people)).into_iter().collect(),
        }
    }

    /// The decision on one company.
    pub fn of_company(&self, company: &PsaCompanyId) -> CompanyChoice {
        self.companies.get(company).cloned().unwrap_or_default()
    }

    /// What is decided on the people of a company.
    pub fn of_people(&self, company: &PsaCompanyId) -> PeopleDecisions {
        self.people.get(company).cloned().unwrap_or_default()
    }

    /// The rules on the people of a company.
    pub fn people_rules(&self, row: &CompanyRow) -> PeopleRules {
        let of_company = self.people.get(&row.id).map(|people| Arc::clone(&people.rules.rules));
        PeopleRules::of(row, &self.rules.rules, &of_company.unwrap_or_default())
    }

    /// All rules that count, with the company if it is about the people of one only: the latest first.
    pub fn all_rules(&self) -> Vec<(Option<PsaCompanyId>, Rule)> {
        let of_import = self.rules.rules.rules.iter().map(|rule| (None, rule));
        let of_companies = self.people.iter().flat_map(|(company, people)| {
            let rules = people.rules.rules.rules.iter();
            rules.map(move |rule| (Some(company), rule))
        });
        let all = of_import.chain(of_companies).filter(|(_, rule)| !rule.taken_back);
        let mut all: Vec<(Option<PsaCompanyId>, Rule)> =
            all.map(|(company, rule)| (company.cloned(), rule.clone())).collect();
        let moment = |(company, rule): &(Option<PsaCompanyId>, Rule)| match company {
            Some(company) => (rule.after, rule.number, company.clone()),
            None => (rule.number, 0, PsaCompanyId::new("")),
        };
        all.sort_by_cached_key(|entry| std::cmp::Reverse(moment(entry)));
        all
    }

    /// The first of the last rules of the import, if those are these ones and nothing was decided since (R69): made once more, they would
    /// change nothing.
    pub fn repeated(&self, decision: &RuleDecision, scopes: &[Scope]) -> Option<&Rule> {
        let rule = self.rules.rules.repeated(decision, scopes)?;
        let is_later = |at: Moment| at.import >= rule.number;
        let of_companies = self.companies.values();
        let mut of_companies = of_companies.flat_map(|choice| choice.target.iter().map(|of| of.0).chain([choice.at]));
        let mut of_people = self.people.values();
        let is_changed = of_companies.any(is_later)
            || of_people.any(|people| {
                let mut rules = people.rules.rules.rules.iter();
                rules.any(|of_company| of_company.after >= rule.number)
                    || people.single.values().any(|row| is_later(row.at))
            });
        (!is_changed).then_some(rule)
    }

    /// The last rule on the people of a company, if it is this one and nothing was decided on them since.
    pub fn repeated_on(&self, company: &PsaCompanyId, decision: &RuleDecision, scope: &Scope) -> Option<&Rule> {
        let people = self.people.get(company)?;
        let rule = people.rules.rules.repeated(decision, std::slice::from_ref(scope))?;
        let is_changed =
            rule.after != self.rules.rules.last || people.single.values().any(|row| row.at >= self.moment(company));
        (!is_changed).then_some(rule)
    }

    /// Now, among the rules that count for a company.
    pub fn moment(&self, company: &PsaCompanyId) -> Moment {
        Moment {
            import: self.rules.rules.last,
            company: self.people.get(company).map_or(0, |people| people.rules.rules.last),
        }
    }

    fn of(standing: Standing, entries: impl IntoIterator<Item = Item>) -> Result<Self, StoreError> {
        let mut decisions = Self {
            standing,
            ..Self::default()
        };
        entries.into_iter().try_for_each(|entry| decisions.add(entry))?;
        Ok(decisions)
    }

    fn add(&mut self, entry: Item) -> Result<(), StoreError> {
        let Some(key) = entry.get("sk").and_then(|key| key.as_s().ok()).cloned() else {
            return Ok(());
        };
        if let Some(company) = key.strip_prefix(keys::RULES) {
            let RulesRecord { version, rules } = packed_body(RULES, &entry)?;
            let rules = Arc::new(rules);
            let stored = StoredRules { rules, version };
            match company {
                "" => self.rules = stored,
                _ => self.people.entry(PsaCompanyId::new(company)).or_default().rules = stored,
            }
        } else if let Some(company) = key.strip_prefix(keys::COMPANY_DECISION) {
            let record: DecisionRecord<ManagedCompanyId> = body(DECISION, entry)?;
            self.companies.insert(PsaCompanyId::new(company), record.into());
        } else if let Some((company, address)) = key
            .strip_prefix(keys::ADDRESS_DECISION)
            .and_then(|key| key.split_once('#'))
        {
            let record: DecisionRecord<UserId> = body(DECISION, entry)?;
            let people = self.people.entry(PsaCompanyId::new(company)).or_default();
            people.single.insert(AddressId::new(address), record.into());
        }
        Ok(())
    }
}

impl Tenant {
    /// Everything that is decided in the review of an import.
    pub async fn decided(&self, import: &Import) -> Result<Decisions, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let (entries, standing) = futures::try_join!(
            Box::pin(self.query(Table::Imports, &pk, keys::DECISIONS)),
            Box::pin(self.standing_of(import)),
        )?;
        Decisions::of(standing, entries)
    }

    /// What is decided on one company and its people, with the rules of the import.
    pub async fn decided_on(&self, import: &Import, company: &PsaCompanyId) -> Result<Decisions, StoreError> {
        self.decided_on_each(import, std::slice::from_ref(company)).await
    }

    /// What is decided on the companies from one to another and their people, with the rules of the import.
    pub async fn decided_among(
        &self,
        import: &Import,
        (first, last): (&PsaCompanyId, &PsaCompanyId),
    ) -> Result<Decisions, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let key = keys::rules(&self.msp, &import.id, None);
        let mut entries: Vec<Item> = self.get(Table::Imports, &key).await?.into_iter().collect();
        for prefix in [keys::RULES, keys::COMPANY_DECISION, keys::ADDRESS_DECISION] {
            let range = [first, last].map(|company| format!("{prefix}{company}"));
            let found = self.query_among(Table::Imports, &pk, range.into_iter(), Consistency::Strong);
            entries.extend(found.await?);
        }
        Decisions::of(self.standing_of(import).await?, entries)
    }

    /// What is decided on some companies and their people, with the rules of the import.
    pub async fn decided_on_each(&self, import: &Import, companies: &[PsaCompanyId]) -> Result<Decisions, StoreError> {
        let key = keys::rules(&self.msp, &import.id, None);
        let rules = self.get(Table::Imports, &key);
        let reads = companies
            .iter()
            .map(|company| self.decided_on_one(import, company).boxed());
        let reads: Vec<_> = reads.collect();
        let reads = stream::iter(reads).buffered(READ_CONCURRENCY).try_collect::<Vec<_>>();
        let standing = self.standing_of(import);
        let (rules, of_companies, standing) = futures::try_join!(Box::pin(rules), Box::pin(reads), Box::pin(standing))?;
        Decisions::of(standing, rules.into_iter().chain(of_companies.into_iter().flatten()))
    }

    async fn decided_on_one(&self, import: &Import, company: &PsaCompanyId) -> Result<Vec<Item>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let prefix = keys::address_decisions_prefix(company);
        let (mut entries, people) = futures::try_join!(
            Box::pin(self.decided_on_company(import, company)),
            Box::pin(self.query(Table::Imports, &pk, &prefix)),
        )?;
        entries.extend(people);
        Ok(entries)
    }

    /// What is decided on a company, and the rules on its people.
    async fn decided_on_company(&self, import: &Import, company: &PsaCompanyId) -> Result<Vec<Item>, StoreError> {
        let (msp, id) = (&self.msp, &import.id);
        let single = |key: Key| async move { self.get(Table::Imports, &key).await };
        let (of_people, choice) = futures::try_join!(
            Box::pin(single(keys::rules(msp, id, Some(company)))),
            Box::pin(single(keys::company_decision(msp, id, company))),
        )?;
        Ok([of_people, choice].into_iter().flatten().collect())
    }

    /// What is decided on one company and by rules on its people, with the rules of the import. Decisions on single people are to be added.
    pub async fn decided_but_on_people(
        &self,
        import: &Import,
        company: &PsaCompanyId,
    ) -> Result<Decisions, StoreError> {
        let key = keys::rules(&self.msp, &import.id, None);
        let (rules, of_company, standing) = futures::try_join!(
            Box::pin(self.get(Table::Imports, &key)),
            Box::pin(self.decided_on_company(import, company)),
            Box::pin(self.standing_of(import)),
        )?;
        Decisions::of(standing, rules.into_iter().chain(of_company))
    }

    /// Adds the decisions on the rows of one contact of a company.
    pub async fn add_decisions_on(
        &self,
        decisions: &mut Decisions,
        import: &Import,
        (company, contact): (&PsaCompanyId, &PsaContactId),
    ) -> Result<(), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let prefix = keys::contact_decisions_prefix(company, contact);
        let mut entries = self.query(Table::Imports, &pk, &prefix).await?.into_iter();
        entries.try_for_each(|entry| decisions.add(entry))
    }

    /// Keeps the decision on a company row that was changed `seen` times before.
    pub async fn decide_company(
        &self,
        import: &Import,
        company: &PsaCompanyId,
        choice: &CompanyChoice,
        seen: u64,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let key = keys::company_decision(&self.msp, &import.id, company);
        let entry = item(DECISION, &key, &DecisionRecord::from(choice))?;
        self.decide(import, DECISION, entry, seen, now).await
    }

    /// Keeps the decision on an address row that was changed `seen` times before.
    pub async fn decide_address(
        &self,
        import: &Import,
        (company, address): (&PsaCompanyId, &AddressId),
        decision: &AddressDecision,
        seen: u64,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let key = keys::address_decision(&self.msp, &import.id, company, address);
        let entry = item(DECISION, &key, &DecisionRecord::from(decision))?;
        self.decide(import, DECISION, entry, seen, now).await
    }

    /// Keeps the rules of an import, or of one of its companies, as they are after one more change.
    pub async fn keep_rules(
        &self,
        import: &Import,
        company: Option<&PsaCompanyId>,
        after: &StoredRules,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let (seen, version) = (after.version, after.version + 1);
        let record = RulesRecord {
            version,
            rules: &*after.rules,
        };
        let mut entry = packed_item(RULES, &keys::rules(&self.msp, &import.id, company), &record)?;
        // The condition cannot look into what is packed.
        entry.insert("version".to_owned(), number(version));
        self.decide(import, RULES, entry, seen, now).await
    }

    async fn decide(
        &self,
        import: &Import,
        kind: Kind,
        mut entry: Item,
        seen: u64,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        expire(&mut entry, kind, import.started_at);
        let (mut tx, in_review) = self.in_review(import, now)?;
        let values = [(":seen", number(seen))];
        match seen {
            0 => tx.add(self, Table::Imports, entry)?,
            _ => tx.put_if(self, Table::Imports, entry, "#version = :seen", &values)?,
        };
        Ok(decided(&tx.commit(self).await?, in_review))
    }
}

fn decided(outcome: &FencedOutcome, in_review: ActionId) -> Decided {
    match outcome {
        FencedOutcome::Committed => Decided::Recorded,
        FencedOutcome::FenceLost(_) => Decided::NotInReview,
        FencedOutcome::Refused(refusals) if refusals.contains(in_review) => Decided::NotInReview,
        FencedOutcome::Refused(_) => Decided::Conflict,
    }
}
