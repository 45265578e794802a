//! What somebody sets for themselves: the language, and single keys.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::Console;
use crate::answer_page::{redirect, show};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::own_page;
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::visit::{KEYS_OFF, LANGUAGE};

/// A year.
const SECONDS: u32 = 31_536_000;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/language/{language}", get(language))
        .route("/console/keys", get(keys).post(set_keys))
}

/// Changes nothing but how pages look, so a link does.
async fn language(Path(language): Path<String>, fields: Fields) -> Answer {
    if !matches!(language.as_str(), "en" | "nl") {
        return Err(Refused::NotFound);
    }
    let to = own_page(fields.get("to"));
    Ok(with_cookie(
        &to,
        &format!("{LANGUAGE}={language}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={SECONDS}"),
    ))
}

fn with_cookie(to: &str, cookie: &str) -> Response {
    ([(SET_COOKIE, cookie.to_owned())], redirect(to)).into_response()
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    page: Page,
}

async fn keys(caller: Caller) -> Answer {
    show(&Keys {
        page: Page::titled(&caller.visit, ("Keyboard", "Sneltoetsen")).crumb("/console", "psa-import"),
    })
}

/// People who dictate must be able to switch single keys off (WCAG 2.1.4).
async fn set_keys(_caller: Caller, Form(form): Form) -> Answer {
    let seconds = if form.get("keys") == Some("on") { 0 } else { SECONDS };
    Ok(with_cookie(
        "/console/keys",
        &format!("{KEYS_OFF}=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"),
    ))
}
