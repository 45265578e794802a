//! The rows of an import as an administrator sees them: facts of the snapshot, with what is decided on them.

use std::collections::HashMap;

use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::not_in::PersonNotIn;
use domain::psa::PsaContact;
use domain::row::SnapshotAddress;

pub use crate::snapshot::Row;

use crate::StoreError;
use crate::decided::Decisions;
use crate::expiry::expire;
use crate::keys;
use crate::records::{ORPHANS, PersonRecord, SnapshotAddressRecord};
use crate::snapshot::pages::slices;
use crate::snapshot::{ADDRESSES_OF, PEOPLE_OF, missing};
use crate::table::{Consistency, Table, Tenant, packed_body, packed_item};
use crate::tx::Action;

impl Tenant {
    /// All rows of an import, in the order of their ids, with what is decided.
    pub async fn rows(&self, import: &Import, decisions: &Decisions) -> Result<Vec<Row>, StoreError> {
        let mut rows = self.undecided_rows(import).await?;
        for row in &mut rows {
            decisions.apply(&mut row.company);
        }
        Ok(rows)
    }

    /// One row, with what is decided.
    pub async fn row(
        &self,
        import: &Import,
        company: &PsaCompanyId,
        decisions: &Decisions,
    ) -> Result<Option<Row>, StoreError> {
        let (rows, _) = self.undecided_rows_of(import, std::slice::from_ref(company)).await?;
        let mut row = rows.into_iter().next();
        if let Some(row) = &mut row {
            decisions.apply(&mut row.company);
        }
        Ok(row)
    }

    /// The names of all companies, as long as the rows are kept; none afterwards.
    pub async fn names(&self, import: &Import) -> Result<HashMap<PsaCompanyId, String>, StoreError> {
        match self.undecided_rows(import).await {
            Ok(rows) => Ok(rows.into_iter().map(|row| (row.company.id, row.company.name)).collect()),
            Err(StoreError::Shape { .. }) => Ok(HashMap::new()),
            Err(error) => Err(error),
        }
    }

    /// The addresses of a company.
    pub async fn addresses(&self, import: &Import, row: &Row) -> Result<Vec<SnapshotAddress>, StoreError> {
        let Some(content) = &row.addresses else {
            return Ok(Vec::new());
        };
        let records: Vec<SnapshotAddressRecord> = self
            .list_of(ADDRESSES_OF, &import.integration, &row.id, content)
            .await?;
        Ok(records.into_iter().map(SnapshotAddress::from).collect())
    }

    /// The addresses of several companies at once; those between them are read as well.
    pub async fn addresses_among(
        &self,
        import: &Import,
        rows: &[Row],
    ) -> Result<HashMap<PsaCompanyId, Vec<SnapshotAddress>>, StoreError> {
        // Its items are written once, so that those which a cheap read finds are right; if it lacks some, all are read again.
        if let Some(all) = self.stored_addresses(import, rows, Consistency::Eventual).await? {
            return Ok(all);
        }
        let all = self.stored_addresses(import, rows, Consistency::Strong).await?;
        all.ok_or_else(|| missing(ADDRESSES_OF.kind))
    }

    /// The addresses of several companies; `None` if items of them are missing.
    async fn stored_addresses(
        &self,
        import: &Import,
        rows: &[Row],
        consistency: Consistency,
    ) -> Result<Option<HashMap<PsaCompanyId, Vec<SnapshotAddress>>>, StoreError> {
        let partition = keys::snapshot_partition(&self.msp, &import.integration);
        let wanted = rows.iter().filter_map(|row| Some((&row.id, row.addresses.as_ref()?)));
        let wanted: HashMap<_, _> = wanted.collect();
        let prefixes = wanted.keys().map(|company| ADDRESSES_OF.prefix(company));
        let mut all: HashMap<PsaCompanyId, Vec<SnapshotAddress>> = HashMap::new();
        let mut items: HashMap<PsaCompanyId, usize> = HashMap::new();
        let stored = self.query_among(Table::Imports, &partition, prefixes, consistency);
        for item in stored.await? {
            let Some((company, version)) = ADDRESSES_OF.place(&item) else {
                continue;
            };
            // Others are of earlier snapshots, or of one that is being written.
            if wanted.get(&company).is_some_and(|content| content.is_of(version)) {
                let records: Vec<SnapshotAddressRecord> = packed_body(ADDRESSES_OF.kind, &item)?;
                *items.entry(company.clone()).or_default() += 1;
                let addresses = all.entry(company).or_default();
                addresses.extend(records.into_iter().map(SnapshotAddress::from));
            }
        }
        let is_whole = |(company, content): (&&PsaCompanyId, &&crate::snapshot::Content)| {
            items.get(*company).copied().unwrap_or_default() >= content.items()
        };
        Ok(wanted.iter().all(is_whole).then_some(all))
    }

    /// The people of a company who are not in.
    pub async fn people_not_in(&self, import: &Import, row: &Row) -> Result<Vec<PersonNotIn>, StoreError> {
        let Some(content) = &row.people else {
            return Ok(Vec::new());
        };
        let records: Vec<PersonRecord> = self.list_of(PEOPLE_OF, &import.integration, &row.id, content).await?;
        Ok(records.into_iter().map(PersonNotIn::from).collect())
    }

    /// The writes that keep the contacts whose company cannot be read back.
    pub fn orphans_actions(&self, import: &Import, contacts: &[PsaContact]) -> Result<Vec<Action>, StoreError> {
        let slices = slices(contacts)?.into_iter().enumerate();
        let writes = slices.map(|(number, slice)| {
            let key = keys::orphans(&self.msp, &import.id, number);
            let mut item = packed_item(ORPHANS, &key, slice)?;
            expire(&mut item, ORPHANS, import.started_at);
            Action::put(self, Table::Imports, item)
        });
        writes.collect()
    }

    /// The contacts whose company cannot be read back.
    pub async fn orphans(&self, import: &Import) -> Result<Vec<PsaContact>, StoreError> {
        let pk = keys::import_partition(&self.msp, &import.id);
        let mut all = Vec::new();
        for item in self.query(Table::Imports, &pk, keys::ORPHANS).await? {
            all.append(&mut packed_body(ORPHANS, &item)?);
        }
        Ok(all)
    }
}
