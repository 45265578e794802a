//! Links lead back to where somebody was, and keep what they are about (R90).

use requirements::console::page::Page;
use requirements::import::{self, carry_out, choose_mapped, choose_one, fetch, first_import_of, id, row};
use requirements::stage::text;
use requirements::{managed, psa};
use serde_json::json;

use crate::stage::{KIND, stage};

/// The names at the beginning of the rows of a list.
fn listed(page: &Page) -> Vec<String> {
    let heads = page.html.all("th").filter(|(_, head)| head.get("scope") == Some("row"));
    heads.map(|(_, head)| head.words()).collect()
}

/// The same without what is said of them: one has been excluded.
fn names_of(page: &Page) -> Vec<String> {
    let names = listed(page).into_iter();
    names.map(|name| name.chars().take(10).collect()).collect()
}

#[tokio::test]
async fn r90_a_company_leads_back_to_the_list_with_its_filter_and_page() {
    let stage = stage().await;
    let names: Vec<String> = (0..60).map(|number| format!("Filiaal {number:02}")).collect();
    psa::add_companies(&stage.sandbox, KIND, &names);
    let import = fetch(&stage.sandbox.api("ana"), KIND).await;
    let list = stage.at(&format!("/console/imports/{import}/companies?search=filiaal"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let first = browser.open(&list).await;
    let second = browser.follow(&first, "Next page").await;
    assert_eq!(listed(&second).len(), 10, "{}", second.words());
    let company = browser.follow(&second, "Manage ").await;
    // Whatever is done there in between.
    let searched = browser
        .press(&company, "Search", &[("Search another managed company", "a")])
        .await;
    let saved = browser.press(&searched, "Save and select", &[]).await;
    let undone = browser.press(&saved, "Undo", &[]).await;
    let why = [("Exclude it from all imports", "They left us.")];
    let excluded = browser.press(&undone, "Exclude", &why).await;
    assert!(excluded.words().contains("They left us."), "{}", excluded.words());
    for page in [company, searched, saved, undone, excluded] {
        let back = browser.follow(&page, "Back to the companies").await;
        assert_eq!(names_of(&back), names_of(&second), "{}", page.url);
        assert!(back.has_link("Previous page") && !back.words().contains("Saved."));
    }
}

#[tokio::test]
async fn r90_the_next_company_that_needs_a_decision_leads_back_as_well() {
    let stage = stage().await;
    let import = fetch(&stage.sandbox.api("ana"), KIND).await;
    let list = stage.at(&format!("/console/imports/{import}/companies?status=ambiguous"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let first = browser.open(&list).await;
    let company = browser.follow(&first, "Manage ").await;
    let next = browser.follow(&company, "Next that needs me").await;
    assert_ne!(next.url.path(), company.url.path());
    let back = browser.follow(&next, "Back to the companies").await;
    assert_eq!(back.url.as_str(), list);
}

#[tokio::test]
async fn r90_a_person_leads_back_to_the_list_with_its_search() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let import = fetch(&ana, KIND).await;
    let company = id(&import::choose(&ana, &import, 1).await[0]).to_owned();
    let person = import::addresses(&ana, &import, &company).await.remove(0);
    let people = stage.at(&format!("/console/imports/{import}/people/{company}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let found = browser
        .open(&format!("{people}?search={}", text(&person["address"])))
        .await;
    assert_eq!(listed(&found).len(), 1);
    let page = browser.follow(&found, "Manage ").await;
    let searched = browser.press(&page, "Search", &[("Search a user", "a")]).await;
    let saved = browser.press(&searched, "Save and tick", &[]).await;
    let why = [("Exclude this person", "A mailbox.")];
    let excluded = browser.press(&saved, "Exclude", &why).await;
    for page in [page, searched, saved, excluded] {
        let back = browser.follow(&page, "Back to the people").await;
        assert_eq!(listed(&back).len(), 1, "{}", back.url);
    }
}

#[tokio::test]
async fn r92_the_way_back_leads_to_no_other_site() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let import = fetch(&ana, KIND).await;
    let company = id(&import::choose(&ana, &import, 1).await[0]).to_owned();
    let person = import::addresses(&ana, &import, &company).await.remove(0);
    let at = stage.at(&format!("/console/imports/{import}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for (page, link) in [
        (format!("companies/{company}?"), "Back to the companies"),
        (
            format!("people/{company}/{}?of={}&", id(&person), text(&person["address"])),
            "Back to the people",
        ),
    ] {
        for elsewhere in [
            "https%3A%2F%2Fevil.example",
            "%2F%2Fevil.example",
            "javascript%3Aalert(1)",
        ] {
            let page = browser.open(&format!("{at}/{page}back={elsewhere}")).await;
            let (_, back) = page.html.all("a").find(|(_, one)| one.words() == link).unwrap();
            assert_eq!(back.get("href"), Some("/console"));
        }
    }
}

#[tokio::test]
async fn r73_a_person_found_is_shown_among_those_of_their_company() {
    let stage = stage().await;
    let company = psa::add_company(&stage.sandbox, KIND, "Groot BV");
    let addresses: Vec<String> = (0..130).map(|number| format!("nr{number:03}@groot.example")).collect();
    psa::add_contacts(&stage.sandbox, KIND, &company, &addresses);
    let import = fetch(&stage.sandbox.api("ana"), KIND).await;
    let people = stage.at(&format!("/console/imports/{import}/people"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for address in ["nr000@groot.example", "nr129@groot.example"] {
        let found = browser.open(&format!("{people}?search={address}")).await;
        let of_company = browser.follow(&found, "Groot BV").await;
        assert!(of_company.words().contains(address), "{}", of_company.words());
        assert_eq!(listed(&of_company).len(), 1);
    }
}

#[tokio::test]
async fn r55_a_company_leads_to_its_own_people_who_are_gone() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let (own, others) = (
        psa::add_company(&stage.sandbox, KIND, "Uitstroom BV"),
        psa::add_company(&stage.sandbox, KIND, "Buren BV"),
    );
    let addresses = |of: &str| ["ada", "bo"].map(|name| format!("{name}@{of}.example"));
    psa::add_contacts(&stage.sandbox, KIND, &own, &addresses("uitstroom"));
    psa::add_contacts(&stage.sandbox, KIND, &others, &addresses("buren"));
    let first = fetch(&ana, KIND).await;
    for company in [&own, &others] {
        choose_one(&ana, &first, &row(&ana, &first, company).await).await;
    }
    carry_out(&ana, &first).await;
    for company in [&own, &others] {
        for person in import::addresses(&ana, &first, company).await {
            psa::delete_contact(&stage.sandbox, KIND, psa::split(id(&person)).0);
        }
    }
    let import = fetch(&ana, KIND).await;
    choose_mapped(&ana, &import).await;
    let at = stage.at(&format!("/console/imports/{import}"));
    for (language, link, back, all) in [
        (
            "en",
            "2 people are no longer in the PSA",
            "Back to",
            "Those of all companies",
        ),
        (
            "nl",
            "2 personen staan niet meer in de PSA",
            "Terug naar",
            "Die van alle bedrijven",
        ),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let list = browser.open(&format!("{at}/companies?search=uitstroom")).await;
        let manage = if language == "en" { "Manage " } else { "Beheer " };
        let company = browser.follow(&list, manage).await;
        let gone = browser.follow(&company, link).await;
        assert!(gone.title().ends_with(": Uitstroom BV"), "{}", gone.title());
        assert_eq!(
            gone.html
                .all("td")
                .filter(|(_, cell)| cell.words() == "Uitstroom BV")
                .count(),
            2
        );
        assert!(!gone.words().contains("buren.example"), "{}", gone.words());
        let back_again = browser.follow(&gone, &format!("{back} Uitstroom BV")).await;
        assert_eq!(back_again.url, company.url);
        let everybody = browser.follow(&gone, all).await;
        assert!(everybody.words().contains("buren.example"), "{}", everybody.words());
    }
    carry_out(&ana, &import).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let result = browser.open(&format!("{at}/result")).await;
    let who = browser.follow(&result, "Who, and why").await;
    assert!(who.words().contains("ada@buren.example"), "{}", who.words());
}

#[tokio::test]
async fn r26_the_kinds_of_changes_keep_the_plan_they_are_compared_with() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    first_import_of(&ana, KIND, 1).await;
    let holding = managed::add(&ana, "Acme Holding").await;
    let import = fetch(&ana, KIND).await;
    choose_mapped(&ana, &import).await;
    let several = import::choose(&ana, &import, 2).await;
    let hash = import::plan(&ana, &import).await["hash"].clone();
    let link = json!({ "target": { "existing": holding } });
    import::decide(&ana, &import, id(&several[0]), link).await;
    let plan = stage.at(&format!("/console/imports/{import}/plan?since={}", text(&hash)));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&plan).await;
    let says = "Something has changed since you looked";
    assert!(page.words().contains(says), "{}", page.words());
    for chip in ["Link company", "All"] {
        let narrowed = browser.follow(&page, chip).await;
        assert!(narrowed.words().contains(says), "{}", narrowed.url);
        assert!(narrowed.words().contains(text(&several[0]["name"])));
        assert!(!listed(&narrowed).contains(&text(&several[1]["name"]).to_owned()));
    }
    let whole = browser.follow(&page, "Show the whole plan").await;
    assert!(!whole.words().contains(says), "{}", whole.words());
}

#[tokio::test]
async fn r75_no_filter_forgets_what_failed() {
    let stage = stage().await;
    let names: Vec<String> = (0..60).map(|number| format!("Filiaal {number:02}")).collect();
    psa::add_companies(&stage.sandbox, KIND, &names);
    let ana = stage.sandbox.api("ana");
    let first = first_import_of(&ana, KIND, 1).await;
    let import = fetch(&ana, KIND).await;
    let list = format!("/console/imports/{import}/companies?failed={}", first.import);
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let list = browser.open(&stage.at(&list)).await;
    let offers = |page: &Page| page.has_button("Select them and see what will happen");
    assert!(offers(&list), "{}", list.words());
    let next = browser.follow(&list, "Next page").await;
    let tab = browser.follow(&list, "Not in the PSA").await;
    let none = browser.press(&list, "Filter", &[("Name", "nobody-is-called-so")]).await;
    let ticked = browser.press(&list, "Import ", &[]).await;
    for page in [
        browser.follow(&list, "New").await,
        browser.follow(&next, "Previous page").await,
        browser.follow(&tab, "In the PSA").await,
        browser.follow(&none, "Show all").await,
        browser.follow(&ticked, "All").await,
        browser.press(&list, "Filter", &[("Name", "filiaal")]).await,
        next,
        none,
        ticked,
    ] {
        assert!(offers(&page), "{}: {}", page.url, page.words());
    }
    let company = browser.follow(&list, "Manage ").await;
    let back = browser.follow(&company, "Back to the companies").await;
    assert!(offers(&back), "{}", back.url);
    // The note says which import it is about.
    let result = browser.follow(&back, "What failed").await;
    assert_eq!(result.title(), "The import is done");
}
