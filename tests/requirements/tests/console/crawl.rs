//! Every link of every page leads somewhere, in both languages (R90, R91).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::faults::{self, COMPANIES};
use requirements::stage::{advance, integration, text};
use requirements::{PsaKind, import, managed, psa};
use serde_json::json;

use crate::attempts::{HOST, RENEWAL, SESSION};
use crate::stage::{KIND, Stage, stage};

/// How many pages of a kind are opened.
const OF_EACH: usize = 3;

/// The screen at an address: all pages that differ only in what they are about. Only ids have digits.
fn screen(url: &reqwest::Url) -> String {
    let segments = url.path().split('/').map(|segment| {
        let is_id = segment.contains(|c: char| c.is_ascii_digit());
        if is_id { "_" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// What two pages have in common that differ only in a row or a filter: a few of each kind are enough.
fn kind(url: &reqwest::Url) -> String {
    let names: BTreeSet<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    format!("{} {names:?}", screen(url))
}

fn links(page: &Page) -> Vec<reqwest::Url> {
    let all = page.html.all("a").filter_map(|(_, link)| link.get("href"));
    let own = all.filter(|href| href.starts_with('/') && !href.contains("/language/"));
    own.map(|href| page.url.join(href).unwrap()).collect()
}

/// Follows links, a few of each kind, and checks each page as every page is; and that no two screens have the same title.
async fn crawl(browser: &mut Browser, from: Page) -> BTreeSet<String> {
    let (mut seen, mut kinds, mut titles) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let mut waiting: VecDeque<_> = links(&from).into();
    while let Some(url) = waiting.pop_front() {
        let of_kind = kinds.iter().filter(|(known, _)| *known == kind(&url)).count();
        if of_kind >= OF_EACH || !seen.insert(url.to_string()) {
            continue;
        }
        kinds.insert((kind(&url), url.to_string()));
        let page = browser.open(url.as_str()).await;
        assert_eq!(page.status.as_u16(), 200, "{url}: {}", page.words());
        kinds.insert((kind(&page.url), page.url.to_string()));
        // Files have none.
        if let Some((_, title)) = page.html.all("title").next() {
            let known = titles.entry(title.words()).or_insert_with(|| screen(&page.url));
            assert_eq!(*known, screen(&page.url), "two screens are called {}", title.words());
        }
        waiting.extend(links(&page));
    }
    kinds.into_iter().map(|(kind, _)| kind).collect()
}

async fn every_link_answers(language: &'static str) {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let done = import::fetch(&ana, PsaKind::Autotask).await;
    import::choose(&ana, &done, 3).await;
    import::carry_out(&ana, &done).await;
    let review = import::fetch(&ana, PsaKind::Connectwise).await;
    import::choose(&ana, &review, 2).await;
    let (mut browser, home) = stage.sign_in("Ana", language).await;
    let kinds = crawl(&mut browser, home).await;
    for page in [
        "companies",
        "people",
        "plan",
        "result",
        "import",
        "policy",
        "audit",
        "console/audit",
        "exclusions",
        "mappings",
        "credentials",
        "licences",
        "directory",
        "keys",
        "people-not-in",
        "rules",
        "managed-companies",
        "new",
    ] {
        assert!(
            kinds.iter().any(|kind| kind.contains(&format!("/{page} "))),
            "{page} was not seen: {kinds:#?}"
        );
    }
}

#[tokio::test]
async fn r90_every_link_answers_in_english() {
    every_link_answers("en").await;
}

#[tokio::test]
async fn r91_every_link_answers_in_dutch() {
    every_link_answers("nl").await;
}

/// Forms that come back, or are refused, by the page that has them; with the button, what is filled in, and the status of the answer.
async fn refused_forms(stage: &Stage) -> Vec<(String, &'static str, Vec<(&'static str, &'static str)>, u16)> {
    let ana = stage.sandbox.api("ana");
    let review = import::fetch(&ana, KIND).await;
    import::choose(&ana, &review, 3).await;
    let used = ana.get("/licences").await.unwrap()["used"].as_u64().unwrap();
    ana.put("/licences", &json!({ "total": used + 1 })).await.unwrap();
    let one = integration(&ana, KIND).await;
    vec![
        (
            "/licences".to_owned(),
            "Save",
            vec![("How many there are", "many")],
            400,
        ),
        ("/integrations/new".to_owned(), "Check and save", Vec::new(), 400),
        (format!("/integrations/{one}/import"), "Download", Vec::new(), 423),
        (
            format!("/imports/{review}/plan"),
            "Import ",
            vec![("Yes, all", "on")],
            409,
        ),
        (
            "/directory".to_owned(),
            "Check and save",
            vec![("API key", "lpkey_wrong")],
            423,
        ),
    ]
}

#[tokio::test]
async fn r91_the_language_changes_on_pages_that_answer_a_form() {
    let stage = stage().await;
    let forms = refused_forms(&stage).await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    for (path, button, fields, status) in forms {
        let form = browser.open(&stage.at(&format!("/console{path}"))).await;
        let refused = browser.press(&form, button, &fields).await;
        assert_eq!(refused.status.as_u16(), status, "{path}: {}", refused.words());
        let dutch = browser.follow(&refused, "Nederlands").await;
        let found = (dutch.status.as_u16(), &dutch.url);
        assert_eq!(found, (200, &form.url), "{path}: {}", dutch.words());
        browser.forget(HOST, "__Host-language");
    }
    // So it does when the session is over, or the service silent.
    let licences = browser.open(&stage.at("/console/licences")).await;
    stage.sandbox.fail_functions(true);
    let silent = browser.press(&licences, "Save", &[]).await;
    stage.sandbox.fail_functions(false);
    for cookie in [SESSION, RENEWAL] {
        browser.forget(HOST, cookie);
    }
    let ended = browser.press(&licences, "Save", &[]).await;
    for (page, status) in [(silent, 502), (ended, 401)] {
        assert_eq!(page.status.as_u16(), status, "{}", page.words());
        let dutch = browser.follow(&page, "Nederlands").await;
        assert_eq!(dutch.status.as_u16(), 200, "{}", dutch.words());
        browser.forget(HOST, "__Host-language");
    }
}

/// Opens a page that has this status, and every link on it, a few of each kind.
async fn links_answer(browser: &mut Browser, url: &str, status: u16) {
    let page = browser.open(url).await;
    assert_eq!(page.status.as_u16(), status, "{url}: {}", page.words());
    let (mut seen, mut kinds) = (BTreeSet::new(), BTreeMap::new());
    for link in links(&page) {
        let of_kind: &mut usize = kinds.entry(kind(&link)).or_default();
        if *of_kind >= OF_EACH || !seen.insert(link.to_string()) {
            continue;
        }
        *of_kind += 1;
        let to = browser.open(link.as_str()).await;
        assert_eq!(to.status.as_u16(), 200, "{url} leads to {link}: {}", to.words());
    }
    assert!(seen.len() > 2, "{url} has few links: {seen:?}");
}

/// Imports of Autotask that came to nothing: one failed, one was cancelled. Its integration is paused.
async fn came_to_nothing(stage: &Stage) -> [String; 3] {
    let ana = stage.sandbox.api("ana");
    let kind = PsaKind::Autotask;
    faults::answer(&stage.sandbox, kind, COMPANIES, &json!({ "status": 503 }));
    let failed = import::fetch_failing(&ana, kind).await;
    faults::clear(&stage.sandbox, kind);
    let cancelled = import::fetch(&ana, kind).await;
    ana.delete(&format!("/imports/{cancelled}")).await.unwrap();
    let id = integration(&ana, kind).await;
    let path = format!("/integrations/{id}");
    let version = ana.get(&path).await.unwrap()["version"].clone();
    let paused = json!({ "version": version, "paused": true });
    ana.patch(&path, &paused).await.unwrap();
    [text(&failed["id"]).to_owned(), cancelled, id]
}

#[tokio::test]
async fn r90_links_answer_in_states_that_are_rare_as_well() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let [failed, cancelled, paused] = came_to_nothing(&stage).await;
    // Somebody is skipped, since another company's user has the address.
    let company = psa::add_company(&stage.sandbox, KIND, "Brand New BV");
    psa::add_contact(&stage.sandbox, KIND, &company, "somebody@new.example");
    let other = managed::add(&ana, "Somebody Else BV").await;
    managed::add_user(&ana, &other, "somebody@new.example").await;
    let done = import::fetch(&ana, KIND).await;
    let chosen = import::choose(&ana, &done, 3).await;
    import::choose_one(&ana, &done, &import::row(&ana, &done, &company).await).await;
    let person = import::addresses(&ana, &done, import::id(&chosen[1])).await.remove(0);
    import::carry_out(&ana, &done).await;
    psa::delete(&stage.sandbox, KIND, import::id(&chosen[0]));
    psa::delete_contact(&stage.sandbox, KIND, psa::split(import::id(&person)).0);
    let excluded = import::id(&chosen[2]);
    let exclusion = format!(
        "/integrations/{}/exclusions/companies/{excluded}",
        integration(&ana, KIND).await
    );
    ana.put(&exclusion, &json!({ "why": "They left us." })).await.unwrap();
    let review = import::fetch(&ana, KIND).await;
    import::choose_mapped(&ana, &review).await;
    let rows = import::rows(&ana, &review, "in").await;
    let ambiguous = rows.iter().find(|row| row["status"] == "ambiguous").unwrap();
    let ambiguous = import::id(ambiguous);

    let (mut browser, _) = stage.sign_in("Ana", "nl").await;
    for (path, status) in [
        (String::new(), 200),
        (format!("/imports/{failed}"), 200),
        (format!("/imports/{cancelled}"), 200),
        (format!("/imports/{done}"), 200),
        (format!("/integrations/{paused}"), 200),
        (format!("/imports/{review}/companies?tab=not-in"), 200),
        (format!("/imports/{review}/companies?undecided=true"), 200),
        (format!("/imports/{review}/companies?search=nobody-is-called-so"), 200),
        (format!("/imports/{review}/companies/{excluded}"), 200),
        (format!("/imports/{review}/companies/{ambiguous}?search=b"), 200),
        (format!("/imports/{review}/people?search=an"), 200),
        (format!("/imports/{review}/people/{company}"), 200),
        (format!("/imports/{review}/people-not-in"), 200),
        (format!("/imports/{review}/plan?action=skip"), 200),
        ("/imports/none".to_owned(), 404),
        ("/none".to_owned(), 404),
    ] {
        links_answer(&mut browser, &stage.at(&format!("/console{path}")), status).await;
    }
    // Somebody else holds it; and nobody does any more.
    let pages = [
        format!("/imports/{review}/companies"),
        format!("/imports/{review}/plan"),
    ];
    let (mut bram, _) = stage.sign_in("Bram", "en").await;
    for seconds in [1, 3 * 3_600] {
        advance(&stage.sandbox, seconds).await;
        for path in &pages {
            links_answer(&mut bram, &stage.at(&format!("/console{path}")), 200).await;
        }
    }
}
