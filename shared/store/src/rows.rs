//! The rows of an import and the decisions on them.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::{Assignment, Import};
use domain::name::NameKey;
use domain::row::{AddressDecision, CompanyRow, ImportStatus, SnapshotAddress, Tab};
use jiff::Timestamp;
use serde::Serialize;

use crate::StoreError;
use crate::checkpoint::Checkpoint;
use crate::expiry::expire;
use crate::fenced::FencedOutcome;
use crate::keys;
use crate::lease::Lease;
use crate::records::{ADDRESSES, AddressDecisionRecord, CompanyRowRecord, ROW, SnapshotAddressRecord, TargetRecord};
use crate::size::{self, ROOM};
use crate::table::{Item, Table, Tenant, body, company_in, item, number, packed_body, packed_item, text, value};
use crate::tx::{Action, ActionId};

/// Addresses in one item, as far as their texts leave room for every decision to be made.
const MAX_ADDRESSES_PER_CHUNK: usize = 400;

/// The bytes of a decision on an address, without the address's id: a user's id, and the names of the fields.
const MAX_DECISION_BYTES: usize = 350;

/// The addresses of a company with the decisions on them, in chunks.
pub type Addresses = Vec<Chunk>;

/// One item of addresses.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Which of the company's items.
    pub number: usize,
    /// The addresses, in the order of the snapshot.
    pub addresses: Vec<SnapshotAddress>,
    /// The decisions made.
    pub decisions: BTreeMap<AddressId, AddressDecision>,
}

/// Where to go on browsing; opaque.
pub type BrowsePosition = String;

/// How a decision ended.
#[derive(Debug)]
#[must_use]
pub enum Decided {
    /// It is kept.
    Recorded,
    /// The row has another version by now.
    Conflict,
    /// The import is not in review, or does not hold the integration any more.
    NotInReview,
}

const fn prefix(tab: Tab) -> &'static str {
    match tab {
        Tab::In => "in#",
        Tab::NotIn => "not-in#",
    }
}

/// Whether rows of a tab can stand there; reading from elsewhere is refused by the table.
pub fn stands_in(tab: Tab, position: &str) -> bool {
    position.starts_with(prefix(tab))
}

impl Tenant {
    /// Writes rows with their addresses in as few transactions as they fit in. Only the last one advances the checkpoint: if an
    /// earlier one did, a crash would lose the remaining rows.
    pub async fn add_rows<P: Serialize>(
        &self,
        lease: &Lease,
        import: &Import,
        rows: &[(CompanyRow, Vec<SnapshotAddress>)],
        checkpoint: &Checkpoint<P>,
        now: impl Fn() -> Timestamp,
    ) -> Result<FencedOutcome, StoreError> {
        let last = self.advance_action(import, Assignment::Fetch, checkpoint)?;
        let mut tx = lease.transaction(self, now())?;
        for (row, addresses) in rows {
            // The row behind its addresses: what comes before it is not seen yet.
            for action in self.row_actions(import, row, addresses)? {
                if !tx.has_room_for([&action, &last]) {
                    let full = std::mem::replace(&mut tx, lease.transaction(self, now())?);
                    let outcome = full.commit(self).await?;
                    if !outcome.committed() {
                        return Ok(outcome);
                    }
                }
                tx.push(action)?;
            }
        }
        tx.push(last)?;
        tx.commit(self).await
    }

    fn row_actions(
        &self,
        import: &Import,
        row: &CompanyRow,
        addresses: &[SnapshotAddress],
    ) -> Result<Vec<Action>, StoreError> {
        let size = |address: &SnapshotAddressRecord| {
            Ok(size::of_json(ADDRESSES.name, address)? + address.id.as_str().len() + MAX_DECISION_BYTES)
        };
        let addresses: Vec<SnapshotAddressRecord> = addresses.iter().map(SnapshotAddressRecord::from).collect();
        let mut actions = Vec::new();
        for (chunk, addresses) in size::cut(&addresses, (MAX_ADDRESSES_PER_CHUNK, ROOM), size)?
            .into_iter()
            .enumerate()
        {
            let key = keys::addresses(&self.msp, &import.id, &row.id, chunk);
            let mut item = packed_item(ADDRESSES, &key, addresses)?;
            item.insert(DECISIONS.to_owned(), AttributeValue::M(Item::new()));
            expire(&mut item, ADDRESSES, import.started_at);
            actions.push(Action::put(self, Table::Imports, item)?);
        }
        actions.push(Action::put(self, Table::Imports, self.row_item(import, row)?)?);
        Ok(actions)
    }

    fn row_item(&self, import: &Import, row: &CompanyRow) -> Result<Item, StoreError> {
        let mut item = item(
            ROW,
            &keys::row(&self.msp, &import.id, &row.id),
            &CompanyRowRecord::from(row),
        )?;
        let tab = match row.tab {
            Tab::In => "in",
            Tab::NotIn => "not-in",
        };
        let name = NameKey::of(&row.name).sorted_as();
        let mapped = row.status == ImportStatus::Mapped;
        item.insert("browse".to_owned(), text(keys::browse(tab, mapped, &name, &row.id)));
        expire(&mut item, ROW, import.started_at);
        Ok(item)
    }

    /// Reads one row.
    pub async fn row(&self, import: &Import, company: &PsaCompanyId) -> Result<Option<CompanyRow>, StoreError> {
        let item = self
            .get(Table::Imports, &keys::row(&self.msp, &import.id, company))
            .await?;
        item.map(read_row).transpose()
    }

    /// Reads all rows in the order of their keys, a page of at most 1 MB at a time.
    pub async fn rows_page(
        &self,
        import: &Import,
        after: Option<&Item>,
    ) -> Result<(Vec<CompanyRow>, Option<Item>), StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let (items, next) = self.query_page(Table::Imports, &pk, keys::ROW, after, None).await?;
        let rows = items.into_iter().map(read_row).collect::<Result<_, _>>()?;
        Ok((rows, next))
    }

    /// Where a walk over the rows goes on behind a company.
    pub fn rows_after(&self, import: &Import, company: &PsaCompanyId) -> Item {
        keys::row(&self.msp, &import.id, company).to_item()
    }

    /// Reads up to `limit` rows of a tab in the order an administrator sees them.
    pub async fn browse(
        &self,
        import: &Import,
        tab: Tab,
        after: Option<&BrowsePosition>,
        limit: usize,
    ) -> Result<(Vec<(CompanyRow, BrowsePosition)>, bool), StoreError> {
        let prefix = prefix(tab);
        let from = after.map_or_else(|| prefix.to_owned(), Clone::clone);
        let pk = keys::import_partition(&self.msp, &import.id);
        let page = self
            .client()
            .query()
            .table_name(self.table(Table::Imports))
            .index_name("browse")
            .key_condition_expression("pk = :pk AND browse BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(from))
            // `$` is the character after `#`.
            .expression_attribute_values(":to", text(prefix.replace('#', "$")))
            .consistent_read(true)
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| StoreError::sdk("Query", error))?;
        let more = page.last_evaluated_key.is_some();
        let mut rows = Vec::new();
        for item in page.items.unwrap_or_default() {
            let position = match item.get("browse") {
                Some(AttributeValue::S(position)) => position.clone(),
                _ => String::new(),
            };
            // BETWEEN includes the row that the last page ended with.
            if Some(&position) != after {
                rows.push((read_row(item)?, position));
            }
        }
        Ok((rows, more))
    }

    /// Reads the addresses of one company.
    pub async fn addresses(&self, import: &Import, company: &PsaCompanyId) -> Result<Addresses, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let items = self
            .query(Table::Imports, &pk, &keys::addresses_prefix(company))
            .await?;
        items
            .into_iter()
            .enumerate()
            .map(|(number, item)| read_chunk(number, &item))
            .collect()
    }

    /// Reads the addresses of several companies at once, and of those between them.
    pub async fn addresses_among(
        &self,
        import: &Import,
        companies: &[PsaCompanyId],
    ) -> Result<HashMap<PsaCompanyId, Addresses>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let prefixes = companies.iter().map(keys::addresses_prefix);
        let mut all: HashMap<PsaCompanyId, Addresses> = HashMap::new();
        for item in self.query_among(Table::Imports, &pk, prefixes).await? {
            if let Some(company) = company_in(&item, keys::ADDRESSES) {
                let chunks = all.entry(company).or_default();
                chunks.push(read_chunk(chunks.len(), &item)?);
            }
        }
        Ok(all)
    }

    /// Keeps the decision on a company row that had version `seen`.
    pub async fn decide_company(
        &self,
        import: &Import,
        row: &CompanyRow,
        seen: u64,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        self.decide_companies(import, std::slice::from_ref(&(row.clone(), seen)), now)
            .await
    }

    /// Keeps the decisions on up to 98 company rows, all or none.
    pub async fn decide_companies(
        &self,
        import: &Import,
        rows: &[(CompanyRow, u64)],
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let (mut tx, in_review) = self.in_review(import, now)?;
        for (row, seen) in rows {
            let target = value("decision", &TargetRecord::from(row.decision.target.clone()))?;
            let values = [
                (":selected", AttributeValue::Bool(row.decision.selected)),
                (":target", target),
                (":version", number(row.decision.version)),
                (":seen", number(seen)),
            ];
            let key = keys::row(&self.msp, &import.id, &row.id);
            let update = "SET selected = :selected, target = :target, #version = :version";
            tx.update(self, Table::Imports, &key, update, "#version = :seen", &values)?;
        }
        Ok(decided(&tx.commit(self).await?, in_review))
    }

    /// Keeps the decisions on addresses of one chunk, each of which had the version that is `seen` with it.
    pub async fn decide_addresses(
        &self,
        import: &Import,
        company: &PsaCompanyId,
        chunk: &Chunk,
        seen: &BTreeMap<AddressId, AddressDecision>,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        let (mut tx, in_review) = self.in_review(import, now)?;
        let values = [
            (":new", decisions_value(&chunk.decisions)?),
            (":seen", decisions_value(seen)?),
        ];
        let key = keys::addresses(&self.msp, &import.id, company, chunk.number);
        tx.update(
            self,
            Table::Imports,
            &key,
            "SET #decisions = :new",
            "#decisions = :seen",
            &values,
        )?;
        Ok(decided(&tx.commit(self).await?, in_review))
    }
}

const DECISIONS: &str = "decisions";

fn decisions_value(decisions: &BTreeMap<AddressId, AddressDecision>) -> Result<AttributeValue, StoreError> {
    let records = decisions.iter().map(|(id, decision)| (id, decision.into()));
    value("decisions", &records.collect::<BTreeMap<_, AddressDecisionRecord>>())
}

fn read_row(item: Item) -> Result<CompanyRow, StoreError> {
    body::<CompanyRowRecord>(ROW, item).map(CompanyRow::from)
}

fn read_chunk(number: usize, item: &Item) -> Result<Chunk, StoreError> {
    let addresses: Vec<SnapshotAddressRecord> = packed_body(ADDRESSES, item)?;
    let decisions: BTreeMap<AddressId, AddressDecisionRecord> = match item.get(DECISIONS) {
        Some(value) => serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(value.clone())
            .map_err(|error| StoreError::shape("decisions", error))?,
        None => BTreeMap::new(),
    };
    Ok(Chunk {
        number,
        addresses: addresses.into_iter().map(SnapshotAddress::from).collect(),
        decisions: decisions.into_iter().map(|(id, record)| (id, record.into())).collect(),
    })
}

fn decided(outcome: &FencedOutcome, in_review: ActionId) -> Decided {
    match outcome {
        FencedOutcome::Committed => Decided::Recorded,
        FencedOutcome::FenceLost(_) => Decided::NotInReview,
        FencedOutcome::Refused(refusals) if refusals.contains(in_review) => Decided::NotInReview,
        FencedOutcome::Refused(_) => Decided::Conflict,
    }
}
