//! What a large MSP's administrator waits for.

use requirements::import::{fetch, id, rows};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, psa};
use reqwest::Url;
use serde_json::{Value, json};

const MANY: usize = 25_000;

/// Reads a page, expecting that it writes nothing and reads no more than the rows, of which 64 are read for one or two units.
async fn page(sandbox: &Sandbox, api: &Api, path: &str) -> Value {
    let before = sandbox.spent();
    let page = api.get(path).await.unwrap();
    let after = sandbox.spent();
    let (written, units) = (
        after.write_units - before.write_units,
        after.read_units - before.read_units,
    );
    assert!(written == 0.0, "{path}: {written} write units");
    assert!(units <= 850.0, "{path}: {units} read units");
    page
}

/// Walks all pages of a list.
async fn walk(sandbox: &Sandbox, api: &Api, path: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let next = page(sandbox, api, &format!("{path}{after}")).await;
        items.extend(next["items"].as_array().unwrap().clone());
        let Some(next) = next["next"].as_str() else {
            return items;
        };
        let encoded = Url::parse_with_params("http://list", [("after", next)]).unwrap();
        after = format!("&{}", encoded.query().unwrap());
    }
}

#[tokio::test]
async fn r16_r69_25_000_rows_are_browsed_and_selected_cheaply() {
    // Rows are the same whatever PSA they come from.
    let (sandbox, kind) = (sandbox().await, PsaKind::Autotask);
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..MANY)
        .map(|n| format!("{} & Partners {n:05}", ["Smit", "Bos", "Vos"][n % 3]))
        .collect();
    psa::add_companies(&sandbox, kind, &names);
    let import = fetch(&ana, kind).await;
    let path = format!("/imports/{import}/companies?tab=in");

    // Browsed, in order; the sandbox's own MSP has 40 more.
    let browsed = walk(&sandbox, &ana, &format!("{path}&limit=500")).await;
    assert_eq!(browsed.len(), MANY + 40);
    let mut ids: Vec<&str> = browsed.iter().map(id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), MANY + 40);
    // Searched: by what few rows have, and by what a third of them has.
    let found = walk(&sandbox, &ana, &format!("{path}&search=partners%2012345")).await;
    assert_eq!(
        found.iter().map(|row| text(&row["name"])).collect::<Vec<_>>(),
        [names[12_345].as_str()]
    );
    assert_eq!(
        walk(&sandbox, &ana, &format!("{path}&limit=500&search=vos%20%26"))
            .await
            .len(),
        MANY / 3
    );
    // Filtered.
    let filtered = walk(&sandbox, &ana, &format!("{path}&status=ambiguous")).await;
    let ambiguous = |row: &&Value| row["status"] == "ambiguous";
    assert_eq!(filtered.len(), browsed.iter().filter(ambiguous).count());
    assert!(!filtered.is_empty());
    assert_eq!(rows(&ana, &import, "not-in").await, Vec::<Value>::new());

    // Decided on, all at once: companies, then their people (R69, R70).
    for (what, counted) in [("companies", "matched"), ("addresses", "companies")] {
        let before = sandbox.spent().write_units;
        let body = json!({ "selected": true, "where": { "active": true } });
        let answer = ana
            .post(&format!("/imports/{import}/{what}/select"), &body)
            .await
            .unwrap();
        let units = sandbox.spent().write_units - before;
        assert!(units <= 10.0, "{what}: {units} write units");
        assert!(number(&answer[counted]) >= MANY as u64, "{answer}");
    }
    sandbox.stop().await;
}
