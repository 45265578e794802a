//! What administrators choose by the pages of an import: what is read, who is selected, ticked or excluded, and whether it goes on
//! (R28, R69, R72, R78, R96).

use requirements::import::{addresses, rows};
use requirements::people::Company;
use requirements::stage::{integration, text};
use requirements::{import, managed, psa};
use serde_json::{Value, json};

use crate::stage::{KIND, Stage, stage};
use crate::states::reviewed;

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
async fn r72_the_holder_of_an_import_keeps_and_cancels_it() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 1).await;
    let page = browser.open(&format!("{import}/companies")).await;
    let kept = browser.press(&page, "Keep it for longer", &[]).await;
    assert!(
        kept.words().contains("The import stays yours for longer."),
        "{}",
        kept.words()
    );
    // It says nothing again that was said before.
    let page = browser.open(&format!("{import}/companies")).await;
    let selected = browser.press(&page, "Select this page", &[]).await;
    assert!(selected.words().contains("selected."), "{}", selected.words());
    let kept = browser.press(&selected, "Keep it for longer", &[]).await;
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
async fn r69_buttons_for_many_say_how_many_they_select() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 0).await;
    let all = rows(&stage.sandbox.api("ana"), import.rsplit('/').next().unwrap(), "in").await;
    let is_skipped = |row: &&Value| {
        row["active"] == false || row["own"] == true || row["status"] == "ambiguous" || row["status"] == "dangling"
    };
    let count = all.len() - all.iter().filter(is_skipped).count();
    assert!(
        count > 1 && count < all.len() && all.len() <= 50,
        "{count} of {}",
        all.len()
    );
    for button in ["Select this page", "Select all that match"] {
        let page = browser.open(&format!("{import}/companies")).await;
        let selected = browser.press(&page, &format!("{button} ({count})"), &[]).await;
        let says = format!("{count} companies selected.");
        assert!(selected.words().contains(&says), "{}", selected.words());
    }
    // Companies that need a decision are selected one by one.
    let page = browser.open(&format!("{import}/companies?status=ambiguous")).await;
    assert!(page.has_button("Select all that match (0)"), "{}", page.words());
}

#[tokio::test]
async fn r91_the_licences_left_afterwards_are_in_the_singular_or_plural() {
    let stage = stage().await;
    let (_, import, _) = reviewed(&stage, 1).await;
    let ana = stage.sandbox.api("ana");
    let name = import.rsplit('/').next().unwrap();
    let needed = ana.get(&format!("/imports/{name}/plan")).await.unwrap()["licences"]["needed"].clone();
    let used = ana.get("/licences").await.unwrap()["used"].clone();
    let least = used.as_u64().unwrap() + needed.as_u64().unwrap();
    for (left, language, says) in [
        (1, "en", "1 licence is left afterwards."),
        (2, "en", "2 licences are left afterwards."),
        (1, "nl", "1 licentie blijft over."),
        (2, "nl", "2 licenties blijven over."),
    ] {
        ana.put("/licences", &json!({ "total": least + left })).await.unwrap();
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let plan = browser.open(&format!("{import}/plan")).await;
        assert!(plan.words().contains(says), "{}", plan.words());
    }
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
async fn r69_a_list_without_all_that_matches_offers_no_decision_on_all() {
    let stage = stage().await;
    let (mut browser, import, _) = reviewed(&stage, 2).await;
    for only in ["true", "false"] {
        let page = browser.open(&format!("{import}/companies?selected={only}")).await;
        assert!(page.has_button("Select this page"), "{}", page.words());
        for button in [
            "Select all",
            "Accept",
            "Select none",
            "A new managed company",
            "As suggested",
        ] {
            assert!(!page.has_button(button), "{button}: {}", page.words());
        }
    }
}

/// Whether each person of a company is ticked, by address.
async fn ticked(stage: &Stage, import: &str, company: &str) -> Vec<(String, bool)> {
    let rows = addresses(&stage.sandbox.api("ana"), import, company).await;
    let rows = rows
        .iter()
        .map(|row| (text(&row["address"]).to_owned(), row["selected"] == true));
    rows.collect()
}

#[tokio::test]
async fn r91_a_person_without_a_name_is_listed_by_the_address() {
    let stage = stage().await;
    let address = "kantine@eigen.example";
    let company = Company::imported(&stage.sandbox, KIND, &[(("", ""), address)]).await;
    let import = company.review().await;
    let users = format!("/managed-companies/{}", company.managed);
    let people = format!("/imports/{import}/people");
    let of_company = format!("{people}/{}", company.id);
    let found = format!("{people}?search=kantine");
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for path in [users, of_company, found] {
        let page = browser.open(&stage.at(&format!("/console{path}"))).await;
        let mut heads = page.html.all("th").map(|(_, head)| head.words());
        assert!(heads.any(|head| head == address), "{path}: {}", page.words());
    }
}

#[tokio::test]
async fn r70_those_imported_before_are_ticked_and_nobody_else() {
    let stage = stage().await;
    let people = [
        (("Anna", "Bos"), "anna@eigen.example"),
        (("Bert", "Vos"), "bert@eigen.example"),
    ];
    let company = Company::imported(&stage.sandbox, KIND, &people).await;
    psa::add_person(&stage.sandbox, KIND, &company.id, ("Cora", "Dam"), "cora@eigen.example");
    // Bert's record may be somebody else's by now: only a decision on that one person ticks it.
    company.is_called(1, ("Xander", "Smit"));
    company.moves(1, "xander@eigen.example");
    let import = company.review().await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let at = stage.at(&format!("/console/imports/{import}/people"));
    let page = browser.open(&format!("{at}/{}", company.id)).await;
    let page = browser.press(&page, "Tick nobody", &[]).await;
    let page = browser.press(&page, "Access for Xander", &[]).await;
    assert!(page.words().contains("1 of "), "{}", page.words());
    let page = browser.open(&at).await;
    browser.press(&page, "Only those who were imported before", &[]).await;
    for (address, is_ticked) in ticked(&stage, &import, &company.id).await {
        assert_eq!(is_ticked, address.starts_with("anna@"), "{address}");
    }
}

#[tokio::test]
async fn r70_of_a_list_that_is_searched_those_found_are_ticked() {
    let stage = stage().await;
    let (mut browser, import, chosen) = reviewed(&stage, 1).await;
    let id = chosen[0]["id"].as_str().unwrap();
    let company = format!("{import}/people/{id}");
    let page = browser.open(&company).await;
    browser.press(&page, "Tick nobody", &[]).await;
    let name = import.rsplit('/').next().unwrap();
    let all = ticked(&stage, name, id).await;
    let (first, _) = &all[0];
    let page = browser.open(&format!("{company}?search={first}")).await;
    let found = browser.press(&page, "Tick those found who are active", &[]).await;
    assert!(
        found.url.query().unwrap_or_default().contains("search="),
        "{}",
        found.url
    );
    for (address, is_ticked) in ticked(&stage, name, id).await {
        assert_eq!(is_ticked, address == *first, "{address}");
    }
}

#[tokio::test]
async fn r29_users_of_the_managed_company_of_the_same_name_are_offered() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let company = psa::add_company(&stage.sandbox, KIND, "Bakkerij Postma");
    psa::add_contact(&stage.sandbox, KIND, &company, "sanne@postma.example");
    let managed = managed::add(&ana, "Bakkerij Postma").await;
    managed::add_user(&ana, &managed, "s.postma@postma.example").await;
    let import = import::fetch(&ana, KIND).await;
    let row = import::row(&ana, &import, &company).await;
    assert_eq!(row["status"], "unmapped_possible_duplicate");
    import::choose_one(&ana, &import, &row).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let people = stage.at(&format!("/console/imports/{import}/people/{company}"));
    let people = browser.open(&people).await;
    let person = browser.follow(&people, "Manage").await;
    assert!(person.words().contains("s.postma@postma.example"), "{}", person.words());
}
