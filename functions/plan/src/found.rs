//! People of all companies of an import, page by page (R73).
//!
//! A page is full, or the last one: its call reads on until it has found as many as were asked for. At most it reads all addresses of the
//! import, of which R65 allows a million, in a few seconds.

use api::{Api, Cursor, Limit, List, PageQuery};
use domain::address::AddressKey;
use domain::exclusion::Exclusion;
use domain::ids::{AddressId, PsaCompanyId};
use domain::import::Import;
use domain::name::Searched;
use domain::row::SnapshotAddress;
use futures::{StreamExt, stream};
use lambda::Services;
use store::decided::Decisions;
use store::rows::Row;

/// Companies whose addresses the first query reads. Each further one reads twice as many: most pages are full after a few companies, and
/// a search for one person reads all of them.
const COMPANIES_OF_FIRST_READ: usize = 25;

/// The most companies whose addresses one query reads.
const MAX_COMPANIES_PER_READ: usize = 200;

/// Queries at once: what is read ahead of a full page is read for nothing.
const READ_CONCURRENCY: usize = 2;

/// Which addresses are looked for. What is not asked for is left open.
pub struct PeopleQuery {
    /// Whose name or address holds this.
    pub search: Option<Searched>,
    /// What is searched for, if it is a whole address.
    pub address: Option<AddressKey>,
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

/// Where a page begins: behind an address of a company, in the order of their ids.
struct Place {
    company: PsaCompanyId,
    address: AddressId,
    /// The company whose rows with exactly the searched address came ahead of all others, on the first page.
    first: Option<PsaCompanyId>,
}

/// A page of the addresses that a filter accepts: first those that are exactly what is looked for, of the company whose user has the
/// address; then all others in the order of companies.
pub async fn page(services: &Services, import: &Import, filter: &PeopleQuery, page: &PageQuery) -> Api<List<Found>> {
    let Limit(limit) = page.limit;
    let tenant = &services.tenant(&import.msp);
    let decided = tenant.decided(import).await?;
    let rows = tenant.rows(import, &decided).await?;
    let (after, mut items) = match &page.after {
        Some(after) => (Place::of(after)?, Vec::new()),
        None => begin(services, import, (filter, limit), (&rows, &decided)).await?,
    };
    let from = rows.partition_point(|row| row.id < after.company);
    let reads = in_growing_parts(rows.get(from..).unwrap_or_default());
    let reads = reads
        .into_iter()
        .map(|rows| async move { Api::Ok((rows, tenant.addresses_among(import, rows).await?)) });
    // Collected first: a stream of borrowing futures cannot be sent to another thread.
    let reads: Vec<_> = reads.collect();
    let mut reads = stream::iter(reads).buffered(READ_CONCURRENCY);
    let exact = items.len();
    while let Some(read) = reads.next().await {
        let (rows, mut addresses) = read?;
        for row in rows {
            let mut addresses = addresses.remove(&row.id).unwrap_or_default();
            addresses.retain(|address| after.is_before(row, address, filter));
            addresses.sort_by(|one, other| one.id.cmp(&other.id));
            let found = addresses.into_iter();
            items.extend(found.filter_map(|address| filter.find(row, address, &decided)));
        }
        if items.len() > limit {
            items.truncate(limit);
            let last = items.get(exact..).and_then(<[Found]>::last);
            let next = Some(after.behind(last).text());
            return Ok(List { items, next });
        }
    }
    Ok(List { items, next: None })
}

fn in_growing_parts(mut rows: &[Row]) -> Vec<&[Row]> {
    let (mut parts, mut size) = (Vec::new(), COMPANIES_OF_FIRST_READ);
    while !rows.is_empty() {
        let (part, rest) = rows.split_at(size.min(rows.len()));
        parts.push(part);
        rows = rest;
        size = (2 * size).min(MAX_COMPANIES_PER_READ);
    }
    parts
}

/// The rows that come ahead of all others, and the place where the others begin.
async fn begin(
    services: &Services,
    import: &Import,
    (filter, limit): (&PeopleQuery, usize),
    (rows, decided): (&[Row], &Decisions),
) -> Api<(Place, Vec<Found>)> {
    let exact = exact(services, import, filter, rows).await?;
    let found = exact.map(|(row, addresses)| (row, filter.find_exact(row, addresses, decided)));
    // If they do not fit on one page, none comes ahead: all stay in the order of companies.
    let found = found.filter(|(_, found)| found.len() <= limit);
    Ok(match found {
        Some((row, found)) => (Place::start(Some(row.id.clone())), found),
        None => (Place::start(None), Vec::new()),
    })
}

/// The company whose user has the address that is looked for, with its addresses.
async fn exact<'a>(
    services: &Services,
    import: &Import,
    filter: &PeopleQuery,
    rows: &'a [Row],
) -> Api<Option<(&'a Row, Vec<SnapshotAddress>)>> {
    let Some(address) = &filter.address else {
        return Ok(None);
    };
    let holders = services
        .remembered_directory(&import.msp)
        .await?
        .holders(std::slice::from_ref(address))
        .await?;
    let Some(holder) = holders.first() else { return Ok(None) };
    let tenant = services.tenant(&import.msp);
    let Some(mapping) = tenant.mapped_to(&import.integration, &holder.company).await? else {
        return Ok(None);
    };
    let Some(row) = rows.iter().find(|row| row.id == mapping.company) else {
        return Ok(None);
    };
    Ok(Some((row, tenant.addresses(import, row).await?)))
}

impl PeopleQuery {
    fn is_exact(&self, address: &SnapshotAddress) -> bool {
        let asked = self.address.as_ref();
        asked.is_some() && address.key() == asked
    }

    fn find_exact(&self, row: &Row, mut addresses: Vec<SnapshotAddress>, decided: &Decisions) -> Vec<Found> {
        addresses.retain(|address| self.is_exact(address));
        addresses.sort_by(|one, other| one.id.cmp(&other.id));
        let found = addresses.into_iter();
        found.filter_map(|address| self.find(row, address, decided)).collect()
    }

    /// The address with its company, if it is one of those looked for.
    fn find(&self, row: &Row, address: SnapshotAddress, decided: &Decisions) -> Option<Found> {
        let excluded = decided.standing.exclusions.of_contact(address.id.contact());
        let holds = |search: &Searched| search.is_in(&address.name) || search.is_in(address.text());
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

impl Place {
    /// Before all of them.
    fn start(first: Option<PsaCompanyId>) -> Self {
        Self {
            company: PsaCompanyId::new(""),
            address: AddressId::new(""),
            first,
        }
    }

    /// Behind the last one of a page that begins here; the same place if it has none but those that came first.
    fn behind(&self, last: Option<&Found>) -> Self {
        let (company, address) = match last {
            Some(last) => (last.company.clone(), last.address.id.clone()),
            None => (self.company.clone(), self.address.clone()),
        };
        Self {
            company,
            address,
            first: self.first.clone(),
        }
    }

    /// Whether an address is still to come.
    fn is_before(&self, row: &Row, address: &SnapshotAddress, filter: &PeopleQuery) -> bool {
        let was_first = self.first.as_ref() == Some(&row.id) && filter.is_exact(address);
        !was_first && (self.company != row.id || address.id > self.address)
    }

    fn text(&self) -> String {
        let first = self.first.as_ref().map_or("", PsaCompanyId::as_str);
        format!("{}#{first}#{}", self.company, self.address)
    }

    fn of(cursor: &Cursor) -> Api<Self> {
        let mut parts = cursor.as_str().splitn(3, '#');
        let mut next = || parts.next().ok_or_else(Cursor::refused);
        let (company, first, address) = (next()?, next()?, next()?);
        let id = |text: &str| PsaCompanyId::try_from(text.to_owned()).map_err(|_| Cursor::refused());
        let first = if first.is_empty() { None } else { Some(id(first)?) };
        Ok(Self {
            company: id(company)?,
            address: AddressId::new(address),
            first,
        })
    }
}
