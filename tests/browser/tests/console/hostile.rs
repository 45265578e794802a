//! Names from a PSA that try to be more than text, in a browser that would run them (R92).

use browser::{Hand, Script, Tab};
use requirements::stage::{KINDS, integration, text};
use requirements::{Sandbox, hostile, import, managed, psa};
use serde_json::{Value, json};

use crate::stage::{Stage, nothing_logged, stage};

/// What the names would add to a page, or would do there.
const ADDED: &str = "img, iframe, base, style, math, meta[http-equiv], [onload], [onerror], [onfocus], [autofocus], [id^='7'], \
    [href^='//evil'], [action^='//evil']";

async fn no_name_did_anything(tab: &Tab) {
    assert_eq!(
        tab.ask("return window.hit;").await,
        Value::Null,
        "{}",
        tab.address().await
    );
    assert_eq!(tab.count("script").await, 1, "only the console's own");
    assert_eq!(tab.count(ADDED).await, 0, "{}", tab.address().await);
    nothing_logged(tab).await;
}

/// White space is shown as one space.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Opens pages that show some of the names, each as it is.
async fn shown_as_text(stage: &Stage, tab: &Tab, names: &[String], pages: &[String]) {
    for page in pages {
        tab.open(&stage.at(page)).await;
        no_name_did_anything(tab).await;
        let words = plain(&tab.words().await);
        assert!(names.iter().any(|name| words.contains(&plain(name))), "{page}: {words}");
    }
}

#[tokio::test]
async fn r92_200_hostile_names_are_shown_as_text_in_the_lists_of_an_import() {
    let stage = stage().await;
    let names = hostile::names();
    for name in &names {
        psa::add_company(&stage.sandbox, KINDS[0], name);
    }
    let ana = stage.sandbox.api("ana");
    let import = import::fetch(&ana, KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    let mut shown = String::new();
    tab.open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    loop {
        no_name_did_anything(&tab).await;
        shown += &tab.words().await;
        if tab.count("a[rel=next]").await == 0 {
            break;
        }
        tab.press("Next page").await;
        tab.until_title("Companies").await;
    }
    let shown = plain(&shown);
    for name in &names {
        assert!(shown.contains(&plain(name)), "{name} is not shown as it is");
    }
    // The script puts parts of pages in: what it puts in is text as well.
    tab.open(&stage.at(&format!("/console/imports/{import}/companies?search=window.hit")))
        .await;
    for row in 1..=5 {
        tab.ask(&format!("document.querySelector('#tick-{row}').click();"))
            .await;
    }
    tab.until("5 of").await;
    no_name_did_anything(&tab).await;
    import::select(&ana, &import, json!({ "search": "7" })).await;
    for page in ["people", "plan", "rules"] {
        tab.open(&stage.at(&format!("/console/imports/{import}/{page}"))).await;
        no_name_did_anything(&tab).await;
    }
    tab.close().await;
}

/// A company with a hostile name whose people have all such names; gives its id.
fn add_people(sandbox: &Sandbox, names: &[String]) -> String {
    let company = psa::add_company(sandbox, KINDS[0], &names[0]);
    for (number, name) in names.iter().enumerate() {
        let address = format!("p{number}@hostile.example");
        psa::add_person(sandbox, KINDS[0], &company, ("", name.as_str()), &address);
    }
    company
}

#[tokio::test]
async fn r92_hostile_names_of_people_companies_and_integrations_are_shown_as_text_on_their_pages() {
    let stage = stage().await;
    let (ana, names) = (stage.sandbox.api("ana"), hostile::names());
    let names = &names[..20];
    let company = add_people(&stage.sandbox, names);
    for name in &names[1..] {
        psa::add_company(&stage.sandbox, KINDS[0], name);
    }
    // Somebody of another managed company has an address already: the result says who.
    let other = managed::add(&ana, &format!("{} BV", names[1])).await;
    managed::add_user(&ana, &other, "p0@hostile.example").await;
    let id = integration(&ana, KINDS[0]).await;
    let one = ana.get(&format!("/integrations/{id}")).await.unwrap();
    let renamed = json!({ "version": one["version"], "name": names[2] });
    ana.patch(&format!("/integrations/{id}"), &renamed).await.unwrap();

    let import = import::fetch(&ana, KINDS[0]).await;
    let at = format!("/console/imports/{import}");
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    let people = import::addresses(&ana, &import, &company).await;
    let (person, of) = (import::id(&people[1]), text(&people[1]["address"]));
    let pages = [
        format!("{at}/companies/{company}"),
        format!("{at}/companies/{company}?search=%3Cimg"),
        format!("{at}/people/{company}"),
        format!("{at}/people/{company}/{person}?of={of}"),
        format!("{at}/people?search=hostile"),
    ];
    shown_as_text(&stage, &tab, names, &pages).await;
    // What is searched for is shown, too.
    let payload = "%22%3E%3Cscript%3Ewindow.hit%3D7%3C%2Fscript%3E%3Csvg+onload%3Dwindow.hit%3D7%3E";
    for page in ["companies", "people"] {
        tab.open(&stage.at(&format!("{at}/{page}?search={payload}"))).await;
        no_name_did_anything(&tab).await;
    }

    import::select(&ana, &import, json!({ "search": "70" })).await;
    import::tick_everybody(&ana, &import, &import::row(&ana, &import, &company).await).await;
    let result = import::carry_out(&ana, &import).await;
    assert_eq!(result["skipped"][0]["heldBy"]["id"], json!(other), "{result}");
    let managed_companies = "/console/managed-companies";
    let imported = managed::all(&ana).await;
    let imported = import::id(import::by_name(&imported, &names[0])).to_owned();
    let pages = [
        "/console".to_owned(),
        at,
        format!("/console/integrations/{id}"),
        format!("/console/integrations/{id}/mappings"),
        format!("/console/integrations/{id}/audit"),
        managed_companies.to_owned(),
        format!("{managed_companies}/{imported}"),
    ];
    shown_as_text(&stage, &tab, names, &pages).await;
    tab.close().await;
}
