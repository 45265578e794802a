//! The wizard from the first page to the result.

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::{PsaKind, for_both};

use crate::stage::{Stage, stage};

for_both!(r90_an_import_is_made_from_the_first_page_to_the_result_without_script);

/// The name that a PSA's integration has in the sandbox.
async fn name(stage: &Stage, kind: PsaKind) -> String {
    let api = stage.sandbox.api("ana");
    let id = requirements::stage::integration(&api, kind).await;
    let integration = api.get(&format!("/integrations/{id}")).await.unwrap();
    integration["name"].as_str().unwrap().to_owned()
}

/// Downloads everything.
async fn downloaded(stage: &Stage, browser: &mut Browser, home: &Page, kind: PsaKind) -> Page {
    let button = format!("Import: {}", name(stage, kind).await);
    let filter = browser.follow(home, &button).await;
    let page = browser.press(&filter, "Download", &[]).await;
    browser.wait(page).await
}

async fn r90_an_import_is_made_from_the_first_page_to_the_result_without_script(kind: PsaKind) {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    assert_eq!(home.title(), "Integrations");
    let companies = downloaded(&stage, &mut browser, &home, kind).await;
    assert_eq!(companies.title(), "Companies", "{}", companies.words());
    assert!(companies.has_link(&name(&stage, kind).await), "{}", companies.words());
    let new = browser.follow(&companies, "New ").await;
    let selected = browser.press(&new, "Select all that match", &[]).await;
    assert!(selected.words().contains("companies selected."), "{}", selected.words());
    let people = browser.follow(&selected, "People").await;
    let people = browser.press(&people, "Give access to everybody active", &[]).await;
    assert!(people.words().contains("The people are ticked as you said."));
    let plan = browser.follow(&people, "See what will happen").await;
    assert!(plan.words().contains("Nothing has been written yet."));
    let result = browser.press(&plan, "Import ", &[("Yes, all", "on")]).await;
    let result = browser.wait(result).await;
    assert_eq!(result.title(), "The import is done", "{}", result.words());
    assert!(result.words().contains("There are none."), "{}", result.words());
    let csv = browser.follow(&result, "Every row as CSV").await;
    assert!(csv.source.starts_with('\u{feff}') && csv.source.lines().count() > 20);
    // The rest of a file that would be too large: what comes behind the companies for which something was done.
    let rest = browser.open(&format!("{}?after=PASSED%23", csv.url)).await;
    let head = csv.source.lines().next().unwrap();
    assert_eq!(rest.source.lines().next(), Some(head));
    assert_eq!(rest.source.matches(head.trim_start_matches('\u{feff}')).count(), 1);
    assert!(rest.source.lines().count() < csv.source.lines().count());
}
