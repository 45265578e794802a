//! `/console/integrations/new` and `…/credentials`: how a PSA is connected.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::frame::query;
use super::integrations::{page, path};
use crate::Console;
use crate::answer_page::{redirect, show_form};
use crate::api::{Problem, escaped};
use crate::caller::Caller;
use crate::fields::{Fields, Form};
use crate::form::{Field, Filled, Input};
use crate::page::Page;
use crate::refused::{Answer, Refused};
use crate::views::Integration;
use crate::words;

pub(super) fn routes(to: Router<Console>) -> Router<Console> {
    to.route("/console/integrations/new", get(new).post(connect))
        .route("/console/integrations/{i}/credentials", get(credentials).post(replace))
}

const NAME: Field = Field::new("name", "/name", ("Name", "Naam"), Input::Text)
    .hint("What this console calls it.", "Hoe deze console de integratie noemt.")
    .required()
    .at_most(100);

const fn address(example: &'static str) -> Field {
    Field::new("address", "/address", ("Address", "Adres"), Input::Url)
        .hint(example, example)
        .required()
}

/// What a new ConnectWise PSA asks for besides its credentials.
const NEW_CONNECTWISE: [Field; 3] = [
    NAME,
    address("https://eu.myconnectwise.net"),
    Field::new(
        "companyId",
        "/companyId",
        ("Login company", "Inlogbedrijf"),
        Input::Text,
    )
    .hint(
        "What you enter as Company when you sign in to ConnectWise.",
        "Wat u bij ConnectWise als Company invult.",
    )
    .required(),
];

const NEW_AUTOTASK: [Field; 2] = [NAME, address("https://webservices.autotask.net")];

const CONNECTWISE: [Field; 3] = [
    Field::new(
        "publicKey",
        "/credentials/publicKey",
        ("Public key", "Publieke sleutel"),
        Input::Private,
    )
    .hint(
        "Of an API member: System, Members, API Members, API Keys.",
        "Van een API-lid: System, Members, API Members, API Keys.",
    ),
    Field::new(
        "privateKey",
        "/credentials/privateKey",
        ("Private key", "Privésleutel"),
        Input::Secret,
    )
    .hint(
        "It is shown once, when the key is made.",
        "Die wordt één keer getoond, bij het maken.",
    ),
    Field::new(
        "clientId",
        "/credentials/clientId",
        ("Client ID", "Client-ID"),
        Input::Private,
    )
    .hint("From developer.connectwise.com.", "Van developer.connectwise.com."),
];

const AUTOTASK: [Field; 3] = [
    Field::new(
        "username",
        "/credentials/username",
        ("Username", "Gebruikersnaam"),
        Input::Private,
    )
    .hint(
        "Autotask calls it Username (Key). It is on the page of the API user: Admin, Resources/Users.",
        "Autotask noemt dit Username (Key). Het staat op de pagina van de API-gebruiker: Admin, Resources/Users.",
    ),
    Field::new(
        "secret",
        "/credentials/secret",
        ("Password", "Wachtwoord"),
        Input::Secret,
    )
    .hint(
        "Autotask calls it Password (Secret).",
        "Autotask noemt dit Password (Secret).",
    ),
    Field::new(
        "integrationCode",
        "/credentials/integrationCode",
        ("Tracking identifier", "Integratiecode"),
        Input::Private,
    )
    .hint(
        "Autotask calls it Tracking Identifier.",
        "Autotask noemt dit Tracking Identifier.",
    ),
];

fn credentials_of(kind: &str) -> &'static [Field] {
    if kind == "autotask" { &AUTOTASK } else { &CONNECTWISE }
}

/// The fields of the form that gives a known PSA another address or other credentials.
fn changed_fields(kind: &str) -> Vec<&'static Field> {
    let mut fields = new_fields(kind);
    fields.retain(|field| field.name != NAME.name);
    fields
}

/// The fields of the form that connects a PSA.
fn new_fields(kind: &str) -> Vec<&'static Field> {
    let new: &[Field] = if kind == "autotask" {
        &NEW_AUTOTASK
    } else {
        &NEW_CONNECTWISE
    };
    new.iter().chain(credentials_of(kind)).collect()
}

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect {
    page: Page,
    action: String,
    kind: &'static str,
    is_new: bool,
    fields: Vec<&'static Field>,
    /// What was entered before, secrets excepted.
    entered: Fields,
    problem: Option<Problem>,
}

impl Connect {
    fn inputs(&self) -> Vec<Filled<'_>> {
        let filled = |field: &&'static Field| Filled::new(field, &self.entered, self.problem.as_ref());
        self.fields.iter().map(filled).collect()
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
    let fields = new_fields(kind);
    let problem = problem.map(|problem| problem.about(&fields));
    let template = Connect {
        page: page.crumb("/console", integrations),
        action: "/console/integrations/new".to_owned(),
        kind,
        is_new: true,
        fields,
        entered,
        problem,
    };
    show_form(template.problem.as_ref(), &template)
}

/// What a form holds of credentials; a field that is missing is blank, and the API says so.
fn given(form: &Fields, kind: &str) -> Value {
    let fields = credentials_of(kind)
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
    replacing(&caller, &id, &fields, None).await
}

/// The form with the address as it is, or with what was typed and refused.
async fn replacing(caller: &Caller, id: &str, fields: &Fields, refused: Option<(Fields, Problem)>) -> Answer {
    let one: Integration = caller.api.get(&format!("/integrations/{}", escaped(id))).await?;
    let kind = words::psa_code(one.kind);
    let inputs = changed_fields(kind);
    let (entered, problem) = match refused {
        Some((entered, problem)) => (entered, Some(problem.about(&inputs))),
        None => (connection(&one), None),
    };
    let template = Connect {
        page: page(
            caller,
            &one,
            ("Change address or credentials", "Wijzig adres of inloggegevens"),
            fields,
        ),
        action: format!("{}/credentials", path(id)),
        kind,
        is_new: false,
        fields: inputs,
        entered,
        problem,
    };
    Ok(show_form(template.problem.as_ref(), &template))
}

/// Where an integration reads, as the form holds it.
fn connection(one: &Integration) -> Fields {
    let company = one.company_id.clone().unwrap_or_default();
    let texts = [("address", one.address.clone()), ("companyId", company)];
    Fields(texts.map(|(name, text)| (name.to_owned(), text)).to_vec())
}

async fn replace(caller: Caller, Path(id): Path<String>, Form(form): Form) -> Answer {
    match moved(&caller, &id, &form).await {
        Ok(_) => Ok(redirect(&format!("{}?saved=tried", path(&id)))),
        Err(Refused::Problem(problem)) => replacing(&caller, &id, &Fields::default(), Some((form, *problem))).await,
        Err(refused) => Err(refused),
    }
}

/// Sends what the form holds. Without credentials another address is tried with those that are stored: nobody can read a private key a
/// second time.
async fn moved(caller: &Caller, id: &str, form: &Fields) -> Result<Value, Refused> {
    let kind = kind_of(form);
    let one = format!("/integrations/{}", escaped(id));
    let mut sent = json!({});
    for name in ["address", "companyId"] {
        if let Some(text) = form.get(name) {
            sent[name] = json!(text);
        }
    }
    if credentials_of(kind).iter().all(|field| form.get(field.name).is_none()) {
        let known: Integration = caller.api.get(&one).await?;
        let typed = |name, known: &str| form.get(name).is_some_and(|typed| typed != known);
        let company = known.company_id.as_deref().unwrap_or_default();
        if typed("address", &known.address) || typed("companyId", company) {
            sent["version"] = json!(known.version);
            return caller.api.send(Method::PATCH, &one, Some(&sent)).await;
        }
    }
    sent["credentials"] = given(form, kind);
    let credentials = format!("{one}/credentials");
    caller.api.send(Method::PUT, &credentials, Some(&sent)).await
}
