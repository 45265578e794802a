//! Section G: what becomes of a user whose contact gets another address.

use requirements::import::{
    addresses, by_name, carry_out, choose_mapped, decide, decide_address, done, execute, fetch, id, plan, planned,
    rows, tick_everybody,
};
use requirements::stage::{sandbox, text};
use requirements::{PsaKind, Sandbox, behind, for_both, managed, psa};
use serde_json::{Value, json};

use crate::addresses::{MOVED, assert_unchanged, imported, item, used};

for_both!(
    r30_a_changed_address_moves_the_user_and_takes_no_licence,
    r30_an_address_that_changes_to_that_of_another_user_is_not_taken_from_it,
    r30_an_address_that_was_passed_over_before_does_not_take_the_place_of_one_that_goes,
    r30_addresses_of_a_contact_that_change_places_stay_with_their_users,
    r30_what_was_changed_by_hand_stays_although_the_psa_once_said_the_same,
);

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
