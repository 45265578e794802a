//! Addresses that an administrator changes by hand in the built-in directory, so that every conflict has a way out.

use std::collections::BTreeSet;

use futures::future::join_all;
use requirements::import::{
    address_row, addresses, by_name, carry_out, choose_mapped, choose_one, decide, decide_address, fetch, id, plan,
    rows,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{sandbox, text};
use requirements::{Answer, Api, PsaKind, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::addresses::{imported, item, used};
use crate::document::contract;

for_both!(
    r59_a_conflict_ends_when_the_user_in_the_way_gets_another_address,
    r59_two_who_swapped_their_addresses_are_settled_by_hand,
    r59_nobody_is_imported_over_an_address_changed_by_hand,
);

async fn change(api: &Api, company: &str, user: &str, address: &str) -> Answer {
    let path = format!("/managed-companies/{company}/users/{user}");
    call(api, Method::PATCH, &path, Some(&json!({ "address": address }))).await
}

async fn changed(api: &Api, company: &str, user: &str, address: &str) -> Value {
    let answer = change(api, company, user, address).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    answer.body
}

fn user_of<'a>(users: &'a [Value], address: &Value) -> &'a str {
    id(users.iter().find(|user| user["address"] == *address).unwrap())
}

#[tokio::test]
async fn r90_a_managed_company_is_shown_by_its_id() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let company = managed::add(&ana, "Met de hand").await;
    let shown = ana.get(&format!("/managed-companies/{company}")).await.unwrap();
    assert_eq!((&shown["id"], &shown["name"]), (&json!(company), &json!("Met de hand")));
    let unknown = call(&ana, Method::GET, "/managed-companies/nobody", None).await;
    assert_problem(&unknown, 404, "not_found");
    sandbox.stop().await;
}

#[tokio::test]
async fn r59_a_changed_address_is_the_users_and_the_old_one_is_free() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let company = managed::add(&ana, "Met de hand").await;
    let user = managed::add_user(&ana, &company, "ana@hand.example").await;
    let before = used(&ana).await;
    // The same address again, and in another spelling, which is kept.
    for spelling in [
        "ana@hand.example",
        "Ana@Hand.example",
        "Ana@Hand.example",
        "bea@hand.example",
    ] {
        let shown = changed(&ana, &company, &user, spelling).await;
        assert_eq!((&shown["id"], &shown["address"]), (&json!(user), &json!(spelling)));
        assert_eq!(managed::users(&ana, &company).await, [shown]);
    }
    assert_eq!(used(&ana).await, before);

    let next = managed::add_user(&ana, &company, "ANA@hand.example").await;
    let refused = change(&ana, &company, &next, "BEA@hand.example").await;
    assert_problem(&refused, 400, "invalid_request");
    assert_eq!(refused.body["errors"][0]["pointer"], "/address");
    changed(&ana, &company, &user, "cas@hand.example").await;
    changed(&ana, &company, &next, "bea@hand.example").await;
    let now = managed::addresses(&ana, &company).await;
    assert_eq!(now, ["bea@hand.example", "cas@hand.example"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn r59_what_cannot_be_changed_by_hand_is_refused_by_name() {
    let sandbox = sandbox().await;
    let ana = contract().watching(&sandbox.api("ana"));
    let other = contract().watching(&sandbox.api("otherMsp"));
    let company = managed::add(&ana, "Met de hand").await;
    let elsewhere = managed::add(&ana, "Elders").await;
    let user = managed::add_user(&ana, &company, "ana@hand.example").await;
    managed::add_user(&ana, &elsewhere, "taken@hand.example").await;
    let before = [
        managed::users(&ana, &company).await,
        managed::users(&ana, &elsewhere).await,
    ];
    let path = format!("/managed-companies/{company}/users/{user}");
    for (body, pointer) in [
        (json!({}), "/address"),
        (json!({ "address": "geen adres" }), "/address"),
        (json!({ "address": "" }), "/address"),
        (json!({ "address": null }), "/address"),
        (json!({ "address": "taken@hand.example" }), "/address"),
        (json!({ "address": "new@hand.example", "name": "Iemand" }), "/name"),
        (json!({ "address": "new@hand.example", "state": "enrolled" }), "/state"),
    ] {
        let refused = call(&ana, Method::PATCH, &path, Some(&body)).await;
        assert_problem(&refused, 400, "invalid_request");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}");
    }
    for (api, company, user) in [
        (&ana, &*company, "u-nobody"),
        (&ana, "c-nobody", &*user),
        (&ana, &*elsewhere, &*user),
        (&other, &*company, &*user),
    ] {
        let refused = change(api, company, user, "new@hand.example").await;
        assert_problem(&refused, 404, "not_found");
    }
    let after = [
        managed::users(&ana, &company).await,
        managed::users(&ana, &elsewhere).await,
    ];
    assert_eq!(after, before);
    // None of them left a claim on the address behind.
    managed::add_user(&ana, &company, "new@hand.example").await;
    sandbox.stop().await;
}

#[tokio::test]
async fn r59_simultaneous_changes_leave_one_address_and_one_claim() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = managed::add(&ana, "Met de hand").await;
    let user = managed::add_user(&ana, &company, "start@hand.example").await;
    let wanted: Vec<String> = (0..6).map(|number| format!("a{number}@hand.example")).collect();
    for _ in 0..3 {
        join_all(wanted.iter().map(|address| changed(&ana, &company, &user, address))).await;
    }
    let left = managed::addresses(&ana, &company).await;
    assert_eq!(left.len(), 1);
    // Every address but the user's own is free, and that one is not.
    let mut free = BTreeSet::new();
    for address in wanted.iter().map(String::as_str).chain(["start@hand.example"]) {
        let path = format!("/managed-companies/{company}/users");
        let body = json!({ "address": address, "name": "Met de hand" });
        if call(&ana, Method::POST, &path, Some(&body)).await.status.is_success() {
            free.insert(address.to_owned());
        }
    }
    assert_eq!(free.len(), wanted.len(), "{free:?}");
    assert!(!free.contains(&left[0]), "{left:?}");
    sandbox.stop().await;
}

async fn r59_a_conflict_ends_when_the_user_in_the_way_gets_another_address(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let club = by_name(&rows(&ana, &import, "in").await, "Sportvereniging De Meeuwen").clone();
    let people = addresses(&ana, &import, id(&club)).await;
    let held = people.iter().find(|row| row["status"] == "address_conflict").unwrap();
    let holder = text(&held["conflict"]["managedCompany"]).to_owned();
    let users = managed::users(&ana, &holder).await;
    changed(&ana, &holder, user_of(&users, &held["address"]), "pilot@hand.example").await;

    // In the very import that said so.
    let free = address_row(&ana, &import, id(&club), id(held)).await;
    assert_eq!((&free["status"], free.get("conflict")), (&json!("unmapped"), None));
    decide(&ana, &import, id(&club), json!({ "selected": true })).await;
    decide_address(&ana, &import, id(&club), id(held), json!({ "selected": true })).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["users"]["created"], &result["users"]["failed"]),
        (&json!(1), &json!(0))
    );
    assert!(
        managed::addresses(&ana, &holder)
            .await
            .contains(&"pilot@hand.example".to_owned())
    );
    sandbox.stop().await;
}

async fn r59_two_who_swapped_their_addresses_are_settled_by_hand(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, one, managed) = imported(&sandbox, kind).await;
    let import = fetch(&ana, kind).await;
    let people = addresses(&ana, &import, &company).await;
    let other_contact = |row: &&Value| row["status"] == "mapped" && psa::split(id(row)).0 != psa::split(id(&one)).0;
    let other = people.iter().find(other_contact).unwrap().clone();
    carry_out(&ana, &import).await;
    psa::change_address(&sandbox, kind, id(&one), text(&other["address"]));
    psa::change_address(&sandbox, kind, id(&other), text(&one["address"]));

    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let before = plan(&ana, &import).await;
    for person in [&one, &other] {
        assert_eq!(item(&before, &company, id(person))["reason"], "address_conflict");
        let row = address_row(&ana, &import, &company, id(person)).await;
        assert_eq!(
            (&row["status"], &row["conflict"]["managedCompany"]),
            (&json!("mapped"), &json!(managed)),
            "{row}"
        );
    }
    let users = managed::users(&ana, &managed).await;
    let (first, second) = (user_of(&users, &one["address"]), user_of(&users, &other["address"]));
    changed(&ana, &managed, first, "onderweg@hand.example").await;
    changed(&ana, &managed, second, text(&one["address"])).await;
    changed(&ana, &managed, first, text(&other["address"])).await;

    for person in [&one, &other] {
        let row = address_row(&ana, &import, &company, id(person)).await;
        assert_eq!((&row["status"], &row["selected"]), (&json!("mapped"), &json!(true)));
        assert_eq!(row.get("conflict"), None, "{row}");
    }
    let summary = plan(&ana, &import).await["summary"].take();
    assert_eq!(
        (&summary["changeAddress"], &summary["skip"]),
        (&json!(0), &json!(0)),
        "{summary}"
    );
    let users = managed::users(&ana, &managed).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["skipped"], 0);
    assert_eq!(managed::users(&ana, &managed).await, users);
    // The mappings follow: the next change in the PSA takes the right user along.
    psa::change_address(&sandbox, kind, id(&one), "weg@hand.example");
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    carry_out(&ana, &import).await;
    let now = managed::users(&ana, &managed).await;
    assert_eq!(user_of(&now, &json!("weg@hand.example")), first);
    sandbox.stop().await;
}

async fn r59_nobody_is_imported_over_an_address_changed_by_hand(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let import = fetch(&ana, kind).await;
    let company = requirements::import::ordinary(&rows(&ana, &import, "in").await).remove(0);
    choose_one(&ana, &import, &company).await;
    let person = addresses(&ana, &import, id(&company)).await.remove(0);
    let elsewhere = managed::add(&ana, "Met de hand").await;
    let user = managed::add_user(&ana, &elsewhere, "ana@hand.example").await;
    let before = plan(&ana, &import).await;
    changed(&ana, &elsewhere, &user, text(&person["address"])).await;
    // The plan that was seen does not hold any more.
    let execute = format!("/imports/{import}/execute");
    let confirm = json!({ "planHash": before["hash"], "confirmMassChange": true });
    let refused = call(&ana, Method::POST, &execute, Some(&confirm)).await;
    assert_problem(&refused, 409, "plan_changed");
    let row = address_row(&ana, &import, id(&company), id(&person)).await;
    assert_eq!(row["conflict"]["managedCompany"], json!(elsewhere));
    sandbox.stop().await;
}
