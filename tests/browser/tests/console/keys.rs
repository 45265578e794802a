//! What the script adds: ticks that load no page anew, single keys, progress that comes by itself.

use std::collections::BTreeSet;

use browser::{Hand, Script, Tab};
use fantoccini::key::Key;
use requirements::stage::{KINDS, text};
use requirements::{import, managed, psa};
use serde_json::json;

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
async fn r91_a_press_counts_for_its_row_though_the_list_has_become_shorter() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let import = import::fetch(&ana, KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Mouse, "en").await;
    // What is selected leaves this list.
    let list = format!("/console/imports/{import}/companies?status=unmapped&selected=false");
    tab.open(&stage.at(&list)).await;
    let name = |row: usize| format!("document.querySelector('#row-{row} th').textContent");
    let (first, second) = (name(1), name(2));
    let names = tab
        .ask(&format!(
            "const names = [{first}, {second}]; document.querySelector('#tick-1').click(); document.querySelector('#tick-2').click(); return names;"
        ))
        .await;
    until_true(
        &tab,
        &format!("![{first}, {second}].some((name) => {names}.includes(name))"),
    )
    .await;
    let rows = import::rows(&ana, &import, "in").await;
    let selected = rows.iter().filter(|row| row["selected"] == true);
    let selected: BTreeSet<&str> = selected.map(|row| text(&row["name"])).collect();
    let pressed: BTreeSet<&str> = (0..2).map(|at| text(&names[at])).collect();
    assert_eq!(selected, pressed);
    nothing_logged(&tab).await;
    tab.close().await;
}

/// Waits until the page and its script are loaded, and something is true of it.
async fn until_true(tab: &Tab, of_page: &str) {
    let script = format!("return document.readyState === 'complete' && {of_page};");
    for _ in 0..1_200 {
        if tab.ask(&script).await == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{of_page}: {} {}", tab.address().await, tab.words().await);
}

async fn until_at(tab: &Tab, address: &str) {
    until_true(tab, &format!("location.href === '{address}'")).await;
}

#[tokio::test]
async fn r91_single_keys_lead_through_the_companies_that_need_a_decision_and_back() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let import = import::fetch(&ana, KINDS[0]).await;
    let rows = import::rows(&ana, &import, "in").await;
    let mut undecided = rows.iter().filter(|row| row["status"] == "ambiguous").map(import::id);
    let at = stage.at(&format!("/console/imports/{import}"));
    let tab = stage.signed_in("Ana", Script::On, Hand::Keyboard, "en").await;
    let companies = format!("{at}/companies");
    tab.open(&companies).await;
    tab.keys(&['n']).await;
    until_at(&tab, &format!("{companies}/{}", undecided.next().unwrap())).await;
    tab.keys(&['n']).await;
    let second = undecided.next().unwrap();
    until_at(&tab, &format!("{companies}/{second}")).await;
    tab.keys(&[Key::Escape.into()]).await;
    until_at(&tab, &companies).await;
    // From the people of a company the same key leads back to all companies.
    tab.open(&format!("{at}/people/{second}")).await;
    tab.keys(&[Key::Escape.into()]).await;
    until_at(&tab, &format!("{at}/people")).await;
    nothing_logged(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn r91_the_first_suggestion_is_chosen_by_a_key_and_saved_by_enter() {
    let stage = stage().await;
    let ana = stage.sandbox.api("ana");
    let company = psa::add_company(&stage.sandbox, KINDS[0], "Tandartsen Wolthuis");
    let suggested = managed::add(&ana, "Tandartsen Wolthuis B.V.").await;
    let import = import::fetch(&ana, KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Keyboard, "en").await;
    tab.open(&stage.at(&format!("/console/imports/{import}/companies/{company}")))
        .await;
    tab.keys(&['a', Key::Enter.into()]).await;
    tab.until("Saved.").await;
    let row = import::row(&ana, &import, &company).await;
    assert_eq!(
        (&row["selected"], &row["target"]),
        (&json!(true), &json!({ "existing": suggested }))
    );
    nothing_logged(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn r91_brackets_lead_through_the_pages_of_a_list() {
    let stage = stage().await;
    let names: Vec<String> = (0..60).map(|number| format!("Filiaal {number:02}")).collect();
    psa::add_companies(&stage.sandbox, KINDS[0], &names);
    let import = import::fetch(&stage.sandbox.api("ana"), KINDS[0]).await;
    let tab = stage.signed_in("Ana", Script::On, Hand::Keyboard, "en").await;
    tab.open(&stage.at(&format!("/console/imports/{import}/companies")))
        .await;
    let first = "return document.querySelector('#row-1 th').textContent;";
    let at_first = tab.ask(first).await;
    tab.keys(&[']']).await;
    until_true(&tab, "document.querySelector('[rel=prev]') !== null").await;
    assert_ne!(tab.ask(first).await, at_first);
    tab.keys(&['[']).await;
    until_true(&tab, "document.querySelector('[rel=prev]') === null").await;
    assert_eq!(tab.ask(first).await, at_first);
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
