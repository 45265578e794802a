//! `/console/imports/{x}/companies/{p}`: what a company goes to.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use domain::row::ImportStatus;
use serde_json::json;

use super::companies::what_happens;
use super::frame::{Frame, Step, api, path, query};
use super::undo::{self, Undo, decision, query_after};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{Company, HandOver, List, ManagedCompany, Target};
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/companies/{p}", get(manage).post(save))
        .route("/console/imports/{x}/companies/{p}/exclude", post(exclude))
}

#[derive(Template)]
#[template(path = "company.html")]
struct CompanyPage {
    page: Page,
    frame: Frame,
    path: String,
    row: Company,
    hand_overs: Vec<HandOver>,
    found: Vec<ManagedCompany>,
    search: String,
    undo: Option<Undo>,
}

impl CompanyPage {
    /// What becomes of it if nobody decides otherwise.
    fn suggested(&self) -> &'static str {
        let (english, dutch) = words::happens(&self.row.status);
        self.page.t(english, dutch)
    }

    fn target(&self) -> &str {
        undo::code(&self.row.target)
    }

    fn happens(&self) -> String {
        what_happens(&self.page, &self.row)
    }

    fn goes_to(&self, id: &str) -> bool {
        self.row.target == Target::Existing(id.to_owned())
    }
}

async fn manage(caller: Caller, Path((import, company)): Path<(String, String)>, fields: Fields) -> Answer {
    let row = format!("{}/companies/{}", api(&import), escaped(&company));
    let hand_overs = format!("{row}/hand-overs?limit=20");
    let (frame, row, hand_overs) = futures::try_join!(
        Frame::read(&caller, &import),
        caller.api.get::<Company>(&row),
        caller.api.get::<List<HandOver>>(&hand_overs)
    )?;
    let found = match fields.get("search") {
        Some(search) => {
            let asked = query(&[
                ("search", search),
                ("like", &row.name),
                ("integration", &frame.import.integration),
                ("limit", "20"),
            ]);
            let mut list: List<ManagedCompany> = caller.api.get(&format!("/managed-companies?{asked}")).await?;
            list.items.retain(|one| !row.offers(&one.id));
            list.items
        }
        None => Vec::new(),
    };
    let mut page = frame.page(&caller, Step::Companies, ("", ""), &fields);
    let list = page.t("Companies", "Bedrijven");
    page = page.crumb(format!("{}/companies", path(&import)), list);
    page.title.clone_from(&row.name);
    show(&CompanyPage {
        page,
        frame,
        path: path(&import),
        row,
        hand_overs: hand_overs.items,
        found,
        search: fields.text("search").to_owned(),
        undo: Undo::of(&fields),
    })
}

async fn save(caller: Caller, Path((import, company)): Path<(String, String)>, Form(form): Form) -> Answer {
    let row = format!("{}/companies/{}", api(&import), escaped(&company));
    caller.api.send(Method::PATCH, &row, Some(&decision(&form)?)).await?;
    Ok(redirect(&format!(
        "{}/companies/{}?{}",
        path(&import),
        escaped(&company),
        query_after(&form)
    )))
}

/// For good: no rule, policy or later import selects it until it is brought back (R96).
async fn exclude(caller: Caller, Path((import, company)): Path<(String, String)>, Form(form): Form) -> Answer {
    let frame = Frame::read(&caller, &import).await?;
    let sent = json!({ "why": form.text("why"), "name": form.text("name") });
    let excluded = format!(
        "/integrations/{}/exclusions/companies/{}",
        escaped(&frame.import.integration),
        escaped(&company)
    );
    caller.api.send(Method::PUT, &excluded, Some(&sent)).await?;
    Ok(redirect(&format!(
        "{}/companies/{}?saved=row",
        path(&import),
        escaped(&company)
    )))
}
