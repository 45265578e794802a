//! `/console/integrations/{i}`: one integration with its history.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::{get, post};
use serde_json::json;

use super::frame::{query, saved};
use super::pages::Listed;
use crate::Console;
use crate::answer_page::{redirect, show};
use crate::api::escaped;
use crate::caller::Caller;
use crate::charts::{Column, columns};
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::Answer;
use crate::views::{Import, Integration, List};
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/{i}", get(overview))
        .route("/console/integrations/{i}/edit", post(edit))
        .route("/console/integrations/{i}/remove", post(remove))
}

/// The path of an integration's pages.
pub(super) fn path(integration: &str) -> String {
    format!("/console/integrations/{}", escaped(integration))
}

/// A page below an integration.
pub(super) fn page(
    caller: &Caller,
    integration: &Integration,
    title: (&'static str, &'static str),
    fields: &Fields,
) -> Page {
    let mut page = Page::titled(&caller.visit, title);
    page.saved = saved(&page, fields);
    let integrations = page.t("Integrations", "Integraties");
    page.crumb("/console", integrations)
        .crumb(path(&integration.id), integration.name.clone())
}

#[derive(Template)]
#[template(path = "integration.html")]
struct Overview {
    page: Page,
    path: String,
    me: String,
    one: Integration,
    /// Others of the same address, which may read the same tenant.
    twins: Vec<Integration>,
    history: Listed<Import>,
    /// What a removed integration of the same tenant has left, on the page after connecting.
    left: Option<Left>,
}

/// The mappings of a removed integration.
struct Left {
    name: String,
    companies: u64,
    /// The form that takes them over.
    href: String,
}

impl Left {
    fn of(fields: &Fields, one: &Integration) -> Option<Self> {
        let pairs = [
            ("adopt", fields.get("previous")?),
            ("instead", &one.id),
            ("kind", words::psa_code(one.kind)),
            ("name", &one.name),
            ("address", &one.address),
            ("companyId", one.company_id.as_deref().unwrap_or_default()),
        ];
        Some(Self {
            name: fields.text("name").to_owned(),
            companies: fields.text("companies").parse().unwrap_or_default(),
            href: format!("/console/integrations/new?{}", query(&pairs)),
        })
    }
}

impl Overview {
    /// The bars of the history, the oldest first.
    fn bars(&self) -> Vec<(Column, &Import)> {
        let imports: Vec<&Import> = self.history.items.iter().rev().collect();
        let numbers = |import: &&Import| {
            let counts = import.counts.as_ref();
            counts.map_or((0, 0), |counts| (counts.done(), counts.failed()))
        };
        let numbers: Vec<(u64, u64)> = imports.iter().map(numbers).collect();
        columns(&numbers).into_iter().zip(imports).collect()
    }

    /// What a bar shows.
    fn says(&self, import: &Import) -> String {
        let (page, began) = (&self.page, self.page.moment(&import.started_at));
        let Some(counts) = &import.counts else {
            return format!("{began}: {}", page.w(&words::state(&import.state)));
        };
        let done = page.t("created, linked or changed", "gemaakt, gekoppeld of gewijzigd");
        let failed = page.t("failed", "mislukt");
        format!(
            "{began}: {} {done}, {} {failed}",
            page.n(counts.done()),
            page.n(counts.failed())
        )
    }
}

async fn overview(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    let (one, history) = (
        format!("/integrations/{}", escaped(&id)),
        format!(
            "/integrations/{}/imports?{}",
            escaped(&id),
            query(&[("limit", "20"), ("after", fields.text("after"))])
        ),
    );
    let (one, history, all) = futures::try_join!(
        caller.api.get::<Integration>(&one),
        caller.api.get::<List<Import>>(&history),
        caller.api.get::<List<Integration>>("/integrations")
    )?;
    let is_twin = |other: &Integration| {
        other.id != one.id
            && (other.kind, &other.address, &other.company_id) == (one.kind, &one.address, &one.company_id)
    };
    let twins = all.items.into_iter().filter(is_twin).collect();
    let mut page = Page::new(&caller.visit, one.name.clone());
    page.saved = saved(&page, &fields);
    let integrations = page.t("Integrations", "Integraties");
    show(&Overview {
        left: Left::of(&fields, &one),
        page: page.crumb("/console", integrations),
        history: Listed::new(history, &path(&id), &fields),
        path: path(&id),
        me: caller.name,
        one,
        twins,
    })
}

async fn edit(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let version: u64 = form.text("version").parse().unwrap_or_default();
    let mut sent = json!({ "version": version });
    if let Some(name) = form.get("name") {
        sent["name"] = json!(name);
    }
    if let Some(paused) = form.get("paused") {
        sent["paused"] = json!(paused == "true");
    }
    caller
        .api
        .send(Method::PATCH, &format!("/integrations/{}", escaped(&id)), Some(&sent))
        .await?;
    Ok(redirect(&format!("{}?saved=yes", path(&id))))
}

/// The typed text must be the name, because removed credentials cannot be restored.
async fn remove(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let address = format!("/integrations/{}", escaped(&id));
    let one: Integration = caller.api.get(&address).await?;
    if form.text("name") != one.name {
        return Ok(redirect(&format!("{}?saved=otherName", path(&id))));
    }
    caller.api.send(Method::DELETE, &address, None).await?;
    Ok(redirect("/console"))
}
