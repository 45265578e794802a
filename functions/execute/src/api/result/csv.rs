//! A result as a spreadsheet reads it (R41).

use std::fmt;

use api::{Api, Cursor};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::import::Import;
use domain::language::Language;
use domain::not_in::PersonNotIn;
use domain::plan::{PlanCompany, Reason};
use domain::problem::Problem;
use domain::quotation::Quotation;
use store::Tenant;
use store::journal::{Journal, JournalPosition};
use store::people::PeoplePosition;

use super::formula::defused;
use super::people;
use super::rows::{Names, ResultAddress, ResultRow};

/// A page is full with so many bytes; the last item of the journal may make it 2 MB more, and Lambda answers at most 6 MB.
const FULL: usize = 1_500_000;

/// Items of the journal read at once. Those that the page has no room for are read again for the next one.
const ITEMS: i32 = 10;

const COLUMNS: [&str; 11] = [
    "company id",
    "company",
    "address id",
    "address",
    "contact",
    "outcome",
    "code",
    "detail",
    "action",
    "rows",
    "directory says",
];

/// People who are not in, in one step of the file.
const PEOPLE: usize = 500;

/// The outcome of people who are not in.
const NOT_IN: &str = "not_in";

/// What tells a spreadsheet that the file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The rows behind `after`. A result of many rows comes in pages, each named by a `Link` header of the one before; only the
/// first has a byte order mark and the names of the columns, so that the pages in a row are one file.
pub(super) async fn answer(
    tenant: &Tenant,
    import: &Import,
    after: Option<&Cursor>,
    language: Language,
) -> Api<Response> {
    let mut position = match after {
        None => Some(CsvPosition::Journal(None)),
        Some(after) => Some(CsvPosition::parse(after)?),
    };
    let first = after.is_none();
    let (journal, names) = (tenant.journal_of(import), Names::new(tenant, import));
    let mut sheet = Sheet::new(if first { BYTE_ORDER_MARK } else { &[] });
    if first {
        sheet.line(&COLUMNS.map(str::to_owned))?;
    }
    while let Some(from) = position.take_if(|_| sheet.written < FULL) {
        position = match from {
            CsvPosition::Journal(after) => Some(sheet.add_rows((&journal, &names), after.as_ref(), language).await?),
            CsvPosition::People(from) => sheet.add_people((tenant, import), &from, language).await?,
        };
    }
    let name = format!("attachment; filename=\"import-{}.csv\"", import.id);
    let mut response = (
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ],
        sheet.finish()?,
    )
        .into_response();
    if first {
        // A text is decoded on its way out of the function, which drops the mark. A body that names an encoding is sent as it is.
        let identity = HeaderValue::from_static("identity");
        response.headers_mut().insert(header::CONTENT_ENCODING, identity);
    }
    if let Some(next) = position {
        let next = next.to_string().replace('#', "%23");
        let link = format!("</imports/{}/result?after={next}>; rel=\"next\"", import.id);
        if let Ok(link) = link.parse() {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

/// Where the file goes on: with planned rows, then with people who are not in.
enum CsvPosition {
    Journal(Option<JournalPosition>),
    People(PeoplePosition),
}

impl CsvPosition {
    fn parse(after: &Cursor) -> Api<Self> {
        let text = after.as_str();
        match (text.parse(), PeoplePosition::parse(text)) {
            (Ok(journal), _) => Ok(Self::Journal(Some(journal))),
            (Err(_), Some(people)) => Ok(Self::People(people)),
            (Err(_), None) => Err(Cursor::refused()),
        }
    }
}

impl fmt::Display for CsvPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal(position) => position.as_ref().map_or("", JournalPosition::as_str),
            Self::People(position) => position.as_str(),
        })
    }
}

struct Sheet {
    writer: ::csv::Writer<Vec<u8>>,
    /// Bytes of the cells and their separators so far, without quotes and without the `'` that defuses formulas.
    written: usize,
}

impl Sheet {
    fn new(mark: &[u8]) -> Self {
        // RFC 4180.
        let writer = ::csv::WriterBuilder::new()
            .terminator(::csv::Terminator::CRLF)
            .from_writer(mark.to_vec());
        Self { writer, written: 0 }
    }

    fn line(&mut self, cells: &[String; COLUMNS.len()]) -> Result<(), Problem> {
        self.written += cells.iter().map(|cell| cell.len() + 1).sum::<usize>();
        let cells = cells.iter().map(|cell| defused(cell));
        self.writer.write_record(cells).map_err(|_| Problem::Internal)
    }

    /// Adds the lines of the next items of the journal, as far as there is room, and says where the file goes on.
    async fn add_rows(
        &mut self,
        (journal, names): (&Journal, &Names<'_>),
        after: Option<&JournalPosition>,
        language: Language,
    ) -> Api<CsvPosition> {
        let (items, next) = journal.items(after, Some(ITEMS)).await?;
        for item in items {
            for row in names.rows(item.entries).await? {
                self.line(&cells(&row, language))?;
            }
            if self.written >= FULL {
                return Ok(CsvPosition::Journal(Some(item.position)));
            }
        }
        Ok(match next {
            Some(next) => CsvPosition::Journal(Some(next)),
            None => CsvPosition::People(PeoplePosition::start()),
        })
    }

    /// Adds the lines of the next people who are not in, and says where the file goes on.
    async fn add_people(
        &mut self,
        (tenant, import): (&Tenant, &Import),
        from: &PeoplePosition,
        language: Language,
    ) -> Api<Option<CsvPosition>> {
        let (people, next) = people::page(tenant, import, from, PEOPLE).await?;
        for (company, person) in &people {
            self.line(&not_in_cells(company, person, language))?;
        }
        Ok(next.map(CsvPosition::People))
    }

    fn finish(self) -> Result<Vec<u8>, Problem> {
        self.writer.into_inner().map_err(|_| Problem::Internal)
    }
}

fn cells(row: &ResultRow, language: Language) -> [String; COLUMNS.len()] {
    let reason = row.outcome.reason();
    let (detail, action) = reason.map_or(("", ""), |reason| row.text(reason, language));
    let address = row.address.as_ref();
    [
        row.company.id.to_string(),
        row.company.name.clone(),
        address.and_then(|address| address.id.as_ref()).map_or_else(
            || if address.is_some() { "*" } else { "" }.to_owned(),
            ToString::to_string,
        ),
        address.map(ResultAddress::shown).unwrap_or_default(),
        address.map(|address| address.contact.clone()).unwrap_or_default(),
        row.outcome.name().to_owned(),
        reason.map(Reason::as_str).unwrap_or_default().to_owned(),
        detail.to_owned(),
        action.to_owned(),
        row.rows.to_string(),
        row.said.as_ref().map_or("", Quotation::as_str).to_owned(),
    ]
}

/// A person who is not in: no planned row, and none of those that are counted.
fn not_in_cells(company: &PlanCompany, person: &PersonNotIn, language: Language) -> [String; COLUMNS.len()] {
    let (detail, action) = person.reason.text(language);
    let detail = match &person.company {
        Some(other) => format!(
            "{detail} ({})",
            other.name.as_deref().unwrap_or_else(|| other.id.as_str())
        ),
        None => detail.to_owned(),
    };
    [
        company.id.to_string(),
        company.name.clone(),
        person.id.to_string(),
        person.address.original().to_owned(),
        person.name.clone(),
        NOT_IN.to_owned(),
        person.reason.as_str().to_owned(),
        detail,
        action.to_owned(),
        "0".to_owned(),
        String::new(),
    ]
}
