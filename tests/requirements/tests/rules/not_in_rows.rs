//! Section D: companies that were imported and are not in, and why (R13, R14).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use requirements::faults::COMPANIES;
use requirements::import::{addresses, choose_mapped, fetch, fetch_filtered, first_import_of, id, ordinary, row, rows};
use requirements::problem::{assert_problem, call};
use requirements::stage::{PATIENCE, advance, sandbox, text};
use requirements::{PsaKind, faults, for_both, import, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::rows::{active_customers, ids};

for_both!(
    r13_the_tab_not_in_shows_what_was_mapped_and_is_absent_and_nothing_else,
    r14_a_row_that_is_not_in_says_why,
    r14_what_cannot_be_read_back_is_unreadable,
    r14_a_company_that_the_psa_cannot_show_hides_no_other,
    r14_what_is_not_in_keeps_its_mapping_and_its_users,
    r14_reading_back_goes_on_where_it_was_whenever_the_psa_asks_to_wait,
);

async fn r13_the_tab_not_in_shows_what_was_mapped_and_is_absent_and_nothing_else(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    let [gone, present, forgotten] = [0, 1, 2].map(|at| id(&first.chosen[at]));
    let import = fetch(&ana, kind).await;
    let everything = rows(&ana, &import, "in").await;
    let never = id(&ordinary(&everything)[0]).to_owned();
    let managed = row(&ana, &import, forgotten).await["mapped"]["id"].clone();
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    for company in [gone, forgotten, &never] {
        psa::delete(&sandbox, kind, company);
    }
    requirements::behind::forget_managed_company(&sandbox, text(&managed)).await;

    let import = fetch(&ana, kind).await;
    let not_in = rows(&ana, &import, "not-in").await;
    assert_eq!(ids(&not_in), BTreeSet::from([gone]));
    let shown = &not_in[0];
    assert_eq!(
        (&shown["name"], &shown["status"], &shown["mapped"]["name"]),
        (&first.chosen[0]["name"], &json!("mapped"), &first.chosen[0]["name"])
    );
    let here = rows(&ana, &import, "in").await;
    assert_eq!(row(&ana, &import, present).await["status"], "mapped");
    let absent: BTreeSet<&str> = ids(&everything).difference(&ids(&here)).copied().collect();
    assert_eq!(absent, BTreeSet::from([gone, forgotten, &never]));
    sandbox.stop().await;
}

async fn r14_a_row_that_is_not_in_says_why(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 5).await;
    let [retyped, inactive, deleted, merged, into] = [0, 1, 2, 3, 4].map(|at| id(&first.chosen[at]));
    let contacts = psa::contacts(&addresses(&ana, &first.import, merged).await);
    psa::retype(&sandbox, kind, retyped);
    psa::deactivate(&sandbox, kind, inactive);
    psa::delete(&sandbox, kind, deleted);
    psa::merge(&sandbox, kind, merged, &contacts, into);

    let import = fetch_filtered(&ana, kind, &active_customers(kind)).await;
    let not_in = rows(&ana, &import, "not-in").await;
    let reasons: BTreeMap<&str, &str> = not_in.iter().map(|row| (id(row), text(&row["reason"]))).collect();
    let expected = [
        (retyped, "filtered_out"),
        (inactive, "inactive"),
        (deleted, "deleted_in_psa"),
        (merged, "merged_in_psa"),
    ];
    assert_eq!(reasons, BTreeMap::from(expected));
    assert_eq!(row(&ana, &import, into).await["status"], "mapped");
    assert_eq!(row(&ana, &import, into).await.get("reason"), None);
    sandbox.stop().await;
}

async fn r14_what_cannot_be_read_back_is_unreadable(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let [absent, present] = [0, 1].map(|at| id(&first.chosen[at]));
    psa::retype(&sandbox, kind, absent);
    // The list is one page; what comes after it is the reading back.
    faults::answer_some(&sandbox, kind, COMPANIES, 1, 100, &json!({ "status": 503 }));
    let import = fetch_filtered(&ana, kind, &active_customers(kind)).await;
    let not_in = rows(&ana, &import, "not-in").await;
    assert_eq!(ids(&not_in), BTreeSet::from([absent]));
    assert_eq!(
        (&not_in[0]["reason"], &not_in[0]["name"]),
        (&json!("unreadable"), &first.chosen[0]["name"])
    );
    assert_eq!(row(&ana, &import, present).await["status"], "mapped");
    sandbox.stop().await;
}

async fn r14_a_company_that_the_psa_cannot_show_hides_no_other(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 3).await;
    let [broken, inactive, present] = [0, 1, 2].map(|at| id(&first.chosen[at]));
    psa::retype(&sandbox, kind, broken);
    psa::deactivate(&sandbox, kind, inactive);
    let number: i64 = broken.parse().unwrap();
    let switches = json!({ "poisonedCompanies": [number] });
    sandbox.psas.get(kind).set_switches(switches).unwrap();
    let import = fetch_filtered(&ana, kind, &active_customers(kind)).await;
    let not_in = rows(&ana, &import, "not-in").await;
    let reasons: BTreeMap<&str, &str> = not_in.iter().map(|row| (id(row), text(&row["reason"]))).collect();
    assert_eq!(
        reasons,
        BTreeMap::from([(broken, "unreadable"), (inactive, "inactive")])
    );
    assert_eq!(row(&ana, &import, present).await["status"], "mapped");
    sandbox.stop().await;
}

async fn r14_reading_back_goes_on_where_it_was_whenever_the_psa_asks_to_wait(kind: PsaKind) {
    const ABSENT: usize = 1_500;
    const WAITS: u64 = 4;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let integration = requirements::stage::integration(&ana, kind).await;
    requirements::behind::map_absent(&sandbox, &integration, ABSENT).await;
    let later = json!({ "status": 429, "headers": { "retry-after": "600" } });
    let limit = json!({ "match": { "path": COMPANIES }, "skip": 3, "every": 3, "times": WAITS, "answer": later });
    faults::add(&sandbox, kind, &limit);

    let import = import::start(&ana, kind, &json!({})).await;
    let limited = || {
        let requests = faults::requests(&sandbox, kind);
        requests.iter().filter(|request| request.status == Some(429)).count()
    };
    // An import that waits keeps its lock ten minutes longer. Only then may the clock go on: a wait that begins later ends later.
    let held_until = async || -> Timestamp {
        let now = ana.get(&format!("/imports/{import}")).await.unwrap();
        text(&now["lock"]["until"]).parse().unwrap()
    };
    let mut held = held_until().await;
    for _ in 0..WAITS {
        let waits = async {
            loop {
                let now = held_until().await;
                if now.duration_since(held).as_secs() >= 590 {
                    break now;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        held = tokio::time::timeout(PATIENCE, waits).await.unwrap();
        advance(&sandbox, 601).await;
    }
    let now = import::fetched(&ana, &import).await;
    assert_eq!(now["state"], "review", "{now}");

    let not_in = rows(&ana, &import, "not-in").await;
    assert_eq!(not_in.len(), ABSENT);
    assert!(
        not_in.iter().all(|row| row["reason"] == "deleted_in_psa"),
        "{}",
        not_in[0]
    );
    let companies = regex::Regex::new(COMPANIES).unwrap();
    let requests = faults::requests(&sandbox, kind);
    let asked = requests
        .iter()
        .filter(|request| companies.is_match(&request.path))
        .count();
    let batches = ABSENT.div_ceil(150);
    assert!(
        asked <= batches + 2 * limited(),
        "{asked} requests for {batches} batches"
    );
    sandbox.stop().await;
}

async fn r14_what_is_not_in_keeps_its_mapping_and_its_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let [absent, present] = [0, 1].map(|at| id(&first.chosen[at]));
    let directory = import::directory(&ana).await;
    psa::deactivate(&sandbox, kind, absent);

    let import = fetch_filtered(&ana, kind, &active_customers(kind)).await;
    let shown = row(&ana, &import, absent).await;
    assert_eq!(shown["reason"], "inactive");
    let path = format!("/imports/{import}/companies/{absent}");
    let decision = json!({ "version": shown["version"], "selected": true });
    let answer = call(&ana, Method::PATCH, &path, Some(&decision)).await;
    assert_problem(&answer, 409, "not_selectable");
    choose_mapped(&ana, &import).await;
    let plan = import::execute(&ana, &import).await;
    assert_eq!(import::planned(&plan, absent), Vec::<&Value>::new());
    assert!(!import::planned(&plan, present).is_empty());
    import::done(&ana, &import).await;
    assert_eq!(import::directory(&ana).await, directory);

    psa::reactivate(&sandbox, kind, absent);
    let import = fetch(&ana, kind).await;
    let back = row(&ana, &import, absent).await;
    assert_eq!((&back["status"], &back["mapped"]), (&json!("mapped"), &shown["mapped"]));
    let people = addresses(&ana, &import, absent).await;
    let mapped = people.iter().filter(|person| person["status"] == "mapped").count();
    assert!(mapped > 3, "{people:?}");
    sandbox.stop().await;
}
