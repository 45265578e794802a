//! Section F: what an administrator decides on companies.

use requirements::import::{
    addresses, by_name, carry_out, choose_mapped, choose_one, decide, directory, done, execute, fetch, first_import_of,
    id, ordinary, plan, planned, row, rows,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, for_both, managed};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r25_a_managed_company_that_was_searched_and_chosen_is_linked,
    r25_choosing_another_managed_company_leaves_the_old_one_with_its_users,
    r25_unassigning_makes_a_new_managed_company_and_leaves_the_old_one_with_its_users,
    r25_create_new_forces_a_separate_company_of_the_same_name,
    r25_a_choice_can_be_taken_back,
    r25_only_a_managed_company_of_this_msp_can_be_chosen,
    r26_the_plan_shows_what_is_about_to_happen_and_nothing_is_written,
);

const AMBER: &str = "Amber & Co";

async fn r25_a_managed_company_that_was_searched_and_chosen_is_linked(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let amber = managed::add(&ana, AMBER).await;
    managed::add_user(&ana, &amber, "directie@amber.example").await;
    let found = ana.list("/managed-companies?search=amBER").await.unwrap();
    assert_eq!(found, [json!({ "id": amber, "name": AMBER })]);
    let before = managed::all(&ana).await;

    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    let choice = json!({ "selected": true, "target": { "existing": found[0]["id"] } });
    let saved = decide(&ana, &import, id(&company), choice.clone()).await;
    assert_eq!(
        (&saved["selected"], &saved["target"]),
        (&choice["selected"], &choice["target"])
    );
    assert_eq!(row(&ana, &import, id(&company)).await, saved);
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["linked"], &result["companies"]["created"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(managed::all(&ana).await, before);
    assert_eq!(managed::addresses(&ana, &amber).await, ["directie@amber.example"]);

    // It is called differently in the PSA, and that is no renaming.
    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, id(&company)).await["mapped"]["id"], amber.as_str());
    choose_mapped(&ana, &import).await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["unchanged"], 1);
    assert_eq!(managed::all(&ana).await, before);
    sandbox.stop().await;
}

async fn r25_choosing_another_managed_company_leaves_the_old_one_with_its_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let company = id(&first.chosen[0]);
    let amber = managed::add(&ana, AMBER).await;
    let before = directory(&ana).await;

    let import = fetch(&ana, kind).await;
    let old = row(&ana, &import, company).await["mapped"].clone();
    decide(
        &ana,
        &import,
        company,
        json!({ "selected": true, "target": { "existing": amber } }),
    )
    .await;
    let agreed = execute(&ana, &import).await;
    let items = planned(&agreed, company);
    assert_eq!(
        (&items[0]["action"], &items[0]["before"]),
        (&json!("unmapCompany"), &old)
    );
    assert_eq!(
        (&items[1]["action"], &items[1]["after"]["id"]),
        (&json!("linkCompany"), &json!(amber))
    );
    assert_eq!(done(&ana, &import).await["companies"]["linked"], 1);
    assert_eq!(directory(&ana).await, before);

    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, company).await["mapped"]["id"], amber.as_str());
    // The old one is free for another company.
    let other = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    decide(
        &ana,
        &import,
        id(&other),
        json!({ "selected": true, "target": { "existing": old["id"] } }),
    )
    .await;
    assert_eq!(carry_out(&ana, &import).await["companies"]["linked"], 1);
    sandbox.stop().await;
}

async fn r25_unassigning_makes_a_new_managed_company_and_leaves_the_old_one_with_its_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let company = &first.chosen[0];
    let companies = managed::all(&ana).await.len();

    let import = fetch(&ana, kind).await;
    let old = row(&ana, &import, id(company)).await["mapped"].clone();
    let users = managed::users(&ana, id(&old)).await;
    assert_eq!(users.len() as u64, number(&first.result["users"]["created"]));
    decide(
        &ana,
        &import,
        id(company),
        json!({ "selected": true, "target": { "create": {} } }),
    )
    .await;
    let agreed = execute(&ana, &import).await;
    let items = planned(&agreed, id(company));
    assert_eq!(
        (&items[0]["action"], &items[0]["before"]),
        (&json!("unmapCompany"), &old)
    );
    assert_eq!(items[1]["action"], "createCompany");
    assert_eq!(done(&ana, &import).await["companies"]["created"], 1);
    assert_eq!(managed::users(&ana, id(&old)).await, users);
    assert_eq!(managed::named(&ana, text(&company["name"])).await, 2);
    assert_eq!(managed::all(&ana).await.len(), companies + 1);

    let import = fetch(&ana, kind).await;
    let now = row(&ana, &import, id(company)).await;
    assert_eq!(now["status"], "mapped");
    assert_ne!(now["mapped"]["id"], old["id"]);
    // Its people still are users of the old company.
    for person in addresses(&ana, &import, id(company)).await {
        let was_imported = users.iter().any(|user| user["address"] == person["address"]);
        assert_eq!(person["status"] == "address_conflict", was_imported, "{person}");
    }
    sandbox.stop().await;
}

async fn r25_create_new_forces_a_separate_company_of_the_same_name(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let duplicate = by_name(&shown, "Notariat Dr Vogel");
    assert_eq!(duplicate["status"], "unmapped_possible_duplicate");
    assert_eq!(managed::named(&ana, "Notariat Dr Vogel").await, 1);
    decide(
        &ana,
        &import,
        id(duplicate),
        json!({ "selected": true, "target": { "create": {} } }),
    )
    .await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["created"], &result["companies"]["linked"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(managed::named(&ana, "Notariat Dr Vogel").await, 2);
    let import = fetch(&ana, kind).await;
    let now = row(&ana, &import, id(duplicate)).await;
    assert_eq!(now["status"], "mapped");
    assert_ne!(now["mapped"]["id"], duplicate["candidates"][0]["id"]);
    sandbox.stop().await;
}

async fn r25_a_choice_can_be_taken_back(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 1).await;
    let mapped = id(&first.chosen[0]);
    let amber = managed::add(&ana, AMBER).await;
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    for (company, choice) in [
        (id(&company), json!({ "existing": amber })),
        (mapped, json!({ "create": {} })),
    ] {
        decide(&ana, &import, company, json!({ "selected": true })).await;
        let by_itself = planned_actions(&ana, &import, company).await;
        decide(&ana, &import, company, json!({ "target": choice })).await;
        assert_ne!(planned_actions(&ana, &import, company).await, by_itself);
        decide(&ana, &import, company, json!({ "target": { "automatic": {} } })).await;
        assert_eq!(planned_actions(&ana, &import, company).await, by_itself);
    }
    sandbox.stop().await;
}

async fn planned_actions(api: &Api, import: &str, company: &str) -> Vec<Value> {
    let plan = plan(api, import).await;
    let items = planned(&plan, company).into_iter();
    items.map(|item| item["action"].clone()).collect()
}

async fn r25_only_a_managed_company_of_this_msp_can_be_chosen(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let elsewhere = managed::add(&sandbox.api("otherMsp"), "Van een ander").await;
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    let path = format!("/imports/{import}/companies/{}", id(&company));
    for target in ["no-such-company", &elsewhere] {
        let choice = json!({ "version": company["version"], "target": { "existing": target } });
        let answer = call(&ana, Method::PATCH, &path, Some(&choice)).await;
        assert_problem(&answer, 400, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], "/target/existing");
    }
    assert_eq!(row(&ana, &import, id(&company)).await, company);
    sandbox.stop().await;
}

async fn r26_the_plan_shows_what_is_about_to_happen_and_nothing_is_written(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let before = directory(&ana).await;
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let (new, duplicate) = (&ordinary(&shown)[0], by_name(&shown, "Notariat Dr Vogel"));
    for company in [new, duplicate] {
        choose_one(&ana, &import, company).await;
    }
    let plan = plan(&ana, &import).await;
    let mut ticked = 0;
    for (company, action) in [(new, "createCompany"), (duplicate, "linkCompany")] {
        let items = planned(&plan, id(company));
        assert_eq!(items[0]["action"], action);
        assert_eq!(
            items[0]["company"],
            json!({ "id": company["id"], "name": company["name"] })
        );
        let people = addresses(&ana, &import, id(company)).await;
        let chosen: Vec<&Value> = people.iter().filter(|person| person["selected"] == true).collect();
        assert_eq!(items.len() - 1, chosen.len());
        for (item, person) in items[1..].iter().zip(&chosen) {
            assert_eq!(
                (&item["action"], &item["reason"]),
                (&json!("createUser"), &json!("ticked"))
            );
            let expected = json!({ "address": text(&person["address"]).trim(), "name": person["contact"] });
            assert_eq!((&item["before"], &item["after"]), (&Value::Null, &expected));
            assert_eq!(item["address"]["id"], person["id"]);
        }
        ticked += chosen.len();
    }
    let summary = &plan["summary"];
    assert_eq!(
        (
            &summary["companies"],
            &summary["createCompany"],
            &summary["linkCompany"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        (&summary["createUser"], &plan["licences"]["needed"]),
        (&json!(ticked), &json!(ticked))
    );
    assert_eq!(directory(&ana).await, before);

    ana.delete(&format!("/imports/{import}")).await.unwrap();
    assert_eq!(directory(&ana).await, before);
    let import = fetch(&ana, kind).await;
    assert!(
        rows(&ana, &import, "in")
            .await
            .iter()
            .all(|row| row["status"] != "mapped")
    );
    sandbox.stop().await;
}
