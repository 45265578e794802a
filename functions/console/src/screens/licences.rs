//! `/console/licences`: how many there are, and how they are charged.

use askama::Template;
use axum::Router;
use axum::http::Method;
use axum::routing::get;
use domain::directory::LicenceMode;
use serde_json::{Value, json};

use super::directory::page;
use crate::Console;
use crate::answer_page::{redirect, show_form};
use crate::api::Problem;
use crate::caller::Caller;
use crate::charts::Bar;
use crate::fields::{Fields, Form};
use crate::form::{Field, Filled, Input};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Directory, Licences};

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/licences", get(show).post(save))
}

const TOTAL: Field = Field::new(
    "total",
    "/total",
    ("How many there are in all", "Hoeveel er in totaal zijn"),
    Input::Number,
)
.required();
const MODE: Field = Field::new(
    "mode",
    "/mode",
    ("How they are charged", "Hoe ze worden berekend"),
    Input::Choice,
);

#[derive(Template)]
#[template(path = "licences.html")]
struct LicencesPage {
    page: Page,
    licences: Licences,
    directory: Directory,
    bar: Bar,
    /// What the form holds: the licences, or what was typed and refused.
    entered: Fields,
    problem: Option<Problem>,
}

impl LicencesPage {
    fn input(&self, field: &'static Field) -> Filled<'_> {
        Filled::new(field, &self.entered, self.problem.as_ref())
    }
}

/// As the form and the API name it.
const fn mode_code(mode: LicenceMode) -> &'static str {
    match mode {
        LicenceMode::Pool => "pool",
        LicenceMode::Consumption => "consumption",
    }
}

/// The licences as the form holds them.
fn entered(licences: &Licences) -> Fields {
    let texts = [
        ("total", licences.total.to_string()),
        ("mode", mode_code(licences.mode).to_owned()),
    ];
    Fields(texts.map(|(name, text)| (name.to_owned(), text)).to_vec())
}

async fn show(caller: Caller, fields: Fields) -> Answer {
    shown(&caller, &fields, None).await
}

/// The form with the licences, or with what was typed and refused.
async fn shown(caller: &Caller, fields: &Fields, refused: Option<(Fields, Problem)>) -> Answer {
    let (licences, directory) = futures::try_join!(
        caller.api.get::<Licences>("/licences"),
        caller.api.get::<Directory>("/directory")
    )?;
    let (entered, problem) = match refused {
        Some((entered, problem)) => (entered, Some(problem.about(&[&TOTAL, &MODE]))),
        None => (entered(&licences), None),
    };
    let template = LicencesPage {
        page: page(caller, ("Licences", "Licenties"), fields),
        bar: bar(&licences),
        licences,
        directory,
        entered,
        problem,
    };
    Ok(show_form(template.problem.as_ref(), &template))
}

/// The licences by what they are for: each part is a number of the list below it.
fn bar(licences: &Licences) -> Bar {
    let free = if licences.is_billed_by_use() {
        0
    } else {
        licences.available
    };
    Bar::new(&[("info", licences.used), ("warn", licences.reserved), ("empty", free)])
}

async fn save(caller: Caller, Form(form): Form) -> Answer {
    // The API refuses text that is not a number, and says so in words.
    let total = form.text("total");
    let total = total.parse::<u64>().map_or_else(|_| json!(total), Value::from);
    let mode = if form.get("mode") == Some("consumption") {
        LicenceMode::Consumption
    } else {
        LicenceMode::Pool
    };
    let sent = json!({ "total": total, "mode": mode_code(mode) });
    match caller.api.send(Method::PUT, "/licences", Some(&sent)).await {
        Ok(_) => Ok(redirect("/console/licences?saved=yes")),
        Err(Refused::Problem(problem)) => shown(&caller, &Fields::default(), Some((form, *problem))).await,
        Err(refused) => Err(refused),
    }
}
