//! Signing in, and who tries to without being entitled (R92).

use std::time::Duration;

use local_aws::StoreFault;
use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::stage::{quick, text};
use requirements::{Api, Options, Sandbox};
use serde_json::{Value, json};

use crate::stage::{Stage, stage};

const HOST: &str = "127.0.0.1";

#[tokio::test]
async fn r92_signing_in_leads_back_to_the_page_that_was_asked_for() {
    let stage = stage().await;
    let mut browser = Browser::new("en");
    let provider = browser.open(&stage.at("/console/keys")).await;
    let page = browser.press(&provider, "Ana", &[]).await;
    assert_eq!((page.url.path(), page.title().as_str()), ("/console/keys", "Keyboard"));
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

/// Whose sign-ins the trail of an MSP has, by name: tokens count in seconds, so that the order of two within one is not known.
async fn sign_ins(api: &Api) -> Vec<String> {
    let trail = api.list("/audit").await.unwrap();
    let sign_ins = trail.iter().filter(|entry| entry["action"] == "signedIn");
    let mut names: Vec<String> = sign_ins.map(|entry| text(&entry["by"]).to_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn r92_a_sign_in_is_in_the_audit_trail() {
    let stage = stage().await;
    let (ana, chris) = (stage.sandbox.api("ana"), stage.sandbox.api("otherMsp"));
    assert_eq!(ana.list("/audit").await.unwrap(), Vec::<Value>::new());
    let provider = stage.sandbox.provider();
    provider.set_lifetime(Duration::from_secs(30));
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    assert_eq!(sign_ins(&ana).await, ["ana@noordzee.example"]);
    let trail = browser.follow(&home, "Log").await;
    assert!(trail.words().contains("Signed in"), "{}", trail.words());
    assert_eq!(sign_ins(&ana).await.len(), 1, "a session that is renewed is no sign-in");
    stage.sign_in("Bram", "nl").await;
    assert_eq!(sign_ins(&ana).await, ["ana@noordzee.example", "bram@noordzee.example"]);
    assert_eq!(sign_ins(&chris).await, Vec::<String>::new());
}

#[tokio::test]
async fn r92_a_repeated_record_of_a_sign_in_makes_no_second_entry() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    for _ in 0..3 {
        ana.post("/sign-ins", &json!({})).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(sign_ins(&ana).await, ["ana@noordzee.example"]);
    // Another token is of another sign-in.
    let claims = json!({ "sub": "ana", "email": "ana@noordzee.example", "msp": "noordzee", "roles": ["administrator"], "jti": "2" });
    let again = Api::new(&stage.sandbox.face.api, stage.sandbox.token_with(&claims).unwrap());
    again.post("/sign-ins", &json!({})).await.unwrap();
    assert_eq!(sign_ins(&ana).await.len(), 2);
}

/// The page says that nobody is signed in, and nobody is.
fn assert_not_signed_in(browser: &Browser, page: &Page, status: u16) {
    assert_eq!(
        (page.status.as_u16(), page.title().as_str()),
        (status, "You are not signed in"),
        "{}",
        page.words()
    );
    assert!(page.words().contains("Each sign-in is recorded before it counts"));
    for cookie in ["__Host-session", "__Host-renewal"] {
        assert_eq!(browser.cookie(HOST, cookie), None);
    }
}

#[tokio::test]
async fn r92_nobody_is_signed_in_without_an_entry() {
    // The console has the only environment, and API Gateway answers its call by 503.
    let options = Options {
        concurrency: Some(1),
        ..quick()
    };
    let busy = Stage::of(Sandbox::start(options).await.unwrap());
    let (browser, page) = busy.sign_in("Ana", "en").await;
    assert_not_signed_in(&browser, &page, 502);
    assert_eq!(sign_ins(&busy.sandbox.api("ana")).await, Vec::<String>::new());

    let stage = stage().await;
    stage.sandbox.fail_store(Some(StoreFault::Error));
    let (mut browser, page) = stage.sign_in("Ana", "en").await;
    assert_not_signed_in(&browser, &page, 500);
    let outside = browser.open(&stage.console).await;
    assert_eq!(outside.url.host_str(), Some("localhost"), "still not signed in");
    stage.sandbox.fail_store(None);
    let provider = browser.follow(&page, "Try again").await;
    let home = browser.press(&provider, "Ana", &[]).await;
    assert_eq!(home.title(), "Integrations");
    assert_eq!(sign_ins(&stage.sandbox.api("ana")).await, ["ana@noordzee.example"]);
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
