//! People of all companies of an import, page by page (R73).
//!
//! A page is full, or the last one: its call reads on until it has found as many as were asked for. At most it reads all addresses of the
//! import, of which R65 allows a million, in a few seconds.

use api::{Api, Cursor, Limit, List, Paged};
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::name::Searched;
use domain::row::SnapshotAddress;
use futures::{StreamExt, stream};
use store::Tenant;
use store::decided::Decisions;
use store::rows::Row;

use crate::api::exclusions::ExcludedView;
use crate::api::found_people::{Browse, FoundView};

/// Companies whose addresses one query reads.
const COMPANIES_PER_READ: usize = 200;

/// Queries at once.
const READ_CONCURRENCY: usize = 4;

/// A page of the addresses that a filter accepts. A cursor is the last one of the page before: its company, and its row.
pub async fn page(tenant: &Tenant, import: &Import, query: &Paged<Browse>) -> Api<List<FoundView>> {
    let Limit(limit) = query.page.limit;
    let after = query.page.after.as_ref().map(position).transpose()?;
    let decided = tenant.decided(import).await?;
    let rows = tenant.rows(import, &decided).await?;
    let from = after
        .as_ref()
        .map_or(0, |(company, _)| rows.partition_point(|row| row.id < *company));
    let filter = Filter::of(&query.filter, &decided);
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
            let found = addresses.into_iter().filter(is_behind);
            items.extend(found.filter_map(|address| filter.view(row, address)).take(limit + 1));
        }
        if items.len() > limit {
            items.truncate(limit);
            let next = items.last().map(cursor);
            return Ok(List { items, next });
        }
    }
    Ok(List { items, next: None })
}

/// What is looked for.
struct Filter<'a> {
    search: Option<Searched>,
    browse: &'a Browse,
    decided: &'a Decisions,
}

impl<'a> Filter<'a> {
    fn of(browse: &'a Browse, decided: &'a Decisions) -> Self {
        Self {
            search: browse.search.as_ref().map(|search| Searched::of(search)),
            browse,
            decided,
        }
    }

    /// The address as it is shown, if it is one of those looked for.
    fn view(&self, row: &Row, address: SnapshotAddress) -> Option<FoundView> {
        let Browse { active, excluded, .. } = self.browse;
        let exclusion = self.decided.standing.exclusions.of_contact(address.id.contact());
        let is_one = active.is_none_or(|active| active == address.active)
            && excluded.is_none_or(|excluded| excluded == exclusion.is_some())
            && self
                .search
                .as_ref()
                .is_none_or(|search| search.is_in(&address.name) || search.is_in(&address.text));
        is_one.then(|| FoundView::of(row, address, exclusion.cloned().map(ExcludedView::from)))
    }
}

fn cursor(last: &FoundView) -> String {
    let (company, id) = last.place();
    format!("{company}#{id}")
}

fn position(cursor: &Cursor) -> Api<(PsaCompanyId, AddressId)> {
    let (company, id) = cursor.as_str().split_once('#').ok_or_else(Cursor::refused)?;
    let company = PsaCompanyId::try_from(company.to_owned()).map_err(|_| Cursor::refused())?;
    Ok((company, AddressId::new(id)))
}
