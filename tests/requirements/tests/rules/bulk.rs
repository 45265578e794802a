//! Decisions on many rows at once, and what a review costs.

use requirements::import::{
    addresses, carry_out, choose_mapped, choose_one, decide, fetch, first_import_of, id, ordinary, plan, row, rows,
    select,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{advance, integration, number, sandbox, text};
use requirements::unattended::unattended;
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r68_an_unchanged_snapshot_is_not_written_again,
    r68_a_changed_address_writes_its_company_and_no_other,
    r69_selecting_any_number_of_companies_takes_ten_write_units,
    r69_a_single_decision_wins_over_the_rules_before_it,
    r69_what_is_taken_back_leaves_what_was_decided_before,
    r69_an_import_takes_fifty_rules,
    r69_what_was_decided_last_is_not_added_once_more,
    r69_many_inactive_rows_are_not_selected_at_once,
    r70_people_of_all_companies_are_ticked_by_one_call,
    r71_the_plan_of_one_company_is_its_part_of_the_plan,
    r72_the_lock_is_kept_by_a_call_and_not_by_reading,
    r27_a_row_has_the_same_version_whatever_the_directory_says,
    r27_a_rule_that_named_other_rows_changes_no_version,
    r32_rows_of_companies_say_how_many_people_are_ticked_and_conflict,
    r70_r32_a_tick_taken_back_by_status_leaves_a_conflict_one,
);

/// Write units of a call.
async fn written<T>(sandbox: &Sandbox, call: impl Future<Output = T>) -> (T, f64) {
    let before = sandbox.spent().write_units;
    let answer = call.await;
    (answer, sandbox.spent().write_units - before)
}

async fn selected(api: &Api, import: &str) -> Vec<String> {
    let rows = rows(api, import, "in").await.into_iter();
    let selected = rows.filter(|row| row["selected"] == true);
    selected.map(|row| text(&row["id"]).to_owned()).collect()
}

async fn r68_an_unchanged_snapshot_is_not_written_again(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 10).await;
    // The first import after it sees everything mapped, which the snapshot shows.
    unattended(&sandbox, kind, "one").await;
    let (first, few) = written(&sandbox, unattended(&sandbox, kind, "two")).await;
    assert_eq!(first["state"], "done", "{first}");
    let names: Vec<String> = (0..200).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    unattended(&sandbox, kind, "three").await;
    let (second, many) = written(&sandbox, unattended(&sandbox, kind, "four")).await;
    assert_eq!(second["state"], "done", "{second}");
    println!("{few} write units for 40 companies, {many} for 240");
    // The import's own record is about 1 KiB long, where a digit more in a moment costs a unit more, and two in a transaction, each of
    // the few times that it is written. 200 written rows, seven to an item,
    // would cost 29 units or more.
    assert!(few <= 100.0 && many <= few + 12.0, "{few}, {many}");
    sandbox.stop().await;
}

async fn r68_a_changed_address_writes_its_company_and_no_other(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 10).await;
    unattended(&sandbox, kind, "one").await;
    let (_, unchanged) = written(&sandbox, unattended(&sandbox, kind, "two")).await;
    let people = addresses(&ana, &first.import, id(&first.chosen[0])).await;
    let person = people.iter().find(|person| person["selected"] == true).unwrap();
    psa::change_address(&sandbox, kind, id(person), "verhuisd@elders.example");
    let (changed, spent) = written(&sandbox, unattended(&sandbox, kind, "three")).await;
    assert_eq!(changed["counts"]["users"]["changedAddress"], 1, "{changed}");
    println!("{unchanged} write units unchanged, {spent} with one address changed");
    assert!(spent <= unchanged + 60.0, "{spent} and {unchanged}");
    sandbox.stop().await;
}

async fn r69_selecting_any_number_of_companies_takes_ten_write_units(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let names: Vec<String> = (0..500).map(|n| format!("Filiaal {n:03}")).collect();
    psa::add_companies(&sandbox, kind, &names);
    let import = fetch(&ana, kind).await;
    let (answer, spent) = written(&sandbox, select(&ana, &import, json!({}))).await;
    assert!(number(&answer["matched"]) > 500 && spent <= 10.0, "{answer}: {spent}");
    for row in rows(&ana, &import, "in").await {
        let is_clear = row["own"] == false && row["active"] == true && row["status"] != "ambiguous";
        assert_eq!(row["selected"], is_clear, "{row}");
    }
    sandbox.stop().await;
}

async fn r69_a_single_decision_wins_over_the_rules_before_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let all = selected(&ana, &import).await;
    let one = all[0].as_str();
    let shown = row(&ana, &import, one).await;
    // The decision on many rows counts as a change of each: who has not seen it gets a conflict.
    let stale = json!({ "version": 1, "selected": false });
    let path = format!("/imports/{import}/companies/{one}");
    let answer = call(&ana, Method::PATCH, &path, Some(&stale)).await;
    assert_problem(&answer, 409, "decision_conflict");
    let decision = json!({ "version": shown["version"], "selected": false });
    assert_eq!(ana.patch(&path, &decision).await.unwrap()["selected"], false);
    assert_eq!(selected(&ana, &import).await, all[1..]);
    // And a later one on many wins over it.
    select(&ana, &import, json!({})).await;
    assert_eq!(selected(&ana, &import).await, all);
    sandbox.stop().await;
}

async fn r69_what_is_taken_back_leaves_what_was_decided_before(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let ordinary = ordinary(&rows(&ana, &import, "in").await);
    let one = id(&ordinary[0]);
    decide(&ana, &import, one, json!({ "selected": true })).await;
    let before = selected(&ana, &import).await;
    let seen = row(&ana, &import, one).await["version"].clone();
    let rule = select(&ana, &import, json!({})).await["rule"].clone();
    assert!(selected(&ana, &import).await.len() > before.len());
    let rules = ana.list(&format!("/imports/{import}/rules")).await.unwrap();
    assert_eq!(rules.iter().map(|rule| &rule["id"]).collect::<Vec<_>>(), [&rule]);
    let path = format!("/imports/{import}/rules/{}", text(&rule));
    ana.delete(&path).await.unwrap();
    assert_eq!(selected(&ana, &import).await, before);
    // What was seen before is not what there is now.
    assert!(number(&row(&ana, &import, one).await["version"]) > number(&seen));
    let again = call(&ana, Method::DELETE, &path, None).await;
    assert_problem(&again, 404, "not_found");
    sandbox.stop().await;
}

async fn r69_an_import_takes_fifty_rules(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let mut last = Value::Null;
    for number in 0..50 {
        last = select(&ana, &import, json!({ "search": number.to_string() })).await["rule"].clone();
    }
    let path = format!("/imports/{import}/companies/select");
    let body = json!({ "selected": true, "where": {} });
    let refused = call(&ana, Method::POST, &path, Some(&body)).await;
    assert_problem(&refused, 422, "limit_exceeded");
    ana.delete(&format!("/imports/{import}/rules/{}", text(&last)))
        .await
        .unwrap();
    select(&ana, &import, json!({})).await;
    sandbox.stop().await;
}

async fn r69_what_was_decided_last_is_not_added_once_more(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let all = selected(&ana, &import).await;
    let one = all[0].as_str();
    let everybody = json!({ "selected": true, "where": { "active": true } });
    for path in ["companies", "addresses", &format!("companies/{one}/addresses")] {
        let path = format!("/imports/{import}/{path}/select");
        let first = ana.post(&path, &everybody).await.unwrap();
        let (again, spent) = written(&sandbox, ana.post(&path, &everybody)).await;
        assert_eq!((again.unwrap(), spent), (first, 0.0), "{path}");
    }
    // Something was decided in between, and is decided anew.
    let path = format!("/imports/{import}/companies/select");
    let before = ana.post(&path, &everybody).await.unwrap();
    decide(&ana, &import, one, json!({ "selected": false })).await;
    let after = ana.post(&path, &everybody).await.unwrap();
    assert!(after["rule"] != before["rule"], "{after}");
    assert_eq!(selected(&ana, &import).await, all);
    let person = addresses(&ana, &import, one).await.remove(0);
    let of_company = format!("/imports/{import}/companies/{one}/addresses");
    let path = format!("{of_company}/select");
    let before = ana.post(&path, &everybody).await.unwrap();
    let decision = json!({ "version": addresses(&ana, &import, one).await[0]["version"], "selected": false });
    ana.patch(&format!("{of_company}/{}", id(&person)), &decision)
        .await
        .unwrap();
    let after = ana.post(&path, &everybody).await.unwrap();
    assert!(after["rule"] != before["rule"], "{after}");
    assert_eq!(addresses(&ana, &import, one).await[0]["selected"], true);
    sandbox.stop().await;
}

async fn r69_many_inactive_rows_are_not_selected_at_once(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let one = selected(&ana, &import).await.remove(0);
    for what in ["companies", "addresses", &format!("companies/{one}/addresses")] {
        let path = format!("/imports/{import}/{what}/select");
        let body = |selected| json!({ "selected": selected, "where": { "active": false } });
        let refused = call(&ana, Method::POST, &path, Some(&body(true))).await;
        assert_problem(&refused, 400, "invalid_request");
        assert_eq!(refused.body["errors"][0]["pointer"], "/where/active", "{what}");
        ana.post(&path, &body(false)).await.unwrap();
    }
    sandbox.stop().await;
}

async fn r70_people_of_all_companies_are_ticked_by_one_call(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    ana.put("/licences", &json!({ "total": 100_000 })).await.unwrap();
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({})).await;
    let path = format!("/imports/{import}/addresses/select");
    let body = json!({ "selected": true, "where": { "active": true } });
    let (answer, spent) = written(&sandbox, ana.post(&path, &body)).await;
    let companies = selected(&ana, &import).await;
    let answer = answer.unwrap();
    assert_eq!(answer["companies"], companies.len(), "{answer}");
    assert!(spent <= 10.0 && answer.get("matched").is_none(), "{spent}: {answer}");
    let one = &companies[0];
    for person in addresses(&ana, &import, one).await {
        let is_clear = person["active"] == true && person["status"] == "unmapped";
        assert_eq!(person["selected"], is_clear, "{person}");
    }
    let agreed = plan(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["users"]["created"], agreed["summary"]["createUser"]);
    assert_eq!(result["users"]["failed"], 0, "{result}");
    sandbox.stop().await;
}

async fn r71_the_plan_of_one_company_is_its_part_of_the_plan(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    first_import_of(&ana, kind, 2).await;
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let whole = plan(&ana, &import).await;
    let one = selected(&ana, &import).await.remove(0);
    let part = ana
        .get(&format!("/imports/{import}/companies/{one}/plan"))
        .await
        .unwrap();
    let items = whole["items"].as_array().unwrap().iter();
    let of_one: Vec<&Value> = items.filter(|item| item["company"]["id"] == one.as_str()).collect();
    assert_eq!(part["items"].as_array().unwrap().iter().collect::<Vec<_>>(), of_one);
    assert_eq!(part["selected"], true);
    sandbox.stop().await;
}

async fn r27_a_row_has_the_same_version_whatever_the_directory_says(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await).remove(0);
    let path = format!("/imports/{import}/addresses/select");
    let unmapped = json!({ "selected": true, "where": { "status": "unmapped" } });
    ana.post(&path, &unmapped).await.unwrap();
    let people = addresses(&ana, &import, id(&company)).await;
    let before = people.iter().find(|person| person["selected"] == true).unwrap();
    assert_eq!(before["status"], "unmapped");
    // Somebody else gets the address meanwhile, and the rule is about the row no more.
    let other = managed::add(&ana, "Elders").await;
    managed::add_user(&ana, &other, text(&before["address"])).await;
    let people = addresses(&ana, &import, id(&company)).await;
    let now = people.iter().find(|person| person["id"] == before["id"]).unwrap();
    assert_eq!(
        (&now["status"], &now["selected"]),
        (&json!("address_conflict"), &json!(false))
    );
    assert_eq!(now["version"], before["version"]);
    sandbox.stop().await;
}

async fn r27_a_rule_that_named_other_rows_changes_no_version(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let before = ordinary(&rows(&ana, &import, "in").await);
    let rule = select(&ana, &import, json!({ "ids": [before[0]["id"]] })).await["rule"].clone();
    ana.delete(&format!("/imports/{import}/rules/{}", text(&rule)))
        .await
        .unwrap();
    let now = ordinary(&rows(&ana, &import, "in").await);
    assert_eq!(now[1..], before[1..]);
    assert!(number(&now[0]["version"]) > number(&before[0]["version"]));
    sandbox.stop().await;
}

async fn r32_rows_of_companies_say_how_many_people_are_ticked_and_conflict(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let one = ordinary(&rows(&ana, &import, "in").await).remove(0);
    let people = addresses(&ana, &import, id(&one)).await;
    let taken = people.iter().find(|person| person["status"] == "unmapped").unwrap();
    let other = managed::add(&ana, "Elders").await;
    managed::add_user(&ana, &other, text(&taken["address"])).await;
    choose_one(&ana, &import, &one).await;
    let path = format!("/imports/{import}/companies?tab=in&people=true");
    let listed = ana.list(&path).await.unwrap();
    assert_eq!(listed.len(), rows(&ana, &import, "in").await.len());
    for row in &listed {
        let of = format!("/imports/{import}/companies/{}/addresses?counts=true", id(row));
        let counts = ana.get(&of).await.unwrap()["counts"].clone();
        let conflicts = counts["byStatus"].get("address_conflict").cloned().unwrap_or(json!(0));
        let expected = json!({ "ticked": counts["selected"], "conflicts": conflicts });
        assert_eq!(row["people"], expected, "{row}");
    }
    let chosen = listed.iter().find(|row| row["id"] == one["id"]).unwrap();
    assert_eq!(chosen["people"]["conflicts"], 1);
    assert!(number(&chosen["people"]["ticked"]) > 0);
    sandbox.stop().await;
}

async fn r70_r32_a_tick_taken_back_by_status_leaves_a_conflict_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let held = "elders@elders.example";
    let other = ana
        .post("/managed-companies", &json!({ "name": "Elders" }))
        .await
        .unwrap();
    let users = format!("/managed-companies/{}/users", id(&other));
    ana.post(&users, &json!({ "address": held, "name": "Iemand" }))
        .await
        .unwrap();
    let company = psa::add_company(&sandbox, kind, "Hier");
    psa::add_contacts(&sandbox, kind, &company, &[held.to_owned()]);
    let import = fetch(&ana, kind).await;
    select(&ana, &import, json!({ "ids": [company] })).await;
    let path = format!("/imports/{import}/addresses/select");
    for (selected, filter) in [
        (true, json!({ "active": true })),
        (false, json!({ "status": "mapped" })),
    ] {
        ana.post(&path, &json!({ "selected": selected, "where": filter }))
            .await
            .unwrap();
    }
    let row = addresses(&ana, &import, &company).await.remove(0);
    assert_eq!(row["status"], "address_conflict");
    let summary = &plan(&ana, &import).await["summary"];
    assert_eq!(summary["createUser"], 0, "{summary}");
    sandbox.stop().await;
}

async fn r72_the_lock_is_kept_by_a_call_and_not_by_reading(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let until = async || {
        let path = format!("/integrations/{}", integration(&ana, kind).await);
        ana.get(&path).await.unwrap()["lock"]["until"].clone()
    };
    let before = until().await;
    advance(&sandbox, 600).await;
    rows(&ana, &import, "in").await;
    assert_eq!(until().await, before);
    let kept = ana
        .post(&format!("/imports/{import}/keep"), &Value::Null)
        .await
        .unwrap();
    assert_ne!(until().await, before);
    assert_eq!(
        (&kept["until"], text(&kept["import"])),
        (&until().await, import.as_str())
    );
    let other = call(
        &sandbox.api("bram"),
        Method::POST,
        &format!("/imports/{import}/keep"),
        None,
    )
    .await;
    assert_problem(&other, 423, "integration_locked");
    sandbox.stop().await;
}
