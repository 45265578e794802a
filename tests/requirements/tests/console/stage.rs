//! A sandbox, and somebody signed in.

use requirements::console::browser::Browser;
use requirements::console::page::Page;
use requirements::stage::sandbox;
use requirements::{PsaKind, Sandbox};
use reqwest::{Method, Url};

/// The PSA of walks that are the same with both.
pub const KIND: PsaKind = PsaKind::Connectwise;

pub struct Stage {
    pub sandbox: Sandbox,
    pub console: String,
}

pub async fn stage() -> Stage {
    Stage::of(sandbox().await)
}

impl Stage {
    pub fn of(sandbox: Sandbox) -> Self {
        Self {
            console: sandbox.face.console.clone(),
            sandbox,
        }
    }

    /// Signs somebody in, and gives their browser with the first page.
    pub async fn sign_in(&self, who: &str, language: &'static str) -> (Browser, Page) {
        let mut browser = Browser::new(language);
        let provider = browser.open(&self.console).await;
        assert_eq!(provider.url.host_str(), Some("localhost"), "{}", provider.words());
        let page = browser.press(&provider, who, &[]).await;
        (browser, page)
    }

    /// The address of a page.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.face.api)
    }
}

/// Somebody's browsers, in English and in Dutch.
pub async fn browsers(stage: &Stage, who: &str) -> [Browser; 2] {
    [stage.sign_in(who, "en").await.0, stage.sign_in(who, "nl").await.0]
}

/// Sends a form, as the page at its address would.
pub async fn post(browser: &mut Browser, address: &str, fields: &[(&str, &str)]) -> Page {
    let mut form: Url = "http://form".parse().unwrap();
    form.query_pairs_mut().extend_pairs(fields);
    let (to, body): (Url, _) = (address.parse().unwrap(), form.query().map(str::to_owned));
    browser.send(Method::POST, to.clone(), body, Some(&to)).await
}
