//! `/console/imports/{x}/result`: the import at work, and how every row ended.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use domain::import::ImportState;
use domain::plan::{CompanyCounts, UserCounts};
use serde_json::json;

use super::frame::{Frame, Step, api, path, query};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::charts::Bar;
use crate::fields::Fields;
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Outcome;

/// A file that is larger is downloaded in parts.
const LARGEST_CSV: usize = 4 * 1024 * 1024;

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
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    page: Page,
    frame: Frame,
    path: String,
    outcome: Outcome,
    companies: Bar,
    users: Bar,
}

async fn result(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    match frame.import.state {
        ImportState::Executing => {
            let mut page = frame.page(&caller, Step::Result, ("Importing", "Bezig met importeren"), &fields);
            page.again = Some(2);
            return show(&Importing {
                page,
                path: path(&import),
                frame,
            });
        }
        ImportState::Fetching | ImportState::Review => return Ok(redirect(&path(&import))),
        ImportState::Done | ImportState::Failed | ImportState::Cancelled => {}
    }
    let outcome: Result<Outcome, Refused> = caller.api.get(&format!("{}/result", api(&import))).await;
    let outcome = match outcome {
        // One that ended before it wrote anything has no rows.
        Err(Refused::Problem(problem)) if problem.code == "wrong_state" => None,
        outcome => Some(outcome?),
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
            companies: companies(&outcome.companies),
            users: users(&outcome.users),
            page,
            path,
            frame,
            outcome,
        }),
        None => show(&WithoutResult { page, frame }),
    }
}

#[derive(Template)]
#[template(path = "without_result.html")]
struct WithoutResult {
    page: Page,
    frame: Frame,
}

fn companies(counts: &CompanyCounts) -> Bar {
    Bar::new(&[
        ("good", counts.created),
        ("info", counts.linked + counts.updated),
        ("calm", counts.unchanged),
        ("warn", counts.skipped),
        ("bad", counts.failed),
    ])
}

fn users(counts: &UserCounts) -> Bar {
    Bar::new(&[
        ("good", counts.created),
        ("info", counts.linked + counts.changed_address),
        ("calm", counts.unchanged),
        ("warn", counts.skipped),
        ("bad", counts.failed),
    ])
}

/// Every row. What does not fit into one answer goes on at the address of the next part.
async fn csv(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let mut all = String::new();
    let mut address = Some(format!(
        "{}/result?{}",
        api(&import),
        query(&[("after", fields.text("after"))])
    ));
    while let Some(next) = address.take() {
        let (part, following) = caller.api.csv(&next).await?;
        // Only the first part has the names of the columns for people.
        let rows = if all.is_empty() {
            part.as_str()
        } else {
            without_head(&part)
        };
        all.push_str(rows);
        address = following.filter(|_| all.len() < LARGEST_CSV);
    }
    let name = format!("attachment; filename=\"import-{}.csv\"", escaped(&import));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, all).into_response())
}

fn without_head(part: &str) -> &str {
    match part.strip_prefix('\u{feff}') {
        Some(rest) => rest.split_once("\r\n").map_or("", |(_, rows)| rows),
        None => part,
    }
}

/// A new import in which the rows that failed are selected (R75).
async fn again(caller: Caller, Path(import): Path<String>) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let integration = escaped(&frame.import.integration);
    let begun = caller
        .api
        .send(
            Method::POST,
            &format!("/integrations/{integration}/imports"),
            Some(&json!({})),
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
