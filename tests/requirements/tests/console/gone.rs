//! What is gone from the PSA since it was imported: companies, people, and a managed company that another company takes over.

use requirements::console::page::Page;
use requirements::import::{self, carry_out, choose_mapped, choose_one, fetch, fetch_filtered, id, row};
use requirements::psa;
use requirements::stage::integration;
use serde_json::json;

use crate::stage::{KIND, Stage, stage};

/// Enters companies with one person each, and imports them; gives their ids.
async fn imported(stage: &Stage, names: &[&str]) -> Vec<String> {
    let ana = stage.sandbox.api("ana");
    let mut companies = Vec::new();
    for name in names {
        let company = psa::add_company(&stage.sandbox, KIND, name);
        let address = format!("iemand@{company}.example");
        psa::add_contact(&stage.sandbox, KIND, &company, &address);
        companies.push(company);
    }
    let import = fetch(&ana, KIND).await;
    for company in &companies {
        choose_one(&ana, &import, &row(&ana, &import, company).await).await;
    }
    carry_out(&ana, &import).await;
    companies
}

/// The row of a table with this text in one of its cells.
fn row_of(page: &Page, text: &str) -> String {
    let mut rows = page.html.all("tr").map(|(_, row)| row.words());
    let found = rows.find(|row| row.contains(text));
    found.unwrap_or_else(|| panic!("{text} is not listed: {}", page.words()))
}

#[tokio::test]
async fn r14_companies_that_are_not_in_are_shown_with_the_reason() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let names = ["Anders BV", "Stil BV", "Weg BV", "Samen BV"];
    let companies = imported(&stage, &names).await;
    let into = psa::add_company(&stage.sandbox, KIND, "Groot BV");
    let first = fetch(&ana, KIND).await;
    let people = import::addresses(&ana, &first, &companies[3]).await;
    ana.delete(&format!("/imports/{first}")).await.unwrap();
    psa::retype(&stage.sandbox, KIND, &companies[0]);
    psa::deactivate(&stage.sandbox, KIND, &companies[1]);
    psa::delete(&stage.sandbox, KIND, &companies[2]);
    psa::merge(&stage.sandbox, KIND, &companies[3], &psa::contacts(&people), &into);
    let clients = json!({ "companyType": ["1"], "companyStatus": ["1", "6"] });
    let import = fetch_filtered(&ana, KIND, &clients).await;

    let reasons = [
        ["The filter leaves it out", "Het filter laat het weg"],
        ["Inactive", "Inactief"],
        ["Deleted in the PSA", "Verwijderd in de PSA"],
        ["Merged in the PSA", "Samengevoegd in de PSA"],
    ];
    for (place, language) in ["en", "nl"].into_iter().enumerate() {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let list = browser
            .open(&stage.at(&format!("/console/imports/{import}/companies")))
            .await;
        let tab = ["Not in the PSA (4)", "Niet in de PSA (4)"][place];
        let list = browser.follow(&list, tab).await;
        for (name, reason) in names.iter().zip(reasons) {
            // What it is mapped to has the same name.
            let row = row_of(&list, name);
            assert!(row.contains(reason[place]) && row.matches(name).count() >= 2, "{row}");
        }
        let mut buttons = list.html.all("button");
        assert!(
            buttons.all(|(_, button)| button.get("class") != Some("tick")),
            "nothing is selected here"
        );
    }
}

#[tokio::test]
async fn r55_people_who_are_gone_are_shown_with_reason_and_advice() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let company = imported(&stage, &["Uitstroom BV"]).await.remove(0);
    let elsewhere = psa::add_company(&stage.sandbox, KIND, "Buren BV");
    let addresses = ["ada", "bo", "cor"].map(|name| format!("{name}@uitstroom.example"));
    psa::add_contacts(&stage.sandbox, KIND, &company, &addresses);
    let first = fetch(&ana, KIND).await;
    choose_one(&ana, &first, &row(&ana, &first, &company).await).await;
    carry_out(&ana, &first).await;
    let rows = import::addresses(&ana, &first, &company).await;
    let [ada, bo, cor] = addresses.each_ref().map(|address| {
        let found = rows.iter().find(|row| row["address"] == **address);
        id(found.unwrap())
    });
    psa::delete_contact(&stage.sandbox, KIND, psa::split(ada).0);
    psa::remove_address(&stage.sandbox, KIND, bo);
    psa::move_contact(&stage.sandbox, KIND, psa::split(cor).0, &elsewhere);
    let import = fetch(&ana, KIND).await;
    choose_mapped(&ana, &import).await;

    let at = stage.at(&format!("/console/imports/{import}"));
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let of_company = browser.open(&format!("{at}/companies/{company}")).await;
    let listed = browser.follow(&of_company, "3 people are no longer in the PSA").await;
    assert_eq!(listed.title(), "People gone from the PSA: Uitstroom BV");
    for (address, why, advice) in [
        (
            "ada@",
            "The contact, or its company, was deleted in the PSA.",
            "The user stays, with its licence.",
        ),
        (
            "bo@",
            "The contact no longer has this address in the PSA.",
            "Enter the address in the PSA again.",
        ),
        (
            "cor@",
            "In the PSA the contact no longer belongs to this company.",
            "If the contact belongs to another company, give the user here another address",
        ),
    ] {
        let row = row_of(&listed, address);
        let told = row.contains(why) && row.contains(advice) && row.contains("Uitstroom BV");
        assert!(told, "{row}");
    }
    assert!(row_of(&listed, "cor@").contains("Buren BV"), "{}", listed.words());
    let people = browser.open(&format!("{at}/people")).await;
    assert!(people.has_link("People gone from the PSA (3)"), "{}", people.words());
    let plan = browser.follow(&people, "See what will happen").await;
    let says = "3 people imported before are no longer there. Nothing happens to their users.";
    assert!(plan.words().contains(says), "{}", plan.words());
    let result = browser.press(&plan, "Import 1 company", &[]).await;
    let result = browser.wait(result).await;
    let says = "3 people imported before are not in the PSA any more; their users stay.";
    assert!(result.words().contains(says), "{}", result.words());
}

#[tokio::test]
async fn r58_a_hand_over_is_offered_with_its_reason_and_is_made() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let old = imported(&stage, &["Herstart BV"]).await.remove(0);
    let new = psa::add_company(&stage.sandbox, KIND, "Herstart BV");
    psa::add_contact(&stage.sandbox, KIND, &new, "cas@herstart.example");
    psa::delete(&stage.sandbox, KIND, &old);
    let import = fetch(&ana, KIND).await;
    let company = stage.at(&format!("/console/imports/{import}/companies/{new}"));

    let (mut browser, _) = stage.sign_in("Ana", "nl").await;
    let page = browser.open(&company).await;
    let says = "Herstart BV overgedragen van Herstart BV (Verwijderd in de PSA), zelfde naam";
    assert!(page.words().contains(says), "{}", page.words());
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let page = browser.open(&company).await;
    let offer = "Herstart BV handed over from Herstart BV (Deleted in the PSA), same name";
    assert!(page.words().contains(offer), "{}", page.words());
    let chosen = [(offer, "on"), ("As the status suggests", "")];
    let saved = browser.press(&page, "Save and select", &chosen).await;
    let plan = browser
        .open(&stage.at(&format!("/console/imports/{import}/plan")))
        .await;
    let why = "The PSA does not have the company any more that the managed company was mapped to.";
    let item = row_of(&plan, why);
    assert!(
        saved.words().contains("Saved.") && item.contains("Hand over company"),
        "{item}"
    );
    let result = browser.press(&plan, "Import 1 company", &[]).await;
    let result = browser.wait(result).await;
    assert_eq!(result.title(), "The import is done", "{}", result.words());
    let mappings = format!("/integrations/{}/mappings", integration(&ana, KIND).await);
    let mut mapped = ana.list(&mappings).await.unwrap();
    mapped.retain(|one| one["managedCompany"]["name"] == "Herstart BV");
    let companies: Vec<_> = mapped.iter().map(|one| &one["company"]).collect();
    assert_eq!(companies, [&json!(new)], "one, and of the new company");
}
