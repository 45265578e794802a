//! `/console/integrations/{i}`: one integration with its history, and how it is connected.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use super::frame::saved;
use crate::Console;
use crate::answer_page::{redirect, show, show_as};
use crate::api::{Problem, escaped};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::{Import, Integration, List};
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/new", get(new).post(connect))
        .route("/console/integrations/{i}", get(overview))
        .route("/console/integrations/{i}/edit", post(edit))
        .route("/console/integrations/{i}/remove", post(remove))
        .route("/console/integrations/{i}/credentials", get(credentials).post(replace))
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
    history: Vec<Import>,
}

impl Overview {
    /// The bars of the history, the oldest first: position, height of what was created or changed, and of what failed.
    fn bars(&self) -> Vec<(u64, u64, u64, &Import)> {
        let numbers = |import: &Import| {
            import.counts.as_ref().map_or((0, 0), |counts| {
                let (companies, users) = (&counts.companies, &counts.users);
                let done = companies.created + companies.linked + companies.updated;
                let done = done + users.created + users.linked + users.changed_address;
                (done, companies.failed + users.failed)
            })
        };
        let all: Vec<_> = self
            .history
            .iter()
            .rev()
            .map(|import| (numbers(import), import))
            .collect();
        let most = all
            .iter()
            .map(|((done, failed), _)| done + failed)
            .max()
            .unwrap_or_default()
            .max(1);
        let height = |count: u64| if count == 0 { 0 } else { (count * 50 / most).max(3) };
        (0..)
            .zip(all)
            .map(|(at, ((done, failed), import))| (at * 24, height(done), height(failed), import))
            .collect()
    }
}

async fn overview(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    let (one, history) = (
        format!("/integrations/{}", escaped(&id)),
        format!("/integrations/{}/imports?limit=20", escaped(&id)),
    );
    let (one, history) = futures::try_join!(
        caller.api.get::<Integration>(&one),
        caller.api.get::<List<Import>>(&history)
    )?;
    let mut page = Page::new(&caller.visit, one.name.clone());
    page.saved = saved(&page, &fields);
    let integrations = page.t("Integrations", "Integraties");
    show(&Overview {
        page: page.crumb("/console", integrations),
        path: path(&id),
        me: caller.name,
        one,
        history: history.items,
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

/// What was typed must be the name: there is no way back to the credentials.
async fn remove(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let address = format!("/integrations/{}", escaped(&id));
    let one: Integration = caller.api.get(&address).await?;
    if form.text("name") != one.name {
        return Ok(redirect(&path(&id)));
    }
    caller.api.send(Method::DELETE, &address, None).await?;
    Ok(redirect("/console"))
}

/// A field of a form of credentials.
struct Field {
    name: &'static str,
    label: (&'static str, &'static str),
    hint: (&'static str, &'static str),
    secret: bool,
}

const fn field(
    name: &'static str,
    label: (&'static str, &'static str),
    hint: (&'static str, &'static str),
    secret: bool,
) -> Field {
    Field {
        name,
        label,
        hint,
        secret,
    }
}

const CONNECTWISE: [Field; 3] = [
    field(
        "publicKey",
        ("Public key", "Publieke sleutel"),
        (
            "Of an API member: System, Members, API Members, API Keys.",
            "Van een API-lid: System, Members, API Members, API Keys.",
        ),
        false,
    ),
    field(
        "privateKey",
        ("Private key", "Privésleutel"),
        (
            "It is shown once, when the key is made.",
            "Die wordt één keer getoond, bij het maken.",
        ),
        true,
    ),
    field(
        "clientId",
        ("Client ID", "Client-ID"),
        ("From developer.connectwise.com.", "Van developer.connectwise.com."),
        false,
    ),
];

const AUTOTASK: [Field; 3] = [
    field(
        "username",
        ("Username", "Gebruikersnaam"),
        (
            "Of an API user: Admin, Resources/Users, API user.",
            "Van een API-gebruiker: Admin, Resources/Users, API user.",
        ),
        false,
    ),
    field(
        "secret",
        ("Password", "Wachtwoord"),
        ("The API user's own.", "Dat van de API-gebruiker."),
        true,
    ),
    field(
        "integrationCode",
        ("Tracking identifier", "Integratiecode"),
        ("On the page of the API user.", "Op de pagina van de API-gebruiker."),
        false,
    ),
];

fn fields_of(kind: &str) -> &'static [Field] {
    if kind == "autotask" { &AUTOTASK } else { &CONNECTWISE }
}

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect {
    page: Page,
    action: String,
    kind: &'static str,
    is_new: bool,
    fields: &'static [Field],
    /// What was entered before, secrets excepted.
    entered: Fields,
    problem: Option<Problem>,
}

impl Connect {
    /// What the API says is wrong with a field.
    fn wrong(&self, name: &str) -> Option<String> {
        let problem = self.problem.as_ref()?;
        if problem.fact("field").as_deref() == Some(name) {
            return Some(problem.detail.clone());
        }
        let error = problem
            .errors
            .iter()
            .find(|error| error.pointer.ends_with(&format!("/{name}")));
        error.map(|error| error.detail.clone())
    }
}

fn kind_of(form: &Fields) -> &'static str {
    if form.get("kind") == Some("autotask") {
        "autotask"
    } else {
        "connectwise"
    }
}

async fn new(caller: Caller, fields: Fields) -> Answer {
    Ok(connecting(&caller, fields, None))
}

fn connecting(caller: &Caller, entered: Fields, problem: Option<Problem>) -> axum::response::Response {
    let page = Page::titled(&caller.visit, ("Connect a PSA", "Verbind een PSA"));
    let integrations = page.t("Integrations", "Integraties");
    let kind = kind_of(&entered);
    let status = problem
        .as_ref()
        .and_then(|problem| StatusCode::from_u16(problem.status).ok());
    let template = Connect {
        page: page.crumb("/console", integrations),
        action: "/console/integrations/new".to_owned(),
        kind,
        is_new: true,
        fields: fields_of(kind),
        entered,
        problem,
    };
    show_as(status.unwrap_or(StatusCode::OK), &template)
}

/// What a form holds of credentials; a field that is missing is blank, and the API says so.
fn given(form: &Fields, kind: &str) -> Value {
    let fields = fields_of(kind)
        .iter()
        .map(|field| (field.name.to_owned(), json!(form.text(field.name))));
    Value::Object(fields.collect::<Map<_, _>>())
}

async fn connect(caller: Caller, Form(form): Form) -> Answer {
    let kind = kind_of(&form);
    let mut sent = json!({
        "kind": kind, "name": form.text("name"), "address": form.text("address"), "credentials": given(&form, kind),
    });
    if kind == "connectwise" {
        sent["companyId"] = json!(form.text("companyId"));
    }
    if let Some(previous) = form.get("adopt") {
        sent["adopt"] = json!(previous);
    }
    match caller.api.send(Method::POST, "/integrations", Some(&sent)).await {
        Ok(added) => Ok(redirect(&path(added["id"].as_str().unwrap_or_default()))),
        Err(Refused::Problem(problem)) => Ok(connecting(&caller, form, Some(*problem))),
        Err(refused) => Err(refused),
    }
}

async fn credentials(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    replacing(&caller, &id, fields, None).await
}

async fn replacing(caller: &Caller, id: &str, entered: Fields, problem: Option<Problem>) -> Answer {
    let one: Integration = caller.api.get(&format!("/integrations/{}", escaped(id))).await?;
    let kind = match one.kind {
        domain::psa::PsaKind::Connectwise => "connectwise",
        domain::psa::PsaKind::Autotask => "autotask",
    };
    let status = problem
        .as_ref()
        .and_then(|problem| StatusCode::from_u16(problem.status).ok());
    let template = Connect {
        page: page(
            caller,
            &one,
            ("Replace the credentials", "Vervang de inloggegevens"),
            &entered,
        ),
        action: format!("{}/credentials", path(id)),
        kind,
        is_new: false,
        fields: fields_of(kind),
        entered,
        problem,
    };
    Ok(show_as(status.unwrap_or(StatusCode::OK), &template))
}

async fn replace(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    let address = format!("/integrations/{}/credentials", escaped(&id));
    let sent = json!({ "credentials": given(&form, kind_of(&form)) });
    match caller.api.send(Method::PUT, &address, Some(&sent)).await {
        Ok(_) => Ok(redirect(&format!("{}?saved=yes", path(&id)))),
        Err(Refused::Problem(problem)) => replacing(&caller, &id, form, Some(*problem)).await,
        Err(refused) => Err(refused),
    }
}
