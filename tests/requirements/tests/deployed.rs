//! An import made in the console of a deployment (R90). `CONSOLE` is its address, `INTEGRATION` the name of what is imported from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;

use requirements::console::browser::Browser;

#[tokio::test]
async fn r90_an_import_is_made_in_the_console_of_a_deployment() {
    let (console, integration) = (env::var("CONSOLE").unwrap(), env::var("INTEGRATION").unwrap());
    let mut browser = Browser::new("en");
    // The provider knows nobody but Ana, and sends her back at once.
    let home = browser.open(&console).await;
    assert_eq!(home.title(), "Integrations", "{}", home.words());
    let filter = browser.follow(&home, &format!("Import: {integration}")).await;
    let begun = browser.press(&filter, "Download", &[]).await;
    let companies = browser.wait(begun).await;
    assert_eq!(companies.title(), "Companies", "{}", companies.words());
    let new = browser.follow(&companies, "New ").await;
    browser.press(&new, "Import ", &[]).await;
    let people = browser.follow(&companies, "People").await;
    let company = people.html.all("th").find_map(|(at, _)| {
        let mut links = people.html.all("a").filter(|(link, _)| people.html.is_in(*link, at));
        links.next().map(|(_, link)| link.words())
    });
    let of_company = browser.follow(&people, &company.expect("a company is selected")).await;
    let ticked = browser.press(&of_company, "Tick everybody active", &[]).await;
    let plan = browser.follow(&ticked, "See what will happen").await;
    assert!(
        plan.words().contains("Nothing has been written yet."),
        "{}",
        plan.words()
    );
    let begun = browser.press(&plan, "Import ", &[("Yes, all", "on")]).await;
    let result = browser.wait(begun).await;
    assert_eq!(result.title(), "The import is done", "{}", result.words());
    let errors = result.words();
    assert!(errors.contains("There are none."), "{errors}");
}
