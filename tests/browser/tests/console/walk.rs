//! A walk through the screens, in one language: opens pages, sends forms, and takes what is shown.

use std::time::Duration;

use browser::{Hand, Looks, Script, Tab};
use requirements::stage::integration;
use requirements::{Api, PsaKind, Sandbox};

use crate::gallery::Gallery;
use crate::stage::Stage;

/// The PSA of most screens.
pub const KIND: PsaKind = PsaKind::Connectwise;

/// Between two looks whether a form is answered, and how often to look.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 1_200;

/// A stage, a browser in front of it, and what was taken so far.
pub struct Walk {
    pub stage: Stage,
    pub tab: Tab,
    gallery: Gallery,
}

impl Walk {
    /// Begins where nobody is signed in. The pictures go into a folder of this name.
    pub async fn begin(stage: Stage, language: &str, pictures: &str) -> Self {
        let tab = stage.tab(Script::On, Hand::Mouse, language).await;
        let gallery = Gallery::new(pictures, &Looks::ALL);
        Self { stage, tab, gallery }
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.stage.sandbox
    }

    pub fn api(&self, who: &str) -> Api {
        self.sandbox().api(who)
    }

    /// The path of an integration's page.
    pub async fn of(&self, kind: PsaKind) -> String {
        let id = integration(&self.api("ana"), kind).await;
        format!("/console/integrations/{id}")
    }

    /// Signs in as somebody else.
    pub async fn sign_in(&self, who: &str) {
        self.tab.forget_cookies().await;
        self.stage.sign_in(&self.tab, who).await;
    }

    pub async fn open(&self, path: &str) {
        self.tab.open(&self.stage.at(path)).await;
    }

    /// Takes the page that is shown.
    pub async fn shown(&mut self, name: &str) {
        self.gallery.take(&self.tab, name).await;
    }

    /// Opens a page and takes it.
    pub async fn take(&mut self, path: &str, name: &str) {
        self.open(path).await;
        self.shown(name).await;
    }

    /// The same of a page that must be in a certain state, in which alone it has something that the selector finds.
    pub async fn take_with(&mut self, path: &str, name: &str, selector: &str) {
        self.open(path).await;
        self.shown_with(name, selector).await;
    }

    /// Takes the page that is shown, which must have something that the selector finds.
    pub async fn shown_with(&mut self, name: &str, selector: &str) {
        let found = self.tab.count(selector).await;
        assert!(found > 0, "{name} has no {selector}: {}", self.tab.words().await);
        self.shown(name).await;
    }

    /// Takes the page that is shown, which must say this.
    pub async fn shown_saying(&mut self, name: &str, says: &str) {
        let words = self.tab.words().await;
        assert!(words.contains(says), "{name} does not say {says}: {words}");
        self.shown(name).await;
    }

    /// Sends the form of the page that leads to this address, whatever its fields hold, and waits for the answer.
    pub async fn submit(&self, action: &str) {
        let form = format!("const form = document.querySelector('main form[action$=\"{action}\"]');");
        let before = self.tab.ask("return performance.timeOrigin;").await;
        self.tab
            .ask(&format!("{form} form.noValidate = true; form.requestSubmit();"))
            .await;
        let answered = "return document.readyState === 'complete' && performance.timeOrigin;";
        for _ in 0..LOOKS {
            let now = self.tab.ask(answered).await;
            if now != false && now != before {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{action} is not answered: {}", self.tab.words().await);
    }

    /// Sends a form and takes what is answered.
    pub async fn send(&mut self, action: &str, name: &str) {
        self.submit(action).await;
        self.shown(name).await;
    }

    /// Ends the walk, which fails if fewer screens were seen, or anything was wrong with one.
    pub async fn end(self, least: usize) {
        self.tab.close().await;
        self.gallery.end(least);
    }
}
