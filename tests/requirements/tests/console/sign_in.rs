//! Signing in, and who tries to without being entitled (R92).

use std::time::Duration;

use local_aws::StoreFault;
use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::stage::{quick, text};
use requirements::{Api, Options, Sandbox};
use serde_json::{Value, json};

use crate::attempts::{self, HOST, RENEWAL, SESSION, SHORT, SIGNING_IN};
use crate::stage::{Stage, stage};

/// At least so many attempts of each kind are refused.
const FORGED: usize = 22;
const SWAPPED: usize = 6;
const REPLAYED: usize = 5;
const CHANGED: usize = 7;
const EXPIRED: usize = 9;
const FOREIGN_FORMS: usize = 96;
const TO_OTHER_SITES: usize = 28;

/// The least of all kinds together.
const ALL: usize = 60;

const _: () = assert!(FORGED + SWAPPED + REPLAYED + CHANGED + EXPIRED + FOREIGN_FORMS + TO_OTHER_SITES >= ALL);

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
async fn r92_two_tabs_that_sign_in_at_the_same_time_both_arrive() {
    let stage = stage().await;
    let mut browser = Browser::new("en");
    let one = browser.open(&stage.at("/console/keys")).await;
    let other = browser.open(&stage.at("/console/licences")).await;
    for (provider, title) in [(&one, "Keyboard"), (&other, "Licences")] {
        let page = browser.press(provider, "Ana", &[]).await;
        assert_eq!(page.title(), title, "{}", page.words());
    }
    assert_eq!(browser.cookies(HOST, SIGNING_IN), Vec::<&str>::new());
    // A browser that opens all its tabs again sends no more headers than a request may have.
    let mut many = Browser::new("en");
    let mut last = many.open(&stage.console).await;
    for _ in 0..8 {
        last = many.open(&stage.at("/console/keys")).await;
    }
    assert_eq!(many.cookies(HOST, SIGNING_IN).len(), 3);
    assert!(many.press(&last, "Ana", &[]).await.status.is_success());
}

#[tokio::test]
async fn r92_a_token_that_fits_no_cookie_says_so_and_leads_nowhere() {
    let stage = stage().await;
    let provider = stage.sandbox.provider();
    provider.pad(900);
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    assert_eq!(home.title(), "Integrations");
    assert_eq!(browser.open(&stage.console).await.title(), "Integrations", "it lasts");
    let ana = stage.sandbox.api("ana");
    let before = sign_ins(&ana).await;
    provider.pad(2_500);
    for (language, title, advice) in [
        ("en", "The token is too long", "fewer claims"),
        ("nl", "Het token is te lang", "minder claims"),
    ] {
        let (browser, page) = stage.sign_in("Ana", language).await;
        assert_eq!((page.status.as_u16(), page.title().as_str()), (502, title));
        assert!(page.words().contains(advice), "{}", page.words());
        assert_eq!(browser.cookie(HOST, SESSION), None);
    }
    assert_eq!(sign_ins(&ana).await, before, "nobody has signed in");
}

#[tokio::test]
async fn r94_a_sign_in_service_that_does_not_answer_has_its_page() {
    let stage = stage().await;
    let provider = stage.sandbox.provider();
    // First before anybody could begin, then on the way back.
    for (language, title, again) in [
        ("en", "The sign-in service does not answer", "Try again"),
        ("nl", "De aanmelddienst antwoordt niet", "Opnieuw proberen"),
    ] {
        let mut browser = Browser::new(language);
        if language == "nl" {
            browser.open(&stage.at("/console/keys")).await;
        }
        provider.be_silent(true);
        let page = if language == "en" {
            browser.open(&stage.at("/console/keys")).await
        } else {
            let form = browser.open(&stage.at("/console/keys")).await;
            browser.press(&form, "Ana", &[]).await
        };
        let found = (page.status.as_u16(), page.title());
        assert_eq!(found, (502, title.to_owned()), "{}", page.words());
        assert!(!page.source.contains("/console/signed-in"), "the way back works once");
        provider.be_silent(false);
        let form = browser.follow(&page, again).await;
        let keys = browser.press(&form, "Ana", &[]).await;
        assert_eq!(keys.url.path(), "/console/keys", "{}", keys.words());
    }
}

#[tokio::test]
async fn r92_signing_out_ends_the_session_here_and_at_the_provider() {
    let stage = stage().await;
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let session = browser.cookie(HOST, RENEWAL).unwrap().to_owned();
    let out = browser.press(&home, "Sign out", &[]).await;
    assert_eq!(out.title(), "Signed out");
    assert_eq!(browser.cookie(HOST, SESSION), None);
    assert!(!session.is_empty());
    let provider = browser.open(&stage.console).await;
    assert_eq!(provider.url.host_str(), Some("localhost"));
}

/// A copy of a session that needs to be renewed, with what another browser renews its own with.
async fn renews_with(stage: &Stage, other: &Browser) -> Browser {
    let provider = stage.sandbox.provider();
    provider.set_lifetime(SHORT);
    let (browser, _) = stage.sign_in("Ana", "en").await;
    let mut copy = Browser::new("en");
    for (name, of) in [(SESSION, &browser), (RENEWAL, other)] {
        copy.set_cookie(HOST, name, of.cookie(HOST, name).unwrap());
    }
    copy
}

#[tokio::test]
async fn r92_signing_out_revokes_what_renews_the_session() {
    let stage = stage().await;
    for (signs_out, renews) in [(false, true), (true, false)] {
        stage.sandbox.provider().set_lifetime(Duration::from_hours(1));
        let (mut browser, home) = stage.sign_in("Ana", "en").await;
        let mut copy = renews_with(&stage, &browser).await;
        if signs_out {
            browser.press(&home, "Sign out", &[]).await;
        }
        let before = copy.cookie(HOST, SESSION).map(str::to_owned);
        copy.open(&stage.at("/console/keys")).await;
        let is_renewed = copy.cookie(HOST, SESSION) != before.as_deref();
        assert_eq!(is_renewed, renews, "signed out: {signs_out}");
    }
}

/// Clocks differ, so that the API refuses a token that the console takes for good.
#[tokio::test]
async fn r92_a_call_with_a_refused_token_is_repeated_once_with_a_newer_one() {
    let stage = stage().await;
    let (ana, provider) = (stage.sandbox.api("ana"), stage.sandbox.provider());
    provider.tell(Duration::from_hours(1));
    for (name, can_renew) in [("By hand", true), ("By nobody", false)] {
        provider.set_lifetime(Duration::from_secs(2));
        let (mut browser, home) = stage.sign_in("Ana", "en").await;
        let companies = browser.follow(&home, "Managed companies").await;
        // A token says in whole seconds when it ends.
        tokio::time::sleep(Duration::from_secs(3)).await;
        provider.set_lifetime(Duration::from_hours(1));
        if !can_renew {
            browser.forget(HOST, RENEWAL);
        }
        let before = browser.cookie(HOST, SESSION).map(str::to_owned);
        let page = browser
            .press(&companies, "Add", &[("Name of the new company", name)])
            .await;
        let has_newer = browser.cookie(HOST, SESSION) != before.as_deref();
        let done = (page.status.is_success(), has_newer);
        assert_eq!(done, (can_renew, can_renew), "{}", page.words());
        let companies = ana.list("/managed-companies").await.unwrap();
        let added = companies.iter().filter(|company| company["name"] == name);
        assert_eq!(added.count(), usize::from(can_renew), "{companies:?}");
    }
}

/// The request that signs out may be the one that renews.
#[tokio::test]
async fn r92_signing_out_ends_a_session_that_is_being_renewed() {
    let stage = stage().await;
    stage.sandbox.provider().set_lifetime(SHORT);
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    let renewed = browser.open(home.url.as_str()).await;
    let out = browser.press(&renewed, "Sign out", &[]).await;
    assert_eq!(out.title(), "Signed out");
    let left = [SESSION, RENEWAL].map(|cookie| browser.cookie(HOST, cookie));
    assert_eq!(left, [None, None]);
    let provider = browser.open(&stage.console).await;
    assert_eq!(provider.url.host_str(), Some("localhost"), "{}", provider.words());
}

#[tokio::test]
async fn r92_a_refusal_at_the_provider_signs_nobody_in() {
    let stage = stage().await;
    let mut browser = Browser::new("nl");
    let provider = browser.open(&stage.console).await;
    let page = browser.press(&provider, "Refuse", &[]).await;
    assert_eq!(
        (page.status.as_u16(), page.title().as_str()),
        (400, "U bent niet aangemeld")
    );
    assert_eq!(browser.cookie(HOST, SESSION), None);
}

#[tokio::test]
async fn r92_without_the_administrator_role_nothing_is_shown() {
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
    for cookie in [SESSION, RENEWAL] {
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

#[tokio::test]
async fn r92_a_forged_or_swapped_way_back_signs_nobody_in() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    assert!(attempts::forged_ways_back(&stage).await >= FORGED);
    assert_eq!(sign_ins(&ana).await, Vec::<String>::new());
    assert!(attempts::swapped_ways_back(&stage).await >= SWAPPED);
    // Her own way back is good, and Bram's is not any more.
    let all = sign_ins(&ana).await;
    assert!(all.iter().all(|by| by == "ana@noordzee.example"), "{all:?}");
}

#[tokio::test]
async fn r92_a_way_back_is_good_once_and_in_no_other_browser() {
    let stage = stage().await;
    assert!(attempts::replayed_ways_back(&stage).await >= REPLAYED);
    // Loaded again while the session lasts, a way back leads on and signs nobody in.
    let (mut bram, _) = stage.sign_in("Bram", "en").await;
    let mut asked = bram.asked.iter();
    let back = asked.find(|url| url.path() == "/console/signed-in").unwrap().clone();
    let session = bram.cookie(HOST, SESSION).map(str::to_owned);
    assert_eq!(bram.open(back.as_str()).await.title(), "Integrations");
    assert_eq!(bram.cookie(HOST, SESSION), session.as_deref());
    let names = ["ana@noordzee.example", "bram@noordzee.example"];
    assert_eq!(sign_ins(&stage.sandbox.api("ana")).await, names);
}

#[tokio::test]
async fn r92_cookies_that_were_changed_or_swapped_open_nothing() {
    assert!(attempts::changed_cookies(&stage().await).await >= CHANGED);
}

#[tokio::test]
async fn r92_a_session_that_is_over_opens_nothing() {
    assert!(attempts::expired_sessions(&stage().await).await >= EXPIRED);
}

#[tokio::test]
async fn r92_a_form_of_another_site_changes_nothing() {
    assert!(attempts::forms_of_other_sites(&stage().await).await >= FOREIGN_FORMS);
}

#[tokio::test]
async fn r92_no_address_leads_on_to_another_site() {
    assert!(attempts::ways_to_other_sites(&stage().await).await >= TO_OTHER_SITES);
}

#[tokio::test]
async fn r94_a_form_that_is_sent_after_the_session_says_that_it_was_not_done() {
    let stage = stage().await;
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    let keys = browser.open(&stage.at("/console/keys")).await;
    browser.forget(HOST, SESSION);
    browser.forget(HOST, RENEWAL);
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
