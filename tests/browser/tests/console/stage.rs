//! A sandbox, a browser, and somebody in front of it.

use browser::{Driver, Hand, Script, Tab};
use requirements::Sandbox;
use requirements::stage::sandbox;

pub struct Stage {
    pub sandbox: Sandbox,
    driver: Driver,
}

pub async fn stage() -> Stage {
    Stage::of(sandbox().await)
}

impl Stage {
    /// A stage with this sandbox.
    pub fn of(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            driver: Driver::start(),
        }
    }

    /// The address of a page.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.face.api)
    }

    /// A browser in which nobody is signed in.
    pub async fn tab(&self, script: Script, hand: Hand, language: &str) -> Tab {
        self.driver.tab(script, hand, language).await
    }

    /// A browser of somebody who is signed in.
    pub async fn signed_in(&self, who: &str, script: Script, hand: Hand, language: &str) -> Tab {
        let tab = self.tab(script, hand, language).await;
        self.sign_in(&tab, who).await;
        tab
    }

    /// Says at the provider who somebody is. Not everybody is let in.
    pub async fn identify(&self, tab: &Tab, who: &str) {
        tab.open(&self.sandbox.face.console).await;
        tab.until_title("Sign in as").await;
        tab.press(who).await;
    }

    /// Signs somebody in.
    pub async fn sign_in(&self, tab: &Tab, who: &str) {
        self.identify(tab, who).await;
        let home = if tab.language() == "nl" {
            "Integraties"
        } else {
            "Integrations"
        };
        tab.until_title(home).await;
    }
}

/// The browser has nothing to complain of: no violation of the policy, no error of the script, nothing that could not be loaded.
pub async fn nothing_logged(tab: &Tab) {
    let log: Vec<String> = tab.log().await;
    assert!(log.is_empty(), "{log:#?}");
}
