//! What the script adds: ticks that load no page anew, single keys, progress that comes by itself.

use browser::{Hand, Script, Tab};
use requirements::import;
use requirements::stage::KINDS;

use crate::stage::{nothing_logged, stage};

/// Marks the page that is loaded: the mark is gone once another one is.
async fn mark(tab: &Tab) {
    tab.ask("window.marked = true;").await;
}

async fn is_marked(tab: &Tab) -> bool {
    tab.ask("return window.marked === true;").await == true
}

async fn is_ticked(tab: &Tab, row: usize) -> bool {
    let pressed = format!("return document.querySelector('#tick-{row}').getAttribute('aria-pressed');");
    tab.ask(&pressed).await == "true"
}

async fn until_ticked(tab: &Tab, row: usize, ticked: bool) {
    for _ in 0..600 {
        if is_ticked(tab, row).await == ticked {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("row {row}: {}", tab.words().await);
}

#[tokio::test]
async fn r91_rows_are_walked_and_ticked_by_single_keys_without_loading_the_page() {
    let stage = stage().await;
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Keyboard, "en").await;
    let companies = stage.at(&format!("/console/imports/{import}/companies?status=unmapped"));
    tab.open(&companies).await;
    mark(&tab).await;
    tab.keys(&['j', 'j', 'x']).await;
    until_ticked(&tab, 2, true).await;
    assert!(is_marked(&tab).await, "the page was loaded anew");
    let row = tab.ask("return document.querySelector('#row-2 th').textContent;").await;
    let focused = tab.focused().await;
    assert!(
        focused.starts_with("Import ") && focused.ends_with(row.as_str().unwrap()),
        "{focused}"
    );
    // Pressed faster than the answers come: each is for what the one before has left.
    tab.keys(&['j', 'x', 'j', 'x', 'x', 'k', 'k', 'x']).await;
    until_ticked(&tab, 3, true).await;
    until_ticked(&tab, 2, false).await;
    until_ticked(&tab, 4, false).await;
    // In a field they are letters.
    tab.keys(&['/', 'j', 'x']).await;
    assert_eq!(tab.ask("return document.activeElement.value;").await, "jx");
    tab.open(&stage.at("/console/keys")).await;
    tab.press("Switch the shortcuts off").await;
    tab.until("Switch the shortcuts on").await;
    tab.open(&companies).await;
    tab.keys(&['j', 'x', '?']).await;
    assert_eq!(tab.address().await, companies);
    assert!(is_ticked(&tab, 3).await);
    nothing_logged(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn r91_times_are_those_of_the_reader_and_numbers_and_words_those_of_their_language() {
    let stage = stage().await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "nl").await;
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[1]).await;
    tab.open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    assert_eq!(tab.title().await, "Bedrijven");
    let time = tab
        .ask("const time = document.querySelector('time'); return [time.textContent, time.title];")
        .await;
    assert!(
        !time[0].as_str().unwrap().contains("UTC") && time[1].as_str().unwrap().ends_with("UTC"),
        "{time}"
    );
    nothing_logged(&tab).await;
    tab.close().await;
}
