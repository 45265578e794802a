//! `/console/integrations/new` and `…/credentials`: how a PSA is connected.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::frame::query;
use super::integrations::{page, path};
use crate::Console;
use crate::answer_page::{redirect, show_as};
use crate::api::{Problem, escaped};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Integration;
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/new", get(new).post(connect))
        .route("/console/integrations/{i}/credentials", get(credentials).post(replace))
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
            "Autotask calls it Username (Key). It is on the page of the API user: Admin, Resources/Users.",
            "Autotask noemt dit Username (Key). Het staat op de pagina van de API-gebruiker: Admin, Resources/Users.",
        ),
        false,
    ),
    field(
        "secret",
        ("Password", "Wachtwoord"),
        (
            "Autotask calls it Password (Secret).",
            "Autotask noemt dit Password (Secret).",
        ),
        true,
    ),
    field(
        "integrationCode",
        ("Tracking identifier", "Integratiecode"),
        (
            "Autotask calls it Tracking Identifier.",
            "Autotask noemt dit Tracking Identifier.",
        ),
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
        Ok(added) => Ok(redirect(&connected(&caller, &added, &form).await?)),
        Err(Refused::Problem(problem)) => Ok(connecting(&caller, form, Some(*problem))),
        Err(refused) => Err(refused),
    }
}

/// The page of what was connected. It offers the mappings of a removed integration of the same tenant (R52).
async fn connected(caller: &Caller, added: &Value, form: &Fields) -> Result<String, Refused> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = text(&added["id"]);
    // `instead` is the integration whose connection led to the offer. The adopted one takes its place, so it is removed.
    if let Some(instead) = form.get("instead").filter(|instead| *instead != id) {
        let instead = format!("/integrations/{}", escaped(instead));
        caller.api.send(Method::DELETE, &instead, None).await?;
    }
    let previous = &added["previous"];
    let offered = [
        ("previous", text(&previous["id"])),
        ("name", text(&previous["name"])),
        (
            "companies",
            previous["mappedCompanies"].as_u64().unwrap_or_default().to_string(),
        ),
    ];
    let mut pairs = vec![("saved", "tried")];
    if form.get("adopt").is_none() && previous.is_object() {
        pairs.extend(offered.iter().map(|(name, value)| (*name, value.as_str())));
    }
    Ok(format!("{}?{}", path(&id), query(&pairs)))
}

async fn credentials(caller: Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    replacing(&caller, &id, fields, None).await
}

async fn replacing(caller: &Caller, id: &str, entered: Fields, problem: Option<Problem>) -> Answer {
    let one: Integration = caller.api.get(&format!("/integrations/{}", escaped(id))).await?;
    let kind = words::psa_code(one.kind);
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
        Ok(_) => Ok(redirect(&format!("{}?saved=tried", path(&id)))),
        Err(Refused::Problem(problem)) => replacing(&caller, &id, form, Some(*problem)).await,
        Err(refused) => Err(refused),
    }
}
