//! The rows of a result, as the journal has them.

use domain::address::NoAddress;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::language::Language;
use domain::outcome::{Outcome, RowCode};
use futures::{StreamExt, TryStreamExt};
use runtime::Api;
use schemars::JsonSchema;
use serde::Serialize;
use store::Tenant;
use store::journal::{Entry, JournalPosition, NamedAddress, Part, Passed};

/// Names read at once.
const READ_CONCURRENCY: usize = 16;

/// One planned row, or several that needed nothing.
pub(super) struct Row {
    pub company: CompanyName,
    /// The address row; `None` for the company itself.
    pub address: Option<AddressName>,
    pub outcome: Outcome,
    /// How many planned rows this stands for.
    pub rows: u64,
}

#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "ResultCompany")]
pub(super) struct CompanyName {
    pub id: PsaCompanyId,
    pub name: String,
}

/// An address row; without an id it stands for the addresses of a company that needed nothing.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ResultAddress")]
pub(super) struct AddressName {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<AddressId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub contact: String,
    /// The text that is no address, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_address: Option<NoAddress>,
}

impl AddressName {
    /// What stands in the PSA: the address, or the text in its place.
    pub fn shown(&self) -> String {
        let text = || self.no_address.as_ref().map(|no_address| no_address.text.clone());
        self.address.clone().or_else(text).unwrap_or_default()
    }
}

impl Row {
    /// What happened, and what to do next.
    pub fn text(&self, code: RowCode, language: Language) -> (&'static str, &'static str) {
        let no_address = self.address.as_ref().and_then(|address| address.no_address.as_ref());
        code.text_about(no_address, language)
    }
}

/// Reads rows from where the page before ended: those of at most `items` items of the journal.
pub(super) async fn page(
    tenant: &Tenant,
    import: &Import,
    after: Option<&JournalPosition>,
    items: Option<i32>,
) -> Api<(Vec<Row>, Option<JournalPosition>)> {
    let (entries, next) = tenant.journal_page(import, after, items).await?;
    let mut rows = Vec::new();
    let named = futures::stream::iter(entries).map(|entry| named(tenant, import, entry));
    let mut named = named.buffered(READ_CONCURRENCY);
    while let Some((name, entry)) = named.try_next().await? {
        match entry {
            Entry::Part(part) => rows.extend(of_part(&name, part)),
            Entry::Passed(passed) => rows.extend(of_passed(&name, passed)),
        }
    }
    Ok((rows, next))
}

/// An entry with the company's name; that of one which needed nothing is not in the journal.
async fn named(tenant: &Tenant, import: &Import, entry: Entry) -> Api<(CompanyName, Entry)> {
    let (id, name) = match &entry {
        Entry::Part(part) => (&part.plan.company, Some(part.plan.name.clone())),
        Entry::Passed(passed) => (&passed.company, passed.name.clone()),
    };
    let name = match name {
        Some(name) => name,
        None => tenant.row(import, id).await?.map(|row| row.name).unwrap_or_default(),
    };
    Ok((CompanyName { id: id.clone(), name }, entry))
}

fn of_part(company: &CompanyName, part: Part) -> Vec<Row> {
    let rows = part.outcomes.into_iter().map(|row| {
        let user = row
            .address
            .as_ref()
            .and_then(|id| part.plan.users.iter().find(|user| user.id == *id));
        one(company, row.address.clone(), user.map(NamedAddress::from), row.outcome)
    });
    rows.collect()
}

fn of_passed(company: &CompanyName, passed: Passed) -> Vec<Row> {
    let unchanged = passed
        .is_unchanged()
        .then(|| one(company, None, None, Outcome::Unchanged));
    let users = (passed.unchanged_users > 0).then(|| Row {
        company: company.clone(),
        address: Some(AddressName::default()),
        outcome: Outcome::Unchanged,
        rows: passed.unchanged_users,
    });
    let rest = passed
        .rest
        .into_iter()
        .map(|row| one(company, row.row.address, row.address, row.row.outcome));
    unchanged.into_iter().chain(rest).chain(users).collect()
}

fn one(company: &CompanyName, id: Option<AddressId>, address: Option<NamedAddress>, outcome: Outcome) -> Row {
    let address = id.map(|id| {
        let named = address.unwrap_or_default();
        AddressName {
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
