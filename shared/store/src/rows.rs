//! The rows of an import as an administrator sees them: facts of the snapshot, with what is decided on them.

use std::collections::HashMap;

use domain::ids::PsaCompanyId;
use domain::import::Import;
use domain::not_in::PersonNotIn;
use domain::psa::PsaContact;
use domain::row::SnapshotAddress;

pub use crate::snapshot::Row;

use crate::decided::Decisions;
use crate::expiry::expire;
use crate::keys;
use crate::records::{ORPHANS, PersonRecord, SnapshotAddressRecord};
use crate::snapshot::index::{Index, ROWS};
use crate::snapshot::pages::slices;
use crate::snapshot::{ADDRESSES_OF, PEOPLE_OF, missing};
use crate::table::{Consistency, Table, Tenant, packed_body, packed_item};
use crate::tx::Action;
use crate::{StoreError, packed};

/// Chunks that are looked at to estimate how many rows are of some kind.
const SAMPLED_CHUNKS: usize = 64;

/// All rows of an import, packed as they are stored: unpacked, those of a large MSP would take much of a function's memory.
pub struct PackedRows {
    index: Index,
    chunks: Vec<Vec<u8>>,
}

impl PackedRows {
    /// The rows in the order of their ids, with what is decided on them.
    pub fn iter<'a>(&'a self, decisions: &'a Decisions) -> impl Iterator<Item = Result<Row, StoreError>> + 'a {
        self.behind(None, decisions)
    }

    /// Those behind `after`; all rows, if that is left open.
    pub fn behind<'a>(
        &'a self,
        after: Option<&PsaCompanyId>,
        decisions: &'a Decisions,
    ) -> impl Iterator<Item = Result<Row, StoreError>> + use<'a> {
        let first = after.map_or(0, |after| self.index.chunk_of(after).unwrap_or_default());
        let after = after.cloned();
        let rows = (first..self.chunks.len()).flat_map(|number| self.chunk(number, decisions));
        rows.filter(move |row| match (row, &after) {
            (Ok(row), Some(after)) => row.id > *after,
            _ => true,
        })
    }

    /// About how many rows are `wanted`: exactly for a small MSP, else judged by a sample.
    pub fn about(&self, decisions: &Decisions, wanted: impl Fn(&Row) -> bool) -> Result<usize, StoreError> {
        let step = self.chunks.len().div_ceil(SAMPLED_CHUNKS).max(1);
        let mut found = 0;
        for row in (0..self.chunks.len())
            .step_by(step)
            .flat_map(|number| self.chunk(number, decisions))
        {
            found += usize::from(wanted(&row?));
        }
        Ok(found * step)
    }

    /// The rows of one chunk.
    fn chunk(&self, number: usize, decisions: &Decisions) -> impl Iterator<Item = Result<Row, StoreError>> + use<> {
        let rows = self.chunks.get(number).map_or(Ok(Vec::new()), |packed| {
            let mut rows = self.index.complete(number, packed::unpack(ROWS.name, packed)?);
            for row in &mut rows {
                decisions.apply(&mut row.company);
            }
            Ok(rows)
        });
        let (rows, error) = match rows {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        rows.into_iter().map(Ok).chain(error.map(Err))
    }
}

impl Tenant {
    /// All rows of an import in the order of their ids, with what is decided.
    pub async fn rows(&self, import: &Import, decisions: &Decisions) -> Result<Vec<Row>, StoreError> {
        self.packed_rows(import).await?.iter(decisions).collect()
    }

    /// All rows of an import, packed.
    pub async fn packed_rows(&self, import: &Import) -> Result<PackedRows, StoreError> {
        let index = self.index(import).await?;
        let chunks = self.packed_chunks(&import.integration, &index.chunks).await?;
        Ok(PackedRows { index, chunks })
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
        let names = async {
            let (rows, decisions) = (self.packed_rows(import).await?, Decisions::default());
            let names = rows
                .iter(&decisions)
                .map(|row| row.map(|row| (row.company.id, row.company.name)));
            names.collect()
        };
        match names.await {
            Err(StoreError::Shape { .. }) => Ok(HashMap::new()),
            names => names,
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
