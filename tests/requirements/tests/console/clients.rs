//! The console as each kind of client of an identity provider (R92): with the ID token for the API, with a client secret, and with a
//! client id that is not the audience.

use requirements::console::browser::Browser;
use requirements::stage::quick;
use requirements::{ConsoleClient, Options, Sandbox, TokenKind};
use reqwest::Method;

use crate::attempts::{HOST, RENEWAL, SESSION, SHORT};
use crate::stage::{Stage, stage};

async fn with_client(console_client: ConsoleClient) -> Stage {
    let options = Options {
        console_client,
        ..quick()
    };
    Stage::of(Sandbox::start(options).await.unwrap())
}

/// Ana signs in, her session is renewed, and after she signs out nothing renews it.
async fn assert_signs_in_and_out(stage: &Stage) {
    stage.sandbox.provider().set_lifetime(SHORT);
    let (mut browser, home) = stage.sign_in("Ana", "en").await;
    assert_eq!(home.title(), "Integrations", "{}", home.words());
    assert!(home.words().contains("ana@noordzee.example"), "{}", home.words());
    let before = browser.cookie(HOST, SESSION).map(str::to_owned);
    let home = browser.open(&stage.console).await;
    assert_eq!(home.title(), "Integrations", "{}", home.words());
    assert_ne!(browser.cookie(HOST, SESSION), before.as_deref(), "it is not renewed");
    let mut copy = browser.clone();
    let out = browser.press(&home, "Sign out", &[]).await;
    assert_eq!(out.title(), "Signed out", "{}", out.words());
    let before = copy.cookie(HOST, SESSION).map(str::to_owned);
    copy.open(&stage.at("/console/keys")).await;
    assert_eq!(copy.cookie(HOST, SESSION), before.as_deref(), "it is still renewed");
}

#[tokio::test]
async fn r92_the_id_token_is_sent_to_the_api_where_only_it_names_people() {
    let client = |api_token| ConsoleClient {
        api_token,
        has_bare_access_tokens: true,
        ..ConsoleClient::default()
    };
    assert_signs_in_and_out(&with_client(client(TokenKind::Id)).await).await;
    let (browser, page) = with_client(client(TokenKind::Access)).await.sign_in("Ana", "en").await;
    assert!(page.words().contains("not_administrator"), "{}", page.words());
    assert_eq!(browser.cookie(HOST, SESSION), None);
}

#[tokio::test]
async fn r92_a_client_secret_is_sent_with_every_call_to_the_provider() {
    let stage = with_client(ConsoleClient {
        secret: Some("s3cret&=+ %".to_owned()),
        ..ConsoleClient::default()
    })
    .await;
    assert_signs_in_and_out(&stage).await;
    // The provider takes no call without it.
    let mut browser = Browser::new("en");
    let provider = browser.open(&stage.console).await;
    let form = "grant_type=refresh_token&refresh_token=x&client_id=psa-import";
    let token = provider.url.join("/token").unwrap();
    let refused = browser.ask(Method::POST, &token, Some(form.to_owned()), &[]).await;
    assert!(refused.source.contains("invalid_client"), "{}", refused.source);
}

#[tokio::test]
async fn r92_the_client_id_need_not_be_the_audience_of_the_api() {
    let stage = with_client(ConsoleClient {
        id: Some("console-of-noordzee".to_owned()),
        ..ConsoleClient::default()
    })
    .await;
    assert_signs_in_and_out(&stage).await;
}

/// A provider may give a refresh token at one sign-in, and none at the next.
#[tokio::test]
async fn r92_a_sign_in_without_a_refresh_token_removes_that_of_the_session_before() {
    let stage = stage().await;
    let provider = stage.sandbox.provider();
    provider.set_lifetime(SHORT);
    let (mut browser, _) = stage.sign_in("Ana", "en").await;
    assert!(browser.cookie(HOST, RENEWAL).is_some());
    browser.forget(HOST, SESSION);
    provider.give_refresh_tokens(false);
    let choice = browser.open(&stage.console).await;
    let home = browser.press(&choice, "Bram", &[]).await;
    assert_eq!(browser.cookie(HOST, RENEWAL), None);
    assert!(home.words().contains("bram@noordzee.example"), "{}", home.words());
    // Her refresh token would bring her session back.
    let home = browser.open(&stage.console).await;
    assert!(home.words().contains("bram@noordzee.example"), "{}", home.words());
}
