//! Every link of every page leads somewhere, in both languages (R90, R91).

use std::collections::{BTreeSet, VecDeque};

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::{PsaKind, import};

use crate::stage::stage;

/// What two pages have in common that differ only in a row or a filter: a few of each kind are enough.
fn kind(url: &reqwest::Url) -> String {
    let segments = url.path().split('/').map(|segment| {
        let is_id = segment.len() > 12 && segment.contains(|c: char| c.is_ascii_digit())
            || segment.bytes().all(|b| b.is_ascii_digit());
        if is_id && !segment.is_empty() { "_" } else { segment }
    });
    let names: BTreeSet<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    format!("{} {names:?}", segments.collect::<Vec<_>>().join("/"))
}

fn links(page: &Page) -> Vec<reqwest::Url> {
    let all = page.html.all("a").filter_map(|(_, link)| link.get("href"));
    let own = all.filter(|href| href.starts_with('/') && !href.contains("/language/"));
    own.map(|href| page.url.join(href).unwrap()).collect()
}

/// Follows links, a few of each kind, and checks each page as every page is.
async fn crawl(browser: &mut Browser, from: Page) -> BTreeSet<String> {
    let (mut seen, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting: VecDeque<_> = links(&from).into();
    while let Some(url) = waiting.pop_front() {
        let of_kind = kinds.iter().filter(|(known, _)| *known == kind(&url)).count();
        if of_kind >= 3 || !seen.insert(url.to_string()) {
            continue;
        }
        kinds.insert((kind(&url), url.to_string()));
        let page = browser.open(url.as_str()).await;
        assert_eq!(page.status.as_u16(), 200, "{url}: {}", page.words());
        kinds.insert((kind(&page.url), page.url.to_string()));
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
