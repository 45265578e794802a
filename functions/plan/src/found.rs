//! People of all companies of an import, page by page (R73).
//!
//! A page is full, or the last one: its call reads on until it has found as many as were asked for. At most it reads all addresses of the
//! import, of which R65 allows a million, in a few seconds.

use api::{Api, Cursor, Limit, List, PageQuery};
use domain::exclusion::Exclusion;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::name::Searched;
use domain::row::SnapshotAddress;
use futures::{StreamExt, stream};
use store::Tenant;
use store::decided::Decisions;
use store::rows::Row;

/// Companies whose addresses one query reads.
const COMPANIES_PER_READ: usize = 200;

/// Queries at once.
const READ_CONCURRENCY: usize = 4;

/// Which addresses are looked for. What is not asked for is left open.
pub struct Filter {
    /// Whose name or address holds this.
    pub search: Option<Searched>,
    /// Whether the PSA counts the contact as active.
    pub active: Option<bool>,
    /// Whether the contact is excluded for good.
    pub excluded: Option<bool>,
}

/// An address that was found, and its company.
pub struct Found {
    pub company: PsaCompanyId,
    pub name: String,
    /// Whether the company is selected.
    pub selected: bool,
    pub address: SnapshotAddress,
    pub excluded: Option<Exclusion>,
}

/// A page of the addresses that a filter accepts. A cursor is the last one of the page before: its company, and its row.
pub async fn page(tenant: &Tenant, import: &Import, filter: &Filter, page: &PageQuery) -> Api<List<Found>> {
    let Limit(limit) = page.limit;
    let after = page.after.as_ref().map(position).transpose()?;
    let decided = tenant.decided(import).await?;
    let rows = tenant.rows(import, &decided).await?;
    let from = after
        .as_ref()
        .map_or(0, |(company, _)| rows.partition_point(|row| row.id < *company));
    let reads = rows.get(from..).unwrap_or_default().chunks(COMPANIES_PER_READ);
    let reads = reads.map(|rows| async move { Api::Ok((rows, tenant.addresses_among(import, rows).await?)) });
    // Collected first: a stream of borrowing futures cannot be sent to another thread.
    let reads: Vec<_> = reads.collect();
    let mut reads = stream::iter(reads).buffered(READ_CONCURRENCY);
    let mut items = Vec::new();
    while let Some(read) = reads.next().await {
        let (rows, mut addresses) = read?;
        for row in rows {
            let mut addresses = addresses.remove(&row.id).unwrap_or_default();
            addresses.sort_by(|one, other| one.id.cmp(&other.id));
            let is_behind = |address: &SnapshotAddress| {
                let last = after.as_ref().filter(|(company, _)| *company == row.id);
                last.is_none_or(|(_, last)| address.id > *last)
            };
            let behind = addresses.into_iter().filter(is_behind);
            items.extend(behind.filter_map(|address| filter.find(row, address, &decided)));
        }
        if items.len() > limit {
            items.truncate(limit);
            let next = items.last().map(cursor);
            return Ok(List { items, next });
        }
    }
    Ok(List { items, next: None })
}

impl Filter {
    /// The address with its company, if it is one of those looked for.
    fn find(&self, row: &Row, address: SnapshotAddress, decided: &Decisions) -> Option<Found> {
        let excluded = decided.standing.exclusions.of_contact(address.id.contact());
        let holds = |search: &Searched| search.is_in(&address.name) || search.is_in(&address.text);
        let is_one = self.active.is_none_or(|active| active == address.active)
            && self.excluded.is_none_or(|asked| asked == excluded.is_some())
            && self.search.as_ref().is_none_or(holds);
        is_one.then(|| Found {
            company: row.id.clone(),
            name: row.name.clone(),
            selected: row.decision.selected,
            address,
            excluded: excluded.cloned(),
        })
    }
}

fn cursor(last: &Found) -> String {
    format!("{}#{}", last.company, last.address.id)
}

fn position(cursor: &Cursor) -> Api<(PsaCompanyId, AddressId)> {
    let (company, id) = cursor.as_str().split_once('#').ok_or_else(Cursor::refused)?;
    let company = PsaCompanyId::try_from(company.to_owned()).map_err(|_| Cursor::refused())?;
    Ok((company, AddressId::new(id)))
}
