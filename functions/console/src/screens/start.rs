//! `/console/integrations/{i}/import`: the filter, and the start of an import.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::get;
use serde_json::json;

use super::frame::{api, path};
use crate::Console;
use crate::answer_page::{redirect, show_form};
use crate::api::{Problem, escaped};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Attribute, Filter, Import, Integration, List};

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/{i}/import", get(ask).post(start))
}

#[derive(Template)]
#[template(path = "filter.html")]
struct FilterPage {
    page: Page,
    integration: Integration,
    attributes: Vec<Attribute>,
    chosen: Filter,
    problem: Option<Problem>,
}

impl FilterPage {
    fn subjects(&self) -> [(&'static str, &'static str); 2] {
        [
            ("company", self.page.t("Companies", "Bedrijven")),
            ("contact", self.page.t("Contacts", "Contacten")),
        ]
    }

    fn of<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a Attribute> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.subject == subject)
    }

    fn is_chosen(&self, attribute: &str, value: &str) -> bool {
        let chosen = self.chosen.get(attribute);
        chosen.is_some_and(|values| values.iter().any(|chosen| chosen == value))
    }
}

async fn ask(caller: Caller, Path(integration): Path<String>, fields: Fields) -> Answer {
    let chosen = match fields.get("like") {
        Some(import) => Some(caller.api.get::<Import>(&api(import)).await?.filter),
        None => (fields.get("filter") == Some("none")).then(Filter::default),
    };
    filter_page(&caller, &integration, chosen, None).await
}

/// The filter as it was chosen, or as the last import by hand had it (R7).
async fn filter_page(caller: &Caller, id: &str, chosen: Option<Filter>, problem: Option<Problem>) -> Answer {
    let id = escaped(id);
    let (one, many) = (
        format!("/integrations/{id}"),
        format!("/integrations/{id}/attributes?limit=500"),
    );
    let (integration, attributes) = futures::try_join!(
        caller.api.get::<Integration>(&one),
        caller.api.get::<List<Attribute>>(&many)
    )?;
    let page = Page::titled(
        &caller.visit,
        ("Which companies and contacts?", "Welke bedrijven en contacten?"),
    );
    let integrations = page.t("Integrations", "Integraties");
    let page = page
        .crumb("/console", integrations)
        .crumb(format!("/console/integrations/{id}"), integration.name.clone());
    let last = || integration.last_filter.clone();
    let template = FilterPage {
        chosen: chosen.or_else(last).unwrap_or_default(),
        page,
        integration,
        attributes: attributes.items,
        problem,
    };
    Ok(show_form(template.problem.as_ref(), &template))
}

async fn start(caller: Caller, Path(integration): Path<String>, Form(form): Form) -> Answer {
    let mut filter: Filter = BTreeMap::new();
    for (name, value) in &form.0 {
        if let Some(attribute) = name.strip_prefix("f.") {
            filter.entry(attribute.to_owned()).or_default().push(value.clone());
        }
    }
    let sent = json!({ "filter": filter, "full": form.get("full").is_some() });
    let begun = caller
        .api
        .send(
            Method::POST,
            &format!("/integrations/{}/imports", escaped(&integration)),
            Some(&sent),
        )
        .await;
    match begun {
        Ok(import) => Ok(redirect(&path(import["id"].as_str().unwrap_or_default()))),
        // Nothing was read: the page says why, and keeps what was ticked.
        Err(Refused::Problem(problem)) => filter_page(&caller, &integration, Some(filter), Some(*problem)).await,
        Err(refused) => Err(refused),
    }
}
