//! Section Q: names and addresses as they come.

use domain::directory::{User, UserState};
use domain::ids::{ManagedCompanyId, UserId};
use requirements::import::{
    addresses, by_name, carry_out, choose_mapped, choose_one, decide, done, execute, fetch, id, plan, planned, row,
};
use requirements::stage::{number, sandbox, text};
use requirements::unattended::{set_policy, unattended};
use requirements::{Api, PsaKind, Sandbox, behind, for_both, managed, psa};
use serde_json::{Value, json};

use crate::addresses::used;

for_both!(
    r60_a_name_from_the_psa_is_cleaned,
    r60_a_company_without_a_visible_name_is_still_named,
    r60_r21_names_that_look_the_same_are_possible_duplicates,
    r61_an_invisible_character_is_no_part_of_an_address,
    r61_a_decomposed_address_is_the_composed_one,
    r61_what_is_around_an_address_is_no_part_of_it,
    r61_what_is_no_address_says_why_and_shows_the_text,
    r60_r61_what_was_stored_unclean_is_corrected,
    r48_nobody_new_of_an_inactive_company_gets_access_unattended,
);

/// A new company with one contact; gives the ids of both.
fn company(sandbox: &Sandbox, kind: PsaKind, name: &str, address: &str) -> (String, String) {
    let company = psa::add_company(sandbox, kind, name);
    let contact = psa::add_contact(sandbox, kind, &company, address);
    (company, contact)
}

/// Imports a company with its people; gives the result.
async fn import(api: &Api, kind: PsaKind, company: &str) -> Value {
    let import = fetch(api, kind).await;
    let row = row(api, &import, company).await;
    choose_one(api, &import, &row).await;
    carry_out(api, &import).await
}

/// The one address row of a company, in an import that is cancelled again.
async fn person(api: &Api, kind: PsaKind, company: &str) -> Value {
    let import = fetch(api, kind).await;
    let person = addresses(api, &import, company).await.remove(0);
    api.delete(&format!("/imports/{import}")).await.unwrap();
    person
}

/// The managed company of this name, and its users.
async fn managed_company(api: &Api, name: &str) -> (String, Vec<Value>) {
    let all = managed::all(api).await;
    let managed = id(by_name(&all, name)).to_owned();
    let users = managed::users(api, &managed).await;
    (managed, users)
}

async fn r60_a_name_from_the_psa_is_cleaned(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (made, contact) = company(
        &sandbox,
        kind,
        " Con\u{85}trole\u{7}\u{200b}  BV",
        "anna@controle.example",
    );
    let name =
        json!({ "id": contact.parse::<u64>().unwrap(), "firstName": "An\u{7}\u{ad}na\r\n", "lastName": "Vo\u{301}s" });
    psa::change(&sandbox, kind, json!({ "contacts": [name] }));
    import(&ana, kind, &made).await;
    let (_, users) = managed_company(&ana, "Con trole BV").await;
    assert_eq!(users[0]["name"], "Anna Vós");
    sandbox.stop().await;
}

async fn r60_a_company_without_a_visible_name_is_still_named(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (blank, _) = company(&sandbox, kind, " \u{200b}", "ada@leeg.example");
    let (empty, _) = company(&sandbox, kind, "\u{ad}\u{7}", "bob@leeg.example");
    if kind == PsaKind::Connectwise {
        let identifier = json!({ "id": blank.parse::<u64>().unwrap(), "identifier": " LEEG\u{7}" });
        let none = json!({ "id": empty.parse::<u64>().unwrap(), "identifier": "\u{ad}" });
        psa::change(&sandbox, kind, json!({ "companies": [identifier, none] }));
    }
    let import = fetch(&ana, kind).await;
    let named = match kind {
        PsaKind::Connectwise => "LEEG".to_owned(),
        PsaKind::Autotask => format!("Company {blank}"),
    };
    assert_eq!(row(&ana, &import, &blank).await["name"], named.as_str());
    assert_eq!(row(&ana, &import, &empty).await["name"], format!("Company {empty}"));
    choose_one(&ana, &import, &row(&ana, &import, &blank).await).await;
    carry_out(&ana, &import).await;
    assert_eq!(managed_company(&ana, &named).await.1.len(), 1);
    sandbox.stop().await;
}

async fn r60_r21_names_that_look_the_same_are_possible_duplicates(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    managed::add(&ana, "Zonneveld BV").await;
    managed::add(&ana, "Dräger\u{200e}").await;
    assert_eq!(managed::named(&ana, "Dräger").await, 1, "by hand as well");
    let zonneveld = psa::add_company(&sandbox, kind, "Zonne\u{ad}veld\u{200b} BV");
    let draeger = psa::add_company(&sandbox, kind, "Dra\u{308}ger");
    let import = fetch(&ana, kind).await;
    for company in [&zonneveld, &draeger] {
        assert_eq!(
            row(&ana, &import, company).await["status"],
            "unmapped_possible_duplicate"
        );
        decide(&ana, &import, company, json!({ "selected": true })).await;
    }
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["companies"]["linked"], &result["companies"]["created"]),
        (&json!(2), &json!(0))
    );
    sandbox.stop().await;
}

async fn r61_an_invisible_character_is_no_part_of_an_address(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (made, contact) = company(
        &sandbox,
        kind,
        "Onzichtbaar BV",
        "Ri\u{ad}ta@onzichtbaar.example\u{200b}",
    );
    import(&ana, kind, &made).await;
    let (managed, users) = managed_company(&ana, "Onzichtbaar BV").await;
    assert_eq!(users[0]["address"], "Rita@onzichtbaar.example");
    // Mended in the PSA, it is the same address.
    let person = person(&ana, kind, &made).await;
    assert_eq!(psa::split(id(&person)).0, contact);
    psa::change_address(&sandbox, kind, id(&person), "Rita@onzichtbaar.example");
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (&result["users"]["unchanged"], &result["users"]["changedAddress"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(managed::addresses(&ana, &managed).await, ["Rita@onzichtbaar.example"]);
    sandbox.stop().await;
}

async fn r61_a_decomposed_address_is_the_composed_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (made, _) = company(&sandbox, kind, "Vormen BV", "josé@vormen.example");
    import(&ana, kind, &made).await;
    let before = person(&ana, kind, &made).await;
    psa::change_address(&sandbox, kind, id(&before), "jose\u{301}@vormen.example");
    let import = fetch(&ana, kind).await;
    let person = addresses(&ana, &import, &made).await.remove(0);
    assert_eq!(
        (&person["status"], &person["address"]),
        (&json!("mapped"), &json!("josé@vormen.example"))
    );
    choose_mapped(&ana, &import).await;
    assert_eq!(carry_out(&ana, &import).await["users"]["unchanged"], 1);
    sandbox.stop().await;
}

/// Texts that hold one address, and the address.
const AROUND: [(&str, &str); 6] = [
    ("els@velden.example;", "els@velden.example"),
    ("gijs@velden.example.", "gijs@velden.example"),
    ("mailto:Bert@velden.example", "Bert@velden.example"),
    ("Dirk Dijk <dirk@velden.example>", "dirk@velden.example"),
    ("\"Dijk, Daan\" <mailto:daan@velden.example>;", "daan@velden.example"),
    ("\u{200e}ida@velden.example\r\n", "ida@velden.example"),
];

async fn r61_what_is_around_an_address_is_no_part_of_it(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let made = psa::add_company(&sandbox, kind, "Velden BV");
    psa::add_contacts(&sandbox, kind, &made, &AROUND.map(|(text, _)| text));
    import(&ana, kind, &made).await;
    let (managed, _) = managed_company(&ana, "Velden BV").await;
    let mut expected = AROUND.map(|(_, address)| address);
    expected.sort_unstable();
    assert_eq!(managed::addresses(&ana, &managed).await, expected);
    // By hand as well.
    managed::add_user(&ana, &managed, " Mia <mia@velden.example>, ").await;
    assert!(
        managed::addresses(&ana, &managed)
            .await
            .contains(&"mia@velden.example".to_owned())
    );
    sandbox.stop().await;
}

/// Texts that are not one address, and why.
const NONE: [(&str, &str); 4] = [
    ("lou@velden.example; lou2@velden.example", "several"),
    ("lou@10.0.0.1", "not_an_address"),
    ("lou@velden.123", "not_an_address"),
    ("n/a", "not_an_address"),
];

async fn r61_what_is_no_address_says_why_and_shows_the_text(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (made, _) = company(&sandbox, kind, "Velden BV", "lou@velden.example");
    import(&ana, kind, &made).await;
    let shown = person(&ana, kind, &made).await;
    for (no_address, why) in NONE {
        psa::change_address(&sandbox, kind, id(&shown), no_address);
        let expected = json!({ "reason": why, "text": no_address });
        let import = fetch(&ana, kind).await;
        let person = addresses(&ana, &import, &made).await.remove(0);
        assert_eq!(
            (&person["status"], &person["noAddress"]),
            (&json!("no_address"), &expected)
        );
        choose_mapped(&ana, &import).await;
        let agreed = plan(&ana, &import).await;
        let skipped = planned(&agreed, &made)[1];
        assert_eq!(
            (&skipped["reason"], &skipped["address"]["noAddress"]),
            (&json!("no_address"), &expected)
        );
        execute(&ana, &import).await;
        let result = done(&ana, &import).await;
        let row = &result["skipped"][0];
        assert_eq!(
            (&row["code"], &row["address"]["noAddress"]),
            (&json!("no_address"), &expected)
        );
        assert_eq!(row["detail"], skipped["detail"], "the plan says the same");
        assert_eq!(why == "several", text(&row["detail"]).contains("several"));
    }
    sandbox.stop().await;
}

async fn r60_r61_what_was_stored_unclean_is_corrected(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (made, _) = company(&sandbox, kind, "Onzichtbaar BV", "Rita@onzichtbaar.example");
    import(&ana, kind, &made).await;
    let (managed, users) = managed_company(&ana, "Onzichtbaar BV").await;
    // As earlier versions stored them.
    behind::overwrite(
        &sandbox,
        "",
        &format!("COMPANY#{managed}"),
        "name",
        "Onzicht\u{200b}baar BV",
    )
    .await;
    let user = User {
        id: UserId::new(id(&users[0])),
        company: ManagedCompanyId::new(&managed),
        address: serde_json::from_value(json!("Rita@onzichtbaar.example\u{200b}")).unwrap(),
        name: "Rita\u{7}\u{200e} Vos".to_owned(),
        state: UserState::Invited,
    };
    behind::list_user(&sandbox, user).await;
    let licences = used(&ana).await;

    let import = fetch(&ana, kind).await;
    assert_eq!(row(&ana, &import, &made).await["status"], "mapped");
    choose_mapped(&ana, &import).await;
    // No change at all goes unconfirmed, but a correction is none.
    set_policy(&ana, kind, &json!({ "massChange": { "percent": 0, "atLeast": 0 } })).await;
    let agreed = plan(&ana, &import).await;
    let reasons: Vec<&str> = planned(&agreed, &made)
        .iter()
        .map(|item| text(&item["reason"]))
        .collect();
    assert_eq!(reasons, ["spelling_corrected", "spelling_corrected"]);
    assert!(agreed.get("massChange").is_none(), "{agreed}");
    carry_out(&ana, &import).await;
    let (_, users) = managed_company(&ana, "Onzichtbaar BV").await;
    assert_eq!(
        (&users[0]["address"], &users[0]["name"]),
        (&json!("Rita@onzichtbaar.example"), &json!("Rita Vos"))
    );
    assert_eq!(used(&ana).await, licences);
    // Once.
    let import = fetch(&ana, kind).await;
    choose_mapped(&ana, &import).await;
    let result = carry_out(&ana, &import).await;
    assert_eq!(
        (
            number(&result["companies"]["unchanged"]),
            number(&result["users"]["unchanged"])
        ),
        (1, 1)
    );
    sandbox.stop().await;
}

async fn r48_nobody_new_of_an_inactive_company_gets_access_unattended(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (made, _) = company(&sandbox, kind, "Vertrokken BV", "els@vertrokken.example");
    import(&ana, kind, &made).await;
    let (managed, _) = managed_company(&ana, "Vertrokken BV").await;
    set_policy(&ana, kind, &json!({ "newAddresses": true })).await;
    psa::deactivate(&sandbox, kind, &made);
    psa::add_contact(&sandbox, kind, &made, "nieuw@vertrokken.example");
    let ended = unattended(&sandbox, kind, "inactive").await;
    assert_eq!(ended["state"], "done", "{ended}");
    assert_eq!(managed::addresses(&ana, &managed).await, ["els@vertrokken.example"]);
    psa::reactivate(&sandbox, kind, &made);
    unattended(&sandbox, kind, "active").await;
    assert_eq!(managed::addresses(&ana, &managed).await.len(), 2, "active again");
    sandbox.stop().await;
}
