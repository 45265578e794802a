//! What came of an import: counts that add up, and every row that needs somebody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use requirements::import::{
    addresses, carry_out, choose_more_than_are_begun, decide, done, execute, fetch, id, plan, rows, select,
};
use requirements::stage::{PATIENCE, advance, integration, number, quick, sandbox, text};
use requirements::{Api, Options, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::{Trouble, remote};

for_both!(
    r40_whatever_is_decided_every_planned_row_has_one_outcome_and_the_counts_add_up,
    r40_an_import_that_lost_its_lock_has_an_outcome_for_every_planned_row,
    r41_r76_the_result_is_kept_listed_and_a_csv_without_formulas,
);

/// Random imports of each PSA.
const SEEDS: u64 = 2;

/// A line of the CSV by the names of its columns.
pub type Line = BTreeMap<String, String>;

/// All pages of a result as CSV, one after another.
pub async fn csv(sandbox: &Sandbox, import: &str) -> (String, usize) {
    let (mut whole, mut pages) = (String::new(), 0);
    let mut next = Some(format!("/imports/{import}/result"));
    while let Some(path) = next {
        let answer = requirements::download::download(sandbox, &path, "text/csv").await;
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
        whole += &answer.text;
        pages += 1;
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| link[1..link.find('>').unwrap()].to_owned());
    }
    (whole, pages)
}

pub fn lines(csv: &str) -> Vec<Line> {
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// A random decision on each row, whatever may come of it.
async fn decide_at_random(api: &Api, import: &str, random: &mut ChaCha8Rng) {
    let directory = managed::all(api).await;
    for row in rows(api, import, "in").await {
        if random.random_bool(0.6) {
            continue;
        }
        let target = match random.random_range(0..6) {
            0 => json!({ "create": {} }),
            1 => json!({ "existing": directory.choose(random).unwrap()["id"] }),
            _ => json!({ "automatic": {} }),
        };
        let company = format!("/imports/{import}/companies/{}", id(&row));
        let decision = json!({ "version": row["version"], "selected": true, "target": target });
        // A managed company that somebody else has is refused, and the row is left out.
        api.call(Method::PATCH, &company, Some(&decision)).await.unwrap();
        let people = addresses(api, import, id(&row)).await;
        for address in &people {
            if random.random_bool(0.3) {
                continue;
            }
            let path = format!("{company}/addresses/{}", id(address));
            let create = if random.random_bool(0.1) {
                json!({ "create": {} })
            } else {
                json!({ "automatic": {} })
            };
            let tick = json!({ "version": address["version"], "selected": random.random_bool(0.9), "target": create });
            api.call(Method::PATCH, &path, Some(&tick)).await.unwrap();
        }
    }
}

/// The PSA changes: some addresses become those of others, some companies go.
fn change_at_random(sandbox: &Sandbox, kind: PsaKind, people: &[Value], companies: &[Value], random: &mut ChaCha8Rng) {
    for address in people.iter().filter(|address| address["status"] != "no_address") {
        if random.random_bool(0.3) {
            let to = format!("moved{}@elders.example", random.random_range(0..20));
            psa::change_address(sandbox, kind, id(address), &to);
        }
    }
    for company in companies.iter().take(2) {
        psa::rename(
            sandbox,
            kind,
            id(company),
            &format!("Renamed {}", random.random_range(0..3)),
        );
    }
}

async fn r40_whatever_is_decided_every_planned_row_has_one_outcome_and_the_counts_add_up(kind: PsaKind) {
    for seed in 0..SEEDS {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let trouble = Arc::new(Trouble {
            // Losing every single one would only show that a directory that never answers fails all rows.
            lose_every: random.random_range(2..9),
            ..Trouble::default()
        });
        let sandbox = Sandbox::start(Options {
            directory: Some(remote(&trouble)),
            ..quick()
        })
        .await
        .unwrap();
        let ana = sandbox.api("ana");
        for round in 0..2 {
            let import = fetch(&ana, kind).await;
            decide_at_random(&ana, &import, &mut random).await;
            let agreed = plan(&ana, &import).await;
            // Meanwhile somebody gives an address away, in some of them: what rests on it is not touched.
            if random.random_bool(0.5) {
                sandbox.pause(true).await;
                execute(&ana, &import).await;
                give_one_away(&ana, &agreed, &format!("{seed} {round}")).await;
                sandbox.pause(false).await;
            } else {
                execute(&ana, &import).await;
            }
            let result = done(&ana, &import).await;
            assert_adds_up(
                &sandbox,
                &import,
                &agreed,
                &result,
                &format!("seed {seed}, import {round}"),
            )
            .await;

            let mut companies = rows(&ana, &import, "in").await;
            companies.shuffle(&mut random);
            let people = addresses(&ana, &import, id(&companies[0])).await;
            change_at_random(&sandbox, kind, &people, &companies, &mut random);
        }
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r41_a_result_reads_its_journal_and_names_only_for_what_it_shows() {
    let (sandbox, kind) = (sandbox().await, PsaKind::Autotask);
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..400).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    carry_out(&ana, &import).await;
    // Most of what was intended ended as it was, and is not read.
    let before = sandbox.spent().read_units;
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    let units = sandbox.spent().read_units - before;
    println!("{units} read units for a result of {}", result["companies"]);
    assert!(
        number(&result["companies"]["created"]) >= 400 && units <= 25.0,
        "{units} read units"
    );

    let calls = || sandbox.spent().operations.values().sum::<u64>();
    let before = calls();
    let (all, _) = csv(&sandbox, &import).await;
    let took = calls() - before;
    println!("{took} calls for the CSV of 400 companies");
    assert!(lines(&all).len() > 400 && took < 80, "{took} calls");

    // Nearly all is as it was: their names are not in the journal, and not in this answer.
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let all = rows(&ana, &import, "in").await;
    let ambiguous = all.iter().find(|row| row["status"] == "ambiguous").unwrap();
    decide(&ana, &import, id(ambiguous), json!({ "selected": true })).await;
    carry_out(&ana, &import).await;
    let before = sandbox.spent().read_units;
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    let units = sandbox.spent().read_units - before;
    assert_eq!(result["skipped"][0]["company"]["name"], ambiguous["name"], "{result}");
    println!("{units} read units");
    assert!(units <= 10.0, "{units} read units");
    let (all, _) = csv(&sandbox, &import).await;
    assert!(lines(&all).iter().all(|line| !line["company"].is_empty()));
    sandbox.stop().await;
}

/// A sandbox whose directory is in trouble.
async fn far(trouble: Trouble) -> (Sandbox, Arc<Trouble>) {
    let trouble = Arc::new(trouble);
    let options = Options {
        directory: Some(remote(&trouble)),
        ..quick()
    };
    (Sandbox::start(options).await.unwrap(), trouble)
}

async fn r40_an_import_that_lost_its_lock_has_an_outcome_for_every_planned_row(kind: PsaKind) {
    let (sandbox, trouble) = far(Trouble {
        tell_at: 3,
        hold: true,
        ..Trouble::default()
    })
    .await;
    let (ana, bram) = (sandbox.api("ana"), sandbox.api("bram"));
    let (import, _) = choose_more_than_are_begun(&sandbox, &ana, kind).await;
    let agreed = plan(&ana, &import).await;
    execute(&ana, &import).await;
    tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
    // Once the others that were begun have come to their ends, nobody hears of its worker any more.
    let path = format!("/integrations/{}/imports", integration(&bram, kind).await);
    let taken_over = async {
        while bram.post(&path, &json!({ "filter": {} })).await.is_err() {
            advance(&sandbox, 1_801).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, taken_over).await.unwrap();
    let ended = ana.wait(&import, "executing", PATIENCE, |_| {}).await.unwrap();
    assert_eq!(
        (&ended["state"], &ended["error"]["code"]),
        (&json!("failed"), &json!("import_abandoned"))
    );
    let result = ana.get(&format!("/imports/{import}/result")).await.unwrap();
    assert!(number(&result["companies"]["skipped"]) > 0, "{result}");
    let skipped = result["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|row| row["code"] == "given_up"), "{result}");
    // What was begun is finished.
    assert_eq!(result["errors"], json!([]), "{result}");
    assert_adds_up(&sandbox, &import, &agreed, &result, "lost its lock").await;
    trouble.go_on.notify_one();
    sandbox.stop().await;
}

async fn give_one_away(api: &Api, plan: &Value, name: &str) {
    let items = plan["items"].as_array().unwrap();
    if let Some(item) = items.iter().find(|item| item["action"] == "createUser") {
        let other = managed::add(api, &format!("Elders {name}")).await;
        managed::add_user(api, &other, text(&item["after"]["address"])).await;
    }
}

async fn assert_adds_up(sandbox: &Sandbox, import: &str, plan: &Value, result: &Value, which: &str) {
    let sum = |counts: &Value| counts.as_object().unwrap().values().map(number).sum::<u64>();
    let planned = |about_address: bool| {
        let items = plan["items"].as_array().unwrap().iter();
        // Dropping mappings is part of what its company's other item does.
        let items = items.filter(|item| item["action"] != "unmapCompany" && item["action"] != "unmapUser");
        items
            .filter(|item| item.get("address").is_some() == about_address)
            .count() as u64
    };
    assert_eq!(sum(&result["companies"]), planned(false), "{which}: {result}");
    assert_eq!(sum(&result["users"]), planned(true), "{which}: {result}");
    let failed = number(&result["companies"]["failed"]) + number(&result["users"]["failed"]);
    assert_eq!(result["errors"].as_array().unwrap().len() as u64, failed, "{which}");
    for row in ["errors", "skipped"]
        .iter()
        .flat_map(|list| result[list].as_array().unwrap())
    {
        for field in ["code", "detail", "action"] {
            assert!(!text(&row[field]).is_empty(), "{which}: {row}");
        }
        assert!(!text(&row["company"]["name"]).is_empty(), "{which}: {row}");
    }
    // The CSV tells the same.
    let mut counted: BTreeMap<(bool, String), u64> = BTreeMap::new();
    for line in lines(&csv(sandbox, import).await.0) {
        let of_user = !line["address id"].is_empty();
        *counted.entry((of_user, line["outcome"].clone())).or_default() += line["rows"].parse::<u64>().unwrap();
    }
    for (of_user, counts) in [(false, &result["companies"]), (true, &result["users"])] {
        for (outcome, count) in counts.as_object().unwrap() {
            let found = counted.remove(&(of_user, outcome.clone())).unwrap_or_default();
            assert_eq!(found, number(count), "{which}: {outcome}, users: {of_user}");
        }
    }
    // People who are not in are listed besides, and count as no row (R55).
    counted.remove(&(true, "not_in".to_owned()));
    assert!(counted.is_empty(), "{which}: {counted:?}");
}

async fn r41_r76_the_result_is_kept_listed_and_a_csv_without_formulas(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let chosen = requirements::import::ordinary(&rows(&ana, &import, "in").await);
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    let formula = "=HYPERLINK(\"http://x.example\";\"klik, u\");=1+1";
    psa::rename(&sandbox, kind, id(&chosen[0]), formula);
    let import = fetch(&ana, kind).await;
    let row = requirements::import::row(&ana, &import, id(&chosen[0])).await;
    requirements::import::choose_one(&ana, &import, &row).await;
    let result = carry_out(&ana, &import).await;

    let (whole, _) = csv(&sandbox, &import).await;
    let lines = lines(&whole);
    let defused = formula.replace("=HYPERLINK", "'=HYPERLINK").replace(";=1", ";'=1");
    assert!(lines.iter().all(|line| line["company"] == defused), "{whole}");
    // Only spreadsheets need that.
    assert_eq!(row["name"], formula);
    // A mark at the start of the file, and of the file only.
    assert_eq!(
        whole.match_indices('\u{feff}').map(|(at, _)| at).collect::<Vec<_>>(),
        [0]
    );
    assert_eq!(lines.len() as u64, 1 + number(&result["users"]["created"]));
    let people = addresses(&ana, &import, id(&row)).await;
    for line in lines.iter().filter(|line| !line["address id"].is_empty()) {
        let address = people.iter().find(|address| id(address) == line["address id"]).unwrap();
        assert_eq!(
            (&address["address"], &address["contact"]),
            (&json!(line["address"]), &json!(line["contact"]))
        );
    }

    // It is kept: a later import changes nothing of it, and the list has both, the newest first.
    let later = fetch(&ana, kind).await;
    assert_eq!(ana.get(&format!("/imports/{import}/result")).await.unwrap(), result);
    let integration = requirements::stage::integration(&ana, kind).await;
    let listed = ana.list(&format!("/integrations/{integration}/imports")).await.unwrap();
    assert_eq!((id(&listed[0]), id(&listed[1])), (later.as_str(), import.as_str()));
    assert_eq!(
        (&listed[0]["state"], listed[0].get("progress")),
        (&json!("review"), None)
    );
    assert_eq!(
        (&listed[1]["counts"]["users"], &listed[1]["state"]),
        (&result["users"], &json!("done"))
    );
    sandbox.stop().await;
}

#[tokio::test]
async fn r41_a_result_of_many_rows_comes_in_pages() {
    // A result is the same whatever PSA its rows come from.
    let (sandbox, kind) = (sandbox().await, PsaKind::Autotask);
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let chosen = requirements::import::ordinary(&rows(&ana, &import, "in").await);
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    // A company of more people than fit into a page, and of a name that leaves open which one is meant.
    let company = id(&chosen[0]);
    psa::rename(&sandbox, kind, company, text(&chosen[1]["name"]));
    let people: Vec<String> = (0..11_000).map(|n| format!("person{n}@many.example")).collect();
    psa::add_contacts(&sandbox, kind, company, &people);
    let import = fetch(&ana, kind).await;
    let row = requirements::import::row(&ana, &import, company).await;
    requirements::import::choose_one(&ana, &import, &row).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["companies"]["skipped"], 1);
    assert!(number(&result["users"]["skipped"]) >= people.len() as u64, "{result}");
    let (whole, pages) = csv(&sandbox, &import).await;
    assert!(pages > 1, "it came in {pages}");
    assert_eq!(whole.match_indices('\u{feff}').count(), 1);
    let lines = lines(&whole);
    let mut addresses: Vec<&String> = lines.iter().map(|line| &line["address"]).collect();
    addresses.sort();
    addresses.dedup();
    assert!(people.iter().all(|address| addresses.binary_search(&address).is_ok()));
    sandbox.stop().await;
}
