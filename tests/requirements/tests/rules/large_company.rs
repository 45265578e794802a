//! A company with very many people.

use std::time::Duration;

use requirements::import::{by_name, execute, fetch, id, rows};
use requirements::stage::{number, sandbox};
use requirements::{Api, PsaKind, Sandbox, psa};
use serde_json::{Value, json};

use crate::tick::costs_at_most;

const NAME: &str = "Ziekenhuis Groot";

/// What a tick may read and write in a company of 20,000 people.
const MOST: (f64, f64) = (60.0, 6.0);

/// How many there are in all, and how many are imported: of those there are several items of mappings.
const PEOPLE: usize = 20_000;
const IMPORTED: usize = 1_200;

/// Thousands of users take longer than other tests wait.
const EXECUTION: Duration = Duration::from_mins(15);

/// The address of a person; of those to be imported it begins otherwise.
fn address(person: usize, imported: usize) -> String {
    let name = if person < imported { "in" } else { "uit" };
    format!("{name}{person:05}@groot.example")
}

/// A company of so many people, in review.
async fn company(sandbox: &Sandbox, kind: PsaKind, people: usize, imported: usize) -> (Api, String, String) {
    let company = psa::add_company(sandbox, kind, NAME);
    let addresses: Vec<String> = (0..people).map(|person| address(person, imported)).collect();
    for some in addresses.chunks(5_000) {
        psa::add_contacts(sandbox, kind, &company, some);
    }
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    (ana, company, import)
}

/// The address row that a search finds.
async fn found(api: &Api, import: &str, company: &str, search: &str) -> Value {
    let path = format!("/imports/{import}/companies/{company}/addresses?search={search}&limit=20");
    let mut found = api.get(&path).await.unwrap()["items"].as_array().unwrap().clone();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Ticks, or takes back, an address row for the price of a tick; gives the row as it is then.
async fn tick(sandbox: &Sandbox, api: &Api, (import, company): (&str, &str), row: &Value) -> Value {
    let path = format!("/imports/{import}/companies/{company}/addresses/{}", id(row));
    let tick = json!({ "version": row["version"], "selected": row["selected"] != true });
    let after = costs_at_most(sandbox, id(row), MOST, api.patch(&path, &tick))
        .await
        .unwrap();
    assert_eq!(after["selected"], tick["selected"], "{after}");
    after
}

/// Imports the company with everybody whose address begins so.
async fn import_those(api: &Api, import: &str, company: &str, search: &str) -> Value {
    let row = by_name(&rows(api, import, "in").await, NAME).clone();
    let of_company = format!("/imports/{import}/companies/{company}");
    let select = json!({ "version": row["version"], "selected": true });
    api.patch(&of_company, &select).await.unwrap();
    let those = json!({ "selected": true, "where": { "search": search } });
    api.post(&format!("{of_company}/addresses/select"), &those)
        .await
        .unwrap();
    carry_out(api, import).await
}

/// Executes what is decided, for as long as it takes; gives the result.
async fn carry_out(api: &Api, import: &str) -> Value {
    execute(api, import).await;
    let now = api.wait(import, "executing", EXECUTION, |_| {}).await.unwrap();
    assert_eq!(now["state"], "done", "{now}");
    api.get(&format!("/imports/{import}/result")).await.unwrap()
}

#[tokio::test]
async fn r28_a_tick_in_a_company_of_20_000_reads_those_it_is_about() {
    // What is stored is the same whatever PSA it comes from.
    let (sandbox, kind) = (sandbox().await, PsaKind::Autotask);
    let (ana, company, import) = company(&sandbox, kind, PEOPLE, IMPORTED).await;
    ana.put("/licences", &json!({ "total": 10_000 })).await.unwrap();
    // Two have one address.
    let desk = ["desk@groot.example"; 2];
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let desk = psa::add_contacts(&sandbox, kind, &company, &desk)["contacts"].clone();
    let import = fetch(&ana, kind).await;
    let of = (import.as_str(), company.as_str());
    for search in ["uit19999@", "in00000@", "desk@"] {
        let row = found(&ana, &import, &company, search).await;
        assert_eq!(row["status"], "unmapped", "{row}");
        let ticked = tick(&sandbox, &ana, of, &row).await;
        let back = tick(&sandbox, &ana, of, &ticked).await;
        assert_eq!((&back["selected"], &back["status"]), (&row["selected"], &row["status"]));
    }

    // The same once many are mapped. The one whose address it was has another one by now, and the mapping passes on (R56).
    let shared = found(&ana, &import, &company, "desk@").await;
    tick(&sandbox, &ana, of, &shared).await;
    let result = import_those(&ana, &import, &company, "in0").await;
    assert_eq!(number(&result["users"]["created"]), IMPORTED as u64 + 1, "{result}");
    let mover = psa::split(id(&shared)).0;
    assert!(
        desk.as_array()
            .unwrap()
            .iter()
            .any(|contact| *contact == json!(mover.parse::<u64>().unwrap()))
    );
    psa::change_first_address(&sandbox, kind, mover, "weg@groot.example");
    let again = fetch(&ana, kind).await;
    let of = (again.as_str(), company.as_str());
    for (search, status) in [
        ("in00000@", "mapped"),
        ("in01199@", "mapped"),
        ("uit19999@", "unmapped"),
        ("desk@", "mapped"),
        ("weg@", "unmapped"),
    ] {
        let row = found(&ana, &again, &company, search).await;
        assert_eq!(row["status"], status, "{row}");
        let ticked = tick(&sandbox, &ana, of, &row).await;
        // As it is shown if everybody is read.
        assert_eq!(found(&ana, &again, &company, search).await, ticked);
    }
    sandbox.stop().await;
}
