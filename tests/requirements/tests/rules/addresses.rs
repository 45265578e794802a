//! Section G: who gets access.

use std::collections::BTreeSet;

use requirements::import::{
    First, address_row, addresses, by_name, carry_out, choose_mapped, decide, decide_address, done, execute, fetch,
    first_import_of, id, ordinary, plan, planned, row, rows,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r28_those_who_are_ticked_get_access_and_are_ticked_in_the_next_import,
    r29_an_address_that_a_user_of_the_company_has_is_linked_to_that_user,
    r29_an_address_is_mapped_to_the_user_that_is_chosen,
    r29_unassigning_makes_a_new_user_and_leaves_the_old_one,
    r29_only_a_user_of_the_managed_company_can_be_chosen,
    r31_what_is_unticked_is_passed_over_and_keeps_its_access,
);

pub(crate) const MOVED: &str = "verhuisd@elders.example";

pub(crate) async fn used(api: &Api) -> u64 {
    number(&api.get("/licences").await.unwrap()["used"])
}

/// The planned item of one address row.
pub(crate) fn item<'a>(plan: &'a Value, company: &str, address_row: &str) -> &'a Value {
    let mut items = planned(plan, company).into_iter();
    items.find(|item| item["address"]["id"] == address_row).unwrap()
}

/// A company that is imported with its people, one of these who has a single address, and the managed company.
pub(crate) async fn imported(sandbox: &Sandbox, kind: PsaKind) -> (String, Value, String) {
    let ana = sandbox.api("ana");
    let First { import, chosen, .. } = first_import_of(&ana, kind, 1).await;
    let company = id(&chosen[0]).to_owned();
    let people = addresses(&ana, &import, &company).await;
    let contact = |row: &Value| psa::split(id(row)).0.to_owned();
    let alone = |row: &&Value| people.iter().filter(|other| contact(other) == contact(row)).count() == 1;
    let person = people.iter().filter(|row| row["selected"] == true).find(alone).unwrap();
    let all = managed::all(&ana).await;
    let managed = by_name(&all, text(&chosen[0]["name"]));
    (company, person.clone(), id(managed).to_owned())
}

async fn r28_those_who_are_ticked_get_access_and_are_ticked_in_the_next_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = ordinary(&rows(&ana, &import, "in").await)[0].clone();
    let before = addresses(&ana, &import, id(&company)).await;
    assert!(before.iter().all(|person| person["selected"] == false), "{before:?}");
    decide(&ana, &import, id(&company), json!({ "selected": true })).await;
    let ticked: BTreeSet<&str> = [&before[0], &before[2]].map(id).into();
    for person in &ticked {
        let saved = decide_address(&ana, &import, id(&company), person, json!({ "selected": true })).await;
        assert_eq!(address_row(&ana, &import, id(&company), person).await, saved);
    }
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 2);
    let made = managed::all(&ana).await;
    let users = managed::addresses(&ana, id(by_name(&made, text(&company["name"])))).await;
    let mut expected = [&before[0], &before[2]].map(|person| text(&person["address"]));
    expected.sort_unstable();
    assert_eq!(users, expected);

    let import = fetch(&ana, kind).await;
    for person in addresses(&ana, &import, id(&company)).await {
        let imported = ticked.contains(id(&person));
        assert_eq!(
            (person["status"] == "mapped", &person["selected"]),
            (imported, &json!(imported))
        );
        assert_eq!(person["lastImported"].is_string(), imported);
    }
    sandbox.stop().await;
}

async fn r29_an_address_that_a_user_of_the_company_has_is_linked_to_that_user(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let company = by_name(&shown, "Notariat Dr Vogel");
    let target = id(&company["candidates"][0]);
    let person = addresses(&ana, &import, id(company)).await[0].clone();
    assert_eq!(person["status"], "unmapped");
    // However it is spelled there.
    let user = managed::add_user(&ana, target, &text(&person["address"]).to_uppercase()).await;
    let before = used(&ana).await;

    let found = address_row(&ana, &import, id(company), id(&person)).await;
    assert_eq!(
        (&found["status"], &found["selected"]),
        (&json!("unmapped_possible_duplicate"), &json!(false))
    );
    decide(&ana, &import, id(company), json!({ "selected": true })).await;
    decide_address(&ana, &import, id(company), id(&person), json!({ "selected": true })).await;
    let agreed = execute(&ana, &import).await;
    let linked = item(&agreed, id(company), id(&person));
    assert_eq!(
        (&linked["action"], &linked["after"]["user"]),
        (&json!("linkUser"), &json!(user))
    );
    assert_eq!(agreed["licences"]["needed"], 0);
    assert_eq!(done(&ana, &import).await["users"]["linked"], 1);
    assert_eq!(
        (managed::users(&ana, target).await.len(), used(&ana).await),
        (1, before)
    );
    sandbox.stop().await;
}

async fn r29_an_address_is_mapped_to_the_user_that_is_chosen(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    let chosen = managed::add_user(&ana, &managed, "vooraf@amber.example").await;
    psa::change_address(&sandbox, kind, id(&person), MOVED);
    let before = managed::users(&ana, &managed).await;
    let found = ana
        .list(&format!("/managed-companies/{managed}/users?search=VOORAF"))
        .await
        .unwrap();
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), [chosen.as_str()]);

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    decide_address(
        &ana,
        &import,
        &company,
        id(&person),
        json!({ "target": { "existing": chosen } }),
    )
    .await;
    let agreed = execute(&ana, &import).await;
    let change = item(&agreed, &company, id(&person));
    assert_eq!(
        (&change["action"], &change["after"]["user"]),
        (&json!("changeAddress"), &json!(chosen))
    );
    assert_eq!(change["before"]["address"], "vooraf@amber.example");
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["users"]["changedAddress"], &result["users"]["created"]),
        (&json!(1), &json!(0))
    );
    let mut expected = before;
    for user in &mut expected {
        if user["id"] == chosen.as_str() {
            user["address"] = json!(MOVED);
        }
    }
    assert_eq!(managed::users(&ana, &managed).await, expected);
    assert_unchanged(&ana, kind).await;
    sandbox.stop().await;
}

async fn r29_unassigning_makes_a_new_user_and_leaves_the_old_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    let (users, licences) = (managed::users(&ana, &managed).await, used(&ana).await);

    // As long as the old user has the address, nobody else can have it.
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    decide_address(
        &ana,
        &import,
        &company,
        id(&person),
        json!({ "target": { "create": {} } }),
    )
    .await;
    let agreed = plan(&ana, &import).await;
    let refused = item(&agreed, &company, id(&person));
    assert_eq!(
        (&refused["action"], &refused["reason"]),
        (&json!("skip"), &json!("address_conflict"))
    );
    ana.delete(&format!("/imports/{import}")).await.unwrap();

    psa::change_address(&sandbox, kind, id(&person), MOVED);
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    decide_address(
        &ana,
        &import,
        &company,
        id(&person),
        json!({ "target": { "create": {} } }),
    )
    .await;
    let agreed = plan(&ana, &import).await;
    let planned = item(&agreed, &company, id(&person));
    let old = users.iter().find(|user| user["address"] == person["address"]).unwrap();
    assert_eq!(
        (&planned["action"], &planned["before"]["user"]),
        (&json!("createUser"), &old["id"])
    );
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["users"]["created"], &result["users"]["changedAddress"]),
        (&json!(1), &json!(0))
    );
    let now = managed::users(&ana, &managed).await;
    assert!(users.iter().all(|user| now.contains(user)), "an old user changed");
    assert_eq!((now.len(), used(&ana).await), (users.len() + 1, licences + 1));
    assert!(now.iter().any(|user| user["address"] == MOVED));
    assert_unchanged(&ana, kind).await;
    sandbox.stop().await;
}

/// An import of all that is mapped would change nothing.
pub(crate) async fn assert_unchanged(api: &Api, kind: PsaKind) {
    let import = fetch(api, kind).await;
    choose_mapped(api, &import).await;
    let plan = plan(api, &import).await;
    let items = plan["items"].as_array().unwrap();
    assert!(
        items.len() > 1 && items.iter().all(|item| item["action"] == "unchanged"),
        "{plan}"
    );
}

async fn r29_only_a_user_of_the_managed_company_can_be_chosen(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, _) = imported(&sandbox, kind).await;
    let elsewhere = managed::add(&ana, "Elders").await;
    let stranger = managed::add_user(&ana, &elsewhere, "vreemd@elders.example").await;
    let import = fetch(&ana, kind).await;
    let before = address_row(&ana, &import, &company, id(&person)).await;
    let path = format!("/imports/{import}/companies/{company}/addresses/{}", id(&person));
    for user in ["no-such-user", &stranger] {
        let choice = json!({ "version": before["version"], "target": { "existing": user } });
        let answer = call(&ana, Method::PATCH, &path, Some(&choice)).await;
        assert_problem(&answer, 400, "invalid_request");
        assert_eq!(answer.body["errors"][0]["pointer"], "/target/existing");
    }
    assert_eq!(address_row(&ana, &import, &company, id(&person)).await, before);
    sandbox.stop().await;
}

async fn r31_what_is_unticked_is_passed_over_and_keeps_its_access(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    let users = managed::users(&ana, &managed).await;
    psa::change_address(&sandbox, kind, id(&person), MOVED);

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    decide_address(&ana, &import, &company, id(&person), json!({ "selected": false })).await;
    let agreed = execute(&ana, &import).await;
    let passed = item(&agreed, &company, id(&person));
    assert_eq!(
        (&passed["action"], &passed["reason"]),
        (&json!("skip"), &json!("unticked"))
    );
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["users"]["skipped"], &result["users"]["failed"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(managed::users(&ana, &managed).await, users);

    // The next import offers it again.
    let import = fetch(&ana, kind).await;
    let again = address_row(&ana, &import, &company, id(&person)).await;
    assert_eq!((&again["status"], &again["selected"]), (&json!("mapped"), &json!(true)));
    assert_eq!(row(&ana, &import, &company).await["status"], "mapped");
    sandbox.stop().await;
}
