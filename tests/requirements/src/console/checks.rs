//! What holds for every page of the console, whatever it shows (R91, R92).

use std::collections::BTreeSet;

use super::page::Page;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types console";

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Checks an answer of the console: also one that leads on, refuses, or is no page.
pub fn answer(page: &Page) {
    let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok());
    let of = format!("{} answers {}", page.url, page.status);
    let is_asset = page.status.is_success() && page.url.path().starts_with("/console/assets/");
    let expected = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // An asset's address is made of its content.
        ("cache-control", if is_asset { FOR_GOOD } else { "no-store" }),
    ];
    for (name, value) in expected {
        assert_eq!(header(name), Some(value), "{name}: {of}");
    }
    for name in ["strict-transport-security", "permissions-policy"] {
        assert!(header(name).is_some(), "{name}: {of}");
    }
    assert!(!page.source.contains("eyJ"), "a token: {of}");
}

/// Checks a page that is shown, which has to be in this language.
pub fn page(page: &Page, language: &str) {
    let kind = page.headers.get("content-type").map(|kind| kind.to_str().unwrap());
    if kind == Some("text/html; charset=utf-8") {
        nothing_inline(page);
        structure(page, language);
        names(page);
    }
}

fn nothing_inline(page: &Page) {
    for element in &page.html.elements {
        for name in element.attributes.keys() {
            assert!(name != "style" && !name.starts_with("on"), "{}: {element:?}", page.url);
        }
        let inline = matches!(element.name.as_str(), "script" | "style") && !element.text.trim().is_empty();
        assert!(!inline, "{}: {element:?}", page.url);
        for address in ["href", "src", "action"] {
            let to = element.get(address).unwrap_or("/");
            let own = to.starts_with('/') && !to.starts_with("//")
                || to.starts_with('#')
                || to.starts_with(page.url.as_str());
            assert!(own || page.refreshes(), "{}: {to}", page.url);
        }
    }
}

fn structure(page: &Page, language: &str) {
    assert_eq!(page.html.wrong, Vec::<String>::new(), "{}\n{}", page.url, page.source);
    assert_eq!(page.html.all("h1").count(), 1, "{}", page.url);
    assert_eq!(page.html.all("main").count(), 1, "{}", page.url);
    let title = page.html.all("title").next().unwrap().1.words();
    assert!(
        title.ends_with(" · psa-import") && title.len() > 13,
        "{}: {title}",
        page.url
    );
    let lang = page.html.all("html").next().unwrap().1.get("lang");
    assert_eq!(lang, Some(language), "{}", page.url);
    let mut ids = BTreeSet::new();
    for id in page.html.elements.iter().filter_map(|element| element.get("id")) {
        assert!(ids.insert(id), "{}: two of {id}", page.url);
    }
    let mut level = 0;
    for element in &page.html.elements {
        if let Some(own) = element.name.strip_prefix('h').and_then(|own| own.parse::<u8>().ok()) {
            assert!(own <= level + 1, "{}: h{own} after h{level}", page.url);
            level = own;
        }
    }
}

/// Every control says what it is for.
fn names(page: &Page) {
    for (at, element) in page.html.elements.iter().enumerate() {
        let hidden = element.get("type") == Some("hidden");
        let named = match element.name.as_str() {
            "input" | "select" | "textarea" | "a" | "button" | "progress" | "table" if !hidden => &page.html.label(at),
            "svg" => element.get("aria-label").unwrap_or_default(),
            _ => continue,
        };
        assert!(!named.trim().is_empty(), "{}: {element:?} has no name", page.url);
        if element.name == "table" {
            let caption = page
                .html
                .all("caption")
                .any(|(caption, _)| page.html.is_in(caption, at));
            assert!(caption, "{}: a table without a caption", page.url);
        }
        if element.name == "th" {
            assert!(element.get("scope").is_some(), "{}: {element:?}", page.url);
            assert!(!element.words().is_empty(), "{}: {element:?}", page.url);
        }
    }
}

impl Page {
    /// A page that leads on may lead to the provider.
    fn refreshes(&self) -> bool {
        self.html
            .all("meta")
            .any(|(_, meta)| meta.get("http-equiv") == Some("refresh"))
    }
}
