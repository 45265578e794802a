//! What needs a decision is counted until it has one, and an address that is taken says by whom (R90).

use requirements::import::{self, carry_out, fetch, row};
use requirements::{managed, psa};

use crate::stage::{KIND, stage};

#[tokio::test]
async fn r90_what_needs_a_decision_is_counted_until_nothing_does() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    let at = stage.at(&format!("/console/imports/{import}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let rows = import::rows(&api, &import, "in").await;
    let open: Vec<_> = rows.iter().filter(|row| row["status"] == "ambiguous").collect();
    assert!(open.len() > 1, "{rows:?}");
    for (place, one) in open.iter().enumerate() {
        let list = browser.open(&format!("{at}/companies?undecided=true")).await;
        let left = open.len() - place;
        let says = if left == 1 {
            "1 company needs a decision".to_owned()
        } else {
            format!("{left} companies need a decision")
        };
        assert!(list.words().contains(&says), "{}", list.words());
        assert!(!list.has_button("Select all that match"), "it would select all others");
        let company = browser.open(&format!("{at}/companies/{}", import::id(one))).await;
        let decided = [("A new one", "on"), ("As the status suggests", "")];
        browser.press(&company, "Save and select", &decided).await;
    }
    let list = browser.open(&format!("{at}/companies?undecided=true")).await;
    let reached = list.words().contains("Nothing needs a decision") && list.has_link("Go on to the people");
    assert!(reached, "{}", list.words());
    let all = browser.open(&format!("{at}/companies")).await;
    let chip = format!("Needs a decision {0}, {0} decided", open.len());
    assert!(all.has_link(&chip), "{}", all.words());
}

#[tokio::test]
async fn r32_a_result_names_the_company_that_has_an_address() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let company = psa::add_company(&stage.sandbox, KIND, "Brand New BV");
    psa::add_contact(&stage.sandbox, KIND, &company, "somebody@new.example");
    let other = managed::add(&api, "Somebody Else BV").await;
    managed::add_user(&api, &other, "somebody@new.example").await;
    let import = fetch(&api, KIND).await;
    import::choose_one(&api, &import, &row(&api, &import, &company).await).await;
    let result = carry_out(&api, &import).await;
    let skipped = &result["skipped"][0];
    assert_eq!(
        (&skipped["code"], &skipped["heldBy"]["name"]),
        (&"address_conflict".into(), &"Somebody Else BV".into())
    );
    let (mut browser, _) = stage.sign_in("Ana", "nl").await;
    let page = browser
        .open(&stage.at(&format!("/console/imports/{import}/result")))
        .await;
    assert!(page.has_link("Somebody Else BV"), "{}", page.words());
    // Once somebody has given it another address, nobody is named any more.
    let user = managed::users(&api, &other).await.remove(0);
    let path = format!("/managed-companies/{other}/users/{}", import::id(&user));
    let changed = serde_json::json!({ "address": "else@new.example" });
    api.patch(&path, &changed).await.unwrap();
    let result = api.get(&format!("/imports/{import}/result")).await.unwrap();
    assert!(result["skipped"][0].get("heldBy").is_none(), "{result}");
}
