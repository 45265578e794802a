//! `/console/managed-companies` and `/console/licences`: what the password manager holds.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use serde_json::json;

use super::frame::{query, saved};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::charts::Bar;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{Licences, List, ManagedCompany, User};

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/managed-companies", get(companies))
        .route("/console/managed-companies/{c}", get(users))
        .route("/console/managed-companies/{c}/{u}", post(change_address))
        .route("/console/licences", get(licences))
}

fn page(caller: &Caller, title: (&'static str, &'static str), fields: &Fields) -> Page {
    let mut page = Page::titled(&caller.visit, title);
    page.saved = saved(&page, fields);
    page.crumb("/console", "psa-import")
}

fn asked(fields: &Fields) -> String {
    query(&[
        ("search", fields.text("search")),
        ("after", fields.text("after")),
        ("limit", "100"),
    ])
}

fn next(here: &str, search: &str, next: Option<&str>) -> Option<String> {
    Some(format!("{here}?{}", query(&[("search", search), ("after", next?)])))
}

#[derive(Template)]
#[template(path = "managed_companies.html")]
struct Companies {
    page: Page,
    search: String,
    items: Vec<ManagedCompany>,
    next: Option<String>,
}

async fn companies(caller: Caller, fields: Fields) -> Answer {
    let list: List<ManagedCompany> = caller
        .api
        .get(&format!("/managed-companies?{}", asked(&fields)))
        .await?;
    let search = fields.text("search").to_owned();
    show(&Companies {
        page: page(&caller, ("Managed companies", "Beheerde bedrijven"), &fields),
        next: next("/console/managed-companies", &search, list.next.as_deref()),
        items: list.items,
        search,
    })
}

#[derive(Template)]
#[template(path = "users.html")]
struct Users {
    page: Page,
    path: String,
    search: String,
    items: Vec<User>,
    next: Option<String>,
}

async fn users(caller: Caller, Path(company): Path<String>, fields: Fields) -> Answer {
    let path = format!("/console/managed-companies/{}", escaped(&company));
    let list: List<User> = caller
        .api
        .get(&format!(
            "/managed-companies/{}/users?{}",
            escaped(&company),
            asked(&fields)
        ))
        .await?;
    let search = fields.text("search").to_owned();
    let page = page(&caller, ("Users", "Gebruikers"), &fields);
    let companies = page.t("Managed companies", "Beheerde bedrijven");
    show(&Users {
        page: page.crumb("/console/managed-companies", companies),
        next: next(&path, &search, list.next.as_deref()),
        items: list.items,
        path,
        search,
    })
}

/// So that every advice about a conflict can be followed (R59).
async fn change_address(caller: Caller, Path((company, user)): Path<(String, String)>, Form(form): Form) -> Answer {
    let (company, user) = (escaped(&company), escaped(&user));
    let sent = json!({ "address": form.text("address") });
    caller
        .api
        .send(
            Method::PATCH,
            &format!("/managed-companies/{company}/users/{user}"),
            Some(&sent),
        )
        .await?;
    Ok(redirect(&format!("/console/managed-companies/{company}?saved=yes")))
}

#[derive(Template)]
#[template(path = "licences.html")]
struct LicencesPage {
    page: Page,
    licences: Licences,
    bar: Bar,
}

async fn licences(caller: Caller, fields: Fields) -> Answer {
    let licences: Licences = caller.api.get("/licences").await?;
    show(&LicencesPage {
        page: page(&caller, ("Licences", "Licenties"), &fields),
        bar: Bar::new(&[
            ("info", licences.used),
            ("warn", licences.reserved),
            ("empty", licences.available),
        ]),
        licences,
    })
}
