//! `/console/imports/{x}/companies/{p}`: what a company goes to.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use domain::row::ImportStatus;
use serde_json::json;

use super::companies::{Names, managed_company, what_happens};
use super::frame::{Frame, Step, api, path, query};
use super::undo::{self, Mine, Undo, decision, query_after};
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::back_or;
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
    /// The managed company that was chosen, if nothing else on the page offers it.
    chosen: Option<ManagedCompany>,
    /// The managed companies of the page that the row does not name.
    names: Names,
    search: String,
    undo: Option<Undo>,
    mine: Option<Mine>,
    /// The list that led here.
    back: String,
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
        what_happens(&self.page, &self.row, &self.row.target, &self.names)
    }

    /// Where decisions on it are sent to.
    fn at(&self) -> String {
        format!("{}/companies/{}", self.path, escaped(&self.row.id))
    }

    /// A decision in words.
    fn says(&self, target: &Target, selected: &bool) -> String {
        let happens = what_happens(&self.page, &self.row, target, &self.names);
        let selected = if *selected {
            self.page.t("selected", "geselecteerd")
        } else {
            self.page.t("not selected", "niet geselecteerd")
        };
        format!("{happens}, {selected}")
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
    let hand_overs = hand_overs.items;
    let offered = hand_overs.iter().map(|one| &one.managed_company.id);
    let mut offered = offered.chain(found.iter().map(|one| &one.id));
    let chosen = match row.chosen() {
        Some(id) if !row.offers(id) && !offered.any(|offered| offered == id) => managed_company(&caller, id).await,
        _ => None,
    };
    let mine = Mine::of(&fields, row.version);
    let mut names = names(&hand_overs, found.iter().chain(&chosen));
    if let Some(Target::Existing(id)) = mine.as_ref().map(|mine| &mine.target)
        && row.name_of(id).is_none()
        && !names.contains_key(id)
        && let Some(one) = managed_company(&caller, id).await
    {
        names.insert(one.id, one.name);
    }
    let mut page = frame.page(&caller, Step::Companies, ("", ""), &fields);
    let list = page.t("Companies", "Bedrijven");
    page = page.crumb(format!("{}/companies", path(&import)), list);
    page.title.clone_from(&row.name);
    show(&CompanyPage {
        undo: Undo::of(&fields, row.version),
        page,
        frame,
        back: back_or(fields.get("back"), format!("{}/companies", path(&import))),
        path: path(&import),
        row,
        names,
        mine,
        hand_overs,
        found,
        chosen,
        search: fields.text("search").to_owned(),
    })
}

fn names<'a>(hand_overs: &[HandOver], others: impl Iterator<Item = &'a ManagedCompany>) -> Names {
    let handed_over = hand_overs.iter().map(|one| &one.managed_company);
    let handed_over = handed_over.map(|one| (one.id.clone(), one.name.clone()));
    handed_over
        .chain(others.map(|one| (one.id.clone(), one.name.clone())))
        .collect()
}

async fn save(caller: Caller, Path((import, company)): Path<(String, String)>, Form(form): Form) -> Answer {
    let row = format!("{}/companies/{}", api(&import), escaped(&company));
    let page = |query: &str| format!("{}/companies/{}?{query}", path(&import), escaped(&company));
    match caller.api.send(Method::PATCH, &row, Some(&decision(&form))).await {
        Ok(saved) => Ok(redirect(&page(&query_after(&form, &saved)))),
        Err(refused) => undo::refused(refused, &form, page),
    }
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
    let asked = query(&[("saved", "row"), ("back", form.text("back"))]);
    Ok(redirect(&format!(
        "{}/companies/{}?{asked}",
        path(&import),
        escaped(&company)
    )))
}
