//! Where licences are billed by use, none is free or missing, and only the built-in directory has a form for them (R47, R89).

use requirements::console::browser::Browser;
use requirements::{import, lastpass};
use serde_json::json;

use crate::stage::{KIND, Stage, stage};

/// The pages with licences: the first, the check of an import, and their own.
fn pages(stage: &Stage, import: &str) -> [String; 3] {
    [String::new(), format!("/imports/{import}/plan"), "/licences".to_owned()]
        .map(|path| stage.at(&format!("/console{path}")))
}

/// What each of the pages says of them, and that none says how many are free.
async fn assert_by_use(browser: &mut Browser, pages: &[String; 3], says: [&str; 3], free: &str) {
    for (address, says) in pages.iter().zip(says) {
        let page = browser.open(address).await;
        let words = page.words().to_lowercase();
        assert!(words.contains(&says.to_lowercase()), "{}", page.words());
        assert!(
            !words.split([' ', ',', '.']).any(|word| word == free),
            "{}",
            page.words()
        );
    }
}

const ENGLISH: [&str; 3] = [
    "used, billed by use",
    "Licences are billed by use.",
    "Licences are billed by use: nothing is refused",
];
const DUTCH: [&str; 3] = [
    "in gebruik, berekend naar gebruik",
    "Licenties worden naar gebruik berekend.",
    "Licenties worden naar gebruik berekend: er wordt niets geweigerd",
];

#[tokio::test]
async fn r47_licences_that_are_billed_by_use_are_neither_free_nor_missing() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let by_use = json!({ "mode": "consumption", "total": 0 });
    ana.put("/licences", &by_use).await.unwrap();
    let id = import::fetch(&ana, KIND).await;
    import::choose(&ana, &id, 1).await;
    let pages = pages(&stage, &id);
    for (language, says, free) in [("en", ENGLISH, "free"), ("nl", DUTCH, "vrij")] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        assert_by_use(&mut browser, &pages, says, free).await;
        // The form leads back to a pool.
        let own = browser.open(&pages[2]).await;
        assert!(own.has_button("Save") || own.has_button("Bewaar"), "{}", own.words());
    }
}

#[tokio::test]
async fn r89_licences_of_lastpass_have_no_form_that_is_always_refused() {
    let stage = Stage::of(lastpass::sandbox().await);
    let ana = stage.sandbox.api("ana");
    let id = import::fetch(&ana, KIND).await;
    import::choose(&ana, &id, 1).await;
    let pages = pages(&stage, &id);
    for (language, says, free, elsewhere) in [
        (
            "en",
            ENGLISH,
            "free",
            "The licences of LastPass are managed in LastPass itself.",
        ),
        (
            "nl",
            DUTCH,
            "vrij",
            "De licenties van LastPass worden in LastPass zelf beheerd.",
        ),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        assert_by_use(&mut browser, &pages, says, free).await;
        let own = browser.open(&pages[2]).await;
        assert!(own.words().contains(elsewhere), "{}", own.words());
        assert!(!own.has_button("Save") && !own.has_button("Bewaar"), "{}", own.words());
    }
    lastpass::end(stage.sandbox).await;
}
