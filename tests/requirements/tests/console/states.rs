//! Every state has its page (R94): what fails, what somebody else holds, what changed meanwhile, what is too much, and what is over.

use std::time::Duration;

use requirements::console::browser::Browser;
use requirements::faults::{self, COMPANIES};
use requirements::import::{self, choose, fetch};
use requirements::stage::{advance, integration};
use requirements::{PsaKind, for_both};
use serde_json::{Value, json};

use crate::stage::{KIND, Stage, stage};

for_both!(r94_each_failure_of_the_psa_has_its_page);

/// A review with some companies selected, and Ana in front of it.
pub async fn reviewed(stage: &Stage, many: usize) -> (Browser, String, Vec<Value>) {
    let ana = stage.sandbox.api("ana");
    let import = fetch(&ana, KIND).await;
    let chosen = choose(&ana, &import, many).await;
    let (browser, _) = stage.sign_in("Ana", "en").await;
    (browser, stage.at(&format!("/console/imports/{import}")), chosen)
}

async fn r94_each_failure_of_the_psa_has_its_page(kind: PsaKind) {
    let stage = stage().await;
    let (mut browser, _) = stage.sign_in("Ana", "nl").await;
    let id = integration(&stage.sandbox.api("ana"), kind).await;
    let broken = [
        ("psa_server_error", json!({ "status": 503 })),
        ("psa_unauthorized", json!({ "status": 401 })),
        ("psa_forbidden", faults::forbidden(kind)),
        ("psa_invalid_response", json!({ "status": 200, "body": "<html>" })),
        ("psa_unknown_error", json!({ "reset": true })),
    ];
    for (code, answer) in broken {
        let filter = browser
            .open(&stage.at(&format!("/console/integrations/{id}/import")))
            .await;
        faults::answer(&stage.sandbox, kind, COMPANIES, &answer);
        let page = browser.press(&filter, "Haal op", &[]).await;
        let page = browser.wait(page).await;
        assert!(page.words().contains(code), "{code}: {}", page.words());
        assert_eq!(page.title(), "Het ophalen is mislukt");
        assert!(
            page.has_link("Vervang de inloggegevens") && page.has_link("Begin opnieuw"),
            "{}",
            page.words()
        );
        faults::clear(&stage.sandbox, kind);
    }
    // A PSA that does not answer the attributes has a page as well.
    faults::answer(&stage.sandbox, kind, ".*", &json!({ "status": 503 }));
    let page = browser
        .open(&stage.at(&format!("/console/integrations/{id}/import")))
        .await;
    assert_eq!(
        (page.status.as_u16(), page.title().as_str()),
        (502, "Dit is niet gelukt")
    );
}

#[tokio::test]
async fn r94_other_administrators_see_a_held_import_and_cannot_change_it() {
    let stage = stage().await;
    let (_, import, _) = reviewed(&stage, 1).await;
    let (mut bram, home) = stage.sign_in("Bram", "en").await;
    assert!(
        home.words().contains("In use by ana@noordzee.example"),
        "{}",
        home.words()
    );
    let page = bram.open(&format!("{import}/companies")).await;
    assert!(
        page.words().contains("ana@noordzee.example works on this"),
        "{}",
        page.words()
    );
    for button in ["Select", "Import ", "Keep", "Cancel"] {
        assert!(!page.has_button(button), "{button}");
    }
    let plan = bram.open(&format!("{import}/plan")).await;
    assert!(!plan.has_button("Import"));
    let id = integration(&stage.sandbox.api("ana"), KIND).await;
    let filter = bram
        .open(&stage.at(&format!("/console/integrations/{id}/import")))
        .await;
    let locked = bram.press(&filter, "Download", &[]).await;
    assert_eq!(locked.status.as_u16(), 423);
    assert!(
        locked.words().contains("Held by ana@noordzee.example"),
        "{}",
        locked.words()
    );
}

#[tokio::test]
async fn r72_another_download_during_a_review_says_so_and_keeps_the_filter() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 1).await;
    let id = integration(&stage.sandbox.api("ana"), KIND).await;
    let filter = browser
        .open(&stage.at(&format!("/console/integrations/{id}/import")))
        .await;
    let boxes = filter.html.all("input").filter(|(_, input)| {
        input.get("type") == Some("checkbox") && input.get("name").is_some_and(|name| name.starts_with("f."))
    });
    let (at, _) = boxes.into_iter().next().unwrap();
    let label = filter.html.label(at);
    let refused = browser.press(&filter, "Download", &[(&label, "on")]).await;
    assert_eq!(refused.status.as_u16(), 423, "{}", refused.words());
    let checked = refused
        .html
        .all("input")
        .any(|(at, input)| input.get("checked").is_some() && refused.html.label(at) == label);
    assert!(checked, "what was ticked is lost: {}", refused.source);
    let own = browser.follow(&refused, "To the import").await;
    assert!(
        own.url.as_str().starts_with(&format!("{import}/companies")),
        "{}",
        own.url
    );
}

#[tokio::test]
async fn r94_an_import_whose_lock_ran_out_says_so_and_keeps_what_was_decided() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 2).await;
    let before = browser.open(&format!("{import}/companies")).await;
    advance(&stage.sandbox, 3 * 3600).await;
    let page = browser.open(&format!("{import}/companies?selected=true")).await;
    assert!(
        page.words().contains("Nobody holds this import any more"),
        "{}",
        page.words()
    );
    assert!(page.has_link("Start a new import with the same filter") && !page.has_button("Select"));
    // Only its administrator may.
    let (mut bram, _) = stage.sign_in("Bram", "en").await;
    let seen = bram.open(page.url.as_str()).await;
    assert!(
        seen.words().contains("Nobody holds this import any more") && !seen.has_button("Take it up again"),
        "{}",
        seen.words()
    );
    let again = browser.press(&page, "Take it up again", &[]).await;
    assert!(again.words().contains("Held by you until"), "{}", again.words());
    // Somebody else starts once it has run out again.
    advance(&stage.sandbox, 3 * 3600).await;
    fetch(&stage.sandbox.api("bram"), KIND).await;
    let late = browser.press(&before, "Select this page", &[]).await;
    assert!(late.status.is_client_error(), "{}", late.words());
    let over = browser.open(&import).await;
    assert!(
        over.words().contains("review_lapsed") && over.has_link("Start a new import with the same filter"),
        "{}",
        over.words()
    );
}

#[tokio::test]
async fn r27_two_tabs_do_not_overwrite_each_other_silently() {
    let stage = stage().await;
    let (mut browser, import, chosen) = reviewed(&stage, 1).await;
    let id = chosen[0]["id"].as_str().unwrap();
    let (one, other) = (format!("{import}/companies/{id}"), format!("{import}/companies/{id}"));
    let (one, other) = (browser.open(&one).await, browser.open(&other).await);
    let saved = browser
        .press(
            &one,
            "Save and select",
            &[("A new one", "on"), ("As the status suggests", "")],
        )
        .await;
    assert!(saved.words().contains("Saved."), "{}", saved.words());
    let late = browser.press(&other, "Save and select", &[]).await;
    let says = "Changed meanwhile in another tab Now it is: New managed company, selected.";
    assert!(late.words().contains(says), "{}", late.words());
    let name = import.rsplit('/').next().unwrap();
    let api = stage.sandbox.api("ana");
    assert_eq!(
        import::row(&api, name, id).await["target"],
        json!({ "create": {} }),
        "nothing is overwritten"
    );
    let mine = browser.press(&late, "Use mine", &[]).await;
    assert!(
        mine.words().contains("Saved.") && mine.has_button("Undo"),
        "{}",
        mine.words()
    );
    assert_eq!(import::row(&api, name, id).await["target"], json!({ "automatic": {} }));
    let over = browser.open(late.url.as_str()).await;
    assert!(!over.words().contains("Changed meanwhile"), "{}", over.words());
}

#[tokio::test]
async fn r27_a_choice_for_a_person_is_kept_if_another_tab_was_quicker() {
    let stage = stage().await;
    let (_, import, chosen) = reviewed(&stage, 1).await;
    let (api, name) = (stage.sandbox.api("ana"), import.rsplit('/').next().unwrap());
    let company = import::id(&chosen[0]);
    let person = import::addresses(&api, name, company).await.remove(0);
    let (id, of) = (import::id(&person), person["address"].as_str().unwrap());
    let at = format!("{import}/people/{company}/{id}?of={of}");
    for (language, save, changed, yours, mine) in [
        (
            "en",
            "Save and tick",
            "Changed meanwhile in another tab",
            "Yours was: as the status suggests, ticked.",
            "Use mine",
        ),
        (
            "nl",
            "Bewaar en vink aan",
            "Intussen gewijzigd in een ander tabblad",
            "Uw keuze was: zoals de status voorstelt, aangevinkt.",
            "Gebruik mijn keuze",
        ),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let page = browser.open(&at).await;
        import::decide_address(&api, name, company, id, json!({ "selected": false })).await;
        let late = browser.press(&page, save, &[]).await;
        let words = late.words();
        assert!(words.contains(changed) && words.contains(yours), "{words}");
        browser.press(&late, mine, &[]).await;
        assert_eq!(import::address_row(&api, name, company, id).await["selected"], true);
    }
}

#[tokio::test]
async fn r35_a_plan_that_changed_is_shown_with_what_differs_and_confirmed_again() {
    let stage = stage().await;
    let (mut browser, import, chosen) = reviewed(&stage, 2).await;
    let plan = browser.open(&format!("{import}/plan")).await;
    let id = chosen[0]["id"].as_str().unwrap();
    let api = stage.sandbox.api("ana");
    let name = import.rsplit('/').next().unwrap();
    import::decide(&api, name, id, json!({ "selected": false })).await;
    let changed = browser.press(&plan, "Import 2 companies", &[("Yes, all", "on")]).await;
    assert!(
        changed.words().contains("Something has changed since you looked"),
        "{}",
        changed.words()
    );
    let result = browser.press(&changed, "Import 1 company", &[("Yes, all", "on")]).await;
    let result = browser.wait(result).await;
    assert_eq!(result.title(), "The import is done");
}

#[tokio::test]
async fn r90_the_button_says_how_many_people_are_imported() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 2).await;
    let plan = import::plan(&stage.sandbox.api("ana"), import.rsplit('/').next().unwrap()).await;
    let people = plan["summary"]["createUser"].as_u64().unwrap();
    assert!(people > 1, "{plan}");
    let page = browser.open(&format!("{import}/plan")).await;
    let button = format!("Import 2 companies and {people} people");
    assert!(page.has_button(&button), "{}", page.words());
    let (mut dutch, _) = stage.sign_in("Ana", "nl").await;
    let page = dutch.open(&format!("{import}/plan")).await;
    let button = format!("Importeer 2 bedrijven en {people} personen");
    assert!(page.has_button(&button), "{}", page.words());
}

#[tokio::test]
async fn r46_too_few_licences_are_said_before_and_refused_after_confirming() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 3).await;
    let api = stage.sandbox.api("ana");
    let used = api.get("/licences").await.unwrap()["used"].as_u64().unwrap();
    api.put("/licences", &json!({ "total": used + 1 })).await.unwrap();
    let plan = browser.open(&format!("{import}/plan")).await;
    assert!(plan.words().contains("That is too few"), "{}", plan.words());
    let refused = browser.press(&plan, "Import 3 companies", &[("Yes, all", "on")]).await;
    assert_eq!(refused.status.as_u16(), 409);
    assert!(
        refused.words().contains("Licences needed:") && refused.has_link("People, by company"),
        "{}",
        refused.words()
    );
}

#[tokio::test]
async fn r39_a_mass_change_is_confirmed_by_its_number_or_not_at_all() {
    let stage = stage().await;
    let api = stage.sandbox.api("ana");
    let import = fetch(&api, KIND).await;
    import::choose_all(&api, &import).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let plan = browser
        .open(&stage.at(&format!("/console/imports/{import}/plan")))
        .await;
    assert!(plan.words().contains("This changes a lot"), "{}", plan.words());
    let refused = browser.press(&plan, "Import ", &[]).await;
    assert!(refused.words().contains("mass_change"), "{}", refused.words());
}

#[tokio::test]
async fn r92_a_session_is_renewed_without_anybody_noticing_and_ends_when_it_cannot_be() {
    let stage = stage().await;
    stage.sandbox.provider().set_lifetime(Duration::from_secs(30));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let before = browser.cookie("127.0.0.1", "__Host-session").unwrap().to_owned();
    let home = browser.open(&stage.console).await;
    assert_eq!(home.title(), "Integrations");
    assert_ne!(browser.cookie("127.0.0.1", "__Host-session"), Some(before.as_str()));
    stage.sandbox.provider().set_lifetime(Duration::ZERO);
    browser.open(&stage.at("/console/keys")).await;
    stage.sandbox.provider().forget();
    let page = browser.open(&stage.console).await;
    assert_eq!(page.url.host_str(), Some("localhost"), "{}", page.words());
}
