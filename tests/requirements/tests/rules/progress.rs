//! What can be seen of a snapshot before it is whole (R8).

use std::sync::atomic::Ordering;

use requirements::faults::CONTACTS;
use requirements::import::{choose, done, execute, fetch, fetched, first_import_of, id, rows, start};
use requirements::problem::{assert_problem, call};
use requirements::stage::{PATIENCE, advance, number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, faults, for_both, psa, raw};
use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::Trouble;
use crate::survival::far;

for_both!(
    r08_progress_can_be_watched_with_the_total,
    r74_sorting_counts_the_rows_of_absent_companies_too,
    r74_an_execution_says_how_many_companies_it_has_applied_of_how_many,
    r08_there_are_no_tabs_before_all_has_arrived,
    r08_there_are_no_tabs_of_an_import_that_was_cancelled_before_all_had_arrived,
);

async fn r08_progress_can_be_watched_with_the_total(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    faults::hold(&sandbox, kind, CONTACTS, 0);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;
    let now = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(
        (&now["state"], text(&now["startedBy"])),
        (&json!("fetching"), "ana@noordzee.example")
    );
    let read = |now: &Value, what: &str| number(&now["progress"][what]);
    assert_eq!((read(&now, "companies"), read(&now, "contacts")), (40, 0), "{now}");
    assert_eq!((read(&now, "pages"), read(&now, "total")), (1, 640), "{now}");
    assert_eq!(now["phase"], json!({ "name": "reading", "done": 40, "total": 640 }));

    faults::let_go(&sandbox).await;
    let now = fetched(&ana, &import).await;
    assert_eq!(now["state"], "review");
    assert!(now.get("phase").is_none(), "{now}");
    assert_eq!((read(&now, "companies"), read(&now, "contacts")), (40, 600), "{now}");
    let pages = if kind == PsaKind::Connectwise { 2 } else { 3 };
    assert_eq!((read(&now, "pages"), read(&now, "total")), (pages, 640), "{now}");
    sandbox.stop().await;
}

async fn r74_sorting_counts_the_rows_of_absent_companies_too(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    psa::delete(&sandbox, kind, id(&first.chosen[0]));
    let import = fetch(&ana, kind).await;
    let (present, absent) = (rows(&ana, &import, "in").await, rows(&ana, &import, "not-in").await);
    assert_eq!(absent.len(), 1);
    let progress = &ana.get(&format!("/imports/{import}")).await.unwrap()["progress"];
    assert_eq!(number(&progress["companies"]), present.len() as u64, "{progress}");
    let all = (present.len() + absent.len()) as u64;
    let sorting = (number(&progress["sorted"]), number(&progress["toSort"]));
    assert_eq!(sorting, (all, all), "{progress}");
    sandbox.stop().await;
}

async fn r74_an_execution_says_how_many_companies_it_has_applied_of_how_many(kind: PsaKind) {
    let (options, trouble) = far(Trouble {
        tell_at: 3,
        falls_silent: true,
        ..Trouble::default()
    });
    let sandbox = Sandbox::start(options).await.unwrap();
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 2).await;
    execute(&ana, &import).await;
    tokio::time::timeout(PATIENCE, trouble.told.notified()).await.unwrap();
    let now = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(now["phase"], json!({ "name": "applying", "done": 0, "total": 2 }));
    trouble.is_silent.store(false, Ordering::SeqCst);
    advance(&sandbox, 1_201).await;
    done(&ana, &import).await;
    let now = ana.get(&format!("/imports/{import}")).await.unwrap();
    assert!(now.get("phase").is_none(), "{now}");
    assert_eq!(
        (
            number(&now["progress"]["executed"]),
            number(&now["progress"]["toExecute"])
        ),
        (2, 2)
    );
    assert_eq!(now["progress"]["outcomes"], now["counts"]);
    sandbox.stop().await;
}

async fn r08_there_are_no_tabs_before_all_has_arrived(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    faults::hold(&sandbox, kind, CONTACTS, 0);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;
    let company = raw::companies(&sandbox, kind).await[1]["id"].to_string();
    let decision = json!({ "version": 1, "selected": true });
    let all = json!({ "selected": true, "where": {} });
    let confirm = json!({ "planHash": "of no plan" });
    let calls = [
        (Method::GET, "/companies?tab=in".to_owned(), None),
        (Method::GET, "/companies?tab=not-in".to_owned(), None),
        (Method::GET, format!("/companies/{company}/addresses"), None),
        (Method::PATCH, format!("/companies/{company}"), Some(&decision)),
        (Method::POST, "/companies/select".to_owned(), Some(&all)),
        (
            Method::POST,
            format!("/companies/{company}/addresses/select"),
            Some(&all),
        ),
        (Method::GET, "/plan".to_owned(), None),
        (Method::POST, "/execute".to_owned(), Some(&confirm)),
        (Method::GET, "/result".to_owned(), None),
    ];
    for (method, path, body) in calls {
        let answer = call(&ana, method, &format!("/imports/{import}{path}"), body).await;
        assert_eq!(answer.body["code"], "wrong_state", "{path}: {}", answer.body);
        assert_problem(&answer, 409, "wrong_state");
        assert_eq!(answer.body["state"], "fetching");
    }
    faults::let_go(&sandbox).await;
    fetched(&ana, &import).await;
    assert_eq!(rows(&ana, &import, "in").await.len(), 40);
    sandbox.stop().await;
}

async fn r08_there_are_no_tabs_of_an_import_that_was_cancelled_before_all_had_arrived(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    faults::hold(&sandbox, kind, CONTACTS, 0);
    let import = start(&ana, kind, &json!({})).await;
    faults::held(&sandbox, kind).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    assert_no_tabs(&ana, &import, "cancelled").await;
    // One that was looked at can still be.
    faults::clear(&sandbox, kind);
    let import = fetch(&ana, kind).await;
    ana.delete(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(rows(&ana, &import, "in").await.len(), 40);
    sandbox.stop().await;
}

pub(crate) async fn assert_no_tabs(api: &Api, import: &str, state: &str) {
    for path in ["companies?tab=in", "companies?tab=not-in", "plan"] {
        let answer = call(api, Method::GET, &format!("/imports/{import}/{path}"), None).await;
        assert_problem(&answer, 409, "wrong_state");
        assert_eq!(answer.body["state"], state);
    }
}
