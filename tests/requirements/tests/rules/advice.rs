//! Advice that can be followed (R62): what the text about a person who is not in says is done by calls of the API.

use requirements::faults::CONTACTS;
use requirements::import::{addresses, carry_out, choose_one, fetch, fetch_filtered, row};
use requirements::stage::{sandbox, text};
use requirements::{Api, PsaKind, faults, for_both, psa};
use serde_json::{Value, json};

use crate::people::{expected, imported, move_contact, not_in, pages, reasons, strict};

for_both!(
    r62_who_is_left_out_or_unreadable_is_shown_by_another_import,
    r62_the_address_of_somebody_who_left_can_be_given_to_another_one,
    r62_who_is_in_another_company_by_now_can_be_imported_there,
);

/// Gives the users of these people other addresses, as the text says, and imports who has the addresses in another company by now.
async fn follow(api: &Api, import: &str, managed: &str, people: &[Value], company: &str) {
    let there = addresses(api, import, company).await;
    for person in people {
        let held = there.iter().find(|row| row["address"] == person["address"]).unwrap();
        assert_eq!(held["status"], "address_conflict");
        let action = text(&person["action"]);
        assert!(action.contains("another address"), "{action}");
        let user = format!("/managed-companies/{managed}/users/{}", text(&person["user"]));
        let other = json!({ "address": format!("vrij.{}", text(&person["address"])) });
        api.patch(&user, &other).await.unwrap();
    }
    choose_one(api, import, &row(api, import, company).await).await;
    let result = carry_out(api, import).await;
    assert_eq!(
        (&result["users"]["created"], &result["users"]["failed"]),
        (&json!(people.len()), &json!(0)),
        "{result}"
    );
}

async fn cancel(api: &Api, import: &str) {
    api.delete(&format!("/imports/{import}")).await.unwrap();
}

/// A filter on contacts that leaves out the inactive ones.
fn only_some(kind: PsaKind) -> Value {
    match kind {
        PsaKind::Connectwise => json!({ "contactType": ["5"] }),
        PsaKind::Autotask => json!({ "contactActive": ["true"] }),
    }
}

async fn r62_the_address_of_somebody_who_left_can_be_given_to_another_one(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, managed, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo", "cor"]).await;
    psa::delete_contact(&sandbox, kind, psa::split(&people[0]).0);
    psa::deactivate_contact(&sandbox, kind, psa::split(&people[1]).0);
    psa::remove_address(&sandbox, kind, &people[2]);
    let others = psa::add_company(&sandbox, kind, "Instroom BV");
    let addresses = ["ada", "bo", "cor"].map(|person| format!("{person}@uitstroom.example"));
    psa::add_contacts(&sandbox, kind, &others, &addresses);

    let import = fetch_filtered(&ana, kind, &only_some(kind)).await;
    let mut left = not_in(&ana, &import, &company).await;
    left.retain(|person| person["reason"] == "contact_inactive");
    cancel(&ana, &import).await;
    let import = fetch(&ana, kind).await;
    left.extend(not_in(&ana, &import, &company).await);
    let mut reasons: Vec<&str> = left.iter().map(|person| text(&person["reason"])).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["address_removed", "contact_deleted", "contact_inactive"]);
    follow(&ana, &import, &managed, &left, &others).await;
    sandbox.stop().await;
}

async fn r62_who_is_in_another_company_by_now_can_be_imported_there(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let moved = imported(&sandbox, kind, "Uitstroom BV", &["ada"]).await;
    let merged = imported(&sandbox, kind, "Samen BV", &["bo"]).await;
    let others = ["Buren BV", "Groot BV"].map(|name| psa::add_company(&sandbox, kind, name));
    move_contact(&sandbox, kind, psa::split(&moved.2[0]).0, &others[0]);
    let contact = psa::split(&merged.2[0]).0.to_owned();
    psa::merge(&sandbox, kind, &merged.0, &[contact], &others[1]);

    for ((company, managed, _), other, reason) in [
        (&moved, &others[0], "moved_to_company"),
        (&merged, &others[1], "merged_into"),
    ] {
        let import = fetch(&ana, kind).await;
        let people = not_in(&ana, &import, company).await;
        assert_eq!((people.len(), text(&people[0]["reason"])), (1, reason));
        follow(&ana, &import, managed, &people, other).await;
    }
    sandbox.stop().await;
}

async fn r62_who_is_left_out_or_unreadable_is_shown_by_another_import(kind: PsaKind) {
    let sandbox = sandbox().await;
    let ana = sandbox.api("ana");
    let (company, _, people) = imported(&sandbox, kind, "Uitstroom BV", &["ada", "bo"]).await;
    let [gone, stays] = people.as_slice() else {
        panic!("{people:?}")
    };
    let import = fetch_filtered(&ana, kind, &strict(kind)).await;
    let told = reasons(&not_in(&ana, &import, &company).await);
    assert_eq!(told, expected([(gone, "filtered_out"), (stays, "filtered_out")]));
    cancel(&ana, &import).await;
    let import = fetch(&ana, kind).await;
    assert_eq!(not_in(&ana, &import, &company).await, Vec::<Value>::new());
    cancel(&ana, &import).await;

    psa::delete_contact(&sandbox, kind, psa::split(gone).0);
    psa::remove_address(&sandbox, kind, stays);
    // The changes are asked for before the pages are.
    faults::answer_some(
        &sandbox,
        kind,
        CONTACTS,
        1 + pages(kind),
        100,
        &json!({ "status": 503 }),
    );
    let import = fetch(&ana, kind).await;
    let told = reasons(&not_in(&ana, &import, &company).await);
    assert_eq!(told, expected([(gone, "unreadable"), (stays, "address_removed")]));
    cancel(&ana, &import).await;
    faults::clear(&sandbox, kind);
    psa::add_address(&sandbox, kind, stays, "bo@uitstroom.example");
    let import = fetch(&ana, kind).await;
    let told = reasons(&not_in(&ana, &import, &company).await);
    assert_eq!(told, expected([(gone, "contact_deleted")]));
    sandbox.stop().await;
}
