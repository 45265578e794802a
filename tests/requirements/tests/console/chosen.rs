//! What was chosen for a company or a person is named, stays chosen, and is refused in words (R24, R29, R58).

use requirements::console::page::Page;
use requirements::import::{self, carry_out, choose, choose_one, fetch, first_import_of, id, row};
use requirements::stage::text;
use requirements::{managed, psa};
use serde_json::json;

use crate::stage::{KIND, stage};

/// The labels of the choices that are marked.
fn marked(page: &Page) -> Vec<String> {
    let radios = page.html.all("input").filter(|(_, input)| {
        let is_radio = input.get("type") == Some("radio");
        is_radio && input.get("checked").is_some()
    });
    radios.map(|(at, _)| page.html.label(at)).collect()
}

const NOT_THE_STATUS: (&str, &str) = ("As the status suggests", "");

#[tokio::test]
async fn r24_a_managed_company_found_by_search_is_named_and_stays_chosen() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let holding = managed::add(&ana, "Acme Holding").await;
    let import = fetch(&ana, KIND).await;
    let company = id(&import::ordinary(&import::rows(&ana, &import, "in").await)[0]).to_owned();
    let list = stage.at(&format!("/console/imports/{import}/companies"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let found = browser.open(&format!("{list}/{company}?search=acme")).await;
    let saved = browser
        .press(&found, "Save and select", &[("Acme Holding", "on"), NOT_THE_STATUS])
        .await;
    assert_eq!(marked(&saved), ["Acme Holding chosen before"], "{}", saved.words());
    // A search that finds others or nobody changes nothing of it.
    let other = browser
        .open(&format!("{list}/{company}?search=nobody-is-called-so"))
        .await;
    assert_eq!(marked(&other), ["Acme Holding chosen before"]);
    assert!(
        other.words().contains("No other managed company has this"),
        "{}",
        other.words()
    );
    let again = browser.press(&other, "Save and select", &[]).await;
    assert!(again.words().contains("Saved."), "{}", again.words());
    for (language, says) in [("en", "Linked to Acme Holding"), ("nl", "Gekoppeld aan Acme Holding")] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        for address in [&list, &format!("{list}/{company}")] {
            let page = browser.open(address).await;
            assert!(page.words().contains(says), "{}", page.words());
        }
    }
    let kept = row(&ana, &import, &company).await;
    assert_eq!(kept["target"], json!({ "existing": holding }));
}

#[tokio::test]
async fn r58_a_managed_company_that_is_handed_over_is_named() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let old = psa::add_company(&stage.sandbox, KIND, "Vroeger BV");
    let first = fetch(&ana, KIND).await;
    choose_one(&ana, &first, &row(&ana, &first, &old).await).await;
    carry_out(&ana, &first).await;
    psa::delete(&stage.sandbox, KIND, &old);
    let new = psa::add_company(&stage.sandbox, KIND, "Voortaan BV");
    let import = fetch(&ana, KIND).await;
    let list = stage.at(&format!("/console/imports/{import}/companies"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&format!("{list}/{new}")).await;
    let offer = "Vroeger BV handed over from Vroeger BV";
    let saved = browser
        .press(&page, "Save and select", &[(offer, "on"), NOT_THE_STATUS])
        .await;
    assert_eq!(marked(&saved).len(), 1);
    assert!(marked(&saved)[0].starts_with(offer), "{}", saved.words());
    for page in [saved, browser.open(&list).await] {
        assert!(page.words().contains("Linked to Vroeger BV"), "{}", page.words());
    }
}

#[tokio::test]
async fn r24_a_form_without_a_choice_keeps_the_one_before() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let import = fetch(&ana, KIND).await;
    let company = id(&choose(&ana, &import, 1).await[0]).to_owned();
    let create = json!({ "create": {} });
    import::decide(&ana, &import, &company, json!({ "target": create, "selected": false })).await;
    let person = import::addresses(&ana, &import, &company).await.remove(0);
    let decision = json!({ "target": create, "selected": false });
    import::decide_address(&ana, &import, &company, id(&person), decision).await;
    let at = stage.at(&format!("/console/imports/{import}"));
    let (of_company, of_person) = (
        format!("{at}/companies/{company}"),
        format!("{at}/people/{company}/{}?of={}", id(&person), text(&person["address"])),
    );
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for (address, button) in [(of_company, "Save and select"), (of_person, "Save and tick")] {
        let page = browser.open(&address).await;
        let mut radios = page
            .html
            .all("input")
            .filter(|(_, input)| input.get("type") == Some("radio"));
        assert!(
            radios.any(|(_, radio)| radio.get("required").is_some()),
            "one has to be chosen"
        );
        // What is marked is not sent.
        let saved = browser.press(&page, button, &[("A new", ""), ("Unassign", "")]).await;
        assert!(saved.words().contains("Saved."), "{}", saved.words());
    }
    let company_row = row(&ana, &import, &company).await;
    let person_row = import::address_row(&ana, &import, &company, id(&person)).await;
    for row in [company_row, person_row] {
        assert_eq!((&row["target"], &row["selected"]), (&create, &json!(true)), "{row}");
    }
}

#[tokio::test]
async fn r24_a_choice_that_is_mapped_already_is_refused_in_words() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let first = first_import_of(&ana, KIND, 1).await;
    let name = text(&first.chosen[0]["name"]);
    let import = fetch(&ana, KIND).await;
    let company = id(&choose(&ana, &import, 1).await[0]).to_owned();
    let url = reqwest::Url::parse_with_params(
        &stage.at(&format!("/console/imports/{import}/companies/{company}")),
        [("search", name)],
    );
    for (language, button, choice, status) in [
        ("en", "Save and select", "Your choice: ", "As the status suggests"),
        ("nl", "Bewaar en selecteer", "Uw keuze: ", "Zoals de status voorstelt"),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let found = browser.open(url.as_ref().unwrap().as_str()).await;
        let refused = browser.press(&found, button, &[(name, "on"), (status, "")]).await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.words());
        assert!(refused.words().contains(choice), "{}", refused.words());
        assert!(!refused.words().contains("/target"), "{}", refused.words());
    }
}

#[tokio::test]
async fn r29_a_user_who_is_not_among_the_first_stays_chosen() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let holding = managed::add(&ana, "Acme Holding").await;
    for number in 0..25 {
        managed::add_user(&ana, &holding, &format!("user{number}@acme.example")).await;
    }
    let last = managed::users(&ana, &holding).await.pop().unwrap();
    let import = fetch(&ana, KIND).await;
    let company = id(&choose(&ana, &import, 1).await[0]).to_owned();
    let to_company = json!({ "target": { "existing": holding } });
    import::decide(&ana, &import, &company, to_company).await;
    let person = import::addresses(&ana, &import, &company).await.remove(0);
    let target = json!({ "existing": last["id"] });
    import::decide_address(&ana, &import, &company, id(&person), json!({ "target": target })).await;
    let of = text(&person["address"]);
    let address = stage.at(&format!(
        "/console/imports/{import}/people/{company}/{}?of={of}",
        id(&person)
    ));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&address).await;
    let label = format!("{} {}, chosen before", text(&last["name"]), text(&last["address"]));
    assert_eq!(marked(&page), [label], "{}", page.words());
    let saved = browser.press(&page, "Save and tick", &[]).await;
    assert!(saved.words().contains("Saved."), "{}", saved.words());
    let kept = import::address_row(&ana, &import, &company, id(&person)).await;
    assert_eq!(kept["target"], target);
}
