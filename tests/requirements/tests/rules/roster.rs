//! Who is there and who is listed, when a creation was cut off or a directory is slow to list.

use std::sync::Arc;

use directory::NewAddress;
use domain::directory::{User, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use requirements::import::{carry_out, choose_one, fetch, id, plan, planned, row};
use requirements::problem::{assert_problem, call};
use requirements::stage::{quick, sandbox, text};
use requirements::{Options, PsaKind, Sandbox, behind, for_both, managed, psa};
use reqwest::Method;
use serde_json::json;

use crate::addresses::used;
use crate::directory::{Trouble, remote};

for_both!(
    r26_r37_of_a_creation_that_was_cut_off_those_are_listed_who_are_there,
    r29_somebody_held_in_the_company_and_not_listed_is_mapped,
);

#[tokio::test]
async fn r35_an_address_that_was_changed_by_hand_since_is_not_changed_again() {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = managed::add(&ana, NAME).await;
    let user = managed::add_user(&ana, &company, "nu@halverwege.example").await;
    let changes = [
        (("toen@halverwege.example", "straks@halverwege.example"), false),
        (("nu@halverwege.example", "straks@halverwege.example"), true),
        // A repeated call.
        (("nu@halverwege.example", "straks@halverwege.example"), true),
    ];
    for (addresses, expected) in changes {
        let answer = behind::change_planned(&sandbox, (&company, &user), addresses).await;
        let is_right = match answer {
            NewAddress::Changed => expected,
            NewAddress::ChangedMeanwhile => !expected,
            _ => false,
        };
        assert!(is_right, "{addresses:?}: {answer:?}");
    }
    assert_eq!(managed::addresses(&ana, &company).await, ["straks@halverwege.example"]);
    sandbox.stop().await;
}

const NAME: &str = "Halverwege BV";

fn user(company: &str, number: usize) -> User {
    User {
        id: UserId::new(format!("u-{number:020x}")),
        company: ManagedCompanyId::new(company),
        address: format!("halverwege-{number}@halverwege.example").parse().unwrap(),
        name: format!("Halverwege {number}"),
        state: UserState::Invited,
    }
}

async fn r26_r37_of_a_creation_that_was_cut_off_those_are_listed_who_are_there(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let created = ana.post("/managed-companies", &json!({ "name": NAME })).await.unwrap();
    let company = id(&created).to_owned();
    let users: Vec<User> = (0..3).map(|number| user(&company, number)).collect();
    behind::cut_off(&sandbox, &users, 2).await;

    // The list that an administrator sees.
    let listed = managed::users(&ana, &company).await;
    let ids: Vec<&str> = listed.iter().map(id).collect();
    assert_eq!(ids, [users[0].id.as_str(), users[1].id.as_str()]);
    // By hand: who is there can move, who is not cannot, and the address of the latter is free.
    let path = |user: &User| format!("/managed-companies/{company}/users/{}", user.id);
    let moved = json!({ "address": "verhuisd@halverwege.example" });
    let changed = call(&ana, Method::PATCH, &path(&users[1]), Some(&moved)).await;
    assert_eq!(changed.status, 200);
    let nobody = call(&ana, Method::PATCH, &path(&users[2]), Some(&moved)).await;
    assert_problem(&nobody, 404, "not_found");
    let free = json!({ "address": users[2].address.original(), "name": "Iemand anders" });
    ana.post(&format!("/managed-companies/{company}/users"), &free)
        .await
        .unwrap();

    // An import finds the same: who is there is mapped, and nobody is created.
    let made = psa::add_company(&sandbox, kind, NAME);
    let contact = psa::add_contact(&sandbox, kind, &made, users[0].address.original());
    let licences = used(&ana).await;
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &made).await).await;
    let agreed = plan(&ana, &import).await;
    let of_contact = planned(&agreed, &made);
    let of_contact = of_contact.iter().find(|item| !item["address"].is_null()).unwrap();
    assert_eq!(psa::split(id(&of_contact["address"])).0, contact);
    assert_eq!(of_contact["action"], "linkUser", "{of_contact}");
    assert_eq!(of_contact["after"]["user"], users[0].id.as_str(), "{of_contact}");
    let result = carry_out(&ana, &import).await;
    assert_eq!((&result["users"]["linked"], &result["errors"]), (&json!(1), &json!([])));
    assert_eq!(used(&ana).await, licences);
    sandbox.stop().await;
}

/// A directory whose list of users does not show this one yet.
async fn slow_to_list(address: &str) -> Sandbox {
    let trouble = Arc::new(Trouble {
        hide: Some(address.to_owned()),
        ..Trouble::default()
    });
    let options = Options {
        directory: Some(remote(&trouble)),
        ..quick()
    };
    Sandbox::start(options).await.unwrap()
}

async fn r29_somebody_held_in_the_company_and_not_listed_is_mapped(kind: PsaKind) {
    const ADDRESS: &str = "traag@halverwege.example";
    let sandbox = slow_to_list(ADDRESS).await;
    let ana = sandbox.api("ana");
    let created = ana.post("/managed-companies", &json!({ "name": NAME })).await.unwrap();
    let users = format!("/managed-companies/{}/users", id(&created));
    let user = ana
        .post(&users, &json!({ "address": ADDRESS, "name": "Traag" }))
        .await
        .unwrap();
    assert!(managed::users(&ana, id(&created)).await.is_empty());

    let company = psa::add_company(&sandbox, kind, NAME);
    psa::add_contact(&sandbox, kind, &company, ADDRESS);
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let agreed = plan(&ana, &import).await;
    let items = planned(&agreed, &company);
    let actions: Vec<&str> = items.iter().map(|item| text(&item["action"])).collect();
    assert_eq!(actions, ["linkCompany", "linkUser"], "{agreed}");
    let result = carry_out(&ana, &import).await;
    assert_eq!(result["errors"], json!([]), "{result}");
    // And stays so.
    let import = fetch(&ana, kind).await;
    choose_one(&ana, &import, &row(&ana, &import, &company).await).await;
    let agreed = plan(&ana, &import).await;
    let items = planned(&agreed, &company);
    let of_user = items.iter().find(|item| !item["address"].is_null()).unwrap();
    assert_eq!(
        (&of_user["action"], &of_user["before"]["user"]),
        (&json!("unchanged"), &user["id"])
    );
    sandbox.stop().await;
}
