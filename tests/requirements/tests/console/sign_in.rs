//! Signing in, and who tries to without being entitled (R92).

use crate::browser::Browser;
use crate::stage::stage;

const HOST: &str = "127.0.0.1";

#[tokio::test]
async fn r92_signing_in_leads_back_to_the_page_that_was_asked_for() {
    let stage = stage().await;
    let mut browser = Browser::new("en");
    let provider = browser.open(&stage.at("/console/keys")).await;
    let page = browser.press(&provider, "Ana", &[]).await;
    assert_eq!((page.url.path(), page.title().as_str()), ("/console/keys", "Keys"));
    assert!(page.words().contains("ana@noordzee.example"));
    let again = browser.open(&stage.console).await;
    assert_eq!(again.title(), "Integrations", "the session lasts");
}

#[tokio::test]
async fn r92_signing_out_ends_the_session_here_and_at_the_provider() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let session = browser.cookie(HOST, "__Host-renewal").unwrap().to_owned();
    let out = browser.press(&home, "Sign out", &[]).await;
    assert_eq!(out.title(), "Signed out");
    assert_eq!(browser.cookie(HOST, "__Host-session"), None);
    assert!(!session.is_empty());
    let provider = browser.open(&stage.console).await;
    assert_eq!(provider.url.host_str(), Some("localhost"));
}

#[tokio::test]
async fn r92_whoever_refuses_at_the_provider_is_told_and_not_signed_in() {
    let stage = stage().await;
    let mut browser = Browser::new("nl");
    let provider = browser.open(&stage.console).await;
    let page = browser.press(&provider, "Refuse", &[]).await;
    assert_eq!(
        (page.status.as_u16(), page.title().as_str()),
        (400, "U bent niet aangemeld")
    );
    assert_eq!(browser.cookie(HOST, "__Host-session"), None);
}

#[tokio::test]
async fn r92_who_is_no_administrator_sees_nothing() {
    let stage = stage().await;
    let (_, page) = stage.sign_in("Dora", "en").await;
    assert_eq!(page.status.as_u16(), 403);
    assert!(page.words().contains("not_administrator"), "{}", page.words());
}

#[tokio::test]
async fn r03_another_msp_sees_none_of_the_integrations() {
    let stage = stage().await;
    let (_, page) = stage.sign_in("Chris", "en").await;
    assert!(page.words().contains("No PSA is connected yet."), "{}", page.words());
}

/// Everything that is wrong with a way back from the provider.
#[tokio::test]
async fn r92_a_forged_or_swapped_or_replayed_way_back_signs_nobody_in() {
    let stage = stage().await;
    let back = "/console/signed-in";
    let queries = [
        "",
        "?code=x",
        "?state=x",
        "?code=&state=",
        "?code=x&state=x",
        "?code=x&state=x&iss=https://evil.example",
        "?error=access_denied",
        "?code=x&state=%00",
        "?code=x&code=y&state=x",
        "?state=x&error=server_error",
        "?code=%0d%0aset-cookie:a=b&state=x",
    ];
    for query in queries {
        let mut fresh = Browser::new("en");
        let page = fresh.open(&stage.at(&format!("{back}{query}"))).await;
        assert_eq!(
            (page.status.as_u16(), fresh.cookie(HOST, "__Host-session")),
            (400, None),
            "{query}"
        );
        // With a sign-in of one's own under way, too.
        fresh.open(&stage.console).await;
        let page = fresh.open(&stage.at(&format!("{back}{query}"))).await;
        assert_eq!(
            (page.status.as_u16(), fresh.cookie(HOST, "__Host-session")),
            (400, None),
            "{query}"
        );
    }
}

#[tokio::test]
async fn r92_cookies_that_were_changed_or_swapped_open_nothing() {
    let stage = stage().await;
    let (browser, _) = stage.sign_in("Ana", "en").await;
    let session = browser.cookie(HOST, "__Host-session").unwrap().to_owned();
    let renewal = browser.cookie(HOST, "__Host-renewal").unwrap().to_owned();
    let mut half = session.clone();
    half.truncate(session.len() / 2);
    let flipped: String = session.chars().rev().collect();
    let forged = [
        renewal.as_str(),
        &half,
        &flipped,
        "",
        "x",
        "eyJhbGciOiJub25lIn0",
        &session.replace(['A', 'a'], "b"),
    ];
    for value in forged {
        let mut other = Browser::new("en");
        other.set_cookie(HOST, "__Host-session", value);
        let page = other.open(&stage.console).await;
        assert_eq!(page.url.host_str(), Some("localhost"), "{value}");
    }
}

#[tokio::test]
async fn r92_a_form_of_another_site_changes_nothing() {
    let stage = stage().await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let evil = "http://evil.example/page".parse().unwrap();
    browser.checks = false;
    for path in [
        "/console/sign-out",
        "/console/keys",
        "/console/imports/x/execute",
        "/console/imports/x/cancel",
        "/console/integrations/new",
    ] {
        let to = stage.at(path).parse().unwrap();
        let page = browser
            .send(reqwest::Method::POST, to, Some(String::new()), Some(&evil))
            .await;
        assert_eq!(page.status.as_u16(), 403, "{path}");
    }
    let home = browser.open(&stage.console).await;
    assert_eq!(home.title(), "Integrations", "still signed in");
}

#[tokio::test]
async fn r94_a_form_that_is_sent_after_the_session_says_that_it_was_not_done() {
    let stage = stage().await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let keys = browser.open(&stage.at("/console/keys")).await;
    browser.forget(HOST, "__Host-session");
    browser.forget(HOST, "__Host-renewal");
    let page = browser.press(&keys, "Switch the shortcuts off", &[]).await;
    assert_eq!(
        (page.status.as_u16(), page.title().as_str()),
        (401, "Your session has ended")
    );
}

#[tokio::test]
async fn r91_the_language_is_what_the_browser_asks_for_until_another_is_chosen() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "nl-BE, en;q=0.5").await;
    assert_eq!(home.title(), "Integraties");
    let home = browser.follow(&home, "English").await;
    assert_eq!(home.title(), "Integrations");
    let home = browser.open(&stage.console).await;
    assert_eq!(home.title(), "Integrations");
}
