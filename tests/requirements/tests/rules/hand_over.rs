//! A managed company whose PSA company is gone goes to another PSA company (R58).

use requirements::import::{
    addresses, carry_out, choose_mapped, decide, fetch, first_import_of, id, plan, planned, row, rows, tick_everybody,
};
use requirements::problem::{assert_problem, call};
use requirements::stage::{sandbox, text};
use requirements::unattended::unattended;
use requirements::{Api, PsaKind, Sandbox, for_both, managed, psa};
use reqwest::Method;
use serde_json::{Value, json};

for_both!(
    r58_a_company_that_was_entered_anew_gets_the_managed_company,
    r58_a_company_into_which_it_was_merged_gets_the_managed_company,
    r58_what_is_not_gone_is_not_handed_over,
    r58_a_company_that_comes_back_after_a_hand_over_gets_another_managed_company,
);

/// Two people of a company, each with an address.
pub const PEOPLE: [&str; 2] = ["ada@herstart.example", "bea@herstart.example"];

/// Enters a company with these people in the PSA; gives its id.
pub fn enter(sandbox: &Sandbox, kind: PsaKind, name: &str, people: &[&str]) -> String {
    let company = psa::add_company(sandbox, kind, name);
    psa::add_contacts(sandbox, kind, &company, people);
    company
}

/// Imports a company with everybody in it.
pub async fn import(ana: &Api, kind: PsaKind, company: &str) -> Value {
    let import = fetch(ana, kind).await;
    decide(ana, &import, company, json!({ "selected": true })).await;
    tick_everybody(ana, &import, &row(ana, &import, company).await).await;
    let result = carry_out(ana, &import).await;
    assert_eq!(result["companies"]["failed"], 0, "{result}");
    result
}

/// The managed company that a company is mapped to.
pub async fn managed_of(ana: &Api, import: &str, company: &str) -> String {
    text(&row(ana, import, company).await["mapped"]["id"]).to_owned()
}

pub async fn cancel(ana: &Api, import: &str) {
    ana.delete(&format!("/imports/{import}")).await.unwrap();
}

async fn licences(ana: &Api) -> Value {
    ana.get("/licences").await.unwrap()["used"].clone()
}

async fn hand_overs(ana: &Api, import: &str, company: &str) -> Vec<Value> {
    ana.list(&format!("/imports/{import}/companies/{company}/hand-overs"))
        .await
        .unwrap()
}

async fn r58_a_company_that_was_entered_anew_gets_the_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let old = enter(&sandbox, kind, "Herstart BV", &PEOPLE);
    import(&ana, kind, &old).await;
    let other = enter(&sandbox, kind, "Ander BV", &["cas@ander.example"]);
    import(&ana, kind, &other).await;
    let first = fetch(&ana, kind).await;
    let herstart = managed_of(&ana, &first, &old).await;
    let contacts = psa::contacts(&addresses(&ana, &first, &old).await);
    cancel(&ana, &first).await;
    let (users, used) = (managed::users(&ana, &herstart).await, licences(&ana).await);

    // Deleted, with its people, and entered anew; one of the two is still there, and somebody is new.
    // The simulator would give the id of a deleted company to the next one.
    let new = enter(
        &sandbox,
        kind,
        "Herstart BV",
        &["ADA@herstart.example", "dirk@herstart.example"],
    );
    for contact in contacts {
        psa::delete_contact(&sandbox, kind, &contact);
    }
    for company in [&old, &other] {
        psa::delete(&sandbox, kind, company);
    }
    let import = fetch(&ana, kind).await;
    let offers = hand_overs(&ana, &import, &new).await;
    let names: Vec<&str> = offers
        .iter()
        .map(|offer| text(&offer["managedCompany"]["name"]))
        .collect();
    assert_eq!(names, ["Herstart BV", "Ander BV"], "{offers:?}");
    assert_eq!(
        (&offers[0]["reason"], &offers[0]["sameName"]),
        (&json!("deleted_in_psa"), &json!(true))
    );
    assert_eq!(
        (&offers[0]["from"]["id"], &offers[1]["sameName"]),
        (&json!(old), &json!(false))
    );

    // It needs a choice.
    assert_eq!(row(&ana, &import, &new).await["status"], "ambiguous");
    let choice = json!({ "selected": true, "target": { "existing": herstart } });
    decide(&ana, &import, &new, choice).await;
    let people = addresses(&ana, &import, &new).await;
    let ticked: Vec<(&str, bool)> = people
        .iter()
        .map(|row| (text(&row["status"]), row["selected"] == true))
        .collect();
    assert!(
        ticked.contains(&("mapped", true)) && ticked.contains(&("unmapped", false)),
        "{people:?}"
    );
    let plan = plan(&ana, &import).await;
    let items = planned(&plan, &new);
    let seen: Vec<(&str, &str)> = items
        .iter()
        .map(|item| (text(&item["action"]), text(&item["reason"])))
        .collect();
    assert_eq!(
        seen,
        [
            ("handOverCompany", "former_company_gone"),
            ("unmapUser", "not_in_new_company"),
            ("unchanged", "mapped"),
        ],
        "{items:?}"
    );
    assert_eq!(items[1]["before"]["address"], PEOPLE[1]);
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["linked"], &result["users"]["unchanged"]),
        (&json!(1), &json!(1)),
        "{result}"
    );

    // No second company, no second user, no licence; all others stay.
    assert_eq!(managed::named(&ana, "Herstart BV").await, 1);
    assert_eq!(managed::users(&ana, &herstart).await, users);
    assert_eq!(licences(&ana).await, used);
    let after = fetch(&ana, kind).await;
    assert_eq!(managed_of(&ana, &after, &new).await, herstart);
    let not_in: Vec<Value> = rows(&ana, &after, "not-in")
        .await
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(not_in, [json!(other)]);
    // The mapping is the new contact's: its address moves the user.
    choose_mapped(&ana, &after).await;
    assert_eq!(carry_out(&ana, &after).await["users"]["changedAddress"], 0);
    assert_eq!(unattended(&sandbox, kind, "later").await["state"], "done");
    sandbox.stop().await;
}

async fn r58_a_company_that_comes_back_after_a_hand_over_gets_another_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let old = enter(&sandbox, kind, "Herstart BV", &PEOPLE);
    import(&ana, kind, &old).await;
    let new = enter(&sandbox, kind, "Doorstart BV", &["cas@herstart.example"]);
    psa::delete(&sandbox, kind, &old);
    let first = fetch(&ana, kind).await;
    let herstart = text(&hand_overs(&ana, &first, &new).await[0]["managedCompany"]["id"]).to_owned();
    let choice = json!({ "selected": true, "target": { "existing": herstart } });
    decide(&ana, &first, &new, choice).await;
    assert_eq!(carry_out(&ana, &first).await["companies"]["linked"], 1);

    psa::restore(&sandbox, kind, &old, "Herstart BV");
    let second = fetch(&ana, kind).await;
    let another = json!({ "selected": true, "target": { "create": {} } });
    decide(&ana, &second, &old, another).await;
    let result = carry_out(&ana, &second).await;
    assert_eq!(
        (&result["companies"]["created"], &result["companies"]["failed"]),
        (&json!(1), &json!(0)),
        "{result}"
    );
    let third = fetch(&ana, kind).await;
    assert_eq!(managed_of(&ana, &third, &new).await, herstart);
    assert_ne!(managed_of(&ana, &third, &old).await, herstart);
    sandbox.stop().await;
}

async fn r58_a_company_into_which_it_was_merged_gets_the_managed_company(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let old = enter(&sandbox, kind, "Opgegaan BV", &PEOPLE);
    import(&ana, kind, &old).await;
    let into = enter(&sandbox, kind, "Nieuwe naam BV", &[]);
    let first = fetch(&ana, kind).await;
    let managed = managed_of(&ana, &first, &old).await;
    let contacts = psa::contacts(&addresses(&ana, &first, &old).await);
    cancel(&ana, &first).await;
    psa::merge(&sandbox, kind, &old, &contacts, &into);

    let import = fetch(&ana, kind).await;
    let offers = hand_overs(&ana, &import, &into).await;
    assert_eq!(
        (offers.len(), &offers[0]["reason"]),
        (1, &json!("merged_in_psa")),
        "{offers:?}"
    );
    let used = licences(&ana).await;
    decide(
        &ana,
        &import,
        &into,
        json!({ "selected": true, "target": { "existing": managed } }),
    )
    .await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["linked"], &result["users"]["unchanged"]),
        (&json!(1), &json!(2)),
        "{result}"
    );
    assert_eq!(licences(&ana).await, used);
    assert_eq!(managed::addresses(&ana, &managed).await, PEOPLE);

    // The people kept their ids: a changed address moves the user (R30).
    let after = fetch(&ana, kind).await;
    let ada = addresses(&ana, &after, &into).await.swap_remove(0);
    cancel(&ana, &after).await;
    psa::change_address(&sandbox, kind, id(&ada), "ada.smit@herstart.example");
    assert_eq!(
        unattended(&sandbox, kind, "later").await["counts"]["users"]["changedAddress"],
        1
    );
    sandbox.stop().await;
}

async fn r58_what_is_not_gone_is_not_handed_over(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let first = first_import_of(&ana, kind, 2).await;
    let (inactive, new) = (
        id(&first.chosen[0]),
        enter(&sandbox, kind, "Nieuw BV", &["eva@nieuw.example"]),
    );
    psa::deactivate(&sandbox, kind, inactive);
    let filter = match kind {
        PsaKind::Connectwise => json!({ "companyStatus": ["1", "6"] }),
        PsaKind::Autotask => json!({ "companyActive": ["true"] }),
    };
    let import = requirements::import::fetch_filtered(&ana, kind, &filter).await;
    let not_in = rows(&ana, &import, "not-in").await;
    assert_eq!((id(&not_in[0]), &not_in[0]["reason"]), (inactive, &json!("inactive")));
    assert_eq!(hand_overs(&ana, &import, &new).await, Vec::<Value>::new());
    let path = format!("/imports/{import}/companies/{new}");
    for held in [
        &not_in[0]["mapped"]["id"],
        &row(&ana, &import, id(&first.chosen[1])).await["mapped"]["id"],
    ] {
        let version = row(&ana, &import, &new).await["version"].clone();
        let choice = json!({ "version": version, "target": { "existing": held } });
        let refused = call(&ana, Method::PATCH, &path, Some(&choice)).await;
        assert_problem(&refused, 400, "invalid_request");
        assert_eq!(refused.body["errors"][0]["pointer"], "/target/existing");
    }
    sandbox.stop().await;
}
