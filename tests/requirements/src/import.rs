//! Imports, step by step, as an administrator's screen goes through them.

use domain::psa::PsaKind;
use sandbox::Sandbox;
use sandbox::api::Api;
use serde_json::{Value, json};

use crate::psa;
use crate::stage::{self, PATIENCE, text};

/// Starts an import and gives its id.
pub async fn start(api: &Api, kind: PsaKind, filter: &Value) -> String {
    api.start(&stage::integration(api, kind).await, filter).await.unwrap()
}

/// Fetches a snapshot of everything and gives the import's id.
pub async fn fetch(api: &Api, kind: PsaKind) -> String {
    fetch_filtered(api, kind, &json!({})).await
}

/// Fetches a snapshot of what matches the filter and gives the import's id.
pub async fn fetch_filtered(api: &Api, kind: PsaKind, filter: &Value) -> String {
    let import = start(api, kind, filter).await;
    let now = fetched(api, &import).await;
    assert_eq!(now["state"], "review", "{now}");
    import
}

/// Starts an import that reads everything, also if changes would do.
pub async fn start_full(api: &Api, kind: PsaKind) -> String {
    let path = format!("/integrations/{}/imports", stage::integration(api, kind).await);
    let import = api.post(&path, &json!({ "full": true })).await.unwrap();
    text(&import["id"]).to_owned()
}

/// Fetches a snapshot by reading everything, also if changes would do, and gives the import's id.
pub async fn fetch_full(api: &Api, kind: PsaKind) -> String {
    let import = start_full(api, kind).await;
    let now = fetched(api, &import).await;
    assert_eq!(now["state"], "review", "{now}");
    import
}

/// Waits until an import is not fetching any more, and shows it.
pub async fn fetched(api: &Api, import: &str) -> Value {
    api.wait(import, "fetching", PATIENCE, |_| {}).await.unwrap()
}

/// Fetches, expecting that it fails; shows the import.
pub async fn fetch_failing(api: &Api, kind: PsaKind) -> Value {
    failing(api, start(api, kind, &json!({})).await).await
}

/// The same, reading everything, also if changes would do.
pub async fn fetch_full_failing(api: &Api, kind: PsaKind) -> Value {
    failing(api, start_full(api, kind).await).await
}

async fn failing(api: &Api, import: String) -> Value {
    let now = fetched(api, &import).await;
    assert_eq!(now["state"], "failed", "{now}");
    now
}

/// All rows of a tab, `in` or `not-in`.
pub async fn rows(api: &Api, import: &str, tab: &str) -> Vec<Value> {
    api.list(&format!("/imports/{import}/companies?tab={tab}"))
        .await
        .unwrap()
}

/// The id of a row.
pub fn id(row: &Value) -> &str {
    text(&row["id"])
}

/// The row of this name.
pub fn by_name<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    let found = rows.iter().find(|row| row["name"] == name);
    found.unwrap_or_else(|| panic!("there is no row {name}"))
}

/// The row of a company, in whichever tab.
pub async fn row(api: &Api, import: &str, company: &str) -> Value {
    let mut all = rows(api, import, "in").await;
    all.extend(rows(api, import, "not-in").await);
    let found = all.into_iter().find(|row| row["id"] == company);
    found.unwrap_or_else(|| panic!("there is no row {company}"))
}

/// All address rows of a company.
pub async fn addresses(api: &Api, import: &str, company: &str) -> Vec<Value> {
    api.list(&format!("/imports/{import}/companies/{company}/addresses"))
        .await
        .unwrap()
}

/// Companies of which nothing is odd: active, not imported before, nobody's namesake, with several addresses.
pub fn ordinary(rows: &[Value]) -> Vec<Value> {
    let ordinary = |row: &&Value| {
        row["status"] == "unmapped"
            && row["own"] == false
            && row["active"] == true
            && row["addresses"].as_u64() > Some(3)
    };
    rows.iter().filter(ordinary).cloned().collect()
}

/// Selects a company with all its active people.
pub async fn choose_one(api: &Api, import: &str, row: &Value) {
    let company = format!("/imports/{import}/companies/{}", text(&row["id"]));
    api.patch(&company, &json!({ "version": row["version"], "selected": true }))
        .await
        .unwrap();
    tick_everybody(api, import, row).await;
}

/// Ticks all active people of a company.
pub async fn tick_everybody(api: &Api, import: &str, row: &Value) {
    let path = format!("/imports/{import}/companies/{}/addresses/select", text(&row["id"]));
    api.post(&path, &json!({ "selected": true, "where": {} }))
        .await
        .unwrap();
}

/// Selects the first `many` ordinary companies with their people, and gives their rows.
pub async fn choose(api: &Api, import: &str, many: usize) -> Vec<Value> {
    let mut chosen = ordinary(&rows(api, import, "in").await);
    assert!(
        chosen.len() >= many,
        "there are only {} ordinary companies",
        chosen.len()
    );
    chosen.truncate(many);
    for row in &chosen {
        choose_one(api, import, row).await;
    }
    chosen
}

/// Enters companies, and selects so many with their active people that a worker which begins 40 at once leaves some, whichever of the
/// first 40 waits: those before it are done meanwhile, and others begun instead. Gives the import, and how many are selected.
pub async fn choose_more_than_are_begun(sandbox: &Sandbox, api: &Api, kind: PsaKind) -> (String, usize) {
    for number in 0..80 {
        let company = psa::add_company(sandbox, kind, &format!("Filiaal {number:02}"));
        let people = ["an", "bo"].map(|name| format!("{name}@filiaal{number}.example"));
        psa::add_contacts(sandbox, kind, &company, &people);
    }
    let import = fetch(api, kind).await;
    select(api, &import, json!({ "status": "unmapped" })).await;
    let everybody = json!({ "selected": true, "where": { "active": true } });
    api.post(&format!("/imports/{import}/addresses/select"), &everybody)
        .await
        .unwrap();
    let rows = rows(api, &import, "in").await;
    let chosen = rows.iter().filter(|row| row["selected"] == true).count();
    assert!(chosen > 80, "only {chosen}");
    (import, chosen)
}

/// Selects everything that select-all selects, with all active people.
pub async fn choose_all(api: &Api, import: &str) {
    select(api, import, json!({})).await;
    for row in rows(api, import, "in").await {
        if row["selected"] == true {
            tick_everybody(api, import, &row).await;
        }
    }
}

/// Selects what was imported before.
pub async fn choose_mapped(api: &Api, import: &str) {
    select(api, import, json!({ "status": "mapped" })).await;
}

/// Selects the rows of the tab *in* that match.
pub async fn select(api: &Api, import: &str, filter: Value) -> Value {
    let path = format!("/imports/{import}/companies/select");
    api.post(&path, &json!({ "selected": true, "where": filter }))
        .await
        .unwrap()
}

/// The plan with all its items.
pub async fn plan(api: &Api, import: &str) -> Value {
    let path = format!("/imports/{import}/plan");
    let mut plan = api.get(&path).await.unwrap();
    plan["items"] = api.list(&path).await.unwrap().into();
    plan
}

/// Confirms the plan as it is now, and gives it.
pub async fn execute(api: &Api, import: &str) -> Value {
    let plan = plan(api, import).await;
    let confirm = json!({ "planHash": plan["hash"], "confirmMassChange": true });
    api.post(&format!("/imports/{import}/execute"), &confirm).await.unwrap();
    plan
}

/// Waits until an execution has ended well, and gives the result.
pub async fn done(api: &Api, import: &str) -> Value {
    let now = api.wait(import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(now["state"], "done", "{now}");
    api.get(&format!("/imports/{import}/result")).await.unwrap()
}

/// What a first import chose and did.
pub struct First {
    /// Its id.
    pub import: String,
    /// The rows it imported, as they were before.
    pub chosen: Vec<Value>,
    /// Its result.
    pub result: Value,
}

/// A first import of everything that select-all selects: waits for the review, selects, ticks, plans, executes.
pub async fn first_import(api: &Api, kind: PsaKind) -> First {
    let import = fetch(api, kind).await;
    choose_all(api, &import).await;
    let selected = |row: &Value| row["selected"] == true;
    let chosen = rows(api, &import, "in").await.into_iter().filter(selected).collect();
    execute(api, &import).await;
    let result = done(api, &import).await;
    First { import, chosen, result }
}

/// A first import of some ordinary companies.
pub async fn first_import_of(api: &Api, kind: PsaKind, many: usize) -> First {
    let import = fetch(api, kind).await;
    let chosen = choose(api, &import, many).await;
    execute(api, &import).await;
    let result = done(api, &import).await;
    First { import, chosen, result }
}

/// Everything that the directory holds, without ids: what two runs can be compared by.
pub async fn directory(api: &Api) -> Value {
    let mut companies = Vec::new();
    for company in api.list("/managed-companies").await.unwrap() {
        let path = format!("/managed-companies/{}/users", text(&company["id"]));
        let users = api.list(&path).await.unwrap();
        let mut users: Vec<String> = users.iter().map(|user| user["address"].to_string()).collect();
        users.sort();
        companies.push((text(&company["name"]).to_owned(), users));
    }
    companies.sort();
    json!({ "companies": companies, "licences": api.get("/licences").await.unwrap() })
}

/// The result of an import, what the directory holds then, and what the audit trail says was done.
pub type End = (Value, Value, Vec<String>);

/// What an import with this result has come to, without ids, which differ between sandboxes.
pub async fn end(api: &Api, kind: PsaKind, mut result: Value) -> End {
    for row in result["skipped"].as_array_mut().into_iter().flatten() {
        if let Some(holder) = row.get_mut("heldBy") {
            *holder = holder["name"].take();
        }
    }
    let path = format!("/integrations/{}/audit", stage::integration(api, kind).await);
    let mut changes = Vec::new();
    for entry in api.list(&path).await.unwrap() {
        for change in entry["changes"].as_array().into_iter().flatten() {
            let (company, address) = (&change["company"]["name"], &change["address"]["address"]);
            changes.push(format!("{} {company} {address}", change["action"]));
        }
    }
    changes.sort();
    (result, directory(api).await, changes)
}

/// Executes what is decided and waits for the end; gives the result.
pub async fn carry_out(api: &Api, import: &str) -> Value {
    execute(api, import).await;
    done(api, import).await
}

/// Changes a company row: what is to be decided, without the version.
pub async fn decide(api: &Api, import: &str, company: &str, mut decision: Value) -> Value {
    decision["version"] = row(api, import, company).await["version"].clone();
    let path = format!("/imports/{import}/companies/{company}");
    api.patch(&path, &decision).await.unwrap()
}

/// The address rows of one contact.
pub async fn address_rows_of(api: &Api, import: &str, company: &str, contact: &str) -> Vec<Value> {
    let mut all = addresses(api, import, company).await;
    all.retain(|row| crate::psa::split(id(row)).0 == contact);
    all
}

/// The address row with this id.
pub async fn address_row(api: &Api, import: &str, company: &str, id: &str) -> Value {
    let all = addresses(api, import, company).await;
    let found = all.into_iter().find(|row| row["id"] == id);
    found.unwrap_or_else(|| panic!("there is no address row {id}"))
}

/// Changes an address row: what is to be decided, without the version.
pub async fn decide_address(api: &Api, import: &str, company: &str, id: &str, mut decision: Value) -> Value {
    decision["version"] = address_row(api, import, company, id).await["version"].clone();
    let path = format!("/imports/{import}/companies/{company}/addresses/{id}");
    api.patch(&path, &decision).await.unwrap()
}

/// The rows of a company in a plan, its own first.
pub fn planned<'a>(plan: &'a Value, company: &str) -> Vec<&'a Value> {
    let items = plan["items"].as_array().unwrap().iter();
    items.filter(|item| item["company"]["id"] == company).collect()
}
