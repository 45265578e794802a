//! What every answer has, also one that is no page (R92). Of pages and of what leads to them the browser of the walks checks it.

use requirements::console::browser::Browser;
use reqwest::{Method, Url};

use crate::stage::stage;

/// As a page of the console sends it.
const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

/// With a host that is none, no request can be made of it.
const UNREADABLE: &[(&str, &str)] = &[("host", "[")];

#[tokio::test]
async fn r92_every_kind_of_answer_has_the_protecting_headers() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let mut assets = 0;
    for (name, attribute) in [("script", "src"), ("link", "href")] {
        for (_, element) in home.html.all(name) {
            let url = home.url.join(element.get(attribute).unwrap()).unwrap();
            let asset = browser.ask(Method::GET, &url, None, &[]).await;
            assert_eq!(asset.status.as_u16(), 200, "{url}");
            assets += 1;
        }
    }
    assert_eq!(assets, 3);
    let cross_site: &[(&str, &str)] = &[("sec-fetch-site", "cross-site")];
    for (method, path, headers, status) in [
        (Method::GET, "/sign-in", &[][..], 303),
        (Method::GET, "/language/en", &[], 303),
        (Method::GET, "/language/fr", &[], 404),
        (Method::GET, "/none", &[], 404),
        (Method::GET, "/imports/none", &[], 404),
        (Method::GET, "/assets/0/none.css", &[], 404),
        (Method::HEAD, "/keys", &[], 200),
        (Method::PUT, "/keys", OWN, 405),
        (Method::GET, "/sign-out", &[], 405),
        (Method::POST, "/keys", OWN, 303),
        (Method::POST, "/keys", cross_site, 403),
        (Method::POST, "/none", &[], 403),
        (Method::GET, "/keys", UNREADABLE, 400),
        (Method::POST, "/keys", UNREADABLE, 400),
    ] {
        let url: Url = stage.at(&format!("/console{path}")).parse().unwrap();
        let answer = browser.ask(method.clone(), &url, None, headers).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {headers:?}");
    }
    let mut nobody = Browser::new("en");
    let url: Url = stage.at("/console/keys").parse().unwrap();
    let too_large = Some("x".repeat(300_000));
    for (method, body, status) in [
        (Method::GET, None, 200),
        (Method::POST, None, 401),
        (Method::POST, too_large, 401),
    ] {
        let answer = nobody.ask(method.clone(), &url, body, OWN).await;
        assert_eq!(answer.status.as_u16(), status, "{method}");
    }
}

/// An address of a form alone is loaded by who has its page open and asks for it again.
#[tokio::test]
async fn r94_an_address_that_only_takes_forms_has_a_page() {
    let stage = stage().await;
    for (language, title, way) in [
        ("en", "Nothing to see here", "To the integrations"),
        ("nl", "Hier is niets te zien", "Naar de integraties"),
    ] {
        let (mut browser, _) = stage.sign_in("Ana", language).await;
        let page = browser.open(&stage.at("/console/imports/x/execute")).await;
        assert_eq!((page.status.as_u16(), page.title().as_str()), (405, title));
        assert!(page.has_link(way), "{}", page.words());
        assert_eq!(page.headers["allow"], "POST");
    }
}

/// While a deployment replaces functions, a page of one build may ask a function of another.
#[tokio::test]
async fn r91_only_assets_of_their_own_address_are_kept_for_good() {
    let stage = stage().await;
    let (mut browser, page) = stage.sign_in("Ana", "en").await;
    browser.checks = false;
    let own = page.html.all("script").next().unwrap().1.get("src").unwrap().to_owned();
    let (version, name) = own.strip_prefix("/console/assets/").unwrap().split_once('/').unwrap();
    let other = format!("/console/assets/{}/{name}", version.replace(|digit| digit != '0', "0"));
    for (path, keep) in [
        (own.as_str(), "public, max-age=31536000, immutable"),
        (&other, "no-store"),
    ] {
        let url: Url = stage.at(path).parse().unwrap();
        let asset = browser.ask(Method::GET, &url, None, &[]).await;
        let kept = asset.headers["cache-control"].to_str().unwrap();
        assert_eq!((asset.status.as_u16(), kept), (200, keep), "{path}");
    }
}

#[tokio::test]
async fn r92_who_is_not_signed_in_is_led_there_by_a_page_and_not_by_a_redirect() {
    let stage = stage().await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    browser.forget("127.0.0.1", "__Host-session");
    browser.forget("127.0.0.1", "__Host-renewal");
    let url: Url = stage.at("/console/managed-companies?search=a").parse().unwrap();
    let answer = browser.ask(Method::GET, &url, None, &[]).await;
    assert_eq!(answer.status.as_u16(), 200);
    let link = answer
        .html
        .all("a")
        .find(|(_, link)| link.words() == "Sign in")
        .unwrap()
        .1;
    let to = "/console/sign-in?to=%2Fconsole%2Fmanaged-companies%3Fsearch%3Da";
    assert_eq!(link.get("href"), Some(to), "{}", answer.source);
}
