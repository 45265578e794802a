//! The facts of companies, gathered in as few reads as they can be.

use std::collections::{HashMap, HashSet};
use std::iter;

use domain::address::AddressKey;
use domain::facts::CompanyFacts;
use domain::ids::{AddressId, PsaCompanyId};
use domain::mapping::AddressMapping;
use domain::plan::hand_over::follow;
use domain::quick;
use domain::row::{AddressDecision, CompanyRow, SnapshotAddress, Tab};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use store::rows::Row;
use store::{Consistency, StoreError};

use crate::context::{Context, PlanningError};
use crate::people::People;

/// Rows that are next to each other, of which those selected make a group.
const ROWS: usize = 25;

/// Companies of a group that are read at once.
const READ_CONCURRENCY: usize = 8;

/// Selected rows whose facts are gathered together.
#[derive(Clone)]
pub(crate) struct Group {
    rows: Vec<Row>,
    /// Whether so many of the neighbours are selected that reading all of them is less than reading each.
    is_dense: bool,
}

/// Whose holders are asked for.
#[derive(Clone, Copy)]
pub enum Asked<'a> {
    /// Of every address.
    All,
    /// Of those that a plan can do something with.
    Ticked,
    /// Of the addresses of these rows, and of all rows with the same addresses. The other rows are not to be shown.
    Of(&'a HashSet<AddressId>),
}

/// What stands in the tables about a company.
#[derive(Default)]
pub(crate) struct Read {
    pub addresses: Vec<SnapshotAddress>,
    pub mapped: Vec<AddressMapping>,
}

/// Whether anything is to be done for a row (R18).
pub(crate) fn is_selected(row: &CompanyRow) -> bool {
    row.tab == Tab::In && row.decision.selected
}

impl Group {
    /// Rows that are read with all that is among them.
    pub(crate) const fn dense(rows: Vec<Row>) -> Self {
        Self { rows, is_dense: true }
    }

    /// Some of the rows of a group.
    pub(crate) fn some(&self, is_in: impl Fn(usize) -> bool) -> Self {
        let rows = self.rows.iter().enumerate().filter(|(place, _)| is_in(*place));
        let rows: Vec<Row> = rows.map(|(_, row)| row.clone()).collect();
        Self {
            is_dense: self.is_dense && rows.len() * 2 >= self.rows.len(),
            rows,
        }
    }

    /// The selected ones of rows that follow each other, each group when it is its turn.
    pub(crate) fn of(
        mut rows: impl Iterator<Item = Result<Row, StoreError>>,
    ) -> impl Iterator<Item = Result<Self, StoreError>> {
        iter::from_fn(move || {
            loop {
                let neighbours: Vec<Row> = match rows.by_ref().take(ROWS).collect() {
                    Ok(neighbours) => neighbours,
                    Err(error) => return Some(Err(error)),
                };
                let of = neighbours.len();
                let rows: Vec<Row> = neighbours.into_iter().filter(|row| is_selected(row)).collect();
                if of == 0 || !rows.is_empty() {
                    let is_dense = rows.len() > 1 && rows.len() * 2 >= of;
                    return (of > 0).then_some(Ok(Self { rows, is_dense }));
                }
            }
        })
    }
}

impl Context {
    /// What is stored of one company, without what the directory has.
    pub(crate) async fn facts_without_people(&self, row: Row) -> Result<CompanyFacts, PlanningError> {
        let read = self.read(&row, Consistency::Strong).await?;
        self.facts_within(row, read).await
    }

    /// Gathers the facts of one company.
    pub async fn facts(&self, row: Row, asked: Asked<'_>) -> Result<CompanyFacts, PlanningError> {
        let mut all = [self.facts_without_people(row).await?];
        self.add_people(&mut all, asked, &self.people).await?;
        let [facts] = all;
        Ok(facts)
    }

    /// Asks who holds addresses of a company whose facts were gathered without.
    pub async fn add_holders(&self, facts: &mut CompanyFacts, asked: Asked<'_>) -> Result<(), PlanningError> {
        let unknown = vec![unknown_addresses(facts, asked)];
        let of_one = std::slice::from_mut(facts);
        Ok(self.people.add_holders(of_one, unknown, &self.companies).await?)
    }

    /// The facts of the companies of a group, in its order, with these people.
    pub(crate) async fn facts_of(
        &self,
        group: Group,
        asked: Asked<'_>,
        people: &People,
    ) -> Result<Vec<CompanyFacts>, PlanningError> {
        let mut read = if group.is_dense {
            self.read_among(&group.rows, people.consistency).await?
        } else {
            HashMap::new()
        };
        let mut calls: Vec<BoxFuture<'_, Result<CompanyFacts, PlanningError>>> = Vec::new();
        for row in group.rows {
            let read = group.is_dense.then(|| read.remove(&row.id).unwrap_or_default());
            calls.push(
                async move {
                    let read = match read {
                        Some(read) => read,
                        None => self.read(&row, people.consistency).await?,
                    };
                    self.facts_within(row, read).await
                }
                .boxed(),
            );
        }
        let calls = futures::stream::iter(calls).buffered(READ_CONCURRENCY);
        let mut all: Vec<CompanyFacts> = calls.try_collect().await?;
        self.add_people(&mut all, asked, people).await?;
        Ok(all)
    }

    async fn read(&self, row: &Row, consistency: Consistency) -> Result<Read, PlanningError> {
        let addresses = self.tenant.addresses(&self.import, row).await?;
        let integration = &self.import.integration;
        let mapped = match self.mappings.get(&row.id) {
            Some(_) => {
                let stored = self
                    .tenant
                    .stored_address_mappings_with(integration, &row.id, consistency);
                stored.await?.all()
            }
            None => Vec::new(),
        };
        Ok(Read { addresses, mapped })
    }

    async fn read_among(
        &self,
        rows: &[Row],
        consistency: Consistency,
    ) -> Result<HashMap<PsaCompanyId, Read>, PlanningError> {
        let ids: Vec<PsaCompanyId> = rows.iter().map(|row| row.id.clone()).collect();
        let mapped: Vec<PsaCompanyId> = ids
            .iter()
            .filter(|id| self.mappings.contains_key(id))
            .cloned()
            .collect();
        let mut addresses = self.tenant.addresses_among(&self.import, rows).await?;
        let mut mapped = self
            .tenant
            .address_mappings_among(&self.import.integration, &mapped, consistency)
            .await?;
        let read = ids.into_iter().map(|id| {
            let read = Read {
                addresses: addresses.remove(&id).unwrap_or_default(),
                mapped: mapped.remove(&id).unwrap_or_default(),
            };
            (id, read)
        });
        Ok(read.collect())
    }

    /// What is known of a company but for users.
    pub(crate) async fn facts_within(&self, row: Row, read: Read) -> Result<CompanyFacts, PlanningError> {
        let mut single = self.decisions.of_people(&row.id).single;
        let exclusions = &self.decisions.standing.exclusions;
        let addresses = read.addresses.into_iter().map(|address| {
            let mut decision = single.remove(&address.id).unwrap_or_default();
            decision.excluded = exclusions.of_contact(address.id.contact()).cloned();
            (address, decision)
        });
        let addresses = addresses.collect();
        let mapping = self.mappings.get(&row.id).cloned();
        let mut facts = CompanyFacts {
            generation: self.decisions.standing.generation(&row.id),
            rules: self.decisions.people_rules(&row),
            row: row.company,
            mapping,
            addresses,
            hides_contacts: self.import.filter.hides_contacts(),
            mapped_addresses: read.mapped,
            users: quick::HashMap::default(),
            holders: quick::HashMap::default(),
            hand_over: None,
            capabilities: self.people.capabilities(),
        };
        if let Some(mut hand_over) = self.hand_over(&facts.row).await? {
            let following = follow(&facts.addresses, &hand_over);
            hand_over.own = std::mem::replace(&mut facts.mapped_addresses, following);
            facts.hand_over = Some(hand_over);
        }
        Ok(facts)
    }

    /// Asks once for all of them for the users there are, and who holds the other addresses.
    pub(crate) async fn add_people(
        &self,
        all: &mut [CompanyFacts],
        asked: Asked<'_>,
        people: &People,
    ) -> Result<(), PlanningError> {
        people.add_users(all, &self.companies).await?;
        let unknown = all.iter().map(|facts| unknown_addresses(facts, asked)).collect();
        Ok(people.add_holders(all, unknown, &self.companies).await?)
    }
}

/// Addresses that no user of the managed company has: somebody else may.
fn unknown_addresses(facts: &CompanyFacts, asked: Asked<'_>) -> Vec<AddressKey> {
    let known: quick::HashSet<&AddressKey> = facts.users.values().map(|user| user.address.key()).collect();
    let rows = facts.addresses.iter().filter_map(|(row, decision)| {
        let address = row.key().filter(|address| !known.contains(address))?;
        Some((row, decision, address))
    });
    // Mostly nobody.
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Vec::new();
    }
    // An address may take over the mapping of another one of its contact, or pass from one contact to another.
    let mapped = || facts.mapped_addresses.iter();
    let contacts: quick::HashSet<&str> = mapped().map(|mapping| mapping.id.contact()).collect();
    let addresses: quick::HashSet<&AddressKey> = mapped().map(|mapping| mapping.address.key()).collect();
    let can_be_ticked = |row: &SnapshotAddress, decision: &AddressDecision, address: &AddressKey| {
        let is_mapped = || contacts.contains(row.id.contact()) || addresses.contains(address);
        let own = decision.selection();
        let decided = facts.rules.may_tick(row, own).or(decision.selected);
        decided.unwrap_or_else(|| facts.row.decision.ticks_new || is_mapped())
    };
    let is_asked = |row: &SnapshotAddress, decision: &AddressDecision, address: &AddressKey| match asked {
        Asked::All => true,
        Asked::Ticked => can_be_ticked(row, decision, address),
        Asked::Of(rows) => rows.contains(&row.id),
    };
    let asked = rows.filter(|(row, decision, address)| is_asked(row, decision, address));
    asked.map(|(_, _, address)| address.clone()).collect()
}
