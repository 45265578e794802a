//! Section G: who gets access, and what becomes of an address that changes.

use std::collections::BTreeSet;

use requirements::import::{
    First, address_row, addresses, by_name, carry_out, choose_mapped, decide, decide_address, done, execute, fetch,
    first_import_of, id, ordinary, plan, planned, row, rows, tick_everybody,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, behind, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r28_those_who_are_ticked_get_access_and_are_ticked_in_the_next_import,
    r29_an_address_that_a_user_of_the_company_has_is_linked_to_that_user,
    r29_an_address_is_mapped_to_the_user_that_is_chosen,
    r29_unassigning_makes_a_new_user_and_leaves_the_old_one,
    r29_only_a_user_of_the_managed_company_can_be_chosen,
    r30_a_changed_address_moves_the_user_and_takes_no_licence,
    r30_an_address_that_changes_to_that_of_another_user_is_not_taken_from_it,
    r30_an_address_that_was_passed_over_before_does_not_take_the_place_of_one_that_goes,
    r30_addresses_of_a_contact_that_change_places_stay_with_their_users,
    r30_what_was_changed_by_hand_stays_although_the_psa_once_said_the_same,
    r31_what_is_unticked_is_passed_over_and_keeps_its_access,
);

const MOVED: &str = "verhuisd@elders.example";

async fn used(api: &Api) -> u64 {
    number(&api.get("/licences").await.unwrap()["used"])
}

/// The planned item of one address row.
fn item<'a>(plan: &'a Value, company: &str, address_row: &str) -> &'a Value {
    let mut items = planned(plan, company).into_iter();
    items.find(|item| item["address"]["id"] == address_row).unwrap()
}

/// A company that is imported with its people, one of these who has a single address, and the managed company.
async fn imported(sandbox: &Sandbox, kind: PsaKind) -> (String, Value, String) {
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
async fn assert_unchanged(api: &Api, kind: PsaKind) {
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

/// Imports a change of one address to [`MOVED`]: the user is the same one, and the only thing that differs is its address.
async fn assert_moves(sandbox: &Sandbox, kind: PsaKind, reason: &str, change: impl FnOnce(&Value)) {
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(sandbox, kind).await;
    let (mut users, licences) = (managed::users(&ana, &managed).await, used(&ana).await);
    change(&person);

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let agreed = execute(&ana, &import).await;
    let mut changes = planned(&agreed, &company).into_iter();
    let moved = changes.find(|item| item["action"] == "changeAddress").unwrap();
    assert_eq!(
        (&moved["reason"], &moved["after"]["address"]),
        (&json!(reason), &json!(MOVED))
    );
    assert_eq!(moved["before"]["address"], person["address"]);
    assert_eq!(psa::split(text(&moved["address"]["id"])).0, psa::split(id(&person)).0);
    assert_eq!(agreed["licences"]["needed"], 0);
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["users"]["changedAddress"], &result["users"]["created"]),
        (&json!(1), &json!(0))
    );
    for user in &mut users {
        if user["id"] == moved["after"]["user"] {
            assert_eq!(user["address"], person["address"]);
            user["address"] = json!(MOVED);
        }
    }
    assert_eq!(managed::users(&ana, &managed).await, users);
    assert_eq!(used(&ana).await, licences);
    assert_unchanged(&ana, kind).await;
}

async fn r30_a_changed_address_moves_the_user_and_takes_no_licence(kind: PsaKind) {
    let sandbox = sandbox().await;
    assert_moves(&sandbox, kind, "changed_in_psa", |person| {
        psa::change_address(&sandbox, kind, id(person), MOVED);
    })
    .await;
    sandbox.stop().await;
}

#[tokio::test]
async fn r30_an_address_that_connectwise_replaced_is_a_change_too_and_the_reason_says_so() {
    let sandbox = sandbox().await;
    assert_moves(&sandbox, PsaKind::Connectwise, "replaced_in_psa", |person| {
        psa::replace_communication_item(&sandbox, id(person), MOVED);
    })
    .await;
    sandbox.stop().await;
}

#[tokio::test]
async fn r30_of_several_addresses_that_connectwise_replaced_at_once_nothing_is_guessed() {
    let kind = PsaKind::Connectwise;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let shown = rows(&ana, &import, "in").await;
    let hospital = by_name(&shown, "Streekziekenhuis Noord");
    decide(
        &ana,
        &import,
        id(hospital),
        json!({ "selected": true, "target": { "create": {} } }),
    )
    .await;
    tick_everybody(&ana, &import, hospital).await;
    let people = addresses(&ana, &import, id(hospital)).await;
    let both: Vec<&Value> = people
        .iter()
        .filter(|row| row["contact"] == "Sietse Dijkstra")
        .collect();
    assert_eq!(both.len(), 2);
    carry_out(&ana, &import).await;
    for (at, person) in both.iter().enumerate() {
        psa::replace_communication_item(&sandbox, id(person), &format!("sietse{at}@elders.example"));
    }

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let people = addresses(&ana, &import, id(hospital)).await;
    let fresh: Vec<&Value> = people
        .iter()
        .filter(|row| row["contact"] == "Sietse Dijkstra")
        .collect();
    for person in &fresh {
        assert_eq!(
            (&person["status"], &person["selected"]),
            (&json!("unmapped"), &json!(false))
        );
    }
    assert_eq!(plan(&ana, &import).await["summary"]["changeAddress"], 0);
    sandbox.stop().await;
}

async fn r30_an_address_that_changes_to_that_of_another_user_is_not_taken_from_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    let elsewhere = managed::add(&ana, "Elders").await;
    managed::add_user(&ana, &elsewhere, MOVED).await;
    let users = managed::users(&ana, &managed).await;
    psa::change_address(&sandbox, kind, id(&person), MOVED);

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let agreed = execute(&ana, &import).await;
    let refused = item(&agreed, &company, id(&person));
    assert_eq!(
        (&refused["action"], &refused["reason"]),
        (&json!("skip"), &json!("address_conflict"))
    );
    let result = done(&ana, &import).await;
    assert_eq!(
        (&result["users"]["skipped"], &result["skipped"][0]["code"]),
        (&json!(1), &json!("address_conflict"))
    );
    assert_eq!(managed::users(&ana, &managed).await, users);
    sandbox.stop().await;
}

async fn r30_an_address_that_was_passed_over_before_does_not_take_the_place_of_one_that_goes(kind: PsaKind) {
    for moves_up in [false, true] {
        assert_is_not_taken_over(kind, moves_up).await;
    }
}

async fn assert_is_not_taken_over(kind: PsaKind, moves_up: bool) {
    const PRIVATE: &str = "private@elders.example";
    let row = |people: &[Value]| people.iter().find(|row| row["address"] == PRIVATE).unwrap().clone();
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    psa::add_address(&sandbox, kind, id(&person), PRIVATE);
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let private = row(&addresses(&ana, &import, &company).await);
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 0);
    let users = managed::users(&ana, &managed).await;
    if moves_up {
        // What was the second address is now where the first one was.
        psa::remove_address(&sandbox, kind, id(&private));
        psa::change_address(&sandbox, kind, id(&person), PRIVATE);
    } else {
        psa::remove_address(&sandbox, kind, id(&person));
    }

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let private = row(&addresses(&ana, &import, &company).await);
    assert_eq!(
        (&private["status"], &private["selected"]),
        (&json!("unmapped"), &json!(false))
    );
    carry_out(&ana, &import).await;
    assert_eq!(managed::users(&ana, &managed).await, users);
    sandbox.stop().await;
}

async fn r30_addresses_of_a_contact_that_change_places_stay_with_their_users(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    let first = text(&person["address"]).to_owned();
    psa::add_address(&sandbox, kind, id(&person), MOVED);
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let people = addresses(&ana, &import, &company).await;
    let second = people.iter().find(|row| row["address"] == MOVED).unwrap();
    decide_address(&ana, &import, &company, id(second), json!({ "selected": true })).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 1);
    let users = managed::users(&ana, &managed).await;
    psa::change_address(&sandbox, kind, id(&person), MOVED);
    psa::change_address(&sandbox, kind, id(second), &first);

    for _ in 0..2 {
        let import = fetch(&ana, kind).await;
        choose_mapped(&ana, &import).await;
        let result = carry_out(&ana, &import).await;
        for outcome in ["created", "linked", "changedAddress", "skipped", "failed"] {
            assert_eq!(result["users"][outcome], 0, "{result}");
        }
        assert_eq!(managed::users(&ana, &managed).await, users);
    }
    // The mappings went along: one of them that is edited now takes its own user along.
    psa::change_address(&sandbox, kind, id(&person), "again@elders.example");
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let moved = item(&plan(&ana, &import).await, &company, id(&person)).clone();
    assert_eq!(
        (&moved["action"], &moved["before"]["address"]),
        (&json!("changeAddress"), &json!(MOVED))
    );
    sandbox.stop().await;
}

async fn r30_what_was_changed_by_hand_stays_although_the_psa_once_said_the_same(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (_, person, managed) = imported(&sandbox, kind).await;
    let users = managed::users(&ana, &managed).await;
    let user = users.iter().find(|user| user["address"] == person["address"]).unwrap();
    // Both come to say the same, each by itself.
    behind::change_address(&sandbox, &managed, id(user), MOVED).await;
    psa::change_address(&sandbox, kind, id(&person), MOVED);
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["changedAddress"], 0);
    behind::change_address(&sandbox, &managed, id(user), "by-hand@elders.example").await;

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    assert_eq!(plan(&ana, &import).await["summary"]["changeAddress"], 0);
    sandbox.stop().await;
}

#[tokio::test]
async fn r34_an_address_in_a_place_that_another_one_had_gets_a_user_of_its_own() {
    let kind = PsaKind::Autotask;
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, person, managed) = imported(&sandbox, kind).await;
    let address = text(&person["address"]).to_owned();
    let users = managed::users(&ana, &managed).await.len();
    psa::add_address(&sandbox, kind, id(&person), &address);
    psa::remove_address(&sandbox, kind, id(&person));
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    carry_out(&ana, &import).await;
    psa::change_address(&sandbox, kind, id(&person), MOVED);

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    decide_address(&ana, &import, &company, id(&person), json!({ "selected": true })).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["created"], 1);
    let now = managed::addresses(&ana, &managed).await;
    assert_eq!(now.len(), users + 1);
    assert!(
        now.contains(&address) && now.contains(&MOVED.to_owned()),
        "{}",
        now.len()
    );
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
