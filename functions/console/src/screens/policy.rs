//! `/console/integrations/{i}/policy`: what imports may do by themselves, and when.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::get;
use domain::directory::CreationAction;
use serde_json::{Value, json};

use super::integrations::{page, path};
use crate::Console;
use crate::answer_page::{redirect, show_form};
use crate::api::{Problem, escaped};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::form::{Field, Filled, Input};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Directory, Integration, Policy};

/// How often, in minutes; the API takes no others.
const EVERY_MINUTES: [u64; 10] = [15, 30, 60, 120, 180, 240, 360, 480, 720, 1440];

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/{i}/policy", get(show).post(save))
}

const EVERY: Field = Field::new(
    "every",
    "/schedule/everyMinutes",
    ("How often", "Hoe vaak"),
    Input::Choice,
);
const AT: Field = Field::new("at", "/schedule/at", ("At", "Om"), Input::Time);
const ZONE: Field = Field::new("zone", "/schedule/timeZone", ("Time zone", "Tijdzone"), Input::Text);
const FULL_READ_HOURS: Field = Field::new(
    "fullReadHours",
    "/fullReadHours",
    (
        "Hours after which everything is read again, not only what changed",
        "Aantal uren waarna alles opnieuw wordt gelezen, niet alleen wat wijzigde",
    ),
    Input::Number,
);
const PERCENT: Field = Field::new(
    "percent",
    "/massChange/percent",
    (
        "Percentage of the mapped users",
        "Percentage van de gekoppelde gebruikers",
    ),
    Input::Number,
);
const AT_LEAST: Field = Field::new(
    "atLeast",
    "/massChange/atLeast",
    ("Number of changes", "Aantal wijzigingen"),
    Input::Number,
);

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    page: Page,
    path: String,
    one: Integration,
    directory: Directory,
    /// What the form holds: the policy, or what was typed and refused.
    entered: Fields,
    problem: Option<Problem>,
}

impl PolicyPage {
    fn input(&self, field: &'static Field) -> Filled<'_> {
        Filled::new(field, &self.entered, self.problem.as_ref())
    }

    fn is_ticked(&self, name: &str) -> bool {
        self.entered.get(name).is_some()
    }

    fn creation(&self) -> CreationAction {
        match self.entered.get("creation") {
            Some("invite") => CreationAction::Invite,
            Some(_) => CreationAction::Stage,
            None => self.one.policy.creation,
        }
    }

    fn every(&self) -> Vec<(u64, bool)> {
        let chosen = self.entered.get("every").and_then(|minutes| minutes.parse().ok());
        EVERY_MINUTES
            .iter()
            .map(|&minutes| (minutes, Some(minutes) == chosen))
            .collect()
    }

    fn in_words(&self, minutes: &u64) -> String {
        let day = (24 * 60, ("every day", "elke dag"));
        match *minutes {
            minutes if minutes == day.0 => self.page.t(day.1.0, day.1.1).to_owned(),
            minutes if minutes < 60 => format!(
                "{} {minutes} {}",
                self.page.t("every", "elke"),
                self.page.t("minutes", "minuten")
            ),
            60 => self.page.t("every hour", "elk uur").to_owned(),
            minutes => format!(
                "{} {} {}",
                self.page.t("every", "elke"),
                minutes / 60,
                self.page.t("hours", "uur")
            ),
        }
    }
}

/// A policy as the form holds it. Without a schedule, it offers one at night.
fn entered(policy: &Policy) -> Fields {
    let schedule = policy.schedule.as_ref();
    let texts = [
        ("every", schedule.map(|schedule| schedule.every_minutes.to_string())),
        ("at", Some(schedule.map_or("03:00", |schedule| &schedule.at).to_owned())),
        (
            "zone",
            Some(
                schedule
                    .map_or("Europe/Amsterdam", |schedule| &schedule.time_zone)
                    .to_owned(),
            ),
        ),
        ("fullReadHours", Some(policy.full_read_hours.to_string())),
        ("newCompanies", policy.new_companies.then(|| "on".to_owned())),
        ("newAddresses", policy.new_addresses.then(|| "on".to_owned())),
        ("percent", Some(policy.mass_change.percent.to_string())),
        ("atLeast", Some(policy.mass_change.at_least.to_string())),
    ];
    let there = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text?)));
    Fields(there.collect())
}

async fn show(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    shown(&caller, &id, &fields, None).await
}

/// The form with the policy, or with what was typed and refused.
async fn shown(caller: &Caller, id: &str, fields: &Fields, refused: Option<(Fields, Problem)>) -> Answer {
    let one = format!("/integrations/{}", escaped(id));
    let (one, directory) = futures::try_join!(
        caller.api.get::<Integration>(&one),
        caller.api.get::<Directory>("/directory")
    )?;
    let (entered, problem) = match refused {
        Some((entered, problem)) => {
            let fields = [&EVERY, &AT, &ZONE, &FULL_READ_HOURS, &PERCENT, &AT_LEAST];
            (entered, Some(problem.about(&fields)))
        }
        None => (entered(&one.policy), None),
    };
    let template = PolicyPage {
        page: page(caller, &one, ("Automatic imports", "Automatische imports"), fields),
        path: path(id),
        one,
        directory,
        entered,
        problem,
    };
    Ok(show_form(template.problem.as_ref(), &template))
}

async fn save(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let address = format!("/integrations/{}", escaped(&id));
    let one: Integration = caller.api.get(&address).await?;
    let number = |name: &str| {
        form.text(name)
            .parse::<u64>()
            .map_or_else(|_| json!(form.text(name)), Value::from)
    };
    // Not asked for under a directory that leaves nothing open, and kept as it is.
    let creation = form
        .get("creation")
        .map_or(json!(one.policy.creation), |chosen| json!(chosen));
    let schedule = match form.get("every") {
        None => Value::Null,
        Some(_) => json!({ "everyMinutes": number("every"), "at": form.text("at"), "timeZone": form.text("zone") }),
    };
    let sent = json!({
        "newCompanies": form.get("newCompanies").is_some(),
        "newAddresses": form.get("newAddresses").is_some(),
        "creation": creation,
        // The filter is chosen where imports are started, and kept here as it is unless the last one is to count.
        "filter": if form.get("lastFilter").is_some() { one.last_filter.unwrap_or_default() } else { one.policy.filter },
        "massChange": { "percent": number("percent"), "atLeast": number("atLeast") },
        "schedule": schedule,
        "fullReadHours": number("fullReadHours"),
    });
    match caller
        .api
        .send(Method::PUT, &format!("{address}/policy"), Some(&sent))
        .await
    {
        Ok(_) => Ok(redirect(&format!("{}/policy?saved=yes", path(&id)))),
        Err(Refused::Problem(problem)) => shown(&caller, &id, &Fields::default(), Some((form, *problem))).await,
        Err(refused) => Err(refused),
    }
}
