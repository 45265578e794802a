//! One whole import with each PSA: with script and without, by mouse and by keyboard alone.

use browser::{Hand, Script, Tab};
use requirements::PsaKind;
use requirements::stage::integration;

use crate::stage::{Stage, nothing_logged, stage};

/// The name that a PSA's integration has in the sandbox.
async fn name(stage: &Stage, kind: PsaKind) -> String {
    let api = stage.sandbox.api("ana");
    let id = integration(&api, kind).await;
    let integration = api.get(&format!("/integrations/{id}")).await.unwrap();
    integration["name"].as_str().unwrap().to_owned()
}

/// Waits for a page that follows by itself where there is script, and is asked for where there is none.
async fn follows(tab: &Tab, script: Script, title: &str) {
    for _ in 0..600 {
        if tab.title().await == title {
            return;
        }
        match script {
            Script::On => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            Script::Off => tab.press("Refresh").await,
        }
    }
    panic!("{title} does not come: {}", tab.words().await);
}

async fn an_import(kind: PsaKind, script: Script, hand: Hand) {
    let stage = stage().await;
    let tab = stage.signed_in("Ana", script, hand, "en").await;
    tab.press(&format!("Import: {}", name(&stage, kind).await)).await;
    tab.until_title("Which companies and contacts?").await;
    tab.press("Download").await;
    follows(&tab, script, "Companies").await;
    tab.press("New ").await;
    tab.press("Select all that match").await;
    tab.until("companies selected.").await;
    tab.press("People").await;
    tab.until_title("People").await;
    tab.press("Give access to everybody active").await;
    tab.until("The people are ticked as you said.").await;
    tab.press("See what will happen").await;
    tab.until_title("What will happen").await;
    assert!(tab.words().await.contains("Nothing has been written yet."));
    if tab.words().await.contains("This changes a lot") {
        tab.tick("Yes, all").await;
    }
    tab.press("Import ").await;
    follows(&tab, script, "The import is done").await;
    let words = tab.words().await;
    assert!(words.contains("There are none."), "{words}");
    nothing_logged(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn r90_an_import_from_connectwise_by_mouse_with_script() {
    an_import(PsaKind::Connectwise, Script::On, Hand::Mouse).await;
}

#[tokio::test]
async fn r91_an_import_from_connectwise_by_keyboard_without_script() {
    an_import(PsaKind::Connectwise, Script::Off, Hand::Keyboard).await;
}

#[tokio::test]
async fn r91_an_import_from_autotask_by_keyboard_with_script() {
    an_import(PsaKind::Autotask, Script::On, Hand::Keyboard).await;
}

#[tokio::test]
async fn r91_an_import_from_autotask_by_mouse_without_script() {
    an_import(PsaKind::Autotask, Script::Off, Hand::Mouse).await;
}
