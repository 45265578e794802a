//! The rows of a result, as the journal has them.

use std::collections::HashMap;

use api::Api;
use domain::address::NoAddress;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::plan::{Outcome, Reason};
use futures::{StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::Serialize;
use store::Tenant;
use store::journal::{CompanyChunk, JournalEntry, JournalPosition, NamedAddress, SkippedCompany};
use tokio::sync::OnceCell;

/// Names read at once.
const READ_CONCURRENCY: usize = 16;

/// One planned row, or several that needed nothing.
pub(super) struct Row {
    pub company: ResultCompany,
    /// The address row; `None` for the company itself.
    pub address: Option<ResultAddress>,
    pub outcome: Outcome,
    /// How many planned rows these are.
    pub rows: u64,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct ResultCompany {
    pub id: PsaCompanyId,
    pub name: String,
}

/// An address row; without an id, the addresses of a company that needed nothing.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultAddress {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AddressId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub contact: String,
    /// The text that is no address, and why.
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

impl Row {
    /// What happened, and what to do next.
    pub fn text(&self, reason: Reason, language: Language) -> (&'static str, &'static str) {
        let no_address = self.address.as_ref().and_then(|address| address.no_address.as_ref());
        reason.text(no_address, language)
    }
}

/// Reads rows from where the page before ended: those of at most `items` items of the journal.
pub(super) async fn page(
    tenant: &Tenant,
    import: &Import,
    after: Option<&JournalPosition>,
    items: Option<i32>,
) -> Api<(Vec<Row>, Option<JournalPosition>)> {
    let (entries, next) = tenant.journal_of(import).page(after, items).await?;
    let mut rows = Vec::new();
    let names = Names {
        tenant,
        import,
        of_rows: OnceCell::new(),
    };
    let with_names = futures::stream::iter(entries).map(|entry| named(&names, entry));
    let mut with_names = with_names.buffered(READ_CONCURRENCY);
    while let Some((name, entry)) = with_names.try_next().await? {
        match entry {
            JournalEntry::Chunk(chunk) => rows.extend(of_chunk(&name, chunk)),
            JournalEntry::Skipped(skipped) => rows.extend(of_skipped(&name, skipped)),
        }
    }
    Ok((rows, next))
}

/// An entry with the company's name; that of one which needed nothing is not in the journal.
async fn named(names: &Names<'_>, entry: JournalEntry) -> Api<(ResultCompany, JournalEntry)> {
    let (id, name) = match &entry {
        JournalEntry::Chunk(chunk) => (&chunk.plan.company, Some(chunk.plan.name.clone())),
        JournalEntry::Skipped(skipped) => (&skipped.company, skipped.name.clone()),
    };
    let name = match name {
        Some(name) => name,
        None => names.of(id).await?,
    };
    Ok((ResultCompany { id: id.clone(), name }, entry))
}

/// The names of companies that needed nothing. Their rows expire before the result; their mappings do not.
struct Names<'a> {
    tenant: &'a Tenant,
    import: &'a Import,
    of_rows: OnceCell<HashMap<PsaCompanyId, String>>,
}

impl Names<'_> {
    async fn of(&self, company: &PsaCompanyId) -> Api<String> {
        let read = || self.tenant.names(self.import);
        if let Some(name) = self.of_rows.get_or_try_init(read).await?.get(company) {
            return Ok(name.clone());
        }
        let mapping = self.tenant.company_mapping(&self.import.integration, company).await?;
        Ok(mapping.map(|mapping| mapping.name).unwrap_or_default())
    }
}

fn of_chunk(company: &ResultCompany, chunk: CompanyChunk) -> Vec<Row> {
    let unchanged = unchanged(company, chunk.unchanged);
    let rows = chunk.outcomes.into_iter().map(|row| {
        let user = row
            .address
            .as_ref()
            .and_then(|id| chunk.plan.users.iter().find(|user| user.id == *id));
        one(company, row.address.clone(), user.map(NamedAddress::from), row.outcome)
    });
    rows.chain(unchanged).collect()
}

fn of_skipped(company: &ResultCompany, skipped: SkippedCompany) -> Vec<Row> {
    let unchanged = skipped
        .is_unchanged()
        .then(|| one(company, None, None, Outcome::Unchanged));
    let users = self::unchanged(company, skipped.unchanged_users);
    let rest = skipped
        .rest
        .into_iter()
        .map(|row| one(company, row.row.address, row.address, row.row.outcome));
    unchanged.into_iter().chain(rest).chain(users).collect()
}

/// The addresses of a company that needed nothing, in one line.
fn unchanged(company: &ResultCompany, users: u64) -> Option<Row> {
    (users > 0).then(|| Row {
        company: company.clone(),
        address: Some(ResultAddress::default()),
        outcome: Outcome::Unchanged,
        rows: users,
    })
}

fn one(company: &ResultCompany, id: Option<AddressId>, address: Option<NamedAddress>, outcome: Outcome) -> Row {
    let address = id.map(|id| {
        let named = address.unwrap_or_default();
        ResultAddress {
            id: Some(id),
            address: named.text,
            contact: named.contact,
            no_address: named.no_address,
        }
    });
    Row {
        company: company.clone(),
        address,
        outcome,
        rows: 1,
    }
}
