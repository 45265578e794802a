//! What dropping a company's mapping costs, and how its people's conflicts with the former managed company end (R59).

use requirements::import::{
    addresses, carry_out, decide, decide_address, fetch, id, plan, planned, row, tick_everybody,
};
use requirements::problem::call;
use requirements::stage::{number, sandbox, text};
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

use crate::hand_over::{PEOPLE, cancel, enter, import, managed_of};

for_both!(
    r59_unassigning_tells_what_it_drops_and_who_will_conflict,
    r59_a_conflict_with_the_former_company_ends_by_another_address,
    r59_a_new_user_for_an_address_takes_another_address_for_the_old_one,
    r59_people_of_a_merged_company_are_free_once_the_old_users_have_other_addresses,
);

/// A company that was imported, and is to get a managed company of its own.
struct Separated {
    company: String,
    import: String,
    /// The managed company that it has.
    former: String,
}

async fn separated(sandbox: &Sandbox, kind: PsaKind) -> Separated {
    let ana = sandbox.api("ana");
    let company = enter(sandbox, kind, "Losgemaakt BV", &PEOPLE);
    import(&ana, kind, &company).await;
    let import = fetch(&ana, kind).await;
    let former = managed_of(&ana, &import, &company).await;
    let own = json!({ "selected": true, "target": { "create": {} } });
    decide(&ana, &import, &company, own).await;
    Separated {
        company,
        import,
        former,
    }
}

async fn r59_unassigning_tells_what_it_drops_and_who_will_conflict(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let Separated {
        company,
        import,
        former,
    } = separated(&sandbox, kind).await;
    let shown = plan(&ana, &import).await;
    let items = planned(&shown, &company);
    let of = |action: &str| items.iter().filter(|item| item["action"] == action).collect::<Vec<_>>();
    assert_eq!((of("unmapCompany").len(), of("createCompany").len()), (1, 1));
    let dropped: Vec<&str> = of("unmapUser")
        .iter()
        .map(|item| text(&item["before"]["address"]))
        .collect();
    assert_eq!(dropped, PEOPLE, "{items:?}");
    for conflict in of("skip") {
        assert_eq!(conflict["reason"], "held_by_former_company", "{conflict}");
        assert!(PEOPLE.contains(&text(&conflict["address"]["address"])), "{conflict}");
    }
    assert_eq!((of("skip").len(), &shown["summary"]["unmapUser"]), (2, &json!(2)));
    for row in addresses(&ana, &import, &company).await {
        assert_eq!(
            (&row["status"], &row["conflict"]["former"]),
            (&json!("address_conflict"), &json!(true)),
            "{row}"
        );
        assert_eq!(row["conflict"]["managedCompany"], former);
    }
    let result = carry_out(&ana, &import).await;
    let skipped = result["skipped"].as_array().unwrap();
    assert!(
        skipped
            .iter()
            .all(|row| row["code"] == "held_by_former_company" && row["action"] != ""),
        "{result}"
    );
    assert_eq!(number(&result["users"]["skipped"]), 2);

    // The advice can be followed: choosing the old managed company again.
    let import = fetch(&ana, kind).await;
    for row in addresses(&ana, &import, &company).await {
        assert_eq!(row["conflict"]["former"], true, "{row}");
    }
    decide(
        &ana,
        &import,
        &company,
        json!({ "selected": true, "target": { "existing": former } }),
    )
    .await;
    tick_everybody(&ana, &import, &row(&ana, &import, &company).await).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(number(&result["users"]["linked"]), 2, "{result}");
    sandbox.stop().await;
}

/// Gives each user of a managed company another address by hand.
async fn give_other_addresses(ana: &Api, company: &str) {
    for user in managed::users(ana, company).await {
        let path = format!("/managed-companies/{company}/users/{}", id(&user));
        let address = format!("oud-{}", text(&user["address"]));
        let changed = call(ana, Method::PATCH, &path, Some(&json!({ "address": address }))).await;
        assert!(changed.status.is_success(), "{}", changed.body);
    }
}

async fn r59_a_conflict_with_the_former_company_ends_by_another_address(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let Separated {
        company,
        import,
        former,
    } = separated(&sandbox, kind).await;
    give_other_addresses(&ana, &former).await;
    tick_everybody(&ana, &import, &row(&ana, &import, &company).await).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(number(&result["users"]["created"]), 2, "{result}");
    let after = fetch(&ana, kind).await;
    let managed = managed_of(&ana, &after, &company).await;
    assert_ne!(managed, former);
    assert_eq!(managed::addresses(&ana, &managed).await, PEOPLE);
    sandbox.stop().await;
}

async fn r59_a_new_user_for_an_address_takes_another_address_for_the_old_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let company = enter(&sandbox, kind, "Losgemaakt BV", &PEOPLE[..1]);
    import(&ana, kind, &company).await;
    let import = fetch(&ana, kind).await;
    let managed = managed_of(&ana, &import, &company).await;
    decide(&ana, &import, &company, json!({ "selected": true })).await;
    let ada = addresses(&ana, &import, &company).await.swap_remove(0);
    decide_address(
        &ana,
        &import,
        &company,
        id(&ada),
        json!({ "selected": true, "target": { "create": {} } }),
    )
    .await;
    let skipped = plan(&ana, &import).await;
    let skipped = planned(&skipped, &company)
        .into_iter()
        .find(|item| item["action"] == "skip")
        .unwrap()
        .clone();
    assert_eq!(skipped["reason"], "address_conflict", "{skipped}");
    give_other_addresses(&ana, &managed).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(number(&result["users"]["created"]), 1, "{result}");
    assert_eq!(
        managed::addresses(&ana, &managed).await,
        [PEOPLE[0].to_owned(), format!("oud-{}", PEOPLE[0])]
    );
    sandbox.stop().await;
}

async fn r59_people_of_a_merged_company_are_free_once_the_old_users_have_other_addresses(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let old = enter(&sandbox, kind, "Opgegaan BV", &PEOPLE);
    let into = enter(&sandbox, kind, "Blijft BV", &["fem@blijft.example"]);
    for company in [&old, &into] {
        import(&ana, kind, company).await;
    }
    let first = fetch(&ana, kind).await;
    let former = managed_of(&ana, &first, &old).await;
    let contacts = psa::contacts(&addresses(&ana, &first, &old).await);
    cancel(&ana, &first).await;
    psa::merge(&sandbox, kind, &old, &contacts, &into);

    let import = fetch(&ana, kind).await;
    decide(&ana, &import, &into, json!({ "selected": true })).await;
    let in_conflict = |rows: Vec<Value>| rows.iter().filter(|row| row["status"] == "address_conflict").count();
    assert_eq!(in_conflict(addresses(&ana, &import, &into).await), 2);
    give_other_addresses(&ana, &former).await;
    assert_eq!(in_conflict(addresses(&ana, &import, &into).await), 0);
    tick_everybody(&ana, &import, &row(&ana, &import, &into).await).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (
            number(&result["users"]["created"]),
            number(&result["users"]["unchanged"])
        ),
        (2, 1),
        "{result}"
    );
    sandbox.stop().await;
}
