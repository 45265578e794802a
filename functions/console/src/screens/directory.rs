//! `/console/managed-companies`: the companies and users that the password manager holds.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use serde_json::json;

use super::frame::{query, saved};
use super::pages::Pages;
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{Directory, List, ManagedCompany, User};
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/managed-companies", get(companies).post(add_company))
        .route("/console/managed-companies/{c}", get(users).post(add_user))
        .route("/console/managed-companies/{c}/{u}", post(change_address))
}

/// A page of what the password manager holds.
pub(super) fn page(caller: &Caller, title: (&'static str, &'static str), fields: &Fields) -> Page {
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

#[derive(Template)]
#[template(path = "managed_companies.html")]
struct Companies {
    page: Page,
    search: String,
    items: Vec<ManagedCompany>,
    pages: Pages,
    directory: Directory,
}

async fn companies(caller: Caller, fields: Fields) -> Answer {
    let path = format!("/managed-companies?{}", asked(&fields));
    let (list, directory) = futures::try_join!(
        caller.api.get::<List<ManagedCompany>>(&path),
        caller.api.get::<Directory>("/directory")
    )?;
    let search = fields.text("search").to_owned();
    show(&Companies {
        page: page(&caller, ("Managed companies", "Beheerde bedrijven"), &fields),
        pages: Pages::new(
            "/console/managed-companies",
            &[("search", &search)],
            &fields,
            list.next.as_deref(),
        ),
        items: list.items,
        search,
        directory,
    })
}

#[derive(Template)]
#[template(path = "users.html")]
struct Users {
    page: Page,
    directory: Directory,
    path: String,
    search: String,
    items: Vec<User>,
    pages: Pages,
}

async fn users(caller: Caller, Path(company): Path<String>, fields: Fields) -> Answer {
    let path = format!("/console/managed-companies/{}", escaped(&company));
    let one = format!("/managed-companies/{}", escaped(&company));
    let list = format!("{one}/users?{}", asked(&fields));
    let (one, list, directory) = futures::try_join!(
        caller.api.get::<ManagedCompany>(&one),
        caller.api.get::<List<User>>(&list),
        caller.api.get::<Directory>("/directory")
    )?;
    let search = fields.text("search").to_owned();
    let mut page = page(&caller, ("Users", "Gebruikers"), &fields);
    page.title = format!("{}: {}", page.title, one.name);
    let companies = page.t("Managed companies", "Beheerde bedrijven");
    show(&Users {
        page: page.crumb("/console/managed-companies", companies),
        pages: Pages::new(&path, &[("search", &search)], &fields, list.next.as_deref()),
        items: list.items,
        path,
        search,
        directory,
    })
}

/// By hand, for those that no PSA has.
async fn add_company(caller: Caller, Form(form): Form) -> Answer {
    let sent = json!({ "name": form.text("name") });
    let added = caller.api.send(Method::POST, "/managed-companies", Some(&sent)).await?;
    let company = escaped(added["id"].as_str().unwrap_or_default());
    Ok(redirect(&format!("/console/managed-companies/{company}?saved=yes")))
}

async fn add_user(caller: Caller, Path(company): Path<String>, Form(form): Form) -> Answer {
    let company = escaped(&company);
    let sent = json!({ "name": form.text("name"), "address": form.text("address") });
    let users = format!("/managed-companies/{company}/users");
    caller.api.send(Method::POST, &users, Some(&sent)).await?;
    Ok(redirect(&format!("/console/managed-companies/{company}?saved=yes")))
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
