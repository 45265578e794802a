//! The rows of a result, as the journal has them.

use std::collections::HashMap;

use api::Api;
use domain::address::NoAddress;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::plan::{Outcome, Reason, RowOutcome};
use domain::quotation::Quotation;
use futures::{StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::Serialize;
use store::Tenant;
use store::journal::{ChunkName, CompanyChunk, Journal, JournalEntry, JournalPosition, NamedAddress, SkippedCompany};
use tokio::sync::OnceCell;

/// Names read at once.
const READ_CONCURRENCY: usize = 16;

/// One planned row, or several that needed nothing.
pub(super) struct ResultRow {
    pub company: ResultCompany,
    /// The address row; `None` for the company itself.
    pub address: Option<ResultAddress>,
    pub outcome: Outcome,
    /// What the directory said, if it refused the row.
    pub said: Option<Quotation>,
    /// How many planned rows these are.
    pub rows: u64,
}

/// The PSA company of a row.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct ResultCompany {
    /// The id of the company in the PSA.
    pub id: PsaCompanyId,
    /// The name of the company.
    pub name: String,
}

/// The address row of a result. Without an id it means all addresses of a company that needed nothing.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultAddress {
    /// The id of the address row within its company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AddressId>,
    /// The email address. Absent if the contact has none; then see `noAddress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The contact's name.
    pub contact: String,
    /// The text in place of an address, and why it is not one. Absent if there is an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_address: Option<NoAddress>,
}

impl ResultAddress {
    /// What stands in the PSA: the address, or the text in its place.
    pub fn shown(&self) -> String {
        let text = || self.no_address.as_ref().map(|no_address| no_address.text.clone());
        self.address.clone().or_else(text).unwrap_or_default()
    }
}

impl ResultRow {
    /// What happened, and what to do next.
    pub fn text(&self, reason: Reason, language: Language) -> (&'static str, &'static str) {
        let no_address = self.address.as_ref().and_then(|address| address.no_address.as_ref());
        reason.text(no_address, language)
    }
}

/// Reads the rows of some chunks of the journal.
pub(super) async fn of_chunks(journal: &Journal, names: &[&ChunkName]) -> Api<Vec<ResultRow>> {
    let chunks = journal.chunks(names).await?.into_iter();
    let entries = chunks.map(|chunk| (chunk.plan.name.clone(), JournalEntry::Chunk(chunk)));
    Ok(entries.flat_map(|(name, entry)| of_entry(name, entry)).collect())
}

/// Reads the rows of skipped companies that may be listed one by one, from where the page before ended. Those that needed nothing are not
/// among them, and so each of their companies has its name in the journal.
pub(super) async fn of_skipped_companies(
    journal: &Journal,
    after: &JournalPosition,
) -> Api<(Vec<ResultRow>, Option<JournalPosition>)> {
    let (entries, next) = journal.page(Some(after), None).await?;
    let rows = entries.into_iter().flat_map(|entry| match name_of(&entry) {
        Some(name) => of_entry(name, entry),
        None => Vec::new(),
    });
    Ok((rows.collect(), next))
}

/// The company's name, as far as the journal has it.
fn name_of(entry: &JournalEntry) -> Option<String> {
    match entry {
        JournalEntry::Chunk(chunk) => Some(chunk.plan.name.clone()),
        JournalEntry::Skipped(skipped) => skipped.name.clone(),
    }
}

fn of_entry(name: String, entry: JournalEntry) -> Vec<ResultRow> {
    match entry {
        JournalEntry::Chunk(chunk) => {
            let id = chunk.plan.company.clone();
            of_chunk(&ResultCompany { id, name }, chunk)
        }
        JournalEntry::Skipped(skipped) => {
            let id = skipped.company.clone();
            of_skipped(&ResultCompany { id, name }, skipped)
        }
    }
}

/// The names of companies that needed nothing, read once for an answer. Their rows expire before the result; their mappings do not.
pub(super) struct Names<'a> {
    tenant: &'a Tenant,
    import: &'a Import,
    of_rows: OnceCell<HashMap<PsaCompanyId, String>>,
}

impl<'a> Names<'a> {
    pub fn new(tenant: &'a Tenant, import: &'a Import) -> Self {
        Self {
            tenant,
            import,
            of_rows: OnceCell::new(),
        }
    }

    /// The rows of an item of the journal.
    pub async fn rows(&self, entries: Vec<JournalEntry>) -> Api<Vec<ResultRow>> {
        let named = futures::stream::iter(entries).map(|entry| self.named(entry));
        let rows: Vec<Vec<ResultRow>> = named.buffered(READ_CONCURRENCY).try_collect().await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn named(&self, entry: JournalEntry) -> Api<Vec<ResultRow>> {
        let name = match (name_of(&entry), &entry) {
            (None, JournalEntry::Skipped(skipped)) => self.of(&skipped.company).await?,
            (name, _) => name.unwrap_or_default(),
        };
        Ok(of_entry(name, entry))
    }

    async fn of(&self, company: &PsaCompanyId) -> Api<String> {
        let read = || self.tenant.names(self.import);
        if let Some(name) = self.of_rows.get_or_try_init(read).await?.get(company) {
            return Ok(name.clone());
        }
        let mapping = self.tenant.company_mapping(&self.import.integration, company).await?;
        Ok(mapping.map(|mapping| mapping.name).unwrap_or_default())
    }
}

fn of_chunk(company: &ResultCompany, chunk: CompanyChunk) -> Vec<ResultRow> {
    let unchanged = unchanged(company, chunk.unchanged);
    // Outcomes come in the order of the users.
    let mut users = chunk.plan.users.iter();
    let rows = chunk.outcomes.into_iter().map(|row| {
        let user = row
            .address
            .as_ref()
            .and_then(|id| users.by_ref().find(|user| user.id == *id));
        one(company, user.map(NamedAddress::from), row)
    });
    rows.chain(unchanged).collect()
}

fn of_skipped(company: &ResultCompany, skipped: SkippedCompany) -> Vec<ResultRow> {
    let unchanged = skipped
        .is_unchanged()
        .then(|| one(company, None, Outcome::Unchanged.into()));
    let users = self::unchanged(company, skipped.unchanged_users);
    let rest = skipped.rest.into_iter().map(|row| one(company, row.address, row.row));
    unchanged.into_iter().chain(rest).chain(users).collect()
}

/// The addresses of a company that needed nothing, in one line.
fn unchanged(company: &ResultCompany, users: u64) -> Option<ResultRow> {
    (users > 0).then(|| ResultRow {
        company: company.clone(),
        address: Some(ResultAddress::default()),
        outcome: Outcome::Unchanged,
        said: None,
        rows: users,
    })
}

fn one(company: &ResultCompany, address: Option<NamedAddress>, row: RowOutcome) -> ResultRow {
    let address = row.address.map(|id| {
        let named = address.unwrap_or_default();
        ResultAddress {
            id: Some(id),
            address: named.text,
            contact: named.contact,
            no_address: named.no_address,
        }
    });
    ResultRow {
        company: company.clone(),
        address,
        outcome: row.outcome,
        said: row.said,
        rows: 1,
    }
}
