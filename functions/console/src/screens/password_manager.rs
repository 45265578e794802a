//! `/console/directory`: where managed companies and users are kept, in the built-in directory or in LastPass (R81).

use askama::Template;
use axum::Router;
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use serde_json::json;

use super::frame::saved;
use crate::Console;
use crate::answer_page::{redirect, show_as};
use crate::api::Problem;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Directory;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/directory", get(show).post(connect))
        .route("/console/directory/leave", post(leave))
}

#[derive(Template)]
#[template(path = "directory.html")]
struct DirectoryPage {
    page: Page,
    directory: Directory,
    problem: Option<Problem>,
}

async fn show(caller: Caller, fields: Fields) -> Answer {
    shown(&caller, &fields, None).await
}

async fn shown(caller: &Caller, fields: &Fields, problem: Option<Problem>) -> Answer {
    let directory: Directory = caller.api.get("/directory").await?;
    let mut page = Page::titled(&caller.visit, ("Password manager", "Wachtwoordbeheerder"));
    page.saved = saved(&page, fields);
    let status = problem
        .as_ref()
        .and_then(|problem| StatusCode::from_u16(problem.status).ok());
    let template = DirectoryPage {
        page: page.crumb("/console", "psa-import"),
        directory,
        problem,
    };
    Ok(show_as(status.unwrap_or(StatusCode::OK), &template))
}

/// Connects LastPass, or replaces its key. A refused key is not shown again.
async fn connect(caller: Caller, Form(form): Form) -> Answer {
    let sent = json!({ "kind": "lastpass", "apiKey": form.text("apiKey") });
    match caller.api.send(Method::PUT, "/directory", Some(&sent)).await {
        Ok(_) => Ok(redirect("/console/directory?saved=yes")),
        Err(Refused::Problem(problem)) => shown(&caller, &Fields::default(), Some(*problem)).await,
        Err(refused) => Err(refused),
    }
}

async fn leave(caller: Caller) -> Answer {
    match caller.api.send(Method::DELETE, "/directory", None).await {
        Ok(_) => Ok(redirect("/console/directory?saved=yes")),
        Err(Refused::Problem(problem)) => shown(&caller, &Fields::default(), Some(*problem)).await,
        Err(refused) => Err(refused),
    }
}
