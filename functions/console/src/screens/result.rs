//! `/console/imports/{x}/result`: the import at work, and how every row ended.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use domain::import::ImportState;
use domain::language::Language;
use domain::plan::{CompanyCounts, UserCounts};
use serde_json::json;

use super::frame::{Frame, Step, api, path, query};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::charts::Bar;
use crate::fields::Fields;
use crate::language::pick;
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Outcome;

/// Once the file has this many bytes, no further part is added. A part may have 3.5 MB, and Lambda answers 6 MB at most.
const LARGEST_CSV: usize = 2 * 1024 * 1024;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/result", get(result))
        .route("/console/imports/{x}/result.csv", get(csv))
        .route("/console/imports/{x}/again", post(again))
}

#[derive(Template)]
#[template(path = "importing.html")]
struct Importing {
    page: Page,
    frame: Frame,
    path: String,
    so_far: Option<Counted>,
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    page: Page,
    frame: Frame,
    path: String,
    outcome: Outcome,
    counted: Counted,
}

/// How rows ended, as numbers and as bars.
struct Counted {
    companies: CompanyCounts,
    users: UserCounts,
    bar_of_companies: Bar,
    bar_of_users: Bar,
}

impl Counted {
    fn of(companies: CompanyCounts, users: UserCounts) -> Self {
        Self {
            bar_of_companies: bar_of_companies(&companies),
            bar_of_users: bar_of_users(&users),
            companies,
            users,
        }
    }

    const fn failed(&self) -> u64 {
        self.companies.failed + self.users.failed
    }
}

async fn result(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    match frame.import.state {
        ImportState::Executing => {
            let mut page = frame.page(&caller, Step::Result, ("Importing", "Bezig met importeren"), &fields);
            page.again = Some(2);
            let progress = frame.import.progress.as_ref();
            let so_far = progress.and_then(|progress| progress.outcomes.as_ref());
            return show(&Importing {
                so_far: so_far.map(|counts| Counted::of(counts.companies, counts.users)),
                page,
                path: path(&import),
                frame,
            });
        }
        ImportState::Fetching | ImportState::Review => return Ok(redirect(&path(&import))),
        ImportState::Done | ImportState::Failed | ImportState::Cancelled => {}
    }
    // One that ended before it executed has a result without rows.
    let outcome = match &frame.import.counts {
        Some(_) => Some(caller.api.get(&format!("{}/result", api(&import))).await?),
        None => None,
    };
    ended(&caller, frame, outcome, &fields)
}

fn ended(caller: &Caller, frame: Frame, outcome: Option<Outcome>, fields: &Fields) -> Answer {
    let title = match frame.import.state {
        ImportState::Done => ("The import is done", "De import is klaar"),
        ImportState::Failed => ("The import failed", "De import is mislukt"),
        _ => ("The import was cancelled", "De import is geannuleerd"),
    };
    let page = frame.page(caller, Step::Result, title, fields);
    let path = path(&frame.import.id);
    match outcome {
        Some(outcome) => show(&ResultPage {
            counted: Counted::of(outcome.companies, outcome.users),
            page,
            path,
            frame,
            outcome,
        }),
        None => show(&WithoutResult { page, frame, path }),
    }
}

#[derive(Template)]
#[template(path = "without_result.html")]
struct WithoutResult {
    page: Page,
    frame: Frame,
    path: String,
}

fn bar_of_companies(counts: &CompanyCounts) -> Bar {
    Bar::new(&[
        ("good", counts.created),
        ("info", counts.linked + counts.updated),
        ("calm", counts.unchanged),
        ("warn", counts.skipped),
        ("bad", counts.failed),
    ])
}

fn bar_of_users(counts: &UserCounts) -> Bar {
    Bar::new(&[
        ("good", counts.created),
        ("info", counts.linked + counts.changed_address),
        ("calm", counts.unchanged),
        ("warn", counts.skipped),
        ("bad", counts.failed),
    ])
}

/// The rows as one file, from `after` on. If the file would be too large, its last line says where the rest is.
async fn csv(State(console): State<Console>, caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let read = |part: String| {
        let api = &caller.api;
        async move { api.csv(&part).await }
    };
    let (first, after) = (format!("{}/result", api(&import)), fields.text("after"));
    let (mut all, rest) = if after.is_empty() {
        put_together(first, LARGEST_CSV, read).await?
    } else {
        // Only the first part of all has the names of the columns, which a file of the others needs as well.
        let (start, _) = read(first.clone()).await?;
        let from = format!("{first}?{}", query(&[("after", after)]));
        let (rows, rest) = put_together(from, LARGEST_CSV, read).await?;
        (head(&start).to_owned() + &rows, rest)
    };
    if let Some(behind) = rest.as_deref().and_then(self::after) {
        let query = query(&[("after", &behind)]);
        let rest = format!("{}{}/result.csv?{query}", console.settings.origin, path(&import));
        let line = cut_off(caller.visit.language, &rest, head(&all));
        all.push_str(&line);
    }
    let name = format!("attachment; filename=\"import-{}.csv\"", escaped(&import));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, all).into_response())
}

/// A part of a file, and the address of the part behind it if there is one.
type Part = Result<(String, Option<String>), Refused>;

/// The parts of a file from the first address on, until they have `most` bytes together; and the address of the part behind them. Only the
/// first part of all has the names of the columns.
async fn put_together<P: Future<Output = Part>>(first: String, most: usize, read: impl Fn(String) -> P) -> Part {
    let (mut all, mut next) = (String::new(), Some(first));
    while let Some(address) = next.take_if(|_| all.len() < most) {
        let (part, following) = read(address).await?;
        all.push_str(&part);
        next = following;
    }
    Ok((all, next))
}

/// Where the part of this address begins.
fn after(address: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == "after").then(|| value.into_owned()))
}

/// The first line of a file, which names the columns.
fn head(file: &str) -> &str {
    file.split_inclusive("\r\n").next().unwrap_or_default()
}

/// The last line of a file that is cut off, with as many cells as its head: no name of a column has a comma. The address has no quotes.
fn cut_off(language: Language, rest: &str, head: &str) -> String {
    let says = pick(
        language,
        "This file ends here, since it would be too large. The rest is at",
        "Dit bestand eindigt hier, omdat het anders te groot wordt. De rest staat op",
    );
    let others = ",".repeat(head.matches(',').count());
    format!("\"{says} {rest}\"{others}\r\n")
}

/// A new import in which the rows that failed are selected (R75). It reads what the failed one read.
async fn again(caller: Caller, Path(import): Path<String>) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let integration = escaped(&frame.import.integration);
    let begun = caller
        .api
        .send(
            Method::POST,
            &format!("/integrations/{integration}/imports"),
            Some(&json!({ "filter": frame.import.filter })),
        )
        .await?;
    let begun = begun["id"].as_str().unwrap_or_default();
    // They can be selected only once everything was read: the next pages remember which.
    Ok(redirect(&format!(
        "{}/download?{}",
        path(begun),
        query(&[("failed", &import)])
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn r41_a_file_that_would_be_too_large_says_where_its_rest_is() {
        let read = async |address: String| {
            let number: usize = address.parse().unwrap();
            let next = (number < 5).then(|| (number + 1).to_string());
            Ok((format!("row {number}\r\n"), next))
        };
        let (whole, rest) = put_together("1".to_owned(), 1_000, read).await.unwrap_or_default();
        assert!(whole.ends_with("row 5\r\n") && rest.is_none(), "{whole} {rest:?}");
        let (some, rest) = put_together("1".to_owned(), 8, read).await.unwrap_or_default();
        let (others, none) = put_together(rest.unwrap_or_default(), 1_000, read)
            .await
            .unwrap_or_default();
        assert_eq!((some + &others, none), (whole, None));

        assert_eq!(after("/imports/i/result?after=J%23s+1").as_deref(), Some("J#s 1"));
        let head = head("\u{feff}a,b,c\r\n1,2,3\r\n");
        assert_eq!(head, "\u{feff}a,b,c\r\n");
        let line = cut_off(Language::Dutch, "https://console.example/rest", head);
        assert!(
            line.ends_with("De rest staat op https://console.example/rest\",,\r\n"),
            "{line}"
        );
    }
}
