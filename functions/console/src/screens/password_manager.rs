//! `/console/directory`: where managed companies and users are kept, in the built-in directory or in LastPass (R81).

use askama::Template;
use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use serde_json::json;

use super::frame::saved;
use crate::Console;
use crate::answer_page::{redirect, show_form};
use crate::api::Problem;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::form::{Field, Filled, Input};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Directory;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/directory", get(show).post(connect))
        .route("/console/directory/leave", post(leave))
}

const API_KEY: Field = Field::new("apiKey", "/apiKey", ("API key", "API-sleutel"), Input::Secret)
    .hint(
        "From the console of LastPass, with the right to manage companies and users.",
        "Uit de console van LastPass, met het recht om bedrijven en gebruikers te beheren.",
    )
    .required()
    .at_most(500);

#[derive(Template)]
#[template(path = "directory.html")]
struct DirectoryPage {
    page: Page,
    directory: Directory,
    problem: Option<Problem>,
}

impl DirectoryPage {
    fn key(&self) -> Filled<'_> {
        let wrong = self.problem.as_ref().and_then(|problem| problem.wrong(&API_KEY));
        Filled {
            field: &API_KEY,
            value: "",
            wrong,
        }
    }
}

async fn show(caller: Caller, fields: Fields) -> Answer {
    shown(&caller, &fields, None).await
}

async fn shown(caller: &Caller, fields: &Fields, problem: Option<Problem>) -> Answer {
    let directory: Directory = caller.api.get("/directory").await?;
    let mut page = Page::titled(&caller.visit, ("Password manager", "Wachtwoordbeheerder"));
    page.saved = saved(&page, fields);
    let template = DirectoryPage {
        page: page.crumb("/console", "psa-import"),
        directory,
        problem: problem.map(|problem| problem.about(&[&API_KEY])),
    };
    Ok(show_form(template.problem.as_ref(), &template))
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
