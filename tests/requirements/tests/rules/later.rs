//! What a later import finds and does.

use domain::psa::PsaKind;
use reqwest::Method;
use sandbox::Sandbox;
use sandbox::api::Api;
use serde_json::{Value, json};

use crate::run::{KINDS, choose, choose_mapped, directory, done, execute, fetch, first, plan, rows, sandbox};

const MOVED: &str = "verhuisd@elders.example";

#[tokio::test]
async fn r38_an_unchanged_second_import_changes_nothing_but_dates() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let (chosen, made) = first(&ana, kind, 10).await;
        let created = made["companies"]["created"].as_u64().unwrap() + made["users"]["created"].as_u64().unwrap();
        assert!(created > 20 && made["errors"] == json!([]), "{made}");
        let before = directory(&ana).await;

        let import = fetch(&ana, kind).await;
        choose_mapped(&ana, &import).await;
        let spent = sandbox.spent().write_units;
        execute(&ana, &import).await;
        let result = done(&ana, &import).await;
        assert_eq!(result["companies"]["unchanged"], chosen.len(), "{result}");
        assert_eq!(result["users"]["unchanged"], made["users"]["created"], "{result}");
        assert_eq!(directory(&ana).await, before);
        // State changes, one pack of outcomes, dates, the lock: the same for 10 companies and for 250.
        assert!(sandbox.spent().write_units - spent <= 100.0);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r30_a_changed_address_moves_the_user_and_takes_no_licence() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let (chosen, _) = first(&ana, kind, 3).await;
        let company = chosen[0]["id"].as_str().unwrap();
        let used = ana.get("/licences").await.unwrap()["used"].clone();
        let (contact, slot) = change_address(&sandbox, &ana, kind, company, false).await;

        let import = fetch(&ana, kind).await;
        choose_mapped(&ana, &import).await;
        let plan = execute(&ana, &import).await;
        let change = plan["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["action"] == "changeAddress")
            .unwrap();
        assert_eq!(
            (&change["after"]["address"], &change["reason"]),
            (&json!(MOVED), &json!("changed_in_psa"))
        );
        assert_eq!(change["address"]["id"], format!("{contact}~{slot}"));
        let result = done(&ana, &import).await;
        assert_eq!(
            (&result["users"]["changedAddress"], &result["users"]["created"]),
            (&json!(1), &json!(0)),
            "{result}"
        );
        assert_eq!(ana.get("/licences").await.unwrap()["used"], used);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r30_an_address_that_connectwise_replaced_is_a_change_too() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (chosen, _) = first(&ana, "connectwise", 3).await;
    change_address(&sandbox, &ana, "connectwise", chosen[0]["id"].as_str().unwrap(), true).await;

    let import = fetch(&ana, "connectwise").await;
    choose_mapped(&ana, &import).await;
    let plan = execute(&ana, &import).await;
    assert_eq!(
        (&plan["summary"]["changeAddress"], &plan["summary"]["createUser"]),
        (&json!(1), &json!(0)),
        "{plan}"
    );
    let change = plan["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["action"] == "changeAddress")
        .unwrap();
    assert_eq!(change["reason"], "replaced_in_psa");
    assert_eq!(done(&ana, &import).await["users"]["changedAddress"], 1);

    // The mapping went along: the next import has nothing to do.
    let import = fetch(&ana, "connectwise").await;
    choose_mapped(&ana, &import).await;
    assert_eq!(plan_of_nothing(&ana, &import).await, (json!(0), json!(0)));
    sandbox.stop().await;
}

async fn plan_of_nothing(ana: &Api, import: &str) -> (Value, Value) {
    let plan = plan(ana, import).await;
    (
        plan["summary"]["changeAddress"].clone(),
        plan["summary"]["createUser"].clone(),
    )
}

/// Changes one imported address of a company in the PSA, as a new item if `replace`; gives contact and slot.
async fn change_address(sandbox: &Sandbox, ana: &Api, kind: &str, company: &str, replace: bool) -> (String, String) {
    let integration = ana.integration(kind).await.unwrap();
    let imports = ana.list(&format!("/integrations/{integration}/imports")).await.unwrap();
    let path = format!(
        "/imports/{}/companies/{company}/addresses",
        imports[0]["id"].as_str().unwrap()
    );
    let rows = ana.list(&path).await.unwrap();
    let contact = |row: &Value| row["id"].as_str().unwrap().split('~').next().unwrap().to_owned();
    let alone = |row: &&Value| {
        row["status"] == "mapped" && rows.iter().filter(|other| contact(other) == contact(row)).count() == 1
    };
    let row = rows.iter().find(alone).unwrap();
    let (contact, slot) = row["id"].as_str().unwrap().split_once('~').unwrap();
    let id: u64 = contact.parse().unwrap();
    let (psa, change) = if kind == "connectwise" {
        let mut item = json!({ "value": MOVED, "communicationType": "Email", "defaultFlag": true });
        if !replace {
            item["id"] = json!(slot.parse::<u64>().unwrap());
        }
        (PsaKind::Connectwise, json!({ "id": id, "communicationItems": [item] }))
    } else {
        (PsaKind::Autotask, json!({ "id": id, slot: MOVED }))
    };
    sandbox
        .psas
        .get(psa)
        .change_records(json!({ "contacts": [change] }))
        .unwrap();
    (contact.to_owned(), slot.to_owned())
}

#[tokio::test]
async fn r35_a_plan_that_no_longer_holds_is_refused_and_nothing_is_written() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let import = fetch(&ana, kind).await;
        choose(&ana, &import, 2).await;
        let agreed = plan(&ana, &import).await;
        // Somebody gives one of the planned addresses to another managed company's user.
        let planned = agreed["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["action"] == "createUser")
            .unwrap();
        let other = ana
            .post("/managed-companies", &json!({ "name": "Elders" }))
            .await
            .unwrap();
        let path = format!("/managed-companies/{}/users", other["id"].as_str().unwrap());
        ana.post(
            &path,
            &json!({ "address": planned["after"]["address"], "name": "Iemand" }),
        )
        .await
        .unwrap();
        let before = directory(&ana).await;

        let confirm = json!({ "planHash": agreed["hash"] });
        let answer = ana
            .call(Method::POST, &format!("/imports/{import}/execute"), Some(&confirm))
            .await
            .unwrap();
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (409, &json!("plan_changed"))
        );
        assert_eq!(answer.body["hash"], plan(&ana, &import).await["hash"]);
        assert_eq!(directory(&ana).await, before);
        assert_eq!(ana.get(&format!("/imports/{import}")).await.unwrap()["state"], "review");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r24_a_managed_company_is_never_mapped_twice() {
    for kind in KINDS {
        let sandbox = sandbox().await;
        let ana = sandbox.api("ana");
        let (chosen, _) = first(&ana, kind, 1).await;
        let import = fetch(&ana, kind).await;
        let rows = rows(&ana, &import, "in").await;
        let mapped = rows.iter().find(|row| row["id"] == chosen[0]["id"]).unwrap();
        let other = rows
            .iter()
            .find(|row| row["status"] == "unmapped" && row["own"] == false)
            .unwrap();
        let path = format!("/imports/{import}/companies/{}", other["id"].as_str().unwrap());
        let target = json!({ "version": 1, "selected": true, "target": { "existing": mapped["mapped"]["id"] } });
        let answer = ana.call(Method::PATCH, &path, Some(&target)).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (400, &json!("invalid_request")),
            "{}",
            answer.body
        );
        assert_eq!(answer.body["errors"][0]["pointer"], "/target/existing");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn r25_unassigning_makes_a_new_managed_company_and_leaves_the_old_one() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (chosen, _) = first(&ana, "connectwise", 1).await;
    let companies = ana.list("/managed-companies").await.unwrap().len();
    let import = fetch(&ana, "connectwise").await;
    let path = format!("/imports/{import}/companies/{}", chosen[0]["id"].as_str().unwrap());
    ana.patch(
        &path,
        &json!({ "version": 1, "selected": true, "target": { "create": {} } }),
    )
    .await
    .unwrap();
    let plan = execute(&ana, &import).await;
    assert_eq!(
        (&plan["summary"]["unmapCompany"], &plan["summary"]["createCompany"]),
        (&json!(1), &json!(1))
    );
    let result = done(&ana, &import).await;
    assert_eq!(result["companies"]["created"], 1, "{result}");
    assert_eq!(ana.list("/managed-companies").await.unwrap().len(), companies + 1);

    let import = fetch(&ana, "connectwise").await;
    let again = rows(&ana, &import, "in")
        .await
        .into_iter()
        .find(|row| row["id"] == chosen[0]["id"])
        .unwrap();
    assert_eq!(again["status"], "mapped");
    sandbox.stop().await;
}

#[tokio::test]
async fn r27_a_stale_decision_is_refused() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, "autotask").await;
    let chosen = choose(&ana, &import, 1).await;
    let path = format!("/imports/{import}/companies/{}", chosen[0]["id"].as_str().unwrap());
    let answer = ana
        .call(Method::PATCH, &path, Some(&json!({ "version": 1, "selected": false })))
        .await
        .unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body["code"]),
        (409, &json!("decision_conflict"))
    );
    assert_eq!(answer.body["version"], 2);
    sandbox.stop().await;
}
