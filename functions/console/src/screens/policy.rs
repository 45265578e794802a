//! `/console/integrations/{i}/policy`: what imports may do by themselves, and when.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};

use super::integrations::{page, path};
use crate::Console;
use crate::answer_page::{redirect, show_as};
use crate::api::{Problem, escaped};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Directory, Integration};

/// How often, in minutes; the API takes no others.
const EVERY: [u64; 10] = [15, 30, 60, 120, 180, 240, 360, 480, 720, 1440];

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/{i}/policy", get(show).post(save))
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    page: Page,
    path: String,
    one: Integration,
    directory: Directory,
    problem: Option<Problem>,
}

impl PolicyPage {
    fn every(&self) -> Vec<(u64, bool)> {
        let chosen = self.one.policy.schedule.as_ref().map(|schedule| schedule.every_minutes);
        EVERY
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

    fn at(&self) -> &str {
        self.one
            .policy
            .schedule
            .as_ref()
            .map_or("03:00", |schedule| &schedule.at)
    }

    fn time_zone(&self) -> &str {
        self.one
            .policy
            .schedule
            .as_ref()
            .map_or("Europe/Amsterdam", |schedule| &schedule.time_zone)
    }
}

async fn show(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    shown(&caller, &id, &fields, None).await
}

async fn shown(caller: &Caller, id: &str, fields: &Fields, problem: Option<Problem>) -> Answer {
    let one = format!("/integrations/{}", escaped(id));
    let (one, directory) = futures::try_join!(
        caller.api.get::<Integration>(&one),
        caller.api.get::<Directory>("/directory")
    )?;
    let status = problem
        .as_ref()
        .and_then(|problem| StatusCode::from_u16(problem.status).ok());
    let template = PolicyPage {
        page: page(caller, &one, ("Automatic imports", "Automatische imports"), fields),
        path: path(id),
        one,
        directory,
        problem,
    };
    Ok(show_as(status.unwrap_or(StatusCode::OK), &template))
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
        Err(Refused::Problem(problem)) => shown(&caller, &id, &Fields::default(), Some(*problem)).await,
        Err(refused) => Err(refused),
    }
}
