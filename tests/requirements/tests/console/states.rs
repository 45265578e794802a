//! Every state has its page (R94), and what else administrators set and decide.

use std::time::Duration;

use requirements::console::browser::Browser;
use requirements::faults::{self, COMPANIES};
use requirements::import::{self, choose, fetch};
use requirements::stage::{advance, integration};
use requirements::{PsaKind, for_both, hostile, psa};
use serde_json::{Value, json};

use crate::stage::{KIND, Stage, stage};

for_both!(
    r94_each_failure_of_the_psa_has_its_page,
    r05_an_integration_is_connected_by_its_form
);

/// A review with some companies selected, and Ana in front of it.
async fn reviewed(stage: &Stage, many: usize) -> (Browser, String, Vec<Value>) {
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

async fn r05_an_integration_is_connected_by_its_form(kind: PsaKind) {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Chris", "en").await;
    let mut page = browser.follow(&home, "Connect a PSA").await;
    if kind == PsaKind::Autotask {
        page = browser.follow(&page, "Autotask PSA").await;
    }
    let blank = browser
        .press(
            &page,
            "Check and save",
            &[("Name", "Ours"), ("Address", "https://psa.example")],
        )
        .await;
    assert!(blank.words().contains("credentials_required"), "{}", blank.words());
    assert_eq!(blank.status.as_u16(), 400);
    let known = stage.sandbox.psas.integration(kind);
    let credentials = &known["credentials"];
    let of = |name: &str| credentials[name].as_str().unwrap_or_default().to_owned();
    let (public, private, client) = (of("publicKey"), of("privateKey"), of("clientId"));
    let (user, secret, code) = (of("username"), of("secret"), of("integrationCode"));
    let company = known["companyId"].as_str().unwrap_or_default();
    let address = known["address"].as_str().unwrap();
    let mut fields = vec![
        ("Name", "Ours"),
        ("Address", address),
        ("Login company", company),
        ("Public key", &public),
        ("Private key", "wrong"),
        ("Client ID", &client),
        ("Username", &user),
        ("Password", "wrong"),
        ("Tracking identifier", &code),
    ];
    let refused = browser.press(&blank, "Check and save", &fields).await;
    assert!(refused.words().contains("psa_unauthorized"), "{}", refused.words());
    assert!(!refused.source.contains("wrong"), "a secret is never shown again");
    fields[4].1 = &private;
    fields[7].1 = &secret;
    let added = browser.press(&refused, "Check and save", &fields).await;
    assert_eq!(
        (added.status.as_u16(), added.title().as_str()),
        (200, "Ours"),
        "{}",
        added.words()
    );
    assert!(added.words().contains("Nothing was imported yet."));
    let says = "Another integration has this address";
    assert!(
        added.words().contains("The credentials were tried, and work."),
        "{}",
        added.words()
    );
    assert!(!added.words().contains(says), "{}", added.words());
    fields[0].1 = "Ours once more";
    let form = browser.open(page.url.as_str()).await;
    let twin = browser.press(&form, "Check and save", &fields).await;
    assert!(twin.words().contains(says) && twin.has_link("Ours"), "{}", twin.words());
}

#[tokio::test]
async fn r94_whoever_does_not_hold_the_import_looks_and_cannot_change() {
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
async fn r78_everything_is_read_when_its_box_is_ticked() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let id = integration(&ana, KIND).await;
    let filter = stage.at(&format!("/console/integrations/{id}/import"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for (fields, reason) in [
        (&[][..], json!("first")),
        (&[], Value::Null),
        (&[("Read everything", "true")], json!("requested")),
    ] {
        let page = browser.open(&filter).await;
        let page = browser.press(&page, "Download", fields).await;
        let page = browser.wait(page).await;
        assert_eq!(page.title(), "Companies", "{}", page.words());
        let import = page.url.path().split('/').nth(3).unwrap().to_owned();
        let read = ana.get(&format!("/imports/{import}")).await.unwrap();
        assert_eq!(read["progress"]["reading"]["reason"], reason, "{read}");
        ana.delete(&format!("/imports/{import}")).await.unwrap();
    }
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
    let again = browser.press(&page, "Take it up again", &[]).await;
    assert!(again.words().contains("Held by you until"), "{}", again.words());
    // Somebody else starts once it has run out again.
    advance(&stage.sandbox, 3 * 3600).await;
    fetch(&stage.sandbox.api("bram"), KIND).await;
    let late = browser.press(&before, "Select this page", &[]).await;
    assert!(late.status.is_client_error(), "{}", late.words());
    let over = browser.open(&import).await;
    assert!(
        over.words().contains("review_lapsed") && over.has_link("Import again"),
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
    assert_eq!(late.status.as_u16(), 409);
    assert!(
        late.words().contains("decision_conflict") && late.has_link("To the import"),
        "{}",
        late.words()
    );
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
async fn r72_an_import_is_kept_and_cancelled_by_whoever_holds_it() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 1).await;
    let page = browser.open(&format!("{import}/companies")).await;
    let kept = browser.press(&page, "Keep it for longer", &[]).await;
    assert!(
        kept.words().contains("The import stays yours for longer."),
        "{}",
        kept.words()
    );
    let cancelled = browser.press(&kept, "Yes, cancel it", &[]).await;
    assert_eq!(cancelled.title(), "The import was cancelled", "{}", cancelled.words());
}

#[tokio::test]
async fn r69_suggestions_that_are_taken_over_where_there_are_none_say_so() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 0).await;
    let page = browser
        .open(&format!("{import}/companies?search=nobody-is-called-so"))
        .await;
    let none = browser.press(&page, "Accept suggestions", &[]).await;
    assert!(
        none.words().contains("No company has a suggestion of 90 % or more."),
        "{}",
        none.words()
    );
}

#[tokio::test]
async fn r69_many_are_selected_at_once_and_the_decision_is_taken_back() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 0).await;
    let page = browser.open(&format!("{import}/companies")).await;
    let selected = browser.press(&page, "Select all that match", &[]).await;
    assert!(selected.words().contains("companies selected."), "{}", selected.words());
    let rules = browser.follow(&selected, "Take a decision on many back").await;
    let back = browser.press(&rules, "Take back", &[]).await;
    assert!(back.words().contains("There are none."), "{}", back.words());
    let page = browser.open(&format!("{import}/companies?selected=true")).await;
    assert!(page.words().contains("No company matches."), "{}", page.words());
}

#[tokio::test]
async fn r28_people_are_ticked_one_by_one() {
    let stage = stage().await;
    let (mut browser, import, chosen) = reviewed(&stage, 1).await;
    let id = chosen[0]["id"].as_str().unwrap();
    let page = browser.open(&format!("{import}/people/{id}")).await;
    let nobody = browser.press(&page, "Tick nobody", &[]).await;
    assert!(nobody.words().contains("0 of "), "{}", nobody.words());
    let one = browser.press(&nobody, "Access for", &[]).await;
    assert!(one.words().contains("1 of "), "{}", one.words());
    let person = browser.follow(&one, "Manage").await;
    let saved = browser.press(&person, "Save and tick", &[]).await;
    assert!(saved.words().contains("Saved."), "{}", saved.words());
}

#[tokio::test]
async fn r96_a_company_is_excluded_for_good_and_brought_back_and_the_trail_names_it() {
    let stage = stage().await;
    let (mut browser, import, chosen) = reviewed(&stage, 1).await;
    let id = chosen[0]["id"].as_str().unwrap();
    let page = browser.open(&format!("{import}/companies/{id}")).await;
    let excluded = browser
        .press(&page, "Exclude", &[("Exclude it from all imports", "They left us.")])
        .await;
    assert!(excluded.words().contains("They left us."), "{}", excluded.words());
    let list = browser.follow(&excluded, "Bring it back").await;
    let list = browser.press(&list, "Bring back", &[]).await;
    assert!(list.words().contains("Nothing is excluded."), "{}", list.words());
    let integration = integration(&stage.sandbox.api("ana"), KIND).await;
    let trail = browser
        .open(&stage.at(&format!("/console/integrations/{integration}/audit")))
        .await;
    let name = chosen[0]["name"].as_str().unwrap();
    let said = |what: &str, about: &str| {
        let rows = trail.html.all("tr").map(|(_, row)| row.words());
        rows.into_iter().any(|row| row.contains(what) && row.contains(about))
    };
    assert!(said("Excluded", &format!("{name}: They left us.")), "{}", trail.words());
    assert!(said("Brought back", name), "{}", trail.words());
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

#[tokio::test]
async fn r92_hostile_names_are_shown_as_text() {
    let stage = stage().await;
    let names = hostile::names();
    for name in &names {
        psa::add_company(&stage.sandbox, KIND, name);
    }
    let import = fetch(&stage.sandbox.api("ana"), KIND).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let mut page = browser
        .open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    let mut shown = String::new();
    loop {
        assert_eq!(page.html.all("script").count(), 1, "only the console's own");
        assert_eq!(page.html.all("img").count() + page.html.all("iframe").count(), 0);
        shown += &page.words();
        if !page.has_link("Next page") {
            break;
        }
        page = browser.follow(&page, "Next page").await;
    }
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in names {
        assert!(shown.contains(&plain(&name)), "{name} is not shown as it is");
    }
}
