//! A result as a spreadsheet reads it (R41).

use api::{Api, Cursor};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::import::Import;
use domain::language::Language;
use domain::plan::Reason;
use domain::problem::Problem;
use store::Tenant;
use store::journal::JournalPosition;

use super::formula::defused;
use super::rows::{self, ResultAddress, Row};

/// A page is full with so many bytes; the last item of the journal may make it 2 MB more, and Lambda answers at most 6 MB.
const FULL: usize = 1_500_000;

/// Items of the journal read at once.
const ITEMS: i32 = 1;

const COLUMNS: [&str; 10] = [
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
];

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
        None => None,
        Some(after) => Some(
            after
                .as_str()
                .parse::<JournalPosition>()
                .map_err(|_| Cursor::refused())?,
        ),
    };
    let first = position.is_none();
    let mut sheet = Sheet::new(if first { BYTE_ORDER_MARK } else { &[] });
    if first {
        sheet.line(&COLUMNS.map(str::to_owned))?;
    }
    loop {
        let (rows, next) = rows::page(tenant, import, position.as_ref(), Some(ITEMS)).await?;
        for row in &rows {
            sheet.line(&cells(row, language))?;
        }
        position = next;
        if position.is_none() || sheet.written >= FULL {
            break;
        }
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
        // What is a text is decoded on its way out of the function, and the mark dropped; what has an encoding is sent as it is.
        let identity = HeaderValue::from_static("identity");
        response.headers_mut().insert(header::CONTENT_ENCODING, identity);
    }
    if let Some(next) = position {
        let next = next.as_str().replace('#', "%23");
        let link = format!("</imports/{}/result?after={next}>; rel=\"next\"", import.id);
        if let Ok(link) = link.parse() {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

struct Sheet {
    writer: ::csv::Writer<Vec<u8>>,
    /// Bytes of the cells so far, without what quotes them.
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

    fn finish(self) -> Result<Vec<u8>, Problem> {
        self.writer.into_inner().map_err(|_| Problem::Internal)
    }
}

fn cells(row: &Row, language: Language) -> [String; COLUMNS.len()] {
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
    ]
}
