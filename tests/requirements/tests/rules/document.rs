//! The OpenAPI document: made from the code, served as it is committed, and true.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use local_aws::{Route, Template};
use requirements::contract::Contract;
use requirements::import::{carry_out, choose, choose_mapped, fetch, first_import_of, start};
use requirements::managed;
use requirements::problem::call;
use requirements::stage::{KINDS, integration, sandbox};
use requirements::{Api, PsaKind, for_both};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(every_answer_of_two_imports_is_as_the_document_says);

/// The document as the code describes it.
pub(crate) fn made() -> Value {
    openapi::document(env!("CARGO_PKG_VERSION"), &parts())
}

fn parts() -> [openapi::Part; 4] {
    [setup::part(), fetch::part(), plan::part(), execute::part()]
}

pub(crate) fn contract() -> Arc<Contract> {
    Arc::new(Contract::new(made()))
}

#[test]
fn the_committed_document_is_the_one_that_the_code_describes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.json");
    let made = format!("{:#}\n", made());
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap();
    assert!(
        committed == made,
        "infra/openapi.json is not what the code describes. Write it anew, and look at what changed:\n  \
         WRITE_OPENAPI=1 cargo test --workspace --test rules the_committed_document"
    );
}

/// Where the table of routes is.
const README: &str = include_str!("../../../../shared/README.md");

#[test]
fn the_readme_names_the_file_of_each_route() {
    let mut routes: Vec<_> = parts().iter().flat_map(openapi::Part::declared).collect();
    routes.sort_by_key(|(route, _)| route.split(' ').rev().map(str::to_owned).collect::<Vec<_>>());
    let rows = routes.iter().map(|(route, file)| format!("| `{route}` | `{file}` |\n"));
    let table = format!("| route | file |\n|---|---|\n{}\n", rows.collect::<String>());
    assert!(
        README.contains(&table),
        "shared/README.md: its table of routes is to be\n\n{table}"
    );
}

/// A handler parses, calls and maps; what is longer does something that belongs into a function of its own.
const LONGEST_HANDLER: usize = 25;

#[test]
fn no_handler_is_long() {
    for (route, file) in parts().iter().flat_map(openapi::Part::declared) {
        let code = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).unwrap();
        for handler in code.split("\nasync fn ").skip(1) {
            let lines = handler.lines().take_while(|line| *line != "}").count() + 1;
            let name = handler.split('(').next().unwrap();
            assert!(
                lines <= LONGEST_HANDLER,
                "{route}: `{name}` in {file} has {lines} lines"
            );
        }
    }
}

#[test]
fn the_document_describes_the_routes_of_the_template_and_no_others() {
    let document = made();
    let mut described = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let open = call.get("security") == Some(&json!([]));
            described.insert((format!("{} {path}", method.to_uppercase()), !open));
        }
    }
    let template = Template::load().unwrap();
    let routes = template.routes().iter();
    let of_template: BTreeSet<_> = routes
        .map(|route: &Route| (route.key(), route.way.authorised))
        .collect();
    assert_eq!(described, of_template);
}

#[tokio::test]
async fn every_route_of_the_template_is_one_of_its_function() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let nowhere = call(&ana, Method::GET, "/nowhere", None).await;
    assert_eq!(nowhere.status.as_u16(), 404);
    let template = Template::load().unwrap();
    for route in template.routes() {
        // Ids of nothing: what is answered is about them, and not about the route.
        let path: Vec<&str> = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect();
        let answer = call(&ana, route.method.clone(), &path.join("/"), Some(&json!({}))).await;
        assert_ne!(answer.body["detail"], nowhere.body["detail"], "{}", route.key());
    }
    sandbox.stop().await;
}

#[test]
fn every_example_is_as_its_schema_says() {
    let contract = contract();
    let mut checked = 0;
    for content in contract.contents() {
        let described = contract.at(content);
        let one = described.get("example").into_iter();
        let many = described["examples"].as_object().into_iter().flatten();
        let many = many.map(|(code, _)| contract.at(&format!("/components/examples/{code}/value")));
        for example in one.chain(many) {
            contract.check_content(content, example);
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} examples");
}

#[tokio::test]
async fn the_document_is_served_to_anybody() {
    let sandbox = sandbox().await;
    let nobody = contract().watching(&Api::new(&sandbox.face.api, ""));
    let served = nobody.get("/openapi.json").await.unwrap();
    assert!(served == made(), "what is served is not what the code describes");
    sandbox.stop().await;
}

async fn every_answer_of_two_imports_is_as_the_document_says(kind: PsaKind) {
    let sandbox = sandbox().await;
    let contract = contract();
    let ana = contract.watching(&sandbox.api("ana"));
    look_around(&ana, kind).await;
    let first = first_import_of(&ana, kind, 3).await;
    let bakker = managed::add(&ana, "Bakker").await;
    managed::add_user(&ana, &bakker, "bakker@bakker.example").await;
    managed::users(&ana, &bakker).await;

    let second = fetch(&ana, kind).await;
    choose_mapped(&ana, &second).await;
    choose(&ana, &second, 1).await;
    refuse(&contract.watching(&sandbox.api("bram")), kind, &second).await;
    carry_out(&ana, &second).await;
    call(&ana, Method::GET, &format!("/imports/{}/result", first.import), None).await;
    let third = start(&ana, kind, &json!({})).await;
    ana.delete(&format!("/imports/{third}")).await.unwrap();
    look_around(&ana, kind).await;
    sandbox.stop().await;
}

/// What can be looked at without an import.
async fn look_around(api: &Api, kind: PsaKind) {
    let one = format!("/integrations/{}", integration(api, kind).await);
    for path in [
        &one,
        "/licences",
        "/audit",
        &format!("{one}/attributes"),
        &format!("{one}/imports?limit=1"),
    ] {
        api.get(path).await.unwrap();
    }
    api.post("/sign-ins", &json!({})).await.unwrap();
    let policy = json!({ "newCompanies": true, "massChange": { "atLeast": 100 } });
    api.put(&format!("{one}/policy"), &policy).await.unwrap();
}

/// What somebody else is refused.
async fn refuse(api: &Api, kind: PsaKind, import: &str) {
    let one = format!("/integrations/{}/imports", integration(api, kind).await);
    let path = format!("/imports/{import}");
    for (method, path, body) in [
        (Method::POST, one, json!({})),
        (
            Method::POST,
            format!("{path}/companies/select"),
            json!({ "selected": true }),
        ),
        (Method::POST, format!("{path}/execute"), json!({ "planHash": "0" })),
        (Method::DELETE, path, json!({})),
    ] {
        let answer = call(api, method, &path, Some(&body)).await;
        assert_eq!(answer.body["code"], "integration_locked", "{}", answer.body);
    }
}

#[tokio::test]
async fn every_answer_about_integrations_is_as_the_document_says() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    for kind in KINDS {
        let body = sandbox.psas.integration(kind);
        let added = ana.post("/integrations", &body).await.unwrap();
        let one = format!("/integrations/{}", added["id"].as_str().unwrap());
        let credentials = json!({ "credentials": body["credentials"] });
        ana.put(&format!("{one}/credentials"), &credentials).await.unwrap();
        ana.get(&format!("{one}/imports")).await.unwrap();
    }
    ana.put("/licences", &json!({ "total": 2_000 })).await.unwrap();
    sandbox.stop().await;
}
