//! `/console/imports/{x}/companies`: the two tabs, with what happens to each row.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::frame::{Frame, OF_ONE_VISIT, Step, api, path, query};
use super::pages::Pages;
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::own_page::own_page;
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{Companies, Company, ManagedCompany, Target};
use crate::words;

/// As many as the API counts people for at once.
const ON_A_PAGE: &str = "50";

/// Managed companies of a page that are read at once.
const READ_CONCURRENCY: usize = 8;

/// How many of the pages before this one the link to a row carries for the way back. Its address carries all filters besides, and must
/// stay short.
const PAGES_BACK: usize = 3;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/imports/{x}/companies", get(list))
        .route("/console/imports/{x}/companies/select", post(select))
        .route("/console/imports/{x}/companies/{p}/tick", post(tick))
}

#[derive(Template)]
#[template(path = "companies.html")]
struct CompaniesPage {
    page: Page,
    frame: Frame,
    path: String,
    rows: Companies,
    /// The chosen managed companies that the rows do not name.
    names: Names,
    pages: Pages,
    is_in: bool,
    status: String,
    kind: String,
    search: String,
    only: String,
    /// Whether only rows are shown that need a decision and have none.
    undecided: bool,
    /// The import whose failed rows are to be imported again.
    failed: String,
    /// This page, with its filters.
    back: String,
    /// The same for the links to rows, with few of the pages before it.
    back_from_row: String,
}

/// Names of managed companies by their ids.
pub(super) type Names = BTreeMap<String, String>;

/// A managed company, unless it cannot be read.
pub(super) async fn managed_company(caller: &Caller, id: &str) -> Option<ManagedCompany> {
    let address = format!("/managed-companies/{}", escaped(id));
    caller.api.get(&address).await.ok()
}

/// The names of the chosen managed companies that the rows do not name. One that cannot be read is left out.
async fn names(caller: &Caller, rows: &[Company]) -> Names {
    let chosen = rows.iter().filter_map(|row| {
        let id = row.chosen()?;
        row.name_of(id).is_none().then_some(id)
    });
    let ids: BTreeSet<&str> = chosen.collect();
    let reads: Vec<_> = ids.into_iter().map(|id| managed_company(caller, id)).collect();
    let read: Vec<_> = stream::iter(reads).buffer_unordered(READ_CONCURRENCY).collect().await;
    read.into_iter().flatten().map(|one| (one.id, one.name)).collect()
}

/// What happens to a row with this target, in words. `names` are those of managed companies that the row does not name.
pub(super) fn what_happens(page: &Page, row: &Company, target: &Target, names: &Names) -> String {
    let chosen = |id: &str| {
        let elsewhere = || names.get(id).map(String::as_str);
        row.name_of(id).or_else(elsewhere).unwrap_or(id).to_owned()
    };
    let linked = |name: &str| format!("{} {name}", page.t("Linked to", "Gekoppeld aan"));
    match (target, &row.mapped, row.candidates.as_slice()) {
        (Target::Create {}, ..) => page.t("New managed company", "Nieuw beheerd bedrijf").to_owned(),
        (Target::Existing(id), ..) => linked(&chosen(id)),
        (Target::Automatic {}, Some(mapped), _) => linked(&mapped.name),
        (Target::Automatic {}, None, [only]) if row.status == domain::row::ImportStatus::UnmappedPossibleDuplicate => {
            linked(&only.name)
        }
        (Target::Automatic {}, ..) => {
            let (english, dutch) = words::happens(&row.status);
            page.t(english, dutch).to_owned()
        }
    }
}

impl CompaniesPage {
    /// This page with another status.
    fn with_status(&self, status: &str) -> String {
        let pairs = [
            ("status", status),
            ("type", &self.kind),
            ("search", &self.search),
            ("selected", &self.only),
            ("failed", &self.failed),
        ];
        format!("{}/companies?{}", self.path, query(&pairs))
    }

    /// The list without filters, of these rows only.
    fn list(&self, only: &str, value: &str) -> String {
        let pairs = [(only, value), ("failed", &self.failed)];
        format!("{}/companies?{}", self.path, query(&pairs))
    }

    fn happens(&self, row: &Company) -> String {
        what_happens(&self.page, row, &row.target, &self.names)
    }

    fn count_of(&self, status: &domain::row::ImportStatus) -> u64 {
        let rows = self.frame.import.rows.as_ref();
        rows.and_then(|rows| rows.present.by_status.get(status).copied())
            .unwrap_or_default()
    }

    /// How many rows of this page a decision on many rows selects.
    fn selectable(&self) -> u64 {
        self.rows.items.iter().filter(|row| row.is_selectable_by_rule()).count() as u64
    }

    /// How many rows that match a decision on many rows selects, if all of them are on this page. No count of the API leaves out those
    /// that it skips.
    fn selectable_of_all(&self) -> Option<u64> {
        let is_whole = self.pages.previous.is_none() && self.pages.next.is_none() && self.only.is_empty();
        is_whole.then(|| self.selectable())
    }

    fn selected(&self) -> u64 {
        self.rows.counts.as_ref().map_or(0, |counts| counts.selected)
    }

    /// Of the rows that need a decision, how many have none.
    fn undecided(&self) -> u64 {
        let counts = self.rows.counts.as_ref();
        counts.map_or(0, |counts| counts.undecided_by_status.values().sum())
    }

    /// How many rows of a status that asks for a decision have one.
    fn decided(&self, status: &domain::row::ImportStatus) -> u64 {
        let asks = matches!(
            status,
            domain::row::ImportStatus::Ambiguous | domain::row::ImportStatus::Dangling
        );
        let counts = self.rows.counts.as_ref().filter(|_| asks);
        let open = counts.map(|counts| counts.undecided_by_status.get(status).copied().unwrap_or_default());
        open.map_or(0, |open| self.count_of(status).saturating_sub(open))
    }
}

async fn list(caller: Caller, Path(import): Path<String>, fields: Fields) -> Answer {
    let is_in = fields.get("tab") != Some("not-in");
    let asked = query(&[
        ("tab", if is_in { "in" } else { "not-in" }),
        ("status", fields.text("status")),
        ("type", fields.text("type")),
        ("search", fields.text("search")),
        ("selected", fields.text("selected")),
        ("undecided", fields.text("undecided")),
        ("after", fields.text("after")),
        ("counts", "true"),
        ("people", if is_in { "true" } else { "" }),
        ("limit", ON_A_PAGE),
    ]);
    let address = format!("{}/companies?{asked}", api(&import));
    let (frame, rows) = futures::try_join!(Frame::read(&caller, &import), caller.api.get::<Companies>(&address))?;
    let names = names(&caller, &rows.items).await;
    show(&CompaniesPage {
        page: frame.page(&caller, Step::Companies, ("Companies", "Bedrijven"), &fields),
        pages: Pages::new(
            &format!("{}/companies", path(&import)),
            &[
                ("tab", if is_in { "" } else { "not-in" }),
                ("status", fields.text("status")),
                ("type", fields.text("type")),
                ("search", fields.text("search")),
                ("selected", fields.text("selected")),
                ("undecided", fields.text("undecided")),
                ("failed", fields.text("failed")),
            ],
            &fields,
            rows.next.as_deref(),
        ),
        path: path(&import),
        back: back(&path(&import), &fields, usize::MAX),
        back_from_row: back(&path(&import), &fields, PAGES_BACK),
        frame,
        rows,
        names,
        is_in,
        status: fields.text("status").to_owned(),
        kind: fields.text("type").to_owned(),
        search: fields.text("search").to_owned(),
        only: fields.text("selected").to_owned(),
        undecided: fields.text("undecided") == "true",
        failed: fields.text("failed").to_owned(),
    })
}

/// The list with its filters and this many of the pages before it, without the message that is shown once.
fn back(path: &str, fields: &Fields, pages: usize) -> String {
    let mut far = fields.all("before").count().saturating_sub(pages);
    let is_kept = |(name, _): &(&str, &str)| {
        let is_far = *name == "before" && far > 0;
        far -= usize::from(is_far);
        !is_far && !OF_ONE_VISIT.contains(name)
    };
    let all = fields.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let pairs: Vec<(&str, &str)> = all.filter(is_kept).collect();
    format!("{path}/companies?{}", query(&pairs))
}

async fn tick(caller: Caller, Path((import, company)): Path<(String, String)>, Form(form): Form) -> Answer {
    let version: u64 = form.text("version").parse().unwrap_or_default();
    let sent = json!({ "version": version, "selected": form.get("selected") == Some("true") });
    let address = format!("{}/companies/{}", api(&import), escaped(&company));
    caller.api.send(Method::PATCH, &address, Some(&sent)).await?;
    Ok(redirect(&own_page(form.get("back"))))
}

/// One decision on many rows (R69).
async fn select(caller: Caller, Path(import): Path<String>, Form(form): Form) -> Answer {
    let mut filter = serde_json::Map::new();
    for name in ["type", "search"] {
        if let Some(value) = form.get(name) {
            filter.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(status) = form.get("status") {
        filter.insert("status".to_owned(), json!([status]));
    }
    let what = form.text("what").to_owned();
    if what == "page" {
        filter = serde_json::Map::new();
        filter.insert("ids".to_owned(), json!(form.all("id").collect::<Vec<_>>()));
    }
    let sent = match what.as_str() {
        "failed" => json!({ "selected": true, "where": { "failedIn": form.text("failed") } }),
        "none" => json!({ "selected": false, "where": filter }),
        "suggested" => json!({ "selected": true, "target": { "suggested": { "least": 90 } }, "where": filter }),
        "create" => json!({ "selected": true, "target": { "create": {} }, "where": filter }),
        "reset" => json!({ "reset": true, "where": filter }),
        _ => json!({ "selected": true, "where": filter }),
    };
    let address = format!("{}/companies/select", api(&import));
    let answer = caller.api.send(Method::POST, &address, Some(&sent)).await?;
    // All that failed is selected: the plan comes next.
    let is_complete = answer["matched"] != 0 && answer["leftOut"].as_u64().is_none_or(|left| left == 0);
    if what == "failed" && is_complete {
        return Ok(redirect(&format!("{}/plan", path(&import))));
    }
    Ok(redirect(&with_counts(&own_page(form.get("back")), &what, &answer)))
}

/// The address of the page, with how many rows were selected and how many were skipped.
fn with_counts(back: &str, what: &str, answer: &Value) -> String {
    let number = |name: &str| {
        answer[name]
            .as_u64()
            .map(|number| number.to_string())
            .unwrap_or_default()
    };
    let saved = match what {
        "none" => "unselect",
        "reset" => "reset",
        "suggested" => "suggested",
        _ => "select",
    };
    let pairs = [
        ("saved", saved),
        ("count", &number("matched")),
        ("left", &number("leftOut")),
    ];
    let mark = if back.contains('?') { '&' } else { '?' };
    format!("{back}{mark}{}", query(&pairs))
}
