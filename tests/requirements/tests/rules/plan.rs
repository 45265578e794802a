//! The plan that is confirmed is the plan that is carried out, and a plan of nothing changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use requirements::import::{
    carry_out, choose, choose_all, choose_mapped, decide, directory, done, execute, fetch, first_import_of, id, plan,
    rows,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r26_the_plan_of_many_companies_takes_few_reads_and_is_the_one_that_is_carried_out,
    r26_the_plan_and_the_tabs_say_why_in_english_and_dutch,
    r34_continue_imports_the_companies_and_users_of_the_plan,
    r35_a_plan_that_no_longer_holds_is_refused_and_nothing_is_written,
    r35_a_company_that_changed_after_the_confirmation_is_not_touched,
    r71_the_sums_by_status_and_reason_are_those_of_the_items,
    r38_an_unchanged_second_import_changes_nothing_but_dates,
);

/// The first item of the plan in which this is done.
fn item<'a>(plan: &'a Value, action: &str) -> &'a Value {
    let items = plan["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["action"] == action);
    found.unwrap_or_else(|| panic!("nothing to {action} in {plan}"))
}

/// Gives an address that the plan makes a user of to a user of another managed company.
async fn give_away(api: &Api, plan: &Value) {
    let other = managed::add(api, "Elders").await;
    managed::add_user(api, &other, text(&item(plan, "createUser")["after"]["address"])).await;
}

async fn r26_the_plan_of_many_companies_takes_few_reads_and_is_the_one_that_is_carried_out(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..60).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    let calls = || sandbox.spent().operations.values().sum::<u64>();
    for mapped in [0, 100] {
        let import = fetch(&ana, kind).await;
        choose_all(&ana, &import).await;
        let before = calls();
        let shown = ana.get(&format!("/imports/{import}/plan")).await.unwrap();
        // Of mapped companies the users are read one by one: the directory has no other way.
        let took = calls() - before;
        assert!(took < 40 + mapped, "{took} calls");
        // All but those at which somebody has to look (R69).
        assert!(number(&shown["summary"]["companies"]) > 80);
        let result = carry_out(&ana, &import).await;
        for what in ["companies", "users"] {
            assert_eq!(result[what]["failed"], 0, "{result}");
        }
        assert_eq!(result["users"]["created"], shown["summary"]["createUser"]);
    }
    sandbox.stop().await;
}

async fn r71_the_sums_by_status_and_reason_are_those_of_the_items(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let import = fetch(&ana, kind).await;
    choose_all(&ana, &import).await;
    let all = rows(&ana, &import, "in").await;
    let ambiguous = all.iter().find(|row| row["status"] == "ambiguous").unwrap();
    decide(&ana, &import, id(ambiguous), json!({ "selected": true })).await;
    // The plan as it is computed, and as it is kept.
    for _ in 0..2 {
        let plan = plan(&ana, &import).await;
        let (breakdown, items) = (&plan["breakdown"], plan["items"].as_array().unwrap());
        let sums = |rows: &str, action: &str| {
            let of = breakdown[rows].as_object().unwrap().values();
            of.filter_map(|actions| actions.get(action)).map(number).sum::<u64>()
        };
        let is_person = |item: &Value| item.get("address").is_some();
        let actions: BTreeSet<&str> = items.iter().map(|item| text(&item["action"])).collect();
        assert!(actions.len() > 3, "{actions:?}");
        for action in actions {
            for (rows, people) in [("companies", false), ("people", true)] {
                let of = items
                    .iter()
                    .filter(|item| item["action"] == action && is_person(item) == people);
                assert_eq!(sums(rows, action), of.count() as u64, "{rows}: {action}");
            }
            let both = sums("companies", action) + sums("people", action);
            assert_eq!(plan["summary"][action], both, "{action}");
        }
        for (skipped, people) in [("skippedCompanies", false), ("skippedPeople", true)] {
            let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
            for item in items
                .iter()
                .filter(|item| item["action"] == "skip" && is_person(item) == people)
            {
                *reasons.entry(text(&item["reason"])).or_default() += 1;
            }
            assert_eq!(breakdown[skipped], json!(reasons), "{skipped}");
        }
        for status in ["mapped", "unmapped", "ambiguous"] {
            let now = rows(&ana, &import, "in").await;
            let of = now
                .iter()
                .filter(|row| row["selected"] == true && row["status"] == status)
                .count();
            let planned = breakdown["companies"][status]
                .as_object()
                .unwrap()
                .values()
                .map(number)
                .sum::<u64>();
            assert!(of > 0 && planned == of as u64, "{status}: {of}, {breakdown}");
        }
    }
    sandbox.stop().await;
}

async fn r26_the_plan_and_the_tabs_say_why_in_english_and_dutch(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    psa::delete(&sandbox, kind, id(&first.chosen[0]));
    psa::rename(&sandbox, kind, id(&first.chosen[1]), "Renamed");
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    choose(&ana, &import, 1).await;
    for (path, reasons) in [
        (
            "plan?limit=500",
            vec!["renamed_in_psa", "not_mapped", "mapped", "ticked"],
        ),
        ("companies?tab=not-in", vec!["deleted_in_psa"]),
    ] {
        let path = format!("/imports/{import}/{path}");
        let mut texts = Vec::new();
        for language in ["en", "nl"] {
            let answer = ana.call_in(language, Method::GET, &path, None).await.unwrap();
            let items = answer.body["items"].as_array().unwrap();
            assert!(items.iter().all(|item| !text(&item["detail"]).is_empty()));
            for reason in &reasons {
                let item = items.iter().find(|item| item["reason"] == *reason);
                texts.push(text(&item.unwrap_or_else(|| panic!("{reason} in {path}"))["detail"]).to_owned());
            }
        }
        let (english, dutch) = texts.split_at(reasons.len());
        assert!(
            english.iter().zip(dutch).all(|(english, dutch)| english != dutch),
            "{texts:?}"
        );
    }
    sandbox.stop().await;
}

async fn r34_continue_imports_the_companies_and_users_of_the_plan(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 3).await;
    let shown = plan(&ana, &import).await;
    let confirm = json!({ "planHash": shown["hash"], "confirmMassChange": true });
    let began = call(
        &ana,
        Method::POST,
        &format!("/imports/{import}/execute"),
        Some(&confirm),
    )
    .await;
    assert_eq!(
        (began.status.as_u16(), &began.body["state"]),
        (202, &json!("executing"))
    );
    let result = done(&ana, &import).await;
    assert_eq!(result["companies"]["created"], shown["summary"]["createCompany"]);
    assert_eq!(result["users"]["created"], shown["summary"]["createUser"]);
    assert_eq!(
        ana.get(&format!("/imports/{import}")).await.unwrap()["progress"]["executed"],
        3
    );

    let all = managed::all(&ana).await;
    for item in shown["items"].as_array().unwrap() {
        let managed = all.iter().find(|managed| managed["name"] == item["company"]["name"]);
        let users = managed::users(&ana, id(managed.unwrap())).await;
        let has = |user: &Value| user["address"] == item["after"]["address"] && user["name"] == item["after"]["name"];
        assert!(item.get("address").is_none() || users.iter().any(has), "{item}");
    }
    sandbox.stop().await;
}

async fn r35_a_plan_that_no_longer_holds_is_refused_and_nothing_is_written(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 3).await;
    for change in ["a namesake", "an address", "a decision"] {
        let agreed = plan(&ana, &import).await;
        match change {
            // Others change the directory meanwhile.
            "a namesake" => drop(managed::add(&ana, text(&item(&agreed, "createCompany")["after"]["name"])).await),
            "an address" => give_away(&ana, &agreed).await,
            // The administrator changes a decision in another browser tab.
            _ => {
                let last = agreed["items"].as_array().unwrap().last().unwrap();
                decide(&ana, &import, id(&last["company"]), json!({ "selected": false })).await;
            }
        }
        let before = directory(&ana).await;
        let confirm = json!({ "planHash": agreed["hash"], "confirmMassChange": true });
        let path = format!("/imports/{import}/execute");
        let answer = call(&ana, Method::POST, &path, Some(&confirm)).await;
        assert_problem(&answer, 409, "plan_changed");
        assert_eq!(answer.body["hash"], plan(&ana, &import).await["hash"], "{change}");
        assert_ne!(answer.body["hash"], agreed["hash"], "{change}");
        assert_eq!(directory(&ana).await, before, "{change}");
        assert_eq!(ana.get(&format!("/imports/{import}")).await.unwrap()["state"], "review");
    }
    // The new plan is carried out.
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["companies"]["linked"]),
        (&json!(1), &json!(1))
    );
    sandbox.stop().await;
}

async fn r35_a_company_that_changed_after_the_confirmation_is_not_touched(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    choose(&ana, &import, 3).await;
    // Confirmed, and no worker has begun.
    sandbox.pause(true).await;
    let agreed = execute(&ana, &import).await;
    give_away(&ana, &agreed).await;
    sandbox.pause(false).await;
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["companies"]["failed"]),
        (&json!(2), &json!(1)),
        "{result}"
    );
    let changed = item(&agreed, "createUser")["company"]["id"].clone();
    let errors = result["errors"].as_array().unwrap();
    assert!(
        errors
            .iter()
            .all(|error| error["code"] == "plan_changed" && error["company"]["id"] == changed)
    );
    let licences = ana.get("/licences").await.unwrap();
    assert_eq!(
        licences["reserved"], 0,
        "what the company would have needed is given back"
    );
    sandbox.stop().await;
}

async fn r38_an_unchanged_second_import_changes_nothing_but_dates(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 10).await;
    let created = number(&first.result["companies"]["created"]) + number(&first.result["users"]["created"]);
    assert!(created > 20 && first.result["errors"] == json!([]), "{}", first.result);
    let before = directory(&ana).await;

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let spent = sandbox.spent().write_units;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["companies"]["unchanged"], first.chosen.len(), "{result}");
    assert_eq!(
        result["users"]["unchanged"], first.result["users"]["created"],
        "{result}"
    );
    assert_eq!(directory(&ana).await, before);
    // State changes, one pack of outcomes, dates, the lock: the same for 10 companies and for 250.
    assert!(sandbox.spent().write_units - spent <= 100.0);
    sandbox.stop().await;
}
